import { dirname } from 'node:path';
import { transportOf, type RemoteSource, type Transport } from './remote-source.ts';

/** A remote together with the helper that prints its token, where it has one. */
export interface CredentialSource {
  readonly remote: RemoteSource;
  readonly helper: string | null;
}

/** Configuration of git children that talk to nobody or to one remote; it is protected configuration, so safe.* counts. */
export function gitConfig(sources: readonly CredentialSource[]): string {
  return (
    [...common, ...sources.flatMap((source) => credentialSection(source, source.remote.url))].join('\n') +
    '\n'
  );
}

/** Configuration of a git that verifies signatures: with these keys and no others, and by nothing but gpg and ssh-keygen. */
export function verifierConfig(allowedSigners: string, revokedKeys: string): string {
  const ssh = [
    '[gpg "ssh"]',
    '\tprogram = ssh-keygen',
    `\tallowedSignersFile = ${quoted(allowedSigners)}`,
    `\trevocationFile = ${quoted(revokedKeys)}`,
  ];
  return [...common, '[gpg]', '\tprogram = gpg', ...ssh].join('\n') + '\n';
}

/** What Nix's own use of git is configured by. */
export interface NixGitInput {
  readonly sources: readonly CredentialSource[];
  readonly submodules: boolean;
  /** The directory the mirror's `.git` is in. */
  readonly dir: string;
  /** A directory with `info/attributes` of ours, which new repositories begin with. */
  readonly template: string;
}

/** Configuration for Nix's own use of git; with submodules, a token also answers for other repositories of its own host. */
export function nixGitConfig({ sources, submodules, dir, template }: NixGitInput): string {
  const transports = new Set(sources.map(({ remote }) => transportOf(remote)));
  const scopes = sources.flatMap((source) => {
    const { url } = source.remote;
    return credentialSection(source, submodules && source.helper !== null ? new URL(url).origin : url);
  });
  const protocols = [
    ...protocol('https', 'always'),
    ...protocol('ssh', 'always'),
    ...(transports.has('http') ? protocol('http', 'always') : []),
    // `user` is what Nix needs to read the mirror; a submodule may name a path only where a remote is a path itself.
    ...protocol('file', transports.has('file') ? 'always' : 'user'),
  ];
  const clones = submodules
    ? [...relativeSubmodules(sources[0]?.remote.url, dir), ...checkedOutAsCommitted(template)]
    : [];
  return [...common, '[protocol]', '\tallow = never', ...protocols, ...scopes, ...clones].join('\n') + '\n';
}

/**
 * A submodule's URL like `../library.git` means a neighbour of the repository, and to Nix's clone the repository is
 * the mirror: what would be the mirror's neighbour is looked for beside the first remote.
 */
function relativeSubmodules(url: string | undefined, dir: string): string[] {
  const beside = url === undefined ? null : /^(.*[/:])[^/:]+\/*$/.exec(url)?.[1];
  if (!beside) return [];
  const neighbours = `${dirname(dir)}/`;
  // The longest match counts, so the mirror stays what it is.
  return [neighbours, dir].flatMap((place) =>
    ['', 'file://'].flatMap((scheme) => {
      const target = place === dir ? `${scheme}${dir}` : beside;
      return [`[url ${quoted(target)}]`, `\tinsteadOf = ${quoted(`${scheme}${place}`)}`];
    }),
  );
}

// With submodules, Nix before 2.20 checks clones out, and the mirror's own attributes do not count in those. Git inputs
// are left alone without submodules: the hashes that such a Nix locked them by are those of what their attributes make.
function checkedOutAsCommitted(template: string): string[] {
  return ['[init]', `\ttemplateDir = ${quoted(template)}`];
}

function protocol(name: Transport, allow: 'always' | 'user'): string[] {
  return [`[protocol "${name}"]`, `\tallow = ${allow}`];
}

/** Attributes that make git hand out a file's bytes as they were committed. */
export const neutralAttributes =
  '* -text -eol -ident -filter -working-tree-encoding -export-subst -export-ignore\n';

/** The mirror's own configuration; written at each start, so that nothing else can be in it. */
export const mirrorConfig = '[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n';

const common = [
  '[safe]',
  '\tbareRepository = explicit',
  '[core]',
  '\thooksPath = /dev/null',
  '\tfsmonitor = false',
  '\tattributesFile = /dev/null',
  '\tprotectHFS = true',
  '\tprotectNTFS = true',
  '\tlogAllRefUpdates = false',
  // A planted commit-graph could lie about parents.
  '\tcommitGraph = false',
  '[transfer]',
  '\tfsckObjects = true',
  // A pack is one file, so that the limit of a file's size is the limit of a fetch.
  '\tunpackLimit = 1',
  '[fetch]',
  '\tfsckObjects = true',
  '\tunpackLimit = 1',
  '\trecurseSubmodules = false',
  '\toutput = full',
  '\twriteCommitGraph = false',
  // Faults of old, honest histories that cannot mislead a checkout.
  '[fetch "fsck"]',
  '\tzeroPaddedFilemode = ignore',
  '\tmissingSpaceBeforeDate = ignore',
  '\tbadTimezone = ignore',
  '[http]',
  '\tfollowRedirects = false',
  '\tlowSpeedLimit = 1000',
  '\tlowSpeedTime = 60',
  '[credential]',
  '\thelper =',
  '[gc]',
  '\tauto = 0',
  '[maintenance]',
  '\tauto = false',
  '[submodule]',
  '\trecurse = false',
  '[advice]',
  '\tfetchShowForcedUpdates = false',
  '\tgraftFileDeprecated = false',
  '[log]',
  '\tshowSignature = false',
  '[gpg "x509"]',
  '\tprogram = false',
];

function credentialSection({ helper }: CredentialSource, scope: string): string[] {
  if (helper === null) return [];
  return [
    `[credential ${quoted(scope)}]`,
    '\thelper =',
    `\thelper = ${quoted(helper)}`,
    '\tuseHttpPath = true',
  ];
}

function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, String.raw`\$&`)}"`;
}
