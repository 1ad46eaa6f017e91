import { expect, test } from 'vitest';
import { explainFetch } from '../../src/git/explain-fetch.ts';
import { remoteSource } from '../harness/git-mirror.ts';

const explain = (stderr: string, url = 'https://git.example.org/infra.git') =>
  explainFetch(
    remoteSource(url),
    { exitCode: 128, signal: null, timedOut: false, stdout: Buffer.alloc(0), stderr },
    false,
  );

test('the remote cannot blame this machine', () => {
  for (const text of ['No space left on device', 'setpriv: not found', 'died of signal 25']) {
    expect(explain(`remote: ${text}\nfatal: early EOF\n`).code).toBe('remote_malformed');
    expect(explain(`fatal: remote error: ${text}\n`).code).toBe('remote_other');
    expect(explain(`fatal: ${text}\n`).code).not.toMatch(/^remote_(malformed|other)$/);
  }
});

test('a word in the URL is not taken for the cause', () => {
  const url = 'https://git.example.org/TLS-certificate.git';
  expect(explain(`fatal: unable to access '${url}/': Failed to connect to port 443`, url).code).toBe(
    'remote_connect',
  );
});

test('the message starts with the first line that names an error, and says what to do', () => {
  const problem = explain(
    "POST git-upload-pack (5 bytes)\nwarning: w\nfatal: Authentication failed for 'x'\nmore\n",
  );
  expect(problem.message).toBe(
    "fatal: Authentication failed for 'x'; check the credentials of this remote and what they may read",
  );
  expect(problem.log).toContain('warning: w');
});

test('what a forge says over ssh counts where git itself says nothing', () => {
  const said =
    'remote: ERROR: The project you were looking for could not be found\nfatal: Could not read from remote repository.\n';
  expect(explain(said).code).toBe('remote_not_found');
  expect(explain('fatal: Could not read from remote repository.\n').code).toBe('remote_connect');
  expect(explain('').message).toBe('git ended with exit code 128');
});
