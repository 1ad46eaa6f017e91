import type { OnProgress, Progress } from '../domain/evaluation.ts';
import { plainText } from '../domain/plain-text.ts';
import { activityTypes, resultTypes, type NixEvent } from './internal-json.ts';
import { derivationName } from './store-path.ts';

/** Turns Nix's events into progress for people; `end` must be called when the child has gone. */
export interface ProgressReader {
  readonly read: (event: NixEvent) => void;
  /** Sends what is still unsent and stops the timer. */
  readonly end: () => void;
}

type Start = Extract<NixEvent, { action: 'start' }>;
type Result = Extract<NixEvent, { action: 'result' }>;
interface Activity extends Pick<Start, 'type' | 'text' | 'fields'> {
  phase: string | null;
  lastLine: string | null;
  done: number;
  expected: number;
}

const shortestPauseMs = 200;

/** At most five reports a second, the newest always among them; what is done never goes back. */
export function createProgressReader(onProgress: OnProgress, phase: Progress['phase']): ProgressReader {
  const activities = new Map<string, Activity>();
  const throttled = throttle(onProgress);
  let done = 0;
  const report = () => {
    const text = describe([...activities.values()]);
    const counts = count([...activities.values()]);
    // Nix takes back what it expected too much at first; what is done stays done.
    done = Math.max(done, counts.done);
    const expected = Math.max(counts.expected, done);
    if (text !== null)
      throttled.send({ phase, text, ...(expected > 0 ? { done, expected } : unknownCounts) });
  };
  return {
    read: (event) => {
      if (apply(activities, event)) report();
    },
    end: throttled.flush,
  };
}

const unknownCounts = { done: null, expected: null } as const;

/** True when people would see a difference. */
function apply(activities: Map<string, Activity>, event: NixEvent): boolean {
  if (event.action === 'start') {
    const { type, text, fields } = event;
    activities.set(event.id, { type, text, fields, phase: null, lastLine: null, done: 0, expected: 0 });
    return isShown(event);
  }
  if (event.action === 'stop') return !activities.delete(event.id);
  const activity = event.action === 'result' ? activities.get(event.id) : undefined;
  return activity !== undefined && applyResult(activity, event as Result);
}

function applyResult(activity: Activity, { type, fields }: Result): boolean {
  const [first, second] = fields;
  if (type === resultTypes.buildLogLine && typeof first === 'string') activity.lastLine = first;
  else if (type === resultTypes.setPhase && typeof first === 'string') activity.phase = first;
  else if (type === resultTypes.progress && typeof first === 'number') {
    activity.done = first;
    activity.expected = typeof second === 'number' ? second : 0;
  } else return false;
  return true;
}

// Chatter such as "querying info about missing paths" has level 6.
function isShown({ type, level, text }: Start): boolean {
  return type === activityTypes.build || (text !== '' && level <= 4);
}

function count(activities: readonly Activity[]): { done: number; expected: number } {
  const counted = activities.filter(
    ({ type }) => type === activityTypes.builds || type === activityTypes.copyPaths,
  );
  return {
    done: counted.reduce((sum, { done }) => sum + done, 0),
    expected: counted.reduce((sum, { expected }) => sum + expected, 0),
  };
}

function describe(activities: readonly Activity[]): string | null {
  const build = activities.findLast(({ type }) => type === activityTypes.build);
  if (build) return describeBuild(build);
  const transfer = activities.findLast(({ type }) => type === activityTypes.fileTransfer);
  if (transfer) return describeTransfer(transfer);
  const other = activities.findLast(({ text }) => text !== '');
  return other ? plainText(other.text, 200) : null;
}

function describeBuild({ fields: [derivation], phase, lastLine }: Activity): string {
  const name = derivationName(String(derivation ?? ''));
  const inPhase = phase === null ? '' : ` (${plainText(phase, 40)})`;
  const line = lastLine === null ? '' : `: ${plainText(lastLine, 160)}`;
  return `building ${plainText(name, 120)}${inPhase}${line}`;
}

function describeTransfer({ text, done, expected }: Activity): string {
  const size = expected > 0 ? `, ${mebibytes(done)} of ${mebibytes(expected)} MiB` : '';
  return `${plainText(text, 200)}${size}`;
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}

function throttle(onProgress: OnProgress) {
  let timer: NodeJS.Timeout | undefined;
  let pending: Progress | undefined;
  const sendPending = () => {
    timer = undefined;
    if (pending === undefined) return;
    const progress = pending;
    pending = undefined;
    timer = setTimeout(sendPending, shortestPauseMs);
    onProgress(progress);
  };
  return {
    send: (progress: Progress) => {
      pending = progress;
      if (timer === undefined) sendPending();
    },
    flush: () => {
      clearTimeout(timer);
      timer = undefined;
      if (pending !== undefined) onProgress(pending);
      pending = undefined;
    },
  };
}
