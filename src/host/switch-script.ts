import { join } from 'node:path';
import type { DeadManHook } from './dead-man.ts';
import { deadManCall } from './dead-man-script.ts';
import { inhibitorParts } from './inhibitor.ts';
import { jobScript } from './job-script.ts';
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
  /** See `JobScript`. */
  readonly asleep: number | null;
  /** See `findInhibitor`. */
  readonly inhibitor: string | null;
  /** True where standard output is the system's journal. */
  readonly journal: boolean;
}

/** The wrapper around one switch-to-configuration, which tells its dead-man too. Throws Problem `tool_missing`. */
export function switchScript(of: SwitchScript): string {
  const { toplevel, action } = of;
  return jobScript({
    ...of,
    says: 'runs one switch-to-configuration and keeps its exit code.',
    begin: `${tellBegin(of)}${exportsOf(of)}\n${inhibitorParts(of)}`,
    before: `  hold_awake ${quote(`the system is switched (${action})`)}\n`,
    command: `${quote(join(toplevel, 'bin/switch-to-configuration'))} ${quote(action)}`,
    end: `  let_sleep\n${tellEnd(of)}`,
  });
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
