import type { Environment } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';
import { modeFor } from '../domain/trust-policy.ts';
import { run } from '../process.ts';
import type { Recovered } from '../state/recover.ts';
import type { Adapters } from './adapters.ts';
import { createAuditor, type Auditor } from './auditor.ts';
import { toolVersions } from './tool-versions.ts';
import { trustPolicyOf } from './trust-of.ts';

/** The audit of one daemon's decisions; that state was lost is the first of them. */
export function startAudit({
  config,
  environment,
  audit,
  trust,
  recovered,
}: Pick<Adapters, 'audit' | 'trust'> & {
  readonly config: Config;
  readonly environment: Environment;
  readonly recovered: Recovered;
}): Auditor {
  const policy = trustPolicyOf(config);
  const auditor = createAuditor({
    audit,
    policy: trust.effective,
    mode: policy.mode,
    modeOf: (remote) => modeFor(policy, remote),
    versions: toolVersions(run, environment.path),
  });
  const { kind, messages } = recovered.recovery;
  const floor = recovered.facts.floor?.commit ?? null;
  if (kind === 'recovered' || kind === 'held')
    auditor.record({ kind: 'state', state: kind, floor, messages });
  return auditor;
}
