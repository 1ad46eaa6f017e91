import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { credentialHelper } from './credentials.ts';
import { gitConfig, neutralAttributes, nixGitConfig, type CredentialSource } from './git-config.ts';
import { ownDirectory, replaceFile } from './private-file.ts';
import { transportOf, type RemoteSource } from './remote-source.ts';

/** What the generated home is made from. */
export interface HomeInput {
  readonly dir: string;
  readonly home: string;
  readonly remotes: readonly RemoteSource[];
  readonly submodules: boolean;
}

/** Writes every configuration and credential helper anew, and removes those of remotes that are gone. */
export async function writeHome({ dir, home, remotes, submodules }: HomeInput): Promise<void> {
  await ownDirectory(home);
  const sources = await Promise.all(remotes.map((remote) => writeHelper(home, remote)));
  const template = await writeTemplate(home);
  const files = [
    ['gitconfig', gitConfig([])],
    ['gitconfig.nix', nixGitConfig({ sources, submodules, dir, template })],
    ...sources.map((source) => [`gitconfig-${source.remote.name}`, gitConfig([source])] as const),
  ] as const;
  for (const [name, text] of files) await replaceFile(join(home, name), text, 0o600);
  const wanted = new Set([
    ...files.map(([name]) => name),
    ...sources.flatMap(({ remote, helper }) => (helper === null ? [] : [`credential-${remote.name}`])),
  ]);
  const old = (await readdir(home)).filter(
    (name) => /^(?:gitconfig|credential)-/.test(name) && !wanted.has(name),
  );
  await Promise.all(old.map((name) => rm(join(home, name), { force: true })));
}

async function writeTemplate(home: string): Promise<string> {
  const template = join(home, 'template');
  await rm(template, { recursive: true, force: true });
  await ownDirectory(join(template, 'info'));
  await replaceFile(join(template, 'info', 'attributes'), neutralAttributes, 0o600);
  return template;
}

async function writeHelper(home: string, remote: RemoteSource): Promise<CredentialSource> {
  const script = transportOf(remote).startsWith('http') ? credentialHelper(remote) : null;
  if (script === null) return { remote, helper: null };
  const helper = join(home, `credential-${remote.name}`);
  await replaceFile(helper, script, 0o700);
  return { remote, helper };
}
