import * as z from 'zod';
import type { AuditChain, AuditRecord } from '../domain/audit.ts';
import { deploymentOutcomes } from '../domain/deployment.ts';
import { rejectionReasons } from '../domain/remote.ts';
import {
  commit,
  count,
  listOf,
  maybeCommit,
  maybeText,
  maybeTime,
  operation,
  text,
  time,
} from './contract-values.ts';

const role = z.enum(['main', 'testing']);
const mode = z.enum(['none', 'tip', 'range']);
const signer = z.object({ kind: z.enum(['ssh', 'gpg']), key: text, name: text });
const actor = maybeText;
const place = { ts: time, seq: z.int().min(1), prev: text.regex(/^[0-9a-f]{64}$/) };

/** One decision of the audit log. */
export const auditRecordSchema = z.discriminatedUnion('kind', [
  z.object({
    ...place,
    kind: z.literal('verdict'),
    remote: text,
    role,
    ref: text,
    commit,
    base: maybeCommit,
    mode,
    policy: maybeText,
    verdict: z.enum(['accepted', 'pending', 'rejected']),
    reason: z.enum(rejectionReasons).nullable(),
    message: maybeText,
    candidate: maybeCommit,
    signer: signer.nullable(),
    rangeSize: count,
  }),
  z.object({
    ...place,
    kind: z.literal('desired'),
    commit: maybeCommit,
    previous: maybeCommit,
    remote: maybeText,
    role: role.nullable(),
    operation: operation.nullable(),
  }),
  z.object({
    ...place,
    kind: z.literal('policy'),
    digest: text,
    mode,
    signers: listOf(signer),
    versions: z.record(z.string(), maybeText),
  }),
  z.object({
    ...place,
    kind: z.literal('deployment'),
    change: z.enum(['started', 'ended']),
    deployment: text,
    commit,
    derivation: maybeText,
    toplevel: text,
    operation,
    trigger: z.enum(['commit', 'drift', 'operator', 'retry', 'boot']),
    outcome: z.enum(deploymentOutcomes).nullable(),
    reason: maybeText,
    actor,
  }),
  z.object({ ...place, kind: z.literal('accept'), commit, floor: maybeCommit, reason: text, actor }),
  z.object({ ...place, kind: z.literal('suspend'), reason: text, until: maybeTime, actor }),
  z.object({ ...place, kind: z.literal('resume'), actor }),
  z.object({ ...place, kind: z.literal('retry'), commit, actor }),
  z.object({ ...place, kind: z.literal('confirm'), commit, deployment: maybeText, actor }),
  z.object({ ...place, kind: z.literal('reject'), commit, deployment: maybeText, reason: text, actor }),
  z.object({ ...place, kind: z.literal('rollback'), commit: maybeCommit, from: commit, reason: text, actor }),
  z.object({
    ...place,
    kind: z.literal('state'),
    state: z.enum(['recovered', 'held']),
    floor: maybeCommit,
    messages: listOf(text),
  }),
  z.object({ ...place, kind: z.literal('gap'), lost: count, torn: count }),
]) satisfies z.ZodType<AuditRecord>;

const chain = z.union([
  z.literal('intact'),
  z.object({
    broken: z.object({ file: text, line: count, seq: z.int().nullable(), message: text }),
  }),
]) satisfies z.ZodType<AuditChain>;

/** GET /v1/audit; oldest first. */
export const auditLogSchema = z.object({
  apiVersion: z.literal('abide/v1'),
  kind: z.literal('AuditLog'),
  chain,
  records: listOf(auditRecordSchema),
});
