import { expect, test } from 'vitest';
import { environmentProblem } from '../../src/nix/environment-problem.ts';
import { parseInternalJson } from '../../src/nix/internal-json.ts';
import { createNixLog } from '../../src/nix/nix-log.ts';

const logOf = (...lines: (object | string)[]) => {
  const log = createNixLog();
  for (const line of lines) {
    log.read(parseInternalJson(typeof line === 'string' ? line : `@nix ${JSON.stringify(line)}`));
  }
  return log;
};
const error = (text: string) => ({ action: 'msg', level: 0, msg: `error: ${text}`, raw_msg: text });

test.each([
  "writing to file '/nix/store/x': No space left on device",
  "executing SQLite statement 'insert …': database or disk is full",
  'writing: Disk quota exceeded',
])('a full disk is no_space: %s', (text) => {
  expect(environmentProblem(logOf(error(text)))).toMatchObject({
    code: 'no_space',
    message: expect.stringMatching(/^error: .*free space/),
  });
});

test('a build that filled the disk is no_space by its own log', () => {
  const printed = ['head: error writing: No space left on device'];
  expect(environmentProblem(logOf(error("builder for 'x' failed")), printed)).toMatchObject({
    code: 'no_space',
  });
});

test.each([
  "unable to download 'https://c.example/x': Couldn't resolve host name (6)",
  "unable to download 'https://c.example/x': Couldn't connect to server (7)",
  "unable to download 'https://c.example/x': HTTP error 503",
])('a server that does not answer is network: %s', (text) => {
  expect(environmentProblem(logOf(error(text)))).toMatchObject({
    code: 'network',
    message: `error: ${text}`,
  });
});

test('what git and ssh say of the network is network', () => {
  const log = logOf('ssh: connect to host h port 22: Connection refused', error("program 'git' failed"));
  expect(environmentProblem(log)).toMatchObject({ code: 'network' });
});

test('a file that is not there, or words of a commit, are not of the environment', () => {
  expect(
    environmentProblem(logOf(error("unable to download 'https://c.example/x': HTTP error 404"))),
  ).toBeNull();
  expect(environmentProblem(logOf(error('connection refused, says the commit')))).toBeNull();
});
