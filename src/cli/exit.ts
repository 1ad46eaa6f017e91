import { ApiError, DaemonUnreachable } from '../api/client.ts';
import { plainText } from '../domain/plain-text.ts';

/** A command that was typed wrongly; the message says what is allowed. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The exit codes of the contract. */
export const exitCodes = { done: 0, failed: 1, usage: 2, unreachable: 3 } as const;

/** Runs a command; what it throws is said in one line on standard error and becomes the contract's exit code. */
export async function guard(run: () => Promise<number>, err: (text: string) => void): Promise<number> {
  try {
    return await run();
  } catch (error) {
    err(`abide: ${plainText(error instanceof Error ? error.message : String(error), 4000)}`);
    return exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof DaemonUnreachable) return exitCodes.unreachable;
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof ApiError && error.status === 400) return exitCodes.usage;
  return exitCodes.failed;
}
