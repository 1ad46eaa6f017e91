import * as z from 'zod';
import { absolutePath, duration, flag, line, pattern, text, word } from './scalar.ts';
import { allowedUrls, transportOf } from './remote-url.ts';
import { isBranchName, isSubdirectory } from './text-rule.ts';

const branchError =
  'a branch name without refs/heads/, of letters, digits, dots, dashes, underscores and slashes';
const operations = ['switch', 'boot', 'test'] as const;

const auth = z
  .strictObject({
    username: text(
      (name) => /^[A-Za-z0-9][A-Za-z0-9._@+-]*$/.test(name),
      'a user name without spaces or colons',
    )
      .prefault('abide')
      .describe('User name sent along with the token; most forges accept any.'),
    tokenFile: absolutePath()
      .nullable()
      .prefault(null)
      .describe(
        'File that holds the access token for https; read at each use, so that a rotated token needs no restart.',
      ),
    sshKeyFile: absolutePath()
      .nullable()
      .prefault(null)
      .describe('File that holds the private key for ssh; read at each use.'),
    knownHostsFile: absolutePath()
      .optional()
      .describe('Host keys that ssh accepts; default /etc/ssh/ssh_known_hosts.'),
  })
  .prefault({})
  .describe('Credentials, always in files and never in the URL.');

const branches = z
  .strictObject({
    main: z
      .strictObject({
        name: text(isBranchName, branchError)
          .prefault('main')
          .describe('Name of the main branch on this remote.'),
        operation: word(operations)
          .prefault('switch')
          .describe(
            'What is done with a new main commit: switch now, boot at the next start, or test until then.',
          ),
      })
      .nullable()
      .prefault({})
      .describe('The branch this host follows; null when this remote offers no main.'),
    testing: z
      .strictObject({
        name: text(isBranchName, branchError)
          .optional()
          .describe('Name of the testing branch on this remote; default testing-<host>.'),
        operation: word(operations)
          .prefault('test')
          .describe('What is done with a testing commit on top of main.'),
      })
      .nullable()
      .prefault({})
      .describe('A branch tried out on top of main on this host alone; null for none.'),
  })
  .prefault({})
  .describe('Which branches of this remote count.');

const remote = z.strictObject({
  name: pattern(
    /^[a-z0-9][a-z0-9-]{0,63}$/,
    'lower-case letters, digits and dashes, at most 64, not starting with a dash',
  ).describe('Name of the remote in status, metrics and logs.'),
  url: text((url) => transportOf(url) !== null, allowedUrls).describe(
    'Where to fetch from: https, ssh, user@host:path, file, or an absolute path; credentials are refused in it.',
  ),
  insecure: flag().prefault(false).describe('Whether http without TLS is allowed.'),
  poll: duration(1000).prefault('60s').describe('Time between two looks at this remote, at least 1s.'),
  timeout: duration(1).prefault('5m').describe('Longest time one fetch may take.'),
  watch: z
    .union([z.literal('auto'), z.boolean()], { error: 'auto, true or false' })
    .prefault('auto')
    .describe(
      'Whether a repository on this machine is also watched for changes; auto means on for local paths.',
    ),
  branches,
  auth,
  trust: z
    .strictObject({
      signers: z
        .array(line('the name of a signer under trust.signers'), { error: 'a list of names of signers' })
        .optional()
        .describe('The only signers accepted from this remote; a restriction, never an addition.'),
      mode: word(['none'])
        .optional()
        .describe('none: commits of this remote need no signature, said for this remote alone.'),
    })
    .nullable()
    .prefault(null)
    .describe('Restricts trust for this remote; null for what `trust` says.'),
});

/** Where the configuration comes from; what one key alone can get wrong is refused here. */
export const sourceSchema = z
  .strictObject({
    subdir: text(
      isSubdirectory,
      'a relative path inside the repository, of letters, digits and ._+/-, without ".."',
    )
      .prefault('.')
      .describe('Directory in the repository where flake.nix (or default.nix) lives.'),
    attribute: line('an attribute path like config.system.build.toplevel')
      .nullable()
      .prefault(null)
      .describe('Attribute path of the system, for driver nixos only.'),
    submodules: flag().prefault(false).describe('Whether Git submodules are fetched and evaluated too.'),
    remotes: z
      .array(remote, { error: 'a list of remotes, each with name and url' })
      .min(1, { error: 'a list of at least one remote, each with name and url' })
      .describe('Git repositories to pull from, in order of preference; at least one.'),
  })
  .describe('Where the configuration of this host comes from.');
