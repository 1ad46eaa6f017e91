#!/usr/bin/env node
import { guard } from './cli/exit.ts';
import { fastStatus } from './cli/fast-status.ts';
import { status } from './cli/status.ts';
import { openTerminal } from './cli/terminal.ts';
import type { AuditRequest, Unusable } from './daemon/audit-repository.ts';
import type { TrustAudit } from './domain/trust-audit.ts';

process.exitCode = await main(process.argv.slice(2));

/** `status` is answered with what is loaded already; every other line loads the parser, and `run` the daemon. */
async function main(argv: readonly string[]): Promise<number> {
  const fast = fastStatus(argv);
  if (fast) {
    const terminal = openTerminal(fast);
    return guard(() => status(terminal, fast), terminal.err);
  }
  const { runProgram } = await import('./cli/program.ts');
  return runProgram(argv, { runDaemon, auditRepository });
}

async function runDaemon(options: { readonly configPath: string }): Promise<number> {
  const { runDaemon } = await import('./daemon.ts');
  const exitCode = await runDaemon(options);
  // What the daemon left open on its way out must not keep a stopped service alive.
  process.exit(exitCode);
}

async function auditRepository(request: AuditRequest): Promise<TrustAudit | Unusable> {
  const { auditRepository } = await import('./daemon/audit-repository.ts');
  return auditRepository(request);
}
