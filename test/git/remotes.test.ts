import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Problem } from '../../src/domain/problem.ts';
import type { RemoteSource } from '../../src/git/remote-source.ts';
import {
  endlessPack,
  honestServer,
  hostileServer,
  packet,
  type GitServer,
} from '../harness/git-http-server.ts';
import {
  leftovers,
  never,
  openBench,
  processesWith,
  remoteSource,
  remove,
  temporaryDirectory,
} from '../harness/git-mirror.ts';
import {
  branch,
  commitFiles,
  createRepository,
  git,
  headOf,
  type Repository,
} from '../harness/git-repository.ts';

let dir: string;
let upstream: Repository;
const open: { close(): Promise<void> | void }[] = [];
beforeEach(() => {
  dir = temporaryDirectory();
  upstream = createRepository(join(dir, 'served', 'infra.git'));
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  remove(dir);
});
const opened = async (server: Promise<GitServer>): Promise<GitServer> => {
  const one = await server;
  open.push(one);
  return one;
};
const http = (server: GitServer, more: Parameters<typeof remoteSource>[1] = {}) =>
  remoteSource(`${server.url}/infra.git`, { insecure: true, ...more });
const failure = async (
  remote: RemoteSource,
  more: Parameters<typeof openBench>[2] = {},
): Promise<Problem> => {
  const { mirror } = await openBench(dir, [remote], more);
  const error: unknown = await mirror.fetch(remote.name, never).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Problem);
  return error as Problem;
};
const script = (name: string, text: string) => {
  mkdirSync(join(dir, 'bin'), { recursive: true });
  writeFileSync(join(dir, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return `${join(dir, 'bin')}:${process.env['PATH']}`;
};

describe('a remote over http', () => {
  test('is fetched, and an unchanged poll costs few bytes however many refs it has', async () => {
    const id = commitFiles(upstream, { a: '1' });
    const refs = Array.from({ length: 2000 }, (_, index) => `create refs/heads/x${index} ${id}\n`);
    execFileSync('git', ['-C', upstream.dir, 'update-ref', '--stdin'], { input: refs.join('') });
    const server = await opened(honestServer(join(dir, 'served')));
    const { mirror } = await openBench(dir, [http(server)]);
    expect((await mirror.fetch('origin', never)).main?.id).toBe(id);
    const before = server.bytes();
    expect((await mirror.fetch('origin', never)).changed).toBe(false);
    expect(server.bytes() - before).toBeLessThan(700);
  });

  test('is refused when the URL has no insecure beside it', async () => {
    expect(
      await failure(remoteSource('http://127.0.0.1:1/x')).catch((error: unknown) => error),
    ).toMatchObject({
      code: 'remote_other',
      retry: 'never',
    });
  });

  test('that does not answer at the port is remote_connect, and git says why', async () => {
    const problem = await failure(remoteSource('http://127.0.0.1:1/infra.git', { insecure: true }));
    expect(problem).toMatchObject({ code: 'remote_connect', retry: 'backoff' });
    expect(problem.message).toMatch(/^fatal: unable to access/);
  });

  test('whose host has no address is remote_dns', async () => {
    expect((await failure(remoteSource('https://nothing.invalid/infra.git'))).code).toBe('remote_dns');
  });

  test.each([
    [404, 'remote_not_found'],
    [403, 'remote_auth'],
    [401, 'remote_auth'],
    [429, 'remote_rate_limited'],
    [500, 'remote_connect'],
    [503, 'remote_connect'],
  ])('that answers %i is %s', async (status, code) => {
    const server = await opened(hostileServer((_, response) => response.writeHead(status).end()));
    expect((await failure(http(server))).code).toBe(code);
  });

  test('that speaks TLS badly is remote_tls', async () => {
    const server = await opened(hostileServer((_, response) => response.end()));
    const url = server.url.replace('http:', 'https:');
    expect((await failure(remoteSource(`${url}/infra.git`))).code).toBe('remote_tls');
  });

  test.each([
    ['a web page', 'text/html', '<html>hello</html>', /^remote_(protocol|not_found)$/],
    ['noise', 'application/x-git-upload-pack-advertisement', randomBytes(4096), /^remote_protocol$/],
    [
      'half a packet',
      'application/x-git-upload-pack-advertisement',
      packet('# service=git-upload-pack\n').slice(0, -3),
      /^remote_protocol$/,
    ],
    ['nothing', 'application/x-git-upload-pack-advertisement', '', /^remote_(protocol|connect)$/],
  ])('that answers %s is a problem of the remote', async (_, type, body, code) => {
    const server = await opened(
      hostileServer((__, response) => response.writeHead(200, { 'Content-Type': type }).end(body)),
    );
    const problem = await failure(http(server));
    expect(problem.code).toMatch(code);
    expect(problem.message).toMatch(/^fatal: |^remote origin answered/);
  });

  test('that speaks only the old protocol is polled like any other', async () => {
    const id = commitFiles(upstream, { a: '1' });
    const server = await opened(honestServer(join(dir, 'served'), { oldProtocol: true }));
    const { mirror } = await openBench(dir, [http(server)]);
    expect((await mirror.fetch('origin', never)).main?.id).toBe(id);
    expect((await mirror.fetch('origin', never)).changed).toBe(false);
    const next = commitFiles(upstream, { a: '2' });
    expect((await mirror.fetch('origin', never)).main?.id).toBe(next);
  });

  test('that turns into a web page keeps the heads it had', async () => {
    commitFiles(upstream, { a: '1' });
    let page = false;
    const server = await opened(honestServer(join(dir, 'served'), { page: () => page }));
    const { mirror } = await openBench(dir, [http(server)]);
    await mirror.fetch('origin', never);
    page = true;
    await expect(mirror.fetch('origin', never)).rejects.toMatchObject({ code: 'remote_protocol' });
    page = false;
    expect((await mirror.fetch('origin', never)).main).not.toBeNull();
  });

  test('that hangs ends at its own time limit and leaves no process', async () => {
    const server = await opened(hostileServer(() => undefined));
    const problem = await failure(http(server, { timeoutMs: 500 }));
    expect(problem.code).toBe('remote_timeout');
    expect(processesWith(server.url)).toEqual([]);
  });

  test('that hangs does not delay another remote', async () => {
    const id = commitFiles(upstream, { a: '1' });
    const server = await opened(hostileServer(() => undefined));
    const { mirror } = await openBench(dir, [http(server), remoteSource(upstream.dir, { name: 'local' })]);
    const abort = new AbortController();
    const hanging = mirror.fetch('origin', abort.signal).catch((error: unknown) => error);
    await mirror.maintain(never);
    expect((await mirror.fetch('local', never)).main?.id).toBe(id);
    abort.abort();
    expect(await hanging).toMatchObject({ code: 'aborted' });
    expect(processesWith(server.url)).toEqual([]);
  });

  test('that sends a pack without end stops at the limit, and nothing of it is left', async () => {
    const server = await opened(hostileServer(endlessPack()));
    const local = remoteSource(upstream.dir, { name: 'local' });
    const id = commitFiles(upstream, { a: '1' });
    const { mirror, gitDir } = await openBench(dir, [http(server, { testing: null }), local], {
      maxPackBytes: 4_000_000,
    });
    await expect(mirror.fetch('origin', never)).rejects.toMatchObject({ code: 'remote_too_large' });
    expect(leftovers(gitDir)).toEqual([]);
    expect((await mirror.fetch('local', never)).main?.id).toBe(id);
  });

  test('that redirects is refused, and the place it names is never asked', async () => {
    const evil = await opened(
      hostileServer((_, response) =>
        response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="x"' }).end(),
      ),
    );
    const server = await opened(
      hostileServer((request, response) =>
        response.writeHead(302, { Location: `${evil.url}${request.url}` }).end(),
      ),
    );
    writeFileSync(join(dir, 'token'), 'the-secret-token\n');
    const problem = await failure(http(server, { auth: { tokenFile: join(dir, 'token') } }));
    expect(problem.code).toBe('remote_other');
    expect(problem.message).toContain('redirect');
    expect(evil.requests).toEqual([]);
  });
});

describe('a token', () => {
  const login = (token: string) => `Basic ${Buffer.from(`abide:${token}`).toString('base64')}`;

  test('is read at each fetch, so that rotation needs no restart', async () => {
    const id = commitFiles(upstream, { a: '1' });
    let token = 'first';
    const server = await opened(honestServer(join(dir, 'served'), { login: () => `abide:${token}` }));
    const tokenFile = join(dir, "it's a token");
    const { mirror } = await openBench(dir, [http(server, { auth: { tokenFile } })]);
    await expect(mirror.fetch('origin', never)).rejects.toMatchObject({
      code: 'credential_unreadable',
      retry: 'backoff',
      message: `remote origin: token file ${tokenFile} does not exist`,
    });
    expect(server.requests).toEqual([]);
    writeFileSync(tokenFile, 'first\n');
    expect((await mirror.fetch('origin', never)).main?.id).toBe(id);
    token = 'second % "$x\\';
    await expect(mirror.fetch('origin', never)).rejects.toMatchObject({ code: 'remote_auth' });
    writeFileSync(tokenFile, `${token}\r\n`);
    expect((await mirror.fetch('origin', never)).changed).toBe(false);
    expect(server.authorizations).toContain(login(token));
    writeFileSync(tokenFile, '\n');
    await expect(mirror.fetch('origin', never)).rejects.toMatchObject({ code: 'credential_unreadable' });
  });

  test('is in no argument, environment, log or error', async () => {
    commitFiles(upstream, { a: '1' });
    const token = 'very-secret-9f3b';
    writeFileSync(join(dir, 'token'), token);
    const seen: string[] = [];
    const look = async () => {
      for (const pid of readdirSync('/proc').filter(
        (name) => /^\d+$/.test(name) && Number(name) !== process.pid,
      )) {
        for (const part of ['cmdline', 'environ']) {
          try {
            seen.push(readFileSync(`/proc/${pid}/${part}`, 'utf8'));
          } catch {
            // It has gone.
          }
        }
      }
    };
    let right = true;
    const server = await opened(
      honestServer(join(dir, 'served'), { before: look, login: () => (right ? `abide:${token}` : 'no') }),
    );
    const { mirror, logged, commands } = await openBench(dir, [
      http(server, { auth: { tokenFile: join(dir, 'token') } }),
    ]);
    await mirror.fetch('origin', never);
    right = false;
    const error = await mirror.fetch('origin', never).catch((thrown: unknown) => thrown);
    const said = [...seen, ...logged, JSON.stringify(commands), String(error), JSON.stringify(error)];
    expect(seen.some((text) => text.includes('git-remote-http') || text.includes('remote-http'))).toBe(true);
    expect(said.filter((text) => text.includes(token))).toEqual([]);
  });

  test('is offered to its own URL only', async () => {
    commitFiles(upstream, { a: '1' });
    const evil = await opened(
      hostileServer((_, response) =>
        response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="x"' }).end(),
      ),
    );
    writeFileSync(join(dir, 'token'), 'secret');
    const server = await opened(honestServer(join(dir, 'served'), { login: () => 'abide:secret' }));
    const remotes = [
      http(server, { auth: { tokenFile: join(dir, 'token') } }),
      remoteSource(`${evil.url}/infra.git`, { insecure: true, name: 'evil' }),
      remoteSource(`${server.url}/other.git`, { insecure: true, name: 'other' }),
    ];
    const { mirror } = await openBench(dir, remotes);
    await mirror.fetch('origin', never);
    const before = server.authorizations.length;
    await expect(mirror.fetch('evil', never)).rejects.toMatchObject({ code: 'remote_auth' });
    await expect(mirror.fetch('other', never)).rejects.toMatchObject({ code: 'remote_auth' });
    expect(evil.authorizations).toEqual([]);
    expect(server.authorizations).toHaveLength(before);
  });
});

describe('a remote over ssh', () => {
  const fake = () =>
    script('ssh', `printf '%s\\n' "$@" >${join(dir, 'ssh-argv')}; for last; do :; done; exec sh -c "$last"`);

  test('gets the key, the known hosts and no question', async () => {
    const id = commitFiles(upstream, { a: '1' });
    writeFileSync(join(dir, 'key'), 'key', { mode: 0o600 });
    const remote = remoteSource(`ssh://git@git.example.org${upstream.dir}`, {
      auth: { sshKeyFile: join(dir, 'key') },
    });
    const { mirror } = await openBench(dir, [remote], { path: fake() });
    expect((await mirror.fetch('origin', never)).main?.id).toBe(id);
    const argv = readFileSync(join(dir, 'ssh-argv'), 'utf8').split('\n');
    expect(argv).toEqual(expect.arrayContaining(['/dev/null', join(dir, 'key'), 'git@git.example.org']));
    expect(argv).toEqual(
      expect.arrayContaining([
        'BatchMode=yes',
        'StrictHostKeyChecking=yes',
        'IdentitiesOnly=yes',
        'UserKnownHostsFile=/etc/ssh/ssh_known_hosts',
      ]),
    );
  });

  test('in scp form without a key offers none of the machine’s own', async () => {
    const id = commitFiles(upstream, { a: '1' });
    const { mirror } = await openBench(dir, [remoteSource(`git@git.example.org:${upstream.dir}`)], {
      path: fake(),
    });
    expect((await mirror.fetch('origin', never)).main?.id).toBe(id);
    expect(readFileSync(join(dir, 'ssh-argv'), 'utf8')).toContain('IdentityFile=none');
  });

  test('needs its key file, and a path that ssh can take', async () => {
    const missing = await failure(
      remoteSource('ssh://git@h/x', { auth: { sshKeyFile: join(dir, 'no-key') } }),
    );
    expect(missing).toMatchObject({
      code: 'credential_unreadable',
      message: expect.stringContaining(join(dir, 'no-key')),
    });
    const odd = join(dir, "k'; touch x");
    writeFileSync(odd, 'key');
    expect(await failure(remoteSource('ssh://git@h/x', { auth: { sshKeyFile: odd } }))).toMatchObject({
      code: 'credential_unreadable',
      retry: 'never',
    });
  });

  test.each([
    ['Host key verification failed.', 'remote_host_key'],
    ['git@h: Permission denied (publickey).', 'remote_auth'],
    ['ssh: Could not resolve hostname h: Name or service not known', 'remote_dns'],
    ['ssh: connect to host h port 22: Connection refused', 'remote_connect'],
    ['ssh: connect to host h port 22: Connection timed out', 'remote_timeout'],
    ['ERROR: Repository not found.', 'remote_not_found'],
  ])('whose ssh says "%s" is %s', async (line, code) => {
    const path = script('ssh', `echo '${line}' >&2; exit 255`);
    expect((await failure(remoteSource('ssh://git@h/x'), { path })).code).toBe(code);
  });
});

describe('a remote that misleads', () => {
  test('a shallow remote is told from an unchanged one and from one without the branch', async () => {
    commitFiles(upstream, { a: '1' });
    const { mirror } = await openBench(dir, [remoteSource(join(dir, 'clone'))]);
    git(dir, 'clone', '--quiet', upstream.dir, 'clone');
    await mirror.fetch('origin', never);
    commitFiles(upstream, { a: '2' });
    commitFiles(upstream, { a: '3' });
    remove(join(dir, 'clone'));
    git(dir, 'clone', '--quiet', '--depth=1', `file://${upstream.dir}`, 'clone');
    await expect(mirror.fetch('origin', never)).rejects.toMatchObject({ code: 'remote_shallow' });
    expect(await failure(remoteSource(join(dir, 'clone'), { name: 'fresh' }))).toMatchObject({
      code: 'remote_shallow',
    });
  });

  test('a branch that is no commit is refused', async () => {
    commitFiles(upstream, { a: '1' });
    const tag = execFileSync('git', ['-C', upstream.dir, 'mktag'], {
      input: `object ${headOf(upstream)}\ntype commit\ntag main\ntagger A <a@b> 1 +0000\n\n`,
      encoding: 'utf8',
    }).trim();
    const blob = git(upstream.dir, 'rev-parse', 'HEAD:a');
    for (const id of [tag, blob]) {
      writeFileSync(join(upstream.dir, '.git', 'refs', 'heads', 'main'), `${id}\n`);
      expect((await failure(remoteSource(upstream.dir))).code).toBe('remote_malformed');
    }
  });

  test('objects that fsck refuses are not taken', async () => {
    commitFiles(upstream, { a: '1' });
    const blob = git(upstream.dir, 'rev-parse', 'HEAD:a');
    const entry = Buffer.concat([Buffer.from('100644 .git\0'), Buffer.from(blob, 'hex')]);
    const make = (type: string, input: Buffer | string) =>
      execFileSync('git', ['-C', upstream.dir, 'hash-object', '-t', type, '-w', '--literally', '--stdin'], {
        input,
        encoding: 'utf8',
      }).trim();
    const tree = make('tree', entry);
    const commit = make('commit', `tree ${tree}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nx\n`);
    git(upstream.dir, 'update-ref', 'refs/heads/main', commit);
    const problem = await failure(remoteSource(upstream.dir));
    expect(problem.code).toBe('remote_malformed');
    expect(problem.message).toContain('hasDotgit');
  });

  test('text of a remote reaches no message with its control characters', async () => {
    const server = await opened(
      hostileServer((_, response) =>
        response
          .writeHead(200, { 'Content-Type': 'application/x-git-upload-pack-advertisement' })
          .end(
            `${packet('# service=git-upload-pack\n')}0000${packet('ERR \u001b[31mred\u202e \u0007bell\n')}`,
          ),
      ),
    );
    const problem = await failure(http(server));
    expect(problem.message).toContain('red');
    expect([problem.message, ...problem.log].join('')).not.toMatch(/[\u0000-\u001f\u007f\u202e]/);
  });

  test('hostile names of other refs are nothing to it', async () => {
    const id = commitFiles(upstream, { a: '1' });
    for (const name of ['--upload-pack=x', 'main@', '$(id)', 'maín\u202e']) {
      git(upstream.dir, 'update-ref', `refs/heads/${name}`, id);
    }
    const { mirror } = await openBench(dir, [remoteSource(upstream.dir)]);
    expect((await mirror.fetch('origin', never)).main?.id).toBe(id);
  });

  test('a port that takes connections and says nothing ends in time over ssh too', async () => {
    const path = script('ssh', 'sleep 600 & wait');
    const problem = await failure(remoteSource('ssh://git@h/hang-here', { timeoutMs: 300 }), { path });
    expect(problem.code).toBe('remote_timeout');
    expect(processesWith('hang-here')).toEqual([]);
  });
});

describe.skipIf(process.getuid?.() !== 0)('a local repository of somebody else (needs root)', () => {
  const nobody = 65534;
  const own = (path: string) => execFileSync('chown', ['-hR', `${nobody}:${nobody}`, path]);
  beforeEach(() => chmodSync(dir, 0o755));

  test('is read by upload-pack running as its owner, without rights or its hooks', async () => {
    const id = commitFiles(upstream, { a: '1' });
    const marker = join(dir, 'marker');
    writeFileSync(marker, '');
    chmodSync(marker, 0o666);
    for (const key of ['uploadpack.packObjectsHook', 'core.fsmonitor', 'core.sshCommand'])
      git(upstream.dir, 'config', key, `sh -c 'echo hook >>${marker}'`);
    mkdirSync(join(upstream.dir, '.git', 'hooks'), { recursive: true });
    writeFileSync(
      join(upstream.dir, '.git', 'hooks', 'post-upload-pack'),
      `#!/bin/sh\necho hook >>${marker}\n`,
      { mode: 0o755 },
    );
    own(upstream.dir);
    const real = join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-upload-pack');
    const path = script(
      'git-upload-pack',
      `echo "$(id -u) $(id -G) $(grep NoNewPrivs /proc/self/status | tr -dc 01)" >>${marker}; exec ${real} "$@"`,
    );
    const { mirror } = await openBench(dir, [remoteSource(upstream.dir)], { path });
    expect((await mirror.fetch('origin', never)).main?.id).toBe(id);
    expect(readFileSync(marker, 'utf8')).toBe(`${nobody} ${nobody} 1\n`);
  });

  test('that leads by a link or alternates to what only root may read is refused', async () => {
    const secret = createRepository(join(dir, 'secret'));
    commitFiles(secret, { a: 'secret' });
    chmodSync(secret.dir, 0o700);
    symlinkSync(secret.dir, join(dir, 'link'));
    lchownSync(join(dir, 'link'), nobody, nobody);
    expect((await failure(remoteSource(join(dir, 'link')))).code).toBe('remote_auth');

    commitFiles(upstream, { a: '1' });
    mkdirSync(join(upstream.dir, '.git', 'objects', 'info'), { recursive: true });
    writeFileSync(
      join(upstream.dir, '.git', 'objects', 'info', 'alternates'),
      `${secret.dir}/.git/objects\n`,
    );
    writeFileSync(join(upstream.dir, '.git', 'refs', 'heads', 'main'), `${headOf(secret)}\n`);
    own(upstream.dir);
    expect((await failure(remoteSource(upstream.dir))).code).toBe('remote_malformed');
  });

  test('in a directory its owner may not enter is a problem that says so', async () => {
    commitFiles(upstream, { a: '1' });
    own(upstream.dir);
    chownSync(join(dir, 'served'), 0, 0);
    chmodSync(join(dir, 'served'), 0o700);
    expect((await failure(remoteSource(upstream.dir))).code).toMatch(/^remote_(auth|not_found)$/);
  });
});

describe('a local path', () => {
  test('with another kind of object id is a problem of the remote', async () => {
    git(dir, 'init', '--quiet', '--object-format=sha256', '--initial-branch=main', 'other');
    commitFiles({ dir: join(dir, 'other') }, { a: '1' });
    const problem = await failure(remoteSource(join(dir, 'other')));
    expect(problem).toMatchObject({ code: 'remote_protocol', message: expect.stringContaining('sha256') });
  });

  test('whose files are pipes is not waited for', async () => {
    commitFiles(upstream, { a: '1' });
    execFileSync('mkfifo', [join(upstream.dir, '.git', 'commondir')]);
    const problem = await failure(remoteSource(upstream.dir, { timeoutMs: 1000 }));
    expect(problem.code).toMatch(/^remote_/);
  });

  test('that is no repository says so', async () => {
    mkdirSync(join(dir, 'empty'));
    expect(await failure(remoteSource(`file://${join(dir, 'empty')}`))).toMatchObject({
      code: 'remote_not_found',
      message: `remote origin: ${join(dir, 'empty')} is not a Git repository`,
    });
  });

  test('with a space and a percent sign in it works as path and as URL', async () => {
    const odd = createRepository(join(dir, 'a b%20c'));
    const id = commitFiles(odd, { a: '1' });
    branch(odd, 'main');
    const remotes = [remoteSource(odd.dir), remoteSource(`file://${dir}/a%20b%2520c`, { name: 'url' })];
    const { mirror } = await openBench(dir, remotes);
    expect((await mirror.fetch('origin', never)).main?.id).toBe(id);
    expect((await mirror.fetch('url', never)).main?.id).toBe(id);
  });
});

test('no git child sees more than the environment made for it', async () => {
  commitFiles(upstream, { a: '1' });
  const hostile = {
    GIT_DIR: '/x',
    GIT_CONFIG_COUNT: '1',
    GIT_SSH_COMMAND: 'touch x',
    GIT_OBJECT_DIRECTORY: '/x',
    LD_PRELOAD_X: '/x',
  };
  Object.assign(process.env, hostile);
  try {
    const path = script(
      'git',
      `env | sort >>${join(dir, 'env')}; exec ${execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim()} "$@"`,
    );
    const { mirror } = await openBench(dir, [remoteSource(upstream.dir)], { path });
    await mirror.fetch('origin', never);
    const seen = readFileSync(join(dir, 'env'), 'utf8');
    expect(seen).toContain('GIT_CONFIG_NOSYSTEM=1');
    expect(seen).not.toMatch(/GIT_CONFIG_COUNT|GIT_OBJECT_DIRECTORY|LD_PRELOAD_X|GIT_DIR=\/x|touch x/);
  } finally {
    for (const name of Object.keys(hostile)) delete process.env[name];
  }
  expect(existsSync(join(dir, 'env'))).toBe(true);
});
