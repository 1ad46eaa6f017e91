import type { Config } from '../config/schema.ts';
import type { TrustPolicy } from '../domain/trust-policy.ts';
import type { KeySources, SignerSource } from '../git/keyring.ts';

/** What the configuration says about whom this host obeys. */
export function trustPolicyOf({ trust, source }: Config): TrustPolicy {
  const { mode, anchor, clockSkew, maxRange, branches } = trust;
  return {
    mode,
    anchor,
    clockSkewMs: clockSkew,
    maxRange,
    branches: { main: branches.main.signers, testing: branches.testing.signers },
    remotes: Object.fromEntries(
      source.remotes.map(({ name, trust: own }) => [
        name,
        { mode: own?.mode ?? null, signers: own?.signers ?? null },
      ]),
    ),
  };
}

/** Where the keys are that may sign. */
export function keySourcesOf({ trust }: Config): KeySources {
  const { signers, allowedSignersFile, revokedKeysFile } = trust;
  return { signers: signers.map(signerSource), allowedSignersFile, revokedKeysFile };
}

function signerSource(signer: Config['trust']['signers'][number]): SignerSource {
  const { name, sshKey, gpgKeyFile, gpgFingerprint } = signer;
  if (sshKey !== undefined) return { name, sshKey };
  if (gpgKeyFile !== undefined && gpgFingerprint !== undefined) return { name, gpgKeyFile, gpgFingerprint };
  throw new Error(`bug: signer ${name} has no key`);
}
