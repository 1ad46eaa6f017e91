import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** A directory with real SSH keys, made when they are asked for. */
export interface SshKeys {
  readonly dir: string;
  /** The line of a new key's .pub file; `type` as `ssh-keygen -t` takes it. */
  readonly publicKey: (name: string, type: string, bits?: number) => Promise<string>;
  readonly privateKeyFile: (name: string) => string;
  readonly remove: () => Promise<void>;
}

/** Makes the directory; the caller removes it. */
export async function createSshKeys(): Promise<SshKeys> {
  const dir = await mkdtemp(join(tmpdir(), 'abide-ssh-keys-'));
  const privateKeyFile = (name: string) => join(dir, name);
  return {
    dir,
    privateKeyFile,
    publicKey: async (name, type, bits) => {
      const size = bits === undefined ? [] : ['-b', String(bits)];
      await execa('ssh-keygen', [
        '-q',
        '-t',
        type,
        ...size,
        '-N',
        '',
        '-C',
        name,
        '-f',
        privateKeyFile(name),
      ]);
      return (await readFile(`${privateKeyFile(name)}.pub`, 'utf8')).trim();
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}
