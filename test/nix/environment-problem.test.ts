import { expect, test } from 'vitest';
import { networkProblem, noSpaceProblem } from '../../src/nix/environment-problem.ts';
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
  "executing SQLite statement 'pragma …': disk I/O error (in '/nix/var/nix/db/db.sqlite')",
  'writing: Disk quota exceeded',
])('a full disk is no_space: %s', (text) => {
  expect(noSpaceProblem(logOf(error(text)))).toMatchObject({
    code: 'no_space',
    message: expect.stringMatching(/^error: .*free space/),
  });
});

test('a build that filled the disk is no_space by its own log', () => {
  const printed = ['head: error writing: No space left on device'];
  expect(noSpaceProblem(logOf(error("builder for 'x' failed")), printed)).toMatchObject({
    code: 'no_space',
  });
});

test.each([
  "unable to download 'https://c.example/x': Couldn't resolve host name (6)",
  "unable to download 'https://c.example/x': Couldn't connect to server (7)",
  "unable to download 'https://c.example/x': HTTP error 503",
])('a server that does not answer is network: %s', (text) => {
  expect(networkProblem(logOf(error(text)))).toMatchObject({
    code: 'network',
    message: `error: ${text}`,
  });
});

test('what git and ssh say of the network is network', () => {
  const log = logOf('ssh: connect to host h port 22: Connection refused', error("program 'git' failed"));
  expect(networkProblem(log)).toMatchObject({ code: 'network' });
});

test('a file that is not there, or words of a commit, are not of the environment', () => {
  expect(networkProblem(logOf(error("unable to download 'https://c.example/x': HTTP error 404")))).toBeNull();
  expect(networkProblem(logOf(error('connection refused, says the commit')))).toBeNull();
});

test('a cache that is down is a warning of a build that can go on, and the reason where nothing else is left', () => {
  const text = "warning: unable to download 'https://c.example/x': Couldn't connect to server (7)";
  const log = logOf({ action: 'msg', level: 1, msg: text }, error("builder for 'x' failed"));
  expect(networkProblem(log)).toBeNull();
  expect(networkProblem(log, true)).toMatchObject({ code: 'network', message: text });
});
