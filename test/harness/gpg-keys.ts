import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** A GnuPG home of its own with real keys, made when they are asked for. */
export interface GpgKeys {
  readonly home: string;
  /** Makes a key with a subkey and gives the fingerprint of its primary key. */
  readonly create: (name: string, algorithm: string) => Promise<string>;
  /** What gpg exports, with the arguments given, such as `--armor --export NAME`. */
  readonly gpg: (...args: string[]) => Promise<Buffer>;
  readonly remove: () => Promise<void>;
}

/** Makes the home; the caller removes it. */
export async function createGpgKeys(): Promise<GpgKeys> {
  const home = await mkdtemp(join(tmpdir(), 'abide-gpg-'));
  const options = {
    env: { GNUPGHOME: home, PATH: process.env['PATH'] },
    extendEnv: false,
    encoding: 'buffer',
    stripFinalNewline: false,
  } as const;
  const gpg = async (...args: string[]) => {
    const alone = ['--batch', '--no-tty', '--pinentry-mode', 'loopback', '--passphrase', ''];
    return Buffer.from((await execa('gpg', [...alone, ...args], options)).stdout);
  };
  return {
    home,
    gpg,
    create: async (name, algorithm) => {
      await gpg('--quick-generate-key', name, algorithm, 'sign', 'never');
      const listed = (await gpg('--with-colons', '--list-keys', name)).toString();
      const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(listed)?.[1] ?? '';
      await gpg('--quick-add-key', fingerprint, algorithm, 'sign', 'never');
      return fingerprint;
    },
    remove: async () => {
      await execa('gpgconf', ['--kill', 'all'], { ...options, reject: false });
      await rm(home, { recursive: true, force: true });
    },
  };
}
