import { createHash } from 'node:crypto';
import type { Config } from '../config/schema.ts';
import type { Signer } from '../domain/remote.ts';
import type { EffectivePolicy } from './auditor.ts';

/** What the configuration alone says about trust; keys that only files hold are not among it. */
export function policyInConfig({ trust, source }: Config): EffectivePolicy {
  const remotes = source.remotes.map(({ name, trust }) => ({ name, trust }));
  const digest = createHash('sha256').update(JSON.stringify({ trust, remotes })).digest('hex');
  return { digest, signers: trust.signers.map(signerOf) };
}

/** The mode in which a remote's heads are judged. */
export function modeOf({ trust, source }: Config, remote: string): Config['trust']['mode'] {
  return source.remotes.find(({ name }) => name === remote)?.trust?.mode ?? trust.mode;
}

function signerOf({ name, sshKey, gpgFingerprint = '' }: Config['trust']['signers'][number]): Signer {
  if (sshKey === undefined) return { kind: 'gpg', key: gpgFingerprint.toUpperCase(), name };
  const blob = Buffer.from(sshKey.split(' ')[1] ?? '', 'base64');
  const hash = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '');
  return { kind: 'ssh', key: `SHA256:${hash}`, name };
}
