import { samplePlan } from './sample-plan.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiHandlers } from '../../src/api/handlers.ts';
import { createApiServer, type ApiServer, type ApiTiming } from '../../src/api/server.ts';
import type { AuditReading } from '../../src/domain/audit.ts';
import type { Deployment } from '../../src/domain/deployment.ts';
import type { HostEvent } from '../../src/domain/event.ts';
import type { HostStatus } from '../../src/domain/status.ts';
import type { WhyAnswer } from '../../src/domain/why-answer.ts';
import { sampleAudit } from './sample-audit.ts';
import { before, sampleDeployment, sampleStatus } from './sample-status.ts';

/** A server on a real socket with handlers that tests steer; `close` leaves nothing behind. */
export interface FakeDaemon {
  readonly socket: string;
  readonly server: ApiServer;
  /** Commands as they came. */
  readonly commands: { readonly name: string; readonly request: unknown }[];
  /** What the log was told. */
  readonly warnings: string[];
  readonly errors: string[];
  status: HostStatus;
  audit: AuditReading;
  why: WhyAnswer;
  deployments: readonly Deployment[];
  /** Thrown by every command when set. */
  refusal: Error | null;
  setStatus(change: Partial<HostStatus>): void;
  happen(event: Partial<HostEvent>): void;
  listenerCount(): number;
  close(): Promise<void>;
}

const { commit, previous } = sampleDeployment;
const wayBack = { from: commit, commit: previous.commit, toplevel: previous.toplevel };

const answered = { commit: sampleDeployment.commit, deployment: sampleDeployment.id };

export interface FakeOptions {
  readonly group?: string;
  readonly socket?: string;
  readonly timing?: Partial<ApiTiming>;
}

export function makeEvent(id: number, change: Partial<HostEvent> = {}): HostEvent {
  const nothing = { remote: null, commit: null, deployment: null, phase: null, code: null };
  return {
    id,
    time: before(100 - id),
    type: 'head.moved',
    severity: 'info',
    message: `event ${id}`,
    ...nothing,
    ...change,
  };
}

/** Serves the samples until closed. */
export async function startFakeDaemon(options: FakeOptions = {}): Promise<FakeDaemon> {
  const daemon = createFakeDaemon(options);
  await daemon.server.listen();
  return daemon;
}

export function createFakeDaemon({ group = 'root', socket, timing }: FakeOptions = {}): FakeDaemon {
  const dir = mkdtempSync(join(tmpdir(), 'abide-api-'));
  const path = socket ?? join(dir, 'run', 'abide.sock');
  const onEvent = new Set<(event: HostEvent) => void>();
  const onStatus = new Set<() => void>();
  const kept: HostEvent[] = [];
  const warnings: string[] = [];
  const errors: string[] = [];
  const take = <T>(name: string, request: unknown, answer: T): T => {
    daemon.commands.push({ name, request });
    if (daemon.refusal) throw daemon.refusal;
    return answer;
  };
  const listen = <T>(set: Set<T>, listener: T) => {
    set.add(listener);
    return () => void set.delete(listener);
  };
  const handlers: ApiHandlers = {
    status: () => daemon.status,
    history: () => daemon.deployments,
    deployment: (id) => daemon.deployments.find((deployment) => deployment.id === id) ?? null,
    events: {
      since: (id) => kept.filter((event) => event.id > id),
      subscribe: (listener) => listen(onEvent, listener),
    },
    plan: async (commit) => {
      daemon.commands.push({ name: 'plan', request: commit });
      return samplePlan;
    },
    planProgress: () => null,
    why: async (commit) => {
      daemon.commands.push({ name: 'why', request: commit });
      return daemon.why;
    },
    audit: async (limit) => ({ ...daemon.audit, records: daemon.audit.records.slice(-limit) }),
    onStatus: (listener) => listen(onStatus, listener),
    reconcile: (request) => take('reconcile', request, { token: '2025-03-01T12:00:00.000Z' }),
    suspend: (request) => take('suspend', request, undefined),
    resume: async (request) => take('resume', request, undefined),
    retry: (request) => take('retry', request, { commits: request.commit === null ? [] : [request.commit] }),
    accept: (request) => take('accept', request, { commit: request.commit }),
    confirm: (request) => take('confirm', request, answered),
    reject: (request) => take('reject', request, answered),
    rollback: (request) => take('rollback', request, wayBack),
  };
  const log = {
    warn: (_fields: object, message: string) => void warnings.push(message),
    error: (_fields: object, message: string) => void errors.push(message),
  };
  const server = createApiServer({ socket: path, group, handlers, log, ...(timing ? { timing } : {}) });
  const daemon: FakeDaemon = {
    socket: path,
    server,
    commands: [],
    warnings,
    errors,
    status: sampleStatus,
    audit: { chain: 'intact', records: sampleAudit },
    why: { apiVersion: 'abide/v1', kind: 'Why', commits: [], remarks: [] },
    deployments: [sampleDeployment],
    refusal: null,
    setStatus: (change) => {
      daemon.status = { ...daemon.status, ...change };
      for (const listener of onStatus) listener();
    },
    happen: (change) => {
      const event = makeEvent(kept.length + 1, change);
      kept.push(event);
      for (const listener of onEvent) listener(event);
    },
    listenerCount: () => onEvent.size + onStatus.size,
    close: async () => {
      await server.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return daemon;
}
