import { findProgram } from './find-program.ts';
import { assignments, lastingProgram, lastingShell } from './shell-text.ts';

/** What keeps a host awake while it is switched; null where logind cannot be asked, and then nothing is held. */
export function findInhibitor(activator: 'systemd' | 'direct', path: string): string | null {
  if (activator === 'direct') return null;
  try {
    findProgram(path, 'systemd-inhibit');
    return lastingProgram(path, 'systemd-inhibit');
  } catch {
    return null;
  }
}

/**
 * The shell functions `hold_awake WHY` and `let_sleep`. Sleep, shutdown and the closed lid wait while the script that calls
 * the first runs, however it ends; where that cannot be had the script goes on at once and says so.
 */
export function inhibitorParts({ inhibitor, path }: { inhibitor: string | null; path: string }): string {
  if (inhibitor === null) return none;
  const tools = {
    inhibit: inhibitor,
    awake_shell: lastingShell(),
    awake_sleep: lastingProgram(path, 'sleep'),
  };
  return `${assignments(tools)}\n${held}`;
}

const none = `
hold_awake() {
  :
}
let_sleep() {
  :
}
`;

// Nobody waits for what it asks, only a moment for its child: that is there once the answer was yes. What it runs looks each
// second whether the script still lives, because one that was killed cannot let go. Descriptor 9 is a lock's.
const held = `
hold_awake() {
  test -z "\${holder:-}" || return 0
  "$inhibit" --what=sleep:shutdown:handle-lid-switch --mode=block --who=abide "--why=$1" \\
    "$awake_shell" -c 'while kill -0 "$1" 2> /dev/null; do "$2" 1; done' abide "$$" "$awake_sleep" \\
    < /dev/null > /dev/null 2>&1 9>&- &
  holder=$!
  left=20
  while test "$left" -gt 0; do
    child=
    { read -r child rest < "/proc/$holder/task/$holder/children"; } 2> /dev/null
    test -z "$child" || return 0
    { read -r line < "/proc/$holder/stat"; } 2> /dev/null || break
    case $line in *') Z '*) break ;; esac
    left=$((left - 1))
    "$awake_sleep" 0.1 9>&-
  done
  printf 'abide: systemd-inhibit does not answer or was refused; the host may go to sleep meanwhile\\n'
}
let_sleep() {
  test -z "\${holder:-}" || kill -s KILL "$holder" 2> /dev/null
  holder=
}
`;
