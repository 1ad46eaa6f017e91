import { rejectionReasons, type RejectionReason } from '../../src/domain/remote.ts';
import { span, type Alert } from './rule.ts';
import type { Thresholds } from './thresholds.ts';

/** Alerts that tell of remotes and of what they offer. */
export function sourceRules(at: Thresholds): readonly Alert[] {
  return [...refused(), allRemotesStale(at), oneRemoteStale(at)];
}

/** Refusals that look like an attack, or like history that somebody wrote anew; all others look like a mistake. */
const grave: readonly RejectionReason[] = [
  'bad_signature',
  'unknown_key',
  'signer_not_allowed',
  'revoked_key',
  'rewritten',
  'replayed',
];

/** One alert for each reason and not for each host: one bad push reaches them all. */
function refused(): readonly Alert[] {
  const mistakes = rejectionReasons.filter((reason) => !grave.includes(reason));
  const told = { alert: 'AbideCommitRefused', for: 0, summary: 'A commit is refused.' } as const;
  const description =
    '{{ $value }} hosts of {{ $labels.job }} refuse the head of a branch ({{ $labels.reason }}) and stay where they are.';
  return [
    { ...told, expr: refusing(grave), severity: 'critical', description },
    { ...told, expr: refusing(mistakes), severity: 'warning', description },
  ];
}

function refusing(reasons: readonly RejectionReason[]): string {
  return `count by (job, reason) (abide_trust_refused_heads{reason=~"${reasons.join('|')}"} > 0)`;
}

const answered = 'abide_remote_last_success_timestamp_seconds';

function allRemotesStale({ settle, allRemotesStale: limit, laptopRemotesStale }: Thresholds): Alert {
  return {
    alert: 'AbideAllRemotesStale',
    expr: [
      `time() - max without (remote) (${answered}{class!="laptop"}) > ${limit}`,
      'or',
      `time() - max without (remote) (${answered}{class="laptop"}) > ${laptopRemotesStale}`,
    ].join('\n'),
    for: settle,
    severity: 'critical',
    summary: 'A host reaches none of its remotes.',
    description:
      'No remote has answered {{ $labels.instance }} for {{ $value | humanizeDuration }}, so no commit can reach it.',
  };
}

function oneRemoteStale({ settle, oneRemoteStale: limit }: Thresholds): Alert {
  const stale = `time() - ${answered}{class!="laptop"} > ${limit}`;
  return {
    alert: 'AbideRemoteStale',
    expr: [stale, `unless on (job, instance) time() - max without (remote) (${answered}) > ${limit}`].join(
      '\n',
    ),
    for: settle,
    severity: 'warning',
    summary: 'A remote does not answer while another does.',
    description: `Remote {{ $labels.remote }} last answered {{ $labels.instance }} {{ $value | humanizeDuration }} ago; at most ${span(limit)} are wanted.`,
  };
}
