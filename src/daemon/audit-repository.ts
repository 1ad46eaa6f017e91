import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ConfigError } from '../config/config-error.ts';
import { readEnvironment } from '../config/environment.ts';
import { loadConfig } from '../config/load.ts';
import { transportOf } from '../config/remote-url.ts';
import type { Config, RemoteConfig } from '../config/schema.ts';
import { Problem } from '../domain/problem.ts';
import type { AuditedCommit, TrustAudit } from '../domain/trust-audit.ts';
import { modeFor } from '../domain/trust-policy.ts';
import { createAdapters, type Adapters } from './adapters.ts';
import { trustPolicyOf } from './trust-of.ts';

/** What is looked at: a configured remote's name, a URL or a path; the newest `count` commits of its main branch. */
export interface AuditRequest {
  readonly repository: string;
  readonly configPath: string;
  readonly count: number;
}

/** A configuration that cannot be used, as its own text; exit code 2. */
export interface Unusable {
  readonly configError: string;
}

/**
 * Says who signed the last commits of a repository and which the policy of a config would refuse; needs no daemon and
 * leaves nothing behind. Throws Problem when the repository cannot be fetched or a key file not be read.
 */
export async function auditRepository(request: AuditRequest): Promise<TrustAudit | Unusable> {
  const { configPath, repository } = request;
  const dir = await mkdtemp(join(tmpdir(), 'abide-audit-'));
  try {
    const config = await loadConfig(configPath, { hostName: hostname(), uid: process.getuid?.() ?? 0 });
    const remote = remoteFor(config, repository);
    return await auditIn(dir, config, remote, request);
  } catch (error) {
    if (error instanceof ConfigError) return { configError: error.message };
    throw error;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** A configured remote with its credentials and its own signers, or else one like the first without any. */
function remoteFor({ source }: Config, repository: string): RemoteConfig {
  const [first] = source.remotes;
  const known = source.remotes.find(({ name, url }) => name === repository || url === repository);
  if (known) return known;
  if (!first) throw new Error('bug: a config has at least one remote');
  const url = transportOf(repository) === null ? resolve(repository) : repository;
  const auth = { ...first.auth, tokenFile: null, sshKeyFile: null };
  return { ...first, name: 'audited', url, insecure: false, auth, trust: null };
}

async function auditIn(
  dir: string,
  config: Config,
  remote: RemoteConfig,
  { count }: AuditRequest,
): Promise<TrustAudit> {
  const stopping = new AbortController().signal;
  const main = remote.branches.main ?? { name: 'main', operation: 'switch' as const };
  const branches = { main, testing: null };
  const adapters = createAdapters({
    config: {
      ...config,
      source: { ...config.source, remotes: [{ ...remote, branches }] },
      state: { dir, witness: dir },
    },
    environment: readEnvironment(),
    now: Date.now,
    onProgress: () => undefined,
    log: silent,
    stopping,
  });
  await adapters.mirror.open(stopping);
  const { main: head } = await adapters.mirror.fetch(remote.name, stopping);
  if (!head) {
    throw new Problem('remote_not_found', `${remote.url} has no branch ${main.name}; nothing to look at`);
  }
  const ids = await adapters.mirror.newest(head.id, count, stopping);
  const commits: AuditedCommit[] = [];
  for (const id of ids) commits.push(await auditCommit(adapters, remote.name, id, stopping));
  return {
    apiVersion: 'abide/v1',
    kind: 'TrustAudit',
    repository: remote.url,
    branch: main.name,
    mode: modeFor(trustPolicyOf(config), remote.name),
    commits,
    refused: commits.filter(({ verdict }) => verdict !== 'accepted').length,
  };
}

async function auditCommit(
  { mirror, trust }: Adapters,
  remote: string,
  id: string,
  signal: AbortSignal,
): Promise<AuditedCommit> {
  const commit = await mirror.describe(id, signal);
  const ruling = await trust.judgeAlone(id, { remote, role: 'main' }, signal);
  if (ruling.status === 'accepted') {
    return { ...commit, verdict: 'accepted', reason: null, message: null, signer: ruling.signer };
  }
  const { status, reason, message } = ruling;
  return { ...commit, verdict: status, reason, message, signer: null };
}

const nothing = () => undefined;
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };
