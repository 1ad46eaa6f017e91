import { findProgram } from './find-program.ts';
import { quote } from './shell-text.ts';
import type { SwitchFiles } from './switch-files.ts';

/** What a wrapper around one program is made of; its path is also that of the program. */
export interface JobScript {
  readonly files: SwitchFiles;
  readonly path: string;
  /** True where standard output is the system's journal. */
  readonly journal: boolean;
  /** What it is, for who reads it. */
  readonly says: string;
  /** Milliseconds that the host has slept in this boot; null where nobody knows. */
  readonly asleep: number | null;
  /** Lines that run once it is sure that this wrapper is the only one, each with its line end. */
  readonly begin: string;
  /** Lines that run right before the program, and whose output is in its log; each with its line end. */
  readonly before: string;
  /** The words of the program. */
  readonly command: string;
  /** Lines that run when the program has ended and its code is on disk, each with its line end. */
  readonly end: string;
}

/**
 * The script around one program that outlives the daemon: it says that it started and how the program ended. Every tool
 * in it has an absolute path, because the program may change everything else. Throws Problem `tool_missing`.
 */
export function jobScript({
  files,
  path,
  journal,
  says,
  asleep,
  begin,
  before,
  command,
  end,
}: JobScript): string {
  const tool = (name: string) => quote(findProgram(path, name));
  const [ln, rm, mv, sync, tee] = ['ln', 'rm', 'mv', 'sync', 'tee'].map(tool);
  const [started, exit, log] = [files.started, files.exit, files.log].map(quote);
  return `#!/bin/sh
# Written by abide: ${says}
cd /
read -r boot < /proc/sys/kernel/random/boot_id
read -r up rest < /proc/uptime
read -r stat < /proc/$$/stat
printf '%s\\n' "$$" "$boot" "$up" "$stat" '${asleep ?? ''}' > ${started}.$$
# A link is made by one only: of two wrappers the second leaves without a trace.
${ln} ${started}.$$ ${started} 2>/dev/null || { ${rm} -f ${started}.$$; exit 0; }
${rm} -f ${started}.$$
# The room for the exit code is taken before the program runs, which may fill the disk.
printf '%s\\n' 'running ' > ${exit}.tmp
${sync} ${started} ${exit}.tmp 2>/dev/null
${begin}trap : TERM INT HUP
{
  trap : TERM INT HUP
${before}  ${command} < /dev/null 2>&1
  printf '%-8s\\n' "$?" 1<> ${exit}.tmp
  ${sync} ${exit}.tmp 2>/dev/null
  ${mv} -f ${exit}.tmp ${exit}
  ${sync} ${quote(files.dir)} 2>/dev/null
${end}} | (
  # A log that cannot be written must not end the program, so the reader of its output goes on whatever happens.
  trap '' TERM INT HUP
  exec ${tee} -a ${log}${journal ? '' : ' > /dev/null 2>&1'}
)
: > ${quote(files.logged)}
`;
}
