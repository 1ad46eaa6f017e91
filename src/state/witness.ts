import { join } from 'node:path';
import * as z from 'zod';
import { isCommitId, type CommitId } from '../domain/commit.ts';
import type { Facts } from '../domain/facts.ts';
import type { Problem } from '../domain/problem.ts';
import { damaged, firstIssue, readDocument } from './read-document.ts';
import { replaceFile, setAside } from './replace-file.ts';

/** What must outlive the journal. This form is frozen: every version of abide, older or newer, can read it. */
export interface WitnessDocument {
  readonly witness: number;
  readonly floor: { readonly commit: CommitId; readonly payloadHash: string | null } | null;
  readonly quarantine: readonly { readonly commit: CommitId; readonly toplevel: string | null }[];
  /** The deployment that has not ended. */
  readonly pending: {
    readonly deployment: string;
    readonly toplevel: string;
    readonly previous: string | null;
  } | null;
  readonly bootId: string | null;
  /** RFC 3339. */
  readonly writtenAt: string;
}

/** The witness as found at start; only `fresh` means that there is none. */
export type WitnessReading =
  | { readonly kind: 'fresh' }
  | { readonly kind: 'loaded'; readonly document: WitnessDocument }
  | { readonly kind: 'damaged'; readonly problem: Problem };

/** The witness on disk; one daemon writes it, right after the journal. */
export interface Witness {
  readonly path: string;
  /** Never throws. */
  readonly read: () => WitnessReading;
  /** Replaces it durably with what the facts say. Throws Problem `journal_unwritable`; then the old one stands. */
  readonly write: (facts: Facts) => void;
}

const schema = z.looseObject({
  witness: z.number().int().min(1),
  floor: z
    .looseObject({ commit: z.string().refine(isCommitId), payloadHash: z.string().nullable() })
    .nullable(),
  quarantine: z.array(
    z.looseObject({ commit: z.string().refine(isCommitId), toplevel: z.string().nullable() }),
  ),
  pending: z
    .looseObject({ deployment: z.string(), toplevel: z.string(), previous: z.string().nullable() })
    .nullable(),
  bootId: z.string().nullable(),
  writtenAt: z.string(),
});

/** The witness in `dir`, which the first write creates; `now` gives epoch milliseconds. */
export function createWitness({ dir, now }: { readonly dir: string; readonly now: () => number }): Witness {
  const path = join(dir, 'witness.json');
  let found: WitnessReading | undefined;
  const read = () => (found = readWitness(path));
  return {
    path,
    read,
    write: (facts) => {
      const before = found ?? read();
      const writtenAt = new Date(now()).toISOString();
      if (before.kind === 'damaged') {
        setAside(path, join(dir, `witness.damaged-${writtenAt.replace(/[-:.]/g, '')}.json`));
      }
      const kept = before.kind === 'loaded' ? before.document : { witness: 1 };
      const document = { ...kept, ...testimony(facts), writtenAt };
      replaceFile({ path, text: `${JSON.stringify(document)}\n` });
      found = { kind: 'loaded', document };
    },
  };
}

function readWitness(path: string): WitnessReading {
  const reading = readDocument(path);
  if (reading.kind !== 'parsed') return reading;
  const parsed = schema.safeParse(reading.value);
  if (parsed.success) return { kind: 'loaded', document: parsed.data };
  return { kind: 'damaged', problem: damaged(path, firstIssue(parsed.error)) };
}

function testimony(facts: Facts): Omit<WitnessDocument, 'witness' | 'writtenAt'> {
  const { floor, quarantine, deployment, bootId } = facts;
  return {
    floor,
    quarantine: quarantine.map(({ commit, toplevel }) => ({ commit, toplevel })),
    pending: deployment && {
      deployment: deployment.id,
      toplevel: deployment.toplevel,
      previous: deployment.previous.toplevel,
    },
    bootId: deployment?.bootId ?? bootId,
  };
}
