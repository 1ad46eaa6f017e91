/** One line of Nix's standard error under `--log-format internal-json`; texts are as the tool gave them, unsanitised. */
export type NixEvent =
  | {
      readonly action: 'start';
      readonly id: string;
      readonly parent: string | null;
      readonly level: number;
      readonly type: number;
      readonly text: string;
      readonly fields: readonly Field[];
    }
  | { readonly action: 'stop'; readonly id: string }
  | {
      readonly action: 'result';
      readonly id: string;
      readonly type: number;
      readonly fields: readonly Field[];
    }
  | { readonly action: 'msg'; readonly level: number; readonly text: string; readonly rawText: string | null }
  /** A line of somebody else: git, ssh, the garbage collector, a message from before the logger was set. */
  | { readonly action: 'raw'; readonly text: string };

/** What an activity or a result is about; which field means what depends on its type. */
export type Field = string | number;

/** Activity types of `start` (the numbers are Nix's). */
export const activityTypes = {
  copyPath: 100,
  fileTransfer: 101,
  copyPaths: 103,
  builds: 104,
  build: 105,
  substitute: 108,
  fetchTree: 112,
} as const;

/** Result types of `result` (the numbers are Nix's). */
export const resultTypes = { buildLogLine: 101, setPhase: 104, progress: 105, setExpected: 106 } as const;

const prefix = '@nix ';

/**
 * Never throws: what is not a well-formed event of a known action is a raw line. Ids stay strings, because they are
 * `pid << 32 + n` and above 2^53 a number would merge two activities.
 */
export function parseInternalJson(line: string): NixEvent {
  const raw = { action: 'raw', text: line } as const;
  if (!line.startsWith(prefix)) return raw;
  try {
    const json: unknown = JSON.parse(line.slice(prefix.length).replace(/"(id|parent)":(\d+)/g, '"$1":"$2"'));
    return isRecord(json) ? (eventOf(json) ?? raw) : raw;
  } catch {
    return raw;
  }
}

type Json = Readonly<Record<string, unknown>>;

function eventOf(json: Json): NixEvent | null {
  if (json['action'] === 'msg') {
    const rawText = typeof json['raw_msg'] === 'string' ? json['raw_msg'] : null;
    return { action: 'msg', level: number(json['level']), text: text(json['msg']), rawText };
  }
  const { id } = json;
  if (typeof id !== 'string') return null;
  if (json['action'] === 'stop') return { action: 'stop', id };
  const rest = { id, type: number(json['type']), fields: fields(json['fields']) };
  if (json['action'] === 'result') return { action: 'result', ...rest };
  return json['action'] === 'start' ? { action: 'start', ...rest, ...startOf(json) } : null;
}

function startOf(json: Json) {
  const parent = typeof json['parent'] === 'string' && json['parent'] !== '0' ? json['parent'] : null;
  return { parent, level: number(json['level']), text: text(json['text']) };
}

function fields(value: unknown): readonly Field[] {
  if (!Array.isArray(value)) return [];
  return value.filter((field): field is Field => typeof field === 'string' || typeof field === 'number');
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
