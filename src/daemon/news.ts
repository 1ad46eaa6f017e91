import type { HostEvent, NewEvent } from '../domain/event.ts';
import type { Log } from '../domain/log.ts';

const kept = 500;

/** What happened on this host, newest last; the journal keeps it across restarts. */
export interface News {
  /** Gives an event its id and time, keeps it, logs it and tells who listens. */
  add(event: NewEvent): void;
  all(): readonly HostEvent[];
  /** Events with a higher id, oldest first. */
  since(id: number): HostEvent[];
  /** The id of the next event. */
  nextId(): number;
  /** The returned function ends the subscription. */
  subscribe(listener: (event: HostEvent) => void): () => void;
}

/** News that goes on from what the journal kept; the newest 500 are kept. `now` is epoch milliseconds. */
export function createNews(deps: {
  readonly events: readonly HostEvent[];
  readonly nextId: number;
  readonly now: () => number;
  readonly log: Log;
}): News {
  const events = [...deps.events];
  const listeners = new Set<(event: HostEvent) => void>();
  let nextId = deps.nextId;
  return {
    add: (news) => {
      const time = new Date(deps.now()).toISOString();
      const event = { id: nextId, time, ...nothing, ...news };
      nextId += 1;
      events.push(event);
      if (events.length > kept) events.shift();
      logEvent(deps.log, event);
      for (const listener of listeners) listener(event);
    },
    all: () => events,
    since: (id) => events.filter((event) => event.id > id),
    nextId: () => nextId,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

const nothing = { remote: null, commit: null, deployment: null, phase: null, code: null };

function logEvent(log: Log, event: HostEvent): void {
  const { type, severity, message, remote, commit, deployment, phase, code } = event;
  const fields = {
    event: type,
    ...(remote === null ? {} : { remote }),
    ...(commit === null ? {} : { commit }),
    ...(deployment === null ? {} : { deployment }),
    ...(phase === null ? {} : { phase }),
    ...(code === null ? {} : { err: { code } }),
  };
  if (severity === 'error') log.error(fields, message);
  else if (severity === 'warning') log.warn(fields, message);
  else log.info(fields, message);
}
