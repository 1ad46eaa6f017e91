import type { RemoteSource } from './remote-source.ts';
import { transportOf } from './remote-source.ts';

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

/** Configuration for Nix's own use of git; with submodules, a token also answers for other repositories of its own host. */
export function nixGitConfig(sources: readonly CredentialSource[], submodules: boolean): string {
  const local = sources.some(({ remote }) => transportOf(remote) === 'file');
  const scopes = sources.flatMap((source) => {
    const { url } = source.remote;
    return credentialSection(source, submodules && source.helper !== null ? new URL(url).origin : url);
  });
  const protocols = [
    '[protocol "https"]',
    '\tallow = always',
    '[protocol "ssh"]',
    '\tallow = always',
    '[protocol "file"]',
    // `user` is what Nix needs to read the mirror; a submodule may name a path only where a remote is a path itself.
    `\tallow = ${local ? 'always' : 'user'}`,
  ];
  return [...common, '[protocol]', '\tallow = never', ...protocols, ...scopes].join('\n') + '\n';
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
  '\tprogram = /bin/false',
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
