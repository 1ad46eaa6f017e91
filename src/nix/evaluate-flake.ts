import type { Evaluation } from '../domain/evaluation.ts';
import { plainText } from '../domain/plain-text.ts';
import { Problem } from '../domain/problem.ts';
import { succeeded } from '../process.ts';
import type { EvaluateRequest } from './driver.ts';
import { evaluateArgs } from './evaluate-args.ts';
import { evaluationProblem } from './evaluation-problem.ts';
import { forgetFetched } from './forget-fetched.ts';
import { runNix, type NixDeps, type NixEnded } from './nix-child.ts';
import { nixOptions } from './nix-options.ts';
import { nixString } from './nix-string.ts';
import { isStorePath } from './store-path.ts';

/** What the configuration says of evaluations. */
export interface EvaluateSettings {
  /** Attribute under nixosConfigurations. */
  readonly host: string;
  readonly timeoutMs: number;
  /** Limit of the evaluation's memory in bytes; null for none. */
  readonly memoryBytes: number | null;
  readonly allowImportFromDerivation: boolean;
  /** Nix settings by name. */
  readonly options: Readonly<Record<string, string>>;
}

/** All that one evaluation is about. */
export type FlakeRequest = EvaluateRequest & EvaluateSettings;

/** One evaluation gives everything the loop wants to know of a commit; the derivations it needs are in the store then. */
export async function evaluateFlake(
  deps: NixDeps,
  request: FlakeRequest,
  signal: AbortSignal,
): Promise<Evaluation> {
  const { host, onProgress } = request;
  onProgress({ phase: 'evaluate', text: `evaluating ${plainText(host)}`, done: null, expected: null });
  await forgetFetched(deps.environment);
  const ended = await runNix(
    deps,
    { file: 'nix', phase: 'evaluate', ...request, args: argsOf(request) },
    signal,
  );
  if (!succeeded(ended.finished)) throw await evaluationProblem(deps, { request, ended }, signal);
  return evaluationOf(request, ended);
}

function argsOf({ source, host, options, allowImportFromDerivation }: FlakeRequest): readonly string[] {
  return [
    ...evaluateArgs(options),
    ...nixOptions({ 'allow-import-from-derivation': String(allowImportFromDerivation) }),
    `${source}#nixosConfigurations`,
    '--apply',
    expression(host),
  ];
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
      switchable = config.system.switch.enable or true;
    } else { hosts = builtins.attrNames hosts; }`;
}

function evaluationOf({ commit, host }: FlakeRequest, { finished, log }: NixEnded): Evaluation {
  const answer = JSON.parse(finished.stdout.toString()) as Readonly<Record<string, unknown>>;
  const { derivation, toplevel, hosts } = answer;
  if (Array.isArray(hosts)) throw noSuchHost(host, hosts);
  // They become arguments of programs, and a commit can make them any text.
  if (!isStorePath(derivation) || !isStorePath(toplevel)) {
    const message = `config.system.build.toplevel of host ${plainText(host)} is not a derivation with a known path`;
    throw new Problem('evaluation_failed', message, { log: log.lines() });
  }
  if (answer['switchable'] === false) throw notSwitchable(host);
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

/** Known before anything is built: such a system has no switch-to-configuration. */
function notSwitchable(host: string): Problem {
  const message = `host ${plainText(host)} says system.switch.enable = false, so that its system could never be activated; set it to true`;
  return new Problem('no_switch_program', message, { retry: 'never' });
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? plainText(value) : null;
}
