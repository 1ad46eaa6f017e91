import { endpointOf } from '../config/remote-url.ts';
import type { Config } from '../config/schema.ts';
import { hookKinds } from '../domain/hook.ts';
import type { Policy } from '../domain/policy.ts';
import type { ProbationRules } from '../domain/probation.ts';
import type { RemoteRule } from '../domain/remote.ts';

/** What the configuration says about how the loop decides. */
export function policyOf(config: Config): Policy {
  const { mode, source, trust, evaluate, build, activate, health, hooks, drift, retention } = config;
  return {
    mode,
    remotes: source.remotes.map(ruleOf),
    attempts: { evaluate: evaluate.attempts, build: build.attempts },
    stageWhen: activate.stageWhen,
    drift: { policy: drift.policy, graceMs: drift.grace },
    probation: probationRulesOf(health),
    hooks: hookKinds.filter((hook) => hooks[hook] !== null),
    allowRemovingAbide: activate.allowRemovingAbide,
    rollback: config.rollback,
    confirm: health.confirm === 'manual',
    networkRemotes: source.remotes.filter(({ url }) => endpointOf(url) !== null).map(({ name }) => name),
    trust: {
      signed: trust.mode !== 'none',
      floorSeen: trust.floor === 'seen',
      allowReplay: trust.branches.testing.allowReplay,
      quorum: trust.quorum,
      anchored: trust.anchor !== null,
    },
    keepDeployments: retention.deployments,
  };
}

/** What selection knows of a remote. */
export function ruleOf({ name, branches }: Config['source']['remotes'][number]): RemoteRule {
  return { name, main: branches.main, testing: branches.testing };
}

/** How long a new system is watched by a configuration. */
export function probationRulesOf({ settle, stableFor, deadline }: Config['health']): ProbationRules {
  return { settleMs: settle, stableForMs: stableFor, deadlineMs: deadline };
}

/** Time for what abide itself may still do before the dead-man acts, in milliseconds. */
const marginMs = 60_000;

/** How long a switch with all that follows, and what follows alone, may take before nobody is waited for; seconds. */
export interface DeadManSeconds {
  readonly switching: number;
  readonly probation: number;
}

/** In how many seconds a dead-man acts: from before a switch, and from its end; never before the probation is over. */
export function deadManSeconds(
  { activate, health }: Pick<Config, 'activate' | 'health'>,
  candidate: ProbationRules | null,
): DeadManSeconds {
  const settleMs = Math.max(health.settle, candidate?.settleMs ?? 0);
  const deadlineMs = Math.max(health.deadline, candidate?.deadlineMs ?? 0);
  const probation = (settleMs + deadlineMs + marginMs) / 1000;
  return { switching: activate.timeout / 1000 + probation, probation };
}
