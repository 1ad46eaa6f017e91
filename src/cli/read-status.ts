import { ask, DaemonUnreachable } from '../api/client.ts';
import type { HostStatus } from '../domain/status.ts';

/** The daemon's status. Throws DaemonUnreachable also for an answer that is no status. */
export async function readStatus(socket: string): Promise<HostStatus> {
  const answer = (await ask({ socket, path: '/v1/status' })) as Partial<HostStatus> | null;
  if (answer?.kind !== 'HostStatus' || answer.apiVersion !== 'abide/v1') {
    throw new DaemonUnreachable(`what serves ${socket} gives no status of abide/v1; check --socket`);
  }
  return answer as HostStatus;
}
