import * as z from 'zod';
import { sshKeyTypes } from '../domain/ssh-key.ts';
import { absolutePath, duration, flag, pattern, whole, word } from './scalar.ts';

const signerName = pattern(
  /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}$/,
  'a name of letters, digits and ._@+-, at most 100',
);
const signerNames = z.array(signerName, { error: 'a list of names of signers' }).nullable().prefault(null);

const signer = z.strictObject({
  name: signerName.describe('Name of the signer in status and logs; the key decides, never an author name.'),
  sshKey: pattern(
    new RegExp(
      `^(?:${sshKeyTypes.map(escaped).join('|')}) [A-Za-z0-9+/]+=*(?: [^\\u0000-\\u001f\\u007f]*)?\\n?$`,
    ),
    `an SSH public key of one line, of type ${sshKeyTypes.join(', ')}`,
  )
    .transform((text) => text.trim())
    .optional()
    .describe('SSH public key, the line of its .pub file.'),
  gpgKeyFile: absolutePath().optional().describe('File that holds the OpenPGP public key, armoured or not.'),
  gpgFingerprint: pattern(
    /^(?:[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$/,
    'the full fingerprint of a primary key, 40 or 64 hex digits without spaces',
  )
    .transform((text) => text.toUpperCase())
    .optional()
    .describe('Fingerprint of the primary key; no other key of the file counts.'),
});

const branches = z
  .strictObject({
    main: z
      .strictObject({ signers: signerNames.describe('Who may sign main; null for every signer.') })
      .prefault({})
      .describe('Rules for main.'),
    testing: z
      .strictObject({
        signers: signerNames.describe('Who may sign testing; null for every signer.'),
        allowReplay: flag()
          .prefault(false)
          .describe('Whether a testing commit that was left before may come back.'),
      })
      .prefault({})
      .describe('Rules for testing.'),
  })
  .prefault({})
  .describe('Signers per branch.');

/** Whom this host obeys; required, because silence must never mean "anyone". */
export const trustSchema = z
  .strictObject({
    mode: word(['none', 'tip', 'range'])
      .optional()
      .describe(
        'range: every commit since the floor must be signed; tip: the newest only; none: anyone who can push is root here. Default range when keys are given; without keys it must be said.',
      ),
    signers: z
      .array(signer, { error: 'a list of signers, each with name and a key' })
      .prefault([])
      .describe('Who may sign commits.'),
    allowedSignersFile: absolutePath()
      .nullable()
      .prefault(null)
      .describe("File in git's allowed-signers format, beside or instead of signers."),
    revokedKeysFile: absolutePath()
      .nullable()
      .prefault(null)
      .describe('File with revoked SSH keys: a list of keys, or a key revocation list.'),
    anchor: pattern(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, 'a full commit id of 40 or 64 lower-case hex digits')
      .nullable()
      .prefault(null)
      .describe('Commit from which history is held to the policy; null for the first accepted tip.'),
    floor: word(['deployed', 'seen'])
      .prefault('deployed')
      .describe('What may never be left again: the newest commit deployed here, or the newest seen.'),
    branches,
    clockSkew: duration()
      .prefault('10m')
      .describe('How far in the future the date of a commit may lie before it has to wait.'),
    maxRange: whole(1, 1_000_000).prefault(20_000).describe('Most commits that are verified in one range.'),
    quorum: whole(1, 100).prefault(1).describe('How many remotes must offer a commit before it counts.'),
  })
  .describe('Whom this host obeys; required. Name signers, or write mode: none.');

function escaped(text: string): string {
  return text.replaceAll('.', '\\.');
}
