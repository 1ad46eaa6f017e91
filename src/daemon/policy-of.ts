import { endpointOf } from '../config/remote-url.ts';
import type { Config } from '../config/schema.ts';
import type { Policy } from '../domain/policy.ts';
import { ruleOf } from './adapters.ts';

/** What the configuration says about how the loop decides. */
export function policyOf(config: Config): Policy {
  const { mode, source, trust, evaluate, build, health, drift, retention } = config;
  return {
    mode,
    remotes: source.remotes.map(ruleOf),
    attempts: { evaluate: evaluate.attempts, build: build.attempts },
    drift: { policy: drift.policy, graceMs: drift.grace },
    probation: {
      settleMs: health.settle,
      stableForMs: health.stableFor,
      deadlineMs: health.deadline,
    },
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

/** Time for what abide itself may still do before the dead-man acts, in milliseconds. */
const marginMs = 60_000;

/** In how many seconds a dead-man acts: from before a switch, and from its end. */
export function deadManSeconds({ activate, health }: Pick<Config, 'activate' | 'health'>) {
  const probation = (health.settle + health.deadline + marginMs) / 1000;
  return { switching: activate.timeout / 1000 + probation, probation };
}
