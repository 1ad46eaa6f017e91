/** Every way an adapter can fail; a closed set, because metrics and people count on it. */
export const problemCodes = [
  'remote_dns',
  'remote_connect',
  'remote_timeout',
  'remote_tls',
  'remote_auth',
  'remote_host_key',
  'remote_not_found',
  'remote_protocol',
  'remote_rate_limited',
  'remote_too_large',
  'remote_shallow',
  'remote_malformed',
  'remote_other',
  'credential_unreadable',
  'mirror_broken',
  'unknown_commit',
  'trust_unusable',
  'evaluation_failed',
  'evaluation_timeout',
  'evaluation_memory',
  'no_such_host',
  'unlocked_input',
  'impure_input',
  'build_failed',
  'build_timeout',
  'build_hash_mismatch',
  'not_in_cache',
  'derivation_missing',
  'no_space',
  'no_room',
  'network',
  'tool_missing',
  'process_failed',
  'process_timeout',
  'output_too_large',
  'aborted',
  'no_switch_program',
  'activation_failed',
  'activation_busy',
  'check_failed',
  'profile_failed',
  'profile_moved',
  'boot_loader_failed',
  'rollback_failed',
  'way_back_taken',
  'unit_failed',
  'journal_unwritable',
  'journal_damaged',
  'journal_too_new',
  'already_running',
  'socket_in_use',
  'socket_unusable',
  'unexpected',
] as const;
export type ProblemCode = (typeof problemCodes)[number];

/** What the loop may do next: try again with backoff, never with the same inputs, or after a set time. */
export type Retry = 'backoff' | 'never' | { readonly afterMs: number };

/** What a problem may carry beside its code and message. */
export interface ProblemDetails {
  readonly retry?: Retry;
  /** The last lines of the tool's log, ANSI and control characters stripped. */
  readonly log?: readonly string[];
  readonly cause?: unknown;
}

/** The one error adapters throw; only machines turn it into data, and no text of it is ever matched. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly retry: Retry;
  readonly log: readonly string[];

  constructor(code: ProblemCode, message: string, details: ProblemDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.retry = details.retry ?? 'backoff';
    this.log = details.log ?? [];
  }
}

/** Any thrown value as a Problem; a full disk becomes `no_space`, all else `unexpected`, with its cause kept. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isDiskFull(error)) {
    const advice = 'make room there, and it is tried again by itself';
    return new Problem('no_space', `${error.message}; ${advice}`, { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new Problem('unexpected', message, { cause: error });
}

/** A file operation's own error names the place. */
function isDiskFull(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
