import * as z from 'zod';
import { argv, duration, flag, line, pattern, text, whole, word } from './scalar.ts';

const unitName = pattern(/^[A-Za-z0-9:_.@\\-]+\.[a-z]+$/, 'a unit name like nginx.service');
const port = () => whole(1, 65_535);

const check = z.strictObject({
  name: line('a name of one line').describe('Name of the check in status and metrics.'),
  timeout: duration(1).prefault('10s').describe('Longest time one try may take.'),
  http: z
    .strictObject({
      url: text(
        (url) => /^https?:\/\/[^/@\s]+(?:\/\S*)?$/.test(url),
        'an http or https URL without credentials',
      ).describe('URL that is asked for.'),
      status: whole(100, 599).prefault(200).describe('Status the answer must have.'),
    })
    .optional()
    .describe('Passes when the URL answers with the status.'),
  tcp: z
    .strictObject({
      host: line('a host name or address').prefault('127.0.0.1').describe('Host to connect to.'),
      port: port().describe('Port to connect to.'),
    })
    .optional()
    .describe('Passes when the port accepts a connection.'),
  command: argv().optional().describe('Passes when the program exits 0.'),
  unit: unitName.optional().describe('Passes when the unit is active.'),
});

/** What a new system has to prove in its probation. */
export const healthSchema = z
  .strictObject({
    settle: duration().prefault('10s').describe('Wait after activation before the first check; 0s for none.'),
    stableFor: duration().prefault('30s').describe('How long all checks must hold; 0s for once.'),
    deadline: duration(1).prefault('5m').describe('Time from the end of activation until all must hold.'),
    units: z
      .strictObject({
        enabled: flag().prefault(true).describe('Whether systemd units are checked.'),
        ignore: z
          .array(unitName, { error: 'a list of unit names' })
          .prefault([])
          .describe('Units whose failure does not count.'),
      })
      .prefault({})
      .describe('Units that were active and are not, or failed.'),
    connectivity: z
      .strictObject({
        enabled: flag().prefault(true).describe('Whether some remote must be reachable again.'),
      })
      .prefault({})
      .describe('The way to the remotes.'),
    inbound: z
      .strictObject({
        ports: z
          .array(port(), { error: 'a list of ports' })
          .prefault([22])
          .describe('TCP ports that must listen again if they did before.'),
      })
      .prefault({})
      .describe('The way into the host.'),
    checks: z
      .array(check, { error: 'a list of checks, each with name and one of http, tcp, command, unit' })
      .prefault([])
      .describe("The user's own checks."),
    confirm: word(['none', 'manual'])
      .prefault('none')
      .describe('manual: a person confirms during probation, or it is rolled back.'),
  })
  .prefault({})
  .describe('Checks of a new system in its probation.');
