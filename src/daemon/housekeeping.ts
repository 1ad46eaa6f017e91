import type { Facts } from '../domain/facts.ts';
import type { Log } from '../domain/log.ts';
import { toProblem } from '../domain/problem.ts';
import type { Mirror } from '../git/mirror.ts';
import { tidyDeployments } from '../host/tidy-deployments.ts';

/** Between two rounds, in milliseconds. */
const everyMs = 60 * 60_000;

/** Keeps the state directory small: packs the mirror, removes files of forgotten deployments. The result ends it. */
export function startHousekeeping(deps: {
  readonly mirror: Pick<Mirror, 'maintain'>;
  readonly stateDir: string;
  readonly facts: () => Facts;
  readonly log: Log;
  readonly stopping: AbortSignal;
}): () => void {
  const { mirror, stateDir, facts, log, stopping } = deps;
  const round = async () => {
    const { deployment, deployments } = facts();
    await tidyDeployments(stateDir, [
      ...(deployment ? [deployment.id] : []),
      ...deployments.map(({ id }) => id),
    ]);
    await mirror.maintain(stopping);
  };
  const timer = setInterval(() => {
    round().catch((error: unknown) =>
      log.warn({ err: toProblem(error) }, 'the state directory could not be tidied'),
    );
  }, everyMs);
  return () => clearInterval(timer);
}
