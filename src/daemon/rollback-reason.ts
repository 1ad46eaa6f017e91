import type { RollbackReason } from '../../metrics/catalogue.ts';
import { connectivityCheck, isWorse } from '../domain/check.ts';
import { isTrial, type Deployment } from '../domain/deployment.ts';

/** Why a deployment was undone, as metrics count it. */
export function rollbackReason(deployment: Deployment): RollbackReason {
  if (isTrial(deployment)) return 'boot';
  const { reason, checks } = deployment;
  if (reason === 'Inconclusive') return 'connectivity';
  if (reason === 'Rejected' || reason === 'NotConfirmed') return 'manual';
  if (reason !== 'HealthCheckFailed') return 'activation';
  const worse = checks.filter(isWorse);
  const onlyNetwork = worse.length > 0 && worse.every(({ name }) => name === connectivityCheck);
  return onlyNetwork ? 'connectivity' : 'health';
}
