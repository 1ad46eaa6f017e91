import type { Evaluation } from '../domain/evaluation.ts';
import { plainText } from '../domain/plain-text.ts';
import { Problem } from '../domain/problem.ts';
import { succeeded } from '../process.ts';
import type { EvaluateRequest } from './driver.ts';
import { environmentProblem } from './environment-problem.ts';
import { evaluateArgs } from './evaluate-args.ts';
import { runNix, type NixDeps, type NixEnded } from './nix-child.ts';
import { nixOptions } from './nix-options.ts';
import { nixString } from './nix-string.ts';
import { unlockedInputs } from './unlocked-inputs.ts';

export interface EvaluateSettings {
  /** Attribute under nixosConfigurations. */
  readonly host: string;
  readonly timeoutMs: number;
  /** Limit of the evaluation's memory in bytes; null for none. */
  readonly memoryBytes: number | null;
  readonly allowImportFromDerivation: boolean;
}

type FlakeRequest = EvaluateRequest & EvaluateSettings;

/** One evaluation gives everything the loop wants to know of a commit; the derivations it needs are in the store then. */
export async function evaluateFlake(
  deps: NixDeps,
  request: FlakeRequest,
  signal: AbortSignal,
): Promise<Evaluation> {
  const { source, host, onProgress } = request;
  onProgress({ phase: 'evaluate', text: `evaluating ${plainText(host)}`, done: null, expected: null });
  const command = {
    file: 'nix',
    args: [
      ...evaluateArgs,
      ...nixOptions({ 'allow-import-from-derivation': String(request.allowImportFromDerivation) }),
      `${source}#nixosConfigurations`,
      '--apply',
      expression(host),
    ],
    timeoutMs: request.timeoutMs,
    memoryBytes: request.memoryBytes,
    phase: 'evaluate',
    onProgress,
  } as const;
  const ended = await runNix(deps, command, signal);
  if (!succeeded(ended.finished)) throw await problemOf(deps, { request, ended }, signal);
  return evaluationOf(request, ended);
}

// Asking the set whether it has the host needs no error text. A key named outPath would replace the whole answer.
function expression(host: string): string {
  return `hosts: let name = ${nixString(host)}; in
    if hosts ? \${name} then let
      inherit (hosts.\${name}) config;
      toplevel = config.system.build.toplevel;
    in {
      derivation = toplevel.drvPath;
      toplevel = builtins.unsafeDiscardStringContext toplevel.outPath;
      hostName = config.networking.hostName or null;
      machineId = config.services.abide.machineId or null;
      configurationRevision = config.system.configurationRevision or null;
    } else { hosts = builtins.attrNames hosts; }`;
}

function evaluationOf({ commit, host }: FlakeRequest, { finished, log }: NixEnded): Evaluation {
  const answer = JSON.parse(finished.stdout.toString()) as Readonly<Record<string, unknown>>;
  const { derivation, toplevel, hosts } = answer;
  if (Array.isArray(hosts)) throw noSuchHost(host, hosts);
  if (typeof derivation !== 'string' || typeof toplevel !== 'string') {
    throw new Problem('evaluation_failed', `nixosConfigurations.${plainText(host)} gives no toplevel`, {
      log: log.lines(),
    });
  }
  return {
    commit,
    derivation,
    toplevel,
    hostName: textOrNull(answer['hostName']),
    machineId: textOrNull(answer['machineId']),
    configurationRevision: textOrNull(answer['configurationRevision']),
  };
}

function noSuchHost(host: string, hosts: readonly unknown[]): Problem {
  const there =
    hosts.length === 0 ? 'there are none' : `there are ${plainText(hosts.map(String).join(', '))}`;
  const message = `nixosConfigurations has no host ${plainText(host)}; ${there}: add it or set the key host`;
  return new Problem('no_such_host', message, { retry: 'never' });
}

interface Failed {
  readonly request: FlakeRequest;
  readonly ended: NixEnded;
}

async function problemOf(deps: NixDeps, failed: Failed, signal: AbortSignal): Promise<Problem> {
  const { finished, log } = failed.ended;
  const details = { log: log.lines() };
  const known = limitProblem(failed);
  if (known) return known;
  const unlocked = await unlockedInputs(deps, failed.request, signal);
  if (unlocked.length > 0 || speaksOfLockFile(log.firstError())) return unlockedInput(failed, unlocked);
  const message = log.firstError() ?? `nix ended with ${finished.signal ?? `exit code ${finished.exitCode}`}`;
  return environmentProblem(log) ?? new Problem('evaluation_failed', message, details);
}

function limitProblem({ request, ended: { finished, log } }: Failed): Problem | null {
  const details = { log: log.lines() };
  if (finished.timedOut) {
    const limit = `evaluation took longer than ${request.timeoutMs / 1000} s`;
    return new Problem(
      'evaluation_timeout',
      `${limit}; raise evaluate.timeout or mend the configuration`,
      details,
    );
  }
  if (!ranOutOfMemory(finished, log)) return null;
  const limit =
    request.memoryBytes === null
      ? 'the machine has'
      : `evaluate.memory (${request.memoryBytes} bytes) allows`;
  const message = `error: out of memory: evaluation needs more than ${limit}`;
  return new Problem('evaluation_memory', message, details);
}

// Nix says so as a plain message, never as an evaluation error; the lines of the collector and of C++ are raw. The
// kernel says it with KILL.
function ranOutOfMemory({ signal }: NixEnded['finished'], log: NixEnded['log']): boolean {
  if (signal === 'SIGKILL') return true;
  return log.rawLines().some((line) => /^GC Warning: Out of Memory|std::bad_alloc/i.test(line));
}

// Names are all there, but one was locked for another URL: only the text tells.
function speaksOfLockFile(error: string | null): boolean {
  return error !== null && /\block file\b/.test(error) && /--no-(update|write)-lock-file/.test(error);
}

function unlockedInput({ ended: { log } }: Failed, names: readonly string[]): Problem {
  const which =
    names.length === 0
      ? 'an input'
      : `${names.length === 1 ? 'input' : 'inputs'} ${plainText(names.join(', '))}`;
  const message = `flake.lock does not lock ${which} as flake.nix says; run "nix flake lock" and commit flake.lock`;
  const first = log.firstError();
  return new Problem('unlocked_input', first === null ? message : `${first}: ${message}`, {
    retry: 'never',
    log: log.lines(),
  });
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? plainText(value) : null;
}
