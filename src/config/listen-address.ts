/** Where a TCP listener binds; port 0 means any free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** `host:port` or `[IPv6]:port`; null for anything else, also for a port beyond 65535. */
export function parseListenAddress(text: string): ListenAddress | null {
  const match = /^(?:\[(?<v6>[0-9A-Fa-f:.]+)\]|(?<host>[A-Za-z0-9][A-Za-z0-9.-]*)):(?<port>[0-9]{1,5})$/.exec(
    text,
  );
  const host = match?.groups?.['v6'] ?? match?.groups?.['host'];
  const port = Number(match?.groups?.['port']);
  return host === undefined || port > 65_535 ? null : { host, port };
}
