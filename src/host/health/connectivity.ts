import { connectivityCheck as name } from '../../domain/check.ts';
import { connect } from './connect.ts';
import { failing, passing, unknown, type Against, type HealthCheck, type Look } from './health-check.ts';

/** Where a remote on the network is reached. */
export interface Endpoint {
  readonly remote: string;
  readonly host: string;
  readonly port: number;
}

/** Passes when some remote on the network that accepted a connection before accepts one now. */
export function connectivityCheck(endpoints: readonly Endpoint[]): HealthCheck {
  return {
    name,
    timeoutMs: 10_000,
    look: async (against, { signal }) => {
      if (endpoints.length === 0) return unknown('no remote is on the network');
      const asked = await Promise.all(
        endpoints.map(async (endpoint) => ({ ...endpoint, trouble: await connect(endpoint, signal) })),
      );
      return judge(asked, against);
    },
  };
}

type Asked = Endpoint & { readonly trouble: string | null };

function judge(asked: readonly Asked[], against: Against): Look {
  const well = asked.filter(({ trouble }) => trouble === null).map(({ remote }) => remote);
  const unwell = asked.filter(({ trouble }) => trouble !== null).map(({ remote }) => remote);
  const before = against?.before ?? null;
  // What answered before is what counts; where nothing is known of before, any answer does.
  const counts = (remote: string) => before === null || before.well.includes(remote);
  const answers = before?.well.length === 0 ? well : well.filter(counts);
  if (answers.length > 0) return { ...passing, well, unwell };
  const said = asked.map(({ remote, trouble }) => `${remote}: ${trouble ?? 'answers, and did not before'}`);
  return { ...failing(`no remote answers (${said.join('; ')})`), well, unwell };
}
