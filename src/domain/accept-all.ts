import type { Commit } from './commit.ts';
import type { Fetched } from './fetched.ts';
import type { Head, RemoteOffer } from './remote.ts';

/** Trust mode `none`: every head is accepted as it is; what protects the host then is the floor alone. */
export function acceptAll({ remote, main, testing }: Fetched): RemoteOffer {
  return { remote, main: accepted(main), testing: accepted(testing) };
}

function accepted(commit: Commit | null): Head | null {
  if (!commit) return null;
  const verdict = {
    status: 'accepted',
    reason: null,
    message: null,
    candidate: commit.id,
    signer: null,
  } as const;
  return { commit, verdict };
}
