import { join } from 'node:path';
import { findProgram } from './find-program.ts';
import type { SwitchFiles } from './switch-files.ts';

/** What a wrapper script is made of. */
export interface SwitchScript {
  readonly files: SwitchFiles;
  readonly toplevel: string;
  readonly action: string;
  readonly noCheck: boolean;
  readonly root: string;
  /** PATH of the switch itself. */
  readonly path: string;
  readonly localeArchive: string | null;
  /** True where standard output is the system's journal. */
  readonly journal: boolean;
}

/**
 * The script around one switch-to-configuration. It outlives the daemon, says that it started and how the switch ended,
 * and every program in it has an absolute path, because the switch may change everything else. Throws Problem `tool_missing`.
 */
export function switchScript(of: SwitchScript): string {
  const { files, toplevel, action, path, journal } = of;
  const tool = (name: string) => quote(findProgram(path, name));
  const [ln, rm, mv, sync, tee] = ['ln', 'rm', 'mv', 'sync', 'tee'].map(tool);
  const [started, exit, log] = [files.started, files.exit, files.log].map(quote);
  return `#!/bin/sh
# Written by abide: runs one switch-to-configuration and keeps its exit code.
cd /
read -r boot < /proc/sys/kernel/random/boot_id
read -r up rest < /proc/uptime
read -r stat < /proc/$$/stat
printf '%s\\n' "$$" "$boot" "$up" "$stat" > ${started}.$$
# A link is made by one only: of two wrappers the second leaves without a trace.
${ln} ${started}.$$ ${started} 2>/dev/null || { ${rm} -f ${started}.$$; exit 0; }
${rm} -f ${started}.$$
# The room for the exit code is taken before the switch, which may fill the disk.
printf '%s\\n' 'running ' > ${exit}.tmp
${sync} ${started} ${exit}.tmp 2>/dev/null
${exportsOf(of)}
trap : TERM INT HUP
{
  trap : TERM INT HUP
  ${quote(join(toplevel, 'bin/switch-to-configuration'))} ${quote(action)} < /dev/null 2>&1
  printf '%-8s\\n' "$?" 1<> ${exit}.tmp
  ${sync} ${exit}.tmp 2>/dev/null
  ${mv} -f ${exit}.tmp ${exit}
  ${sync} ${quote(files.dir)} 2>/dev/null
} | (
  # A log that cannot be written must not end the switch, so the reader of its output goes on whatever happens.
  trap '' TERM INT HUP
  exec ${tee} -a ${log}${journal ? '' : ' > /dev/null 2>&1'}
)
: > ${quote(files.logged)}
`;
}

function exportsOf({ root, path, localeArchive, noCheck }: SwitchScript): string {
  const variables = {
    PATH: path,
    ...(root === '/' ? {} : { ABIDE_ROOT: root }),
    ...(localeArchive === null ? {} : { LOCALE_ARCHIVE: localeArchive }),
    ...(noCheck ? { NIXOS_NO_CHECK: '1' } : {}),
  };
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${quote(value)}`)
    .join('\n');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
