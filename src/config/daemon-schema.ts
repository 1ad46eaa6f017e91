import * as z from 'zod';
import { rebootTriggersSchema, windowsSchema } from './deployment-schema.ts';
import { parseListenAddress } from './listen-address.ts';
import { absolutePath, duration, pattern, text, whole, word } from './scalar.ts';

const socketLimit = 'an absolute path of at most 100 bytes, which is what a Unix socket can have';
const listenError = 'host:port like 127.0.0.1:9642 or [::1]:9642, or null for off';

/** What happens when host and expectation differ. */
export const driftSchema = z
  .strictObject({
    interval: duration(1000).prefault('30s').describe('Time between two looks at the host, at least 1s.'),
    policy: word(['report', 'correct'])
      .prefault('report')
      .describe('report: only tell; correct: activate the expected system again.'),
    grace: duration()
      .prefault('10m')
      .describe('With policy correct: how long drift must last before it is undone.'),
  })
  .prefault({})
  .describe('Differences between what is expected of the host and what is.');

/** When abide may reboot the host. */
export const rebootSchema = z
  .strictObject({
    policy: word(['never', 'window', 'immediate'])
      .prefault('never')
      .describe('When the host is rebooted by abide.'),
    triggers: rebootTriggersSchema
      .prefault(['kernel', 'kernel-modules', 'kernel-params'])
      .describe('Changes that make a reboot needed.'),
    windows: windowsSchema.prefault([]).describe('Times in which a reboot may begin.'),
  })
  .prefault({})
  .describe('Reboots.');

/** How much of the past is kept. */
export const retentionSchema = z
  .strictObject({
    deployments: whole(1, 1000).prefault(50).describe('Deployments kept in the history.'),
    bootEntries: whole(1, 1000)
      .nullable()
      .prefault(null)
      .describe(
        'Newest generations of the system profile that keep their boot entry, beside those in use; older ones are removed after a commit. null leaves them alone.',
      ),
  })
  .prefault({})
  .describe('What is kept of the past.');

/** The control socket. */
export const apiSchema = z
  .strictObject({
    socket: absolutePath()
      .refine((path) => Buffer.byteLength(path) <= 100, { error: socketLimit })
      .prefault('/run/abide/abide.sock')
      .describe('Unix socket of the control API.'),
    group: pattern(/^[a-z_][a-z0-9_-]{0,31}$/, 'a group name')
      .prefault('abide')
      .describe('Group that may use the socket; where it does not exist the socket is 0600.'),
  })
  .prefault({})
  .describe('The control API.');

/** Where metrics go. */
export const metricsSchema = z
  .strictObject({
    listen: text((value) => parseListenAddress(value) !== null, listenError)
      .transform((value) => parseListenAddress(value) ?? { host: '', port: 0 })
      .nullable()
      .prefault('127.0.0.1:9642')
      .describe('Address of the listener for metrics and health, host:port; null for off.'),
    textfile: absolutePath()
      .refine((path) => path.endsWith('.prom'), {
        error: 'an absolute path that ends in .prom, the only files node_exporter reads',
      })
      .nullable()
      .prefault(null)
      .describe(
        "File for node_exporter's textfile collector, ending in .prom, written anew every 15 s; null for none.",
      ),
  })
  .prefault({})
  .describe('Prometheus metrics.');

/** Where events go; what an entry holds comes with the first kind that is built. */
export const notifySchema = z
  .array(z.looseObject({}), { error: 'a list of notifications' })
  .prefault([])
  .describe('Where events are sent.');

/** How much is logged. */
export const logSchema = z
  .strictObject({
    level: word(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
      .prefault('info')
      .describe('Least level that is logged.'),
  })
  .prefault({})
  .describe('The log on standard output.');

/** Where abide keeps what it must remember. */
export const stateSchema = z
  .strictObject({
    dir: absolutePath()
      .refine((path) => Buffer.byteLength(path) <= 90, { error: 'an absolute path of at most 90 bytes' })
      .prefault('/var/lib/abide')
      .describe('Directory of journal and mirror.'),
    witness: absolutePath()
      .optional()
      .describe(
        'Directory of the witness, which should survive a wiped root; default /nix/var/abide, or state.dir when system.root is not /.',
      ),
  })
  .prefault({})
  .describe('State on disk.');

/** Where the host is. */
export const systemSchema = z
  .strictObject({
    root: absolutePath()
      .prefault('/')
      .describe('Directory the host lives under; changed by tests, demos and chroots only.'),
    activator: word(['auto', 'systemd', 'direct'])
      .prefault('auto')
      .describe(
        'How a switch outlives the daemon; auto: systemd where root is / and systemd runs, else a detached process.',
      ),
  })
  .prefault({})
  .describe('Where the host is.');
