import { createHash } from 'node:crypto';
import type { Signer } from '../domain/remote.ts';
import type { TrustPolicy } from '../domain/trust-policy.ts';
import type { KeyMaterial } from './keyring.ts';

/** Whom a host obeys at one moment. */
export interface EffectivePolicy {
  /** SHA-256 in hex over rules and keys. */
  readonly digest: string;
  readonly signers: readonly Signer[];
}

/** The policy with the keys that were read last; null while keys count and none were read. */
export function effectivePolicy(policy: TrustPolicy, material: KeyMaterial | null): EffectivePolicy | null {
  if (policy.mode !== 'none' && material === null) return null;
  const hash = createHash('sha256').update(JSON.stringify(policy));
  const digest = hash.update(material?.digest ?? '').digest('hex');
  return { digest, signers: (material?.keys ?? []).map(({ kind, key, name }) => ({ kind, key, name })) };
}
