/** Data of one log line; `err` may hold any thrown value, of which code, message and a tool's last lines are kept. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where the daemon's lines go; tests implement it with an array. Callers never hand it a secret. */
export interface Log {
  readonly debug: (fields: LogFields, message: string) => void;
  readonly info: (fields: LogFields, message: string) => void;
  readonly warn: (fields: LogFields, message: string) => void;
  readonly error: (fields: LogFields, message: string) => void;
}
