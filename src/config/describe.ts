import { describeTrust, findTrustWarnings, needsNoSignature } from './describe-trust.ts';
import type { FileSigners } from './describe-trust.ts';
import { formatDuration } from './duration.ts';
import { transportOf } from './remote-url.ts';
import type { Config, RemoteConfig } from './schema.ts';
import { findIgnored } from './support.ts';

/** What a config means, in plain sentences; the daemon logs them at start. */
export function describeConfig(config: Config, fromFile: FileSigners = null): readonly string[] {
  const doing =
    config.mode === 'enforce' ? 'is kept at the desired commit' : 'is observed only; nothing is activated';
  return [
    `Host ${config.host} (${config.driver}) ${doing}.`,
    ...config.source.remotes.map(describeRemote),
    ...describeTrust(config, fromFile),
    describeDrift(config),
    ...describeIgnored(config),
  ];
}

/** Things that are allowed and worth a second thought, one sentence each. */
export function findConfigWarnings(config: Config): readonly string[] {
  const unencrypted = config.source.remotes
    .filter(({ url }) => transportOf(url) === 'http')
    .map((remote) => {
      const what = `${remote.auth.tokenFile === null ? '' : ' its token'} and change what comes`;
      const root = needsNoSignature(remote, config.trust) ? ', which makes them root on this host' : '';
      return `Remote ${remote.name} is fetched without TLS: anyone on the way can read${what}${root}.`;
    });
  return [...findTrustWarnings(config), ...unencrypted];
}

function describeRemote({ name, url, branches, poll, watch }: RemoteConfig): string {
  const { main, testing } = branches;
  const parts = [
    main && `main is ${main.name} (${main.operation})`,
    testing && `testing is ${testing.name} (${testing.operation})`,
  ].filter((part) => part !== null);
  const looks = `looked at every ${formatDuration(poll)}${watch ? ' and watched' : ''}`;
  return `Remote ${name}, ${url}: ${parts.join(', ') || 'no branches'}; ${looks}.`;
}

function describeDrift({ drift }: Config): string {
  const interval = `The host is looked at every ${formatDuration(drift.interval)}`;
  return drift.policy === 'report'
    ? `${interval}; drift is reported.`
    : `${interval}; drift is undone after ${formatDuration(drift.grace)}.`;
}

function describeIgnored(config: Config): string[] {
  const ignored = findIgnored(config);
  return ignored.length === 0 ? [] : [`No effect yet: ${ignored.join(', ')}.`];
}
