import { formatDuration } from './duration.ts';
import { transportOf } from './remote-url.ts';
import type { Config, RemoteConfig } from './schema.ts';
import { findIgnored } from './support.ts';

/** What a config means, in a few plain sentences; the daemon may log them at start. */
export function describeConfig(config: Config): readonly string[] {
  const doing =
    config.mode === 'enforce' ? 'is kept at the desired commit' : 'is observed only; nothing is activated';
  return [
    `Host ${config.host} (${config.driver}) ${doing}.`,
    ...config.source.remotes.map(describeRemote),
    describeTrust(config),
    describeDrift(config),
    ...describeIgnored(config),
  ];
}

/** Things that are allowed and worth a second thought, one sentence each. */
export function findConfigWarnings({ source }: Config): readonly string[] {
  return source.remotes.flatMap(({ name, url, auth }) =>
    transportOf(url) === 'http'
      ? [
          `Remote ${name} is fetched without TLS: anyone on the way can read${auth.tokenFile === null ? '' : ' its token'} and change what comes.`,
        ]
      : [],
  );
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

function describeTrust({ trust, source }: Config): string {
  if (trust.mode === 'none') {
    const urls = source.remotes.map(({ url }) => url).join(', ');
    return `Trust is none, commits are not verified: anyone who can push to ${urls} is root on this host.`;
  }
  const names = trust.signers.map(({ name }) => name).join(', ');
  return `Trust is ${trust.mode}: commits must be signed by ${names || 'a key of trust.allowedSignersFile'}.`;
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
