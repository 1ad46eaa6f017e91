import { join } from 'node:path';
import type { DeadManHook } from './dead-man.ts';
import { deadManCall } from './dead-man-script.ts';
import { findProgram } from './find-program.ts';
import { exportsOf, quote, type SwitchEnvironment } from './shell-text.ts';
import type { SwitchFiles } from './switch-files.ts';

/** What a wrapper script is made of; its path is also that of the switch. */
export interface SwitchScript extends SwitchEnvironment {
  readonly files: SwitchFiles;
  readonly toplevel: string;
  readonly action: string;
  /** The run's name among the deployment's. */
  readonly label: string;
  /** Told when the switch begins and when it ends; null where nothing is armed. */
  readonly deadMan: DeadManHook | null;
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
${tellBegin(of)}${exportsOf(of)}
trap : TERM INT HUP
{
  trap : TERM INT HUP
  ${quote(join(toplevel, 'bin/switch-to-configuration'))} ${quote(action)} < /dev/null 2>&1
  printf '%-8s\\n' "$?" 1<> ${exit}.tmp
  ${sync} ${exit}.tmp 2>/dev/null
  ${mv} -f ${exit}.tmp ${exit}
  ${sync} ${quote(files.dir)} 2>/dev/null
${tellEnd(of)}} | (
  # A log that cannot be written must not end the switch, so the reader of its output goes on whatever happens.
  trap '' TERM INT HUP
  exec ${tee} -a ${log}${journal ? '' : ' > /dev/null 2>&1'}
)
: > ${quote(files.logged)}
`;
}

// Both are told in the dead-man's own directory: the state directory may be gone when it has to know.
function tellBegin({ deadMan, label }: SwitchScript): string {
  if (deadMan === null) return '';
  const mark = quote(join(deadMan.dir, `switch-${label}`));
  return `{ printf '%s\\n' "$$" "$boot" "$up" "$stat" > ${mark}; } 2>/dev/null\n`;
}

function tellEnd({ deadMan, label }: SwitchScript): string {
  if (deadMan === null) return '';
  const arming = label.replace('test', 'probation');
  const arm = deadManCall(deadMan.dir, 'arm', arming, Math.ceil(deadMan.probation));
  return `  { printf '' > ${quote(join(deadMan.dir, `ended-${label}`))}; } 2>/dev/null
  ${arm} > /dev/null 2>&1
`;
}
