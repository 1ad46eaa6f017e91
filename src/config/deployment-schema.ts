import * as z from 'zod';
import { rebootReasons } from '../domain/observed.ts';
import { absolutePath, argv, duration, flag, line, pattern, size, text, whole, word } from './scalar.ts';
import { isTimeZone } from './text-rule.ts';

const optionName = pattern(/^[a-z][a-z0-9-]*$/, 'a name of a Nix setting');
const optionValue = z
  .union([text((value) => !/[\u0000-\u001f]/.test(value), ''), z.number(), z.boolean()], {
    error: 'a text of one line, a number, true or false',
  })
  .transform(String);
const clock = pattern(/^(?:[01][0-9]|2[0-3]):[0-5][0-9]$/, 'a time of day in quotes, like "02:00"');

/** Times of the week; shared by activation and reboots. */
export const windowsSchema = z.array(
  z.strictObject({
    days: z
      .array(word(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']), {
        error: 'a list of days, like [mon, tue]',
      })
      .min(1, { error: 'at least one day' })
      .describe('Days of the week on which the window begins.'),
    start: clock.describe('Begin, as "HH:MM".'),
    end: clock.describe('End, as "HH:MM"; earlier than start means on the next day.'),
    timezone: text(isTimeZone, 'a time zone like Europe/Berlin')
      .prefault('UTC')
      .describe('Time zone of start and end.'),
  }),
  { error: 'a list of windows, like [{ days: [mon], start: "02:00", end: "05:00" }]' },
);

/** What may make a switch wait for a reboot, or a reboot needed. */
export const rebootTriggersSchema = z.array(word(rebootReasons), { error: 'a list of reasons for a reboot' });

/** How a commit becomes a derivation. */
export const evaluateSchema = z
  .strictObject({
    timeout: duration(1).prefault('30m').describe('Longest time one evaluation may take.'),
    attempts: whole(1, 100).prefault(3).describe('Evaluations of one commit before it stalls.'),
    memory: size()
      .nullable()
      .prefault(null)
      .describe('Most memory of the evaluation, like 4GiB; null for no limit.'),
    allowImportFromDerivation: flag()
      .prefault(true)
      .describe('Whether evaluation may build what it imports.'),
    nixConfFile: absolutePath()
      .nullable()
      .prefault(null)
      .describe('Nix user configuration for private inputs (access-tokens, netrc-file); read at use.'),
  })
  .prefault({})
  .describe('Evaluation of a commit.');

/** How a derivation becomes a toplevel. */
export const buildSchema = z
  .strictObject({
    timeout: duration(1).prefault('4h').describe('Longest time one build may take.'),
    attempts: whole(1, 100).prefault(5).describe('Builds of one commit before it stalls.'),
    mode: word(['local', 'substitute'])
      .prefault('local')
      .describe('local: build what no cache has; substitute: wait until a cache has everything.'),
    options: z
      .record(optionName, optionValue)
      .prefault({})
      .describe('Further Nix settings for evaluation and build, each passed as --option.'),
  })
  .prefault({})
  .describe('Build of a system.');

/** What may hold an activation back, and how long it may take. */
export const activateSchema = z
  .strictObject({
    timeout: duration(1).prefault('30m').describe('Longest time switch-to-configuration may take.'),
    allowRemovingAbide: flag()
      .prefault(false)
      .describe(
        'Whether a system may be activated without abide, with one that refuses its configuration, or with a new one that nothing would undo.',
      ),
    stageWhen: rebootTriggersSchema
      .prefault([])
      .describe(
        'Parts whose change against the booted system is staged for the next reboot instead of switched to; a test waits.',
      ),
    confirm: z
      .strictObject({
        mode: word(['none', 'manual', 'auto'])
          .prefault('none')
          .describe(
            'Whether a person is asked before activation: never, always, or with a veto for a while.',
          ),
        after: duration().prefault('2m').describe('With mode auto: how long a veto is possible.'),
      })
      .prefault({})
      .describe('Confirmation before activation.'),
    windows: windowsSchema.prefault([]).describe('Times in which activation may begin; empty for always.'),
    maxDefer: duration().nullable().prefault(null).describe('Longest wait for a window; null for no limit.'),
    delay: duration()
      .prefault('0s')
      .describe('Wait after a commit was first seen, so that other hosts go first.'),
    splay: duration()
      .prefault('0s')
      .describe('Further wait of up to this long, by a share fixed by the machine-id.'),
  })
  .prefault({})
  .describe('Activation of a system.');

/** Commands of the user's own that may say "not now". */
export const gatesSchema = z
  .array(
    z.strictObject({
      name: line('a name of one line').describe('Name of the gate in status and logs.'),
      before: word(['build', 'activate', 'reboot']).describe('What the gate holds back.'),
      command: argv().describe('Program and arguments: exit 0 opens, 75 waits.'),
      timeout: duration(1).prefault('10s').describe('Longest time the command may take.'),
    }),
    { error: 'a list of gates, each with name, before and command' },
  )
  .prefault([])
  .describe('Commands that may hold a step back.');

const hook = argv().nullable().prefault(null);

/** Commands of the user's own that are told what happened. */
export const hooksSchema = z
  .strictObject({
    preActivate: hook.describe(
      'Runs before an activation, which waits and asks again each minute while it does not exit 0.',
    ),
    postCommit: hook.describe(
      'Runs once after a deployment was committed or staged; its failure is told and changes nothing.',
    ),
    postRollback: hook.describe('Runs once after a rollback; its failure is told and changes nothing.'),
    timeout: duration(1000)
      .prefault('1m')
      .describe('Longest time one run of a hook may take; then it is ended.'),
  })
  .prefault({})
  .describe('Commands run at points of a deployment.');

/** What happens when a new system does not prove itself. */
export const rollbackSchema = z
  .strictObject({
    enabled: flag().prefault(true).describe('Whether a system that fails is rolled back.'),
    lastResort: word(['none', 'reboot'])
      .prefault('none')
      .describe(
        'What to do when a rollback fails five times, or leaves a system that stays unwell: nothing, or reboot once into the old system.',
      ),
  })
  .prefault({})
  .describe('The way back.');
