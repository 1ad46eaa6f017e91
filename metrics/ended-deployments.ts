import type { Deployment, DeploymentOutcome } from '../src/domain/deployment.ts';
import { createCounted } from './counted.ts';

/** Tells each deployment that ended exactly once, also across restarts. */
export interface EndedDeployments {
  /** The outcomes that are news, oldest first; `deployments` are newest first. */
  readonly news: (deployments: readonly Deployment[]) => readonly DeploymentOutcome[];
  readonly dump: () => Record<string, number>;
  readonly restore: (values: Readonly<Record<string, number>>) => void;
}

const mark = 'ended';

/** Without anything restored, what a first look finds ended under an abide that did not count, and is history. */
export function createEndedDeployments(): EndedDeployments {
  const counted = createCounted(mark);
  let isPrimed = false;
  return {
    news: (deployments) => {
      const known = deployments.findIndex(({ id }) => counted.has(id));
      const unknown = known === -1 ? deployments : deployments.slice(0, known);
      for (const { id } of unknown.toReversed()) counted.isNew(id);
      const news = isPrimed ? unknown.toReversed() : [];
      if (!isPrimed) counted.isNew('nothing');
      isPrimed = true;
      return news.flatMap(({ outcome }) => (outcome === null ? [] : [outcome]));
    },
    dump: counted.dump,
    restore: (values) => {
      counted.restore(values);
      isPrimed = Object.keys(counted.dump()).length > 0;
    },
  };
}
