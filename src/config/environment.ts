/** Variables of the daemon's own environment that Nix may see; everything else stays out. */
const nixVariables = [
  'NIX_STORE_DIR',
  'NIX_STATE_DIR',
  'NIX_LOG_DIR',
  'NIX_CONF_DIR',
  'NIX_REMOTE',
  'NIX_SSL_CERT_FILE',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'TMPDIR',
  'PATH',
  ...['http_proxy', 'https_proxy', 'ftp_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [
    name,
    name.toUpperCase(),
  ]),
];

/** What abide takes from its environment. */
export interface Environment {
  /** The variables Nix is given, and no others. */
  readonly nixEnvironment: Readonly<Record<string, string>>;
  /** Search path of tools; where none is set, NixOS's own. */
  readonly path: string;
  readonly nixStoreDir: string;
  /** Locales for switch-to-configuration, as NixOS sets it. */
  readonly localeArchive: string | null;
  /** True when systemd started the daemon, and starts it again when it ends. */
  readonly supervised: boolean;
}

/** Reads the environment; the only place that does. */
export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  const set = (name: string) => (env[name] === '' ? undefined : env[name]);
  const path = set('PATH') ?? '/run/wrappers/bin:/run/current-system/sw/bin:/usr/bin:/bin';
  return {
    nixEnvironment: { ...pick(env, nixVariables), PATH: path },
    path,
    nixStoreDir: set('NIX_STORE_DIR') ?? '/nix/store',
    localeArchive: set('LOCALE_ARCHIVE') ?? null,
    supervised: set('INVOCATION_ID') !== undefined,
  };
}

function pick(env: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = env[name];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
}
