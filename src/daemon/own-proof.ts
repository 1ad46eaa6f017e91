import type { ReconcilerContext } from '../../machines/reconciler-context.ts';
import type { CheckSeen } from '../domain/check.ts';
import type { Deployment } from '../domain/deployment.ts';
import { isTrustedBy, ownCheckOf } from '../domain/handover.ts';
import type { OwnUnit } from '../domain/own-unit.ts';
import { selectFor } from '../domain/select-for.ts';
import { scriptOf, type OwnCheckDeps } from '../host/check-own-config.ts';

/** What this process was started as. */
export interface Started {
  /** The script that runs, links followed. */
  readonly script: string | null;
  /** The configuration file as the command line named it, and SHA-256 of its bytes as they were read. */
  readonly configPath: string;
  readonly configDigest: string | null;
}

/** What a new abide's proof of itself stands on. */
export interface OwnProofParts {
  readonly readOwnUnit: (toplevel: string) => Promise<OwnUnit>;
  readonly ownCheck: OwnCheckDeps;
  readonly started: Started;
  readonly context: () => ReconcilerContext;
  /** True while the control socket listens. */
  readonly isServing: () => boolean;
}

/** The check of this abide by itself, where the deployment brought it; nothing where another one's system is on probation. */
export type OwnProofs = (deployment: Deployment, signal: AbortSignal) => Promise<readonly CheckSeen[]>;

/** Makes the check; the new system's program is asked once for what it is. */
export function createOwnProofs(parts: OwnProofParts): OwnProofs {
  let asked: { readonly toplevel: string; readonly mismatch: string | null } | null = null;
  return async ({ abide, toplevel, commit }, signal) => {
    const { self, health } = parts.context();
    if (abide !== 'changed' || !self.supervised) return [];
    if (asked?.toplevel !== toplevel)
      asked = { toplevel, mismatch: await mismatchIn(parts, toplevel, signal) };
    const { mismatch } = asked;
    const context = parts.context();
    const { judgements } = selectFor(context);
    return [
      ownCheckOf({
        mismatch,
        isServing: parts.isServing(),
        hasReached: Object.values(health).some(({ lastSuccess }) => lastSuccess !== null),
        isTrusted: isTrustedBy({ judgements, ancestry: context.ancestry }, commit),
      }),
    ];
  };
}

/** A unit that systemd has not read anew starts what it started before; that must not pass for the new abide. */
async function mismatchIn(
  { readOwnUnit, ownCheck, started }: OwnProofParts,
  toplevel: string,
  signal: AbortSignal,
): Promise<string | null> {
  const unit = await readOwnUnit(toplevel);
  if (unit.is === 'absent') return null;
  const { program, config } = unit;
  const isNamed = config !== null && config.isCarried && config.named === started.configPath;
  if (isNamed && config.digest !== started.configDigest) {
    return `this abide was started with another ${config.named} than the new system brings`;
  }
  const script = program === null ? null : await scriptOf(ownCheck, program, signal);
  if (script === null || started.script === null || script === started.script) return null;
  return `${started.script} was started, and the abide of the new system is ${script}`;
}
