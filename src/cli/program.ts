import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { abideVersion } from '../domain/abide-version.ts';
import { accept } from './accept.ts';
import { audit } from './audit.ts';
import { confirm } from './confirm.ts';
import { events } from './events.ts';
import { exitCodes, guard, UsageError } from './exit.ts';
import { history } from './history.ts';
import { plan } from './plan.ts';
import { reconcile } from './reconcile.ts';
import { reject } from './reject.ts';
import { resume } from './resume.ts';
import { retry } from './retry.ts';
import { rollback } from './rollback.ts';
import { show } from './show.ts';
import { status } from './status.ts';
import { suspend } from './suspend.ts';
import { defaultSocket, openTerminal, type GlobalOptions, type Terminal } from './terminal.ts';
import type { AuditRepository } from './trust-audit.ts';
import { version } from './version.ts';
import { why } from './why.ts';

/** What commands need that the command line itself must not load. */
export interface ProgramParts {
  /** The daemon; gives its exit code when it has ended. */
  readonly runDaemon: (options: { readonly configPath: string }) => Promise<number>;
  readonly auditRepository: AuditRepository;
}

/** Parses the line, runs its command and gives the exit code. Everything about the line itself is exit code 2. */
export async function runProgram(argv: readonly string[], parts: ProgramParts): Promise<number> {
  let exitCode: number = exitCodes.done;
  const finish = (code: number) => {
    exitCode = code;
  };
  const program = createProgram(parts, finish);
  await addConfig(program, argv, finish);
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return asksForHelp(error) ? exitCodes.done : exitCodes.usage;
  }
  return exitCode;
}

function asksForHelp({ code }: CommanderError): boolean {
  return code === 'commander.helpDisplayed' || code === 'commander.version';
}

type Finish = (code: number) => void;

function createProgram(parts: ProgramParts, finish: Finish): Command {
  const program = new Command('abide')
    .description('Keeps this NixOS machine at the newest commit of its Git repository that can be trusted.')
    .version(abideVersion, '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .option('--socket <path>', `control socket of the daemon (default: ${defaultSocket})`)
    .option('--json', 'print JSON')
    .option('--no-color', 'print no colours (NO_COLOR does the same)')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'abide: ')) });
  const add = adder(program, finish);
  addDaemon(program, parts, finish);
  addLooks(add);
  addWishes(add);
  addTrust(program, parts, finish);
  addVersion(add);
  addUnbuilt(program, finish);
  return program;
}

/** Runs a command's function with the terminal that the global options describe. */
type CommandFunction<Options> = (
  terminal: Terminal,
  options: Options,
  args: readonly string[],
) => Promise<number>;
type Add = (usage: string, about: string, run: CommandFunction<Typed>) => Command;
type Typed = Readonly<Record<string, string | number | boolean | undefined>>;

function adder(parent: Command, finish: Finish, program = parent): Add {
  return (usage, about, run) =>
    parent
      .command(usage)
      .description(about)
      .action(async (...given: readonly unknown[]) => {
        const command = given.at(-1) as Command;
        const terminal = openTerminal(program.opts<GlobalOptions>());
        finish(await guard(() => run(terminal, command.opts<Typed>(), command.args), terminal.err));
      });
}

/** Without a terminal: a daemon whose output nobody reads any more must go on. */
function addDaemon(program: Command, { runDaemon }: ProgramParts, finish: Finish): void {
  program
    .command('run')
    .description('run the daemon')
    .option('--config <file>', 'configuration, YAML or JSON', '/etc/abide/config.yaml')
    .action(async ({ config }: { readonly config: string }) => {
      finish(
        await guard(
          () => runDaemon({ configPath: config }),
          (text) => void process.stderr.write(`${text}\n`),
        ),
      );
    });
}

function addLooks(add: Add): void {
  add('status', 'what is, what should be, and why they differ', status)
    .option('--oneline', 'one line only')
    .option(
      '--exit-code',
      'exit 0 InSync, 10 Progressing or Waiting, 11 Drifted, 12 Stalled or Failed, 13 Suspended, 14 Unknown',
    );
  add('history', 'deployments, newest first', (terminal, { number = null }) =>
    history(terminal, { limit: number as number | null }),
  ).option('-n, --number <count>', 'at most so many', parseCount);
  add(
    'show <id>',
    'one deployment with reasons, durations and the log of its failure',
    (terminal, _options, [id = '']) => show(terminal, { id }),
  );
  add(
    'plan [commit]',
    'what would be deployed: builds it and compares; changes nothing on the host',
    (terminal, _options, [commit = null]) => plan(terminal, { commit }),
  );
  add(
    'why [commit]',
    'what keeps a commit from running: this one, or each that remotes offer',
    (terminal, _options, [commit = null]) => why(terminal, { commit }),
  );
  add('events', 'what happened, newest last', eventsOrAudit)
    .option('-f, --follow', 'go on with what happens')
    .option('-n, --number <count>', 'at most so many', parseCount)
    .option('--audit', 'decisions on record, and whether that record is intact (exit 1 if it is not)');
}

function eventsOrAudit(terminal: Terminal, { follow, audit: isAudit, number }: Typed): Promise<number> {
  const limit = typeof number === 'number' ? number : null;
  if (!isAudit) return events(terminal, { follow: follow === true, limit });
  if (follow) throw new UsageError('--audit shows what is on record and cannot follow; leave --follow out');
  return audit(terminal, { limit });
}

function addWishes(add: Add): void {
  add('reconcile', 'look again now', (terminal, { wait }) =>
    reconcile(terminal, { wait: wait === true }),
  ).option(
    '--wait',
    'until all is done: exit 0 in sync or waiting at a gate, 1 failed, stalled or suspended',
  );
  add('suspend', 'deploy nothing until resume', (terminal, options) =>
    suspend(terminal, {
      reason: String(options['reason']),
      for: (options['for'] as string | undefined) ?? null,
    }),
  )
    .requiredOption('--reason <text>', 'why, for everybody who looks')
    .option('--for <duration>', 'resume by itself after a time such as 30m or 2h');
  add('resume', 'end a suspension', resume);
  add('retry [commit]', 'lift quarantine or stall', (terminal, _options, [commit = null]) =>
    retry(terminal, { commit }),
  );
  add(
    'accept <commit>',
    'accept rewritten history, or a commit to go on from after lost state',
    (terminal, options, [commit = '']) => accept(terminal, { commit, reason: String(options['reason']) }),
  ).requiredOption('--reason <text>', 'why, for the record');
  add(
    'confirm [id]',
    'keep the system that is on probation and waits for a person (id of its deployment or commit)',
    (terminal, _options, [id = null]) => confirm(terminal, { id }),
  );
  add(
    'reject [id]',
    'end the probation of a system at once: back to the one before, and its commit is not tried again',
    (terminal, options, [id = null]) => reject(terminal, { id, reason: String(options['reason']) }),
  ).requiredOption('--reason <text>', 'why, for everybody who looks');
  add(
    'rollback',
    'go back to the system before, set aside what is left, and deploy nothing until resume',
    (terminal, options) =>
      rollback(terminal, {
        to: (options['to'] as string | undefined) ?? null,
        reason: String(options['reason']),
      }),
  )
    .requiredOption('--reason <text>', 'why, for everybody who looks')
    .option('--to <id>', 'to this deployment of abide history instead');
}

/** Loaded with its command alone: nobody else needs it. */
function addTrust(program: Command, { auditRepository }: ProgramParts, finish: Finish): void {
  const trust = program.command('trust').description('look at signatures without the daemon');
  adder(trust, finish, program)(
    'audit <repository>',
    "who signed the last commits of a repository's main branch, and which the policy would refuse; a path, a URL or the name of a remote",
    async (terminal, options, [repository = '']) => {
      const { trustAudit } = await import('./trust-audit.ts');
      const { config, number } = options;
      return trustAudit(terminal, auditRepository, {
        repository,
        configPath: String(config),
        count: number as number,
      });
    },
  )
    .option('--config <file>', 'configuration with the policy', '/etc/abide/config.yaml')
    .option('-n, --number <count>', 'how many commits', parseCount, 20);
}

function addVersion(add: Add): void {
  add('version', 'versions of abide, Node, git and nix', version);
}

/** The schema behind these commands is large, so that lines without them do not load it. */
async function addConfig(program: Command, argv: readonly string[], finish: Finish): Promise<void> {
  if (!argv.includes('config')) {
    program
      .command('config')
      .description('check a configuration file, print its schema, or alert rules for it');
    return;
  }
  const { configCommands } = await import('./config.ts');
  const stdout = (text: string) => void process.stdout.write(text);
  const stderr = (text: string) => void process.stderr.write(text);
  configCommands(program, { stdout, stderr, finish });
}

const unbuilt = ['watch', 'state'] as const;

/** Not in the help, but whoever read of them elsewhere gets a straight answer. */
function addUnbuilt(program: Command, finish: Finish): void {
  for (const name of unbuilt) {
    program
      .command(`${name} [anything...]`, { hidden: true })
      .allowUnknownOption()
      .helpOption(false)
      .action(async () => {
        const refuse = () =>
          Promise.reject(new UsageError(`${name} is not built yet; abide --help lists what is`));
        finish(await guard(refuse, openTerminal({}).err));
      });
  }
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1 on.');
}
