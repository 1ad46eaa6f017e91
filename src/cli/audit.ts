import { ask } from '../api/client.ts';
import { auditText } from '../domain/audit-text.ts';
import type { AuditChain, AuditReading, AuditRecord } from '../domain/audit.ts';
import { exitCodes } from './exit.ts';
import { localTime } from './local-time.ts';
import { createPaint, type Paint, type Tone } from './paint.ts';
import { jsonText, plainData } from './plain-data.ts';
import { padText } from './text-width.ts';
import type { Terminal } from './terminal.ts';

/** Long enough to hash the whole log on a slow machine. */
const timeoutMs = 60_000;

/** `abide events --audit`: decisions on record, oldest first, and what the record is worth; exit code 1 when it is broken. */
export async function audit(
  { socket, json, color, out }: Terminal,
  { limit }: { readonly limit: number | null },
): Promise<number> {
  const path = limit === null ? '/v1/audit' : `/v1/audit?limit=${limit}`;
  const answer = (await ask({ socket, path, timeoutMs })) as AuditReading;
  const isIntact = answer.chain === 'intact';
  const paint = createPaint(color);
  if (json) {
    out(jsonText(answer));
  } else {
    for (const record of answer.records) out(recordLine(record, paint));
    out(paint(isIntact ? 'quiet' : 'bad', chainText(plainData(answer.chain))));
  }
  return isIntact ? exitCodes.done : exitCodes.failed;
}

function recordLine(given: AuditRecord, paint: Paint): string {
  const record = plainData(given);
  const { ts, seq, kind } = record;
  const head = `${localTime(ts)}  #${padText(String(seq), 6)}`;
  return `${paint('quiet', head)}  ${paint(toneOf(record), padText(kind, 10))}  ${sentence(record)}`;
}

/** A record that somebody changed may lack what its sentence needs. */
function sentence(record: AuditRecord): string {
  try {
    return auditText(record);
  } catch {
    return `a record that is not whole: ${JSON.stringify(record)}`;
  }
}

function toneOf(record: AuditRecord): Tone {
  if (record.kind === 'verdict' && record.verdict !== 'accepted') return 'bad';
  if (record.kind === 'gap' || record.kind === 'state') return 'bad';
  if (record.kind === 'accept' || record.kind === 'suspend') return 'held';
  if (record.kind !== 'deployment' || record.change === 'started') return 'plain';
  return record.outcome === 'committed' || record.outcome === 'staged' ? 'good' : 'bad';
}

function chainText(chain: AuditChain): string {
  if (chain === 'intact') {
    return (
      'the chain is intact: every record follows from the one before. Who is root here could write a new chain; it is ' +
      'evidence only together with a journal on another machine (journald has every record, field audit)'
    );
  }
  const { file, line, seq, message } = chain.broken;
  const record = seq === null ? '' : ` (record ${seq})`;
  return `THE CHAIN IS BROKEN at line ${line} of ${file}${record}: ${message}. Compare with the journal of this host (field audit)`;
}
