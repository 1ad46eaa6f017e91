import { auditedAfter, dueEntries, nothingAudited, type AuditQuestion } from '../domain/audit-due.ts';
import type { AuditEntry, AuditReading, PolicyEntry } from '../domain/audit.ts';
import type { Loop } from '../domain/loop.ts';
import { selectFor } from '../domain/select-for.ts';
import type { EffectivePolicy } from '../git/effective-policy.ts';
import type { AuditLog } from '../state/audit-log.ts';

/** Records decisions: what the loop shows by itself, and what people asked for. */
export interface Auditor {
  /** Called after every transition; records what the log does not say yet. Never throws. */
  readonly look: (loop: Loop) => void;
  /** Records a wish before it is carried out, so that the loop's own change is no news any more. Never throws. */
  readonly record: (entry: AuditEntry) => void;
  readonly read: (limit: number) => Promise<AuditReading>;
}

/** An auditor that goes on from what the log says; the first records wait until the versions of the tools are known. */
export function createAuditor(deps: {
  readonly audit: AuditLog;
  /** Asked at every look; null while it is not known. */
  readonly policy: () => EffectivePolicy | null;
  readonly mode: PolicyEntry['mode'];
  readonly modeOf: AuditQuestion['modeOf'];
  readonly versions: Promise<PolicyEntry['versions']>;
}): Auditor {
  const { audit, policy, mode, modeOf } = deps;
  // Policy and versions are said anew at every start.
  const said = audit.recent().filter(({ kind }) => kind !== 'policy');
  let known = said.reduce(auditedAfter, nothingAudited);
  let versions: PolicyEntry['versions'] | null = null;
  let newest: Loop | null = null;
  let seen: readonly unknown[] = [];
  const record = (entry: AuditEntry) => {
    audit.append(entry);
    known = auditedAfter(known, entry);
  };
  const look = (loop: Loop) => {
    newest = loop;
    if (!versions) return;
    const effective = policy();
    const now = [loop.facts, loop.offers, loop.ancestry, effective?.digest];
    if (now.every((part, index) => part === seen[index])) return;
    seen = now;
    const { judgements, desired } = selectFor(loop);
    const { facts, offers } = loop;
    const heard = Object.keys(offers).length > 0;
    const said = effective && { ...effective, mode, versions };
    const due = dueEntries(known, { facts, judgements, desired, heard, policy: said, modeOf });
    for (const entry of due) record(entry);
  };
  void deps.versions.then((found) => {
    versions = found;
    if (newest) look(newest);
  });
  return { look, record, read: audit.read };
}
