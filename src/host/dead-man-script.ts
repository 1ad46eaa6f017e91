import { basename } from 'node:path';
import { directParts } from './dead-man-direct.ts';
import { bookkeeping } from './dead-man-notes.ts';
import { profileParts } from './dead-man-profile.ts';
import { findInhibitor, inhibitorParts } from './inhibitor.ts';
import { unitParts } from './dead-man-units.ts';
import {
  assignments,
  exportsOf,
  lastingProgram,
  lastingShell,
  quote,
  type SwitchEnvironment,
} from './shell-text.ts';

/** What a dead-man is made of; it knows nothing else when it acts. */
export interface DeadManScript extends Omit<SwitchEnvironment, 'noCheck'> {
  readonly activator: 'systemd' | 'direct';
  readonly deployment: string;
  /** Its own directory, not the state directory's. */
  readonly dir: string;
  readonly toplevel: string;
  readonly previous: string;
  /** The profile as it was: its link, the generation's name it held, and that one's toplevel; empty where there was none. */
  readonly profile: { readonly link: string; readonly generation: string; readonly toplevel: string };
  /** What was active and is to be so again; systemd only. */
  readonly units: readonly string[];
  readonly pace: DeadManPace;
}

/** How long a dead-man waits for what, in whole seconds. */
export interface DeadManPace {
  /** Between two tries to go back. */
  readonly retry: number;
  /** Between two looks at a lock that is held. */
  readonly busy: number;
  /** Between TERM and KILL of a switch. */
  readonly grace: number;
  /** The longest one try may take. */
  readonly limit: number;
}

/** The pace on a host. */
export const deadManPace: DeadManPace = { retry: 60, busy: 2, grace: 30, limit: 30 * 60 };

/** The name of the script in its directory. */
export const deadManFile = 'dead-man.sh';

/**
 * The script that brings the previous system back when nobody else can: no network, no evaluation, no configuration, no
 * state directory and no abide. Every program in it is named by a path that outlives a switch. Throws Problem `tool_missing`.
 */
export function deadManScript(of: DeadManScript): string {
  const parts = of.activator === 'systemd' ? unitParts(of) : directParts(of);
  const inhibitor = findInhibitor(of.activator, of.path);
  const awake = inhibitorParts({ inhibitor, path: of.path });
  return [head(of), bookkeeping, looks, parts, awake, profileParts, going, acting, verbs].join('\n');
}

function head(of: DeadManScript): string {
  const { dir, deployment, toplevel, previous, profile, root, pace } = of;
  const tools = ['flock', 'ln', 'mkdir', 'mv', 'readlink', 'rm', 'sleep', 'timeout'];
  return `#!/bin/sh
# Written by abide: the way back from deployment ${deployment}. It needs nothing but what is named here.
umask 022
cd /
${exportsOf({ ...of, noCheck: true })}
${assignments({
  shell: lastingShell(),
  dir,
  self: `${dir}/${deadManFile}`,
  deployment,
  toplevel,
  previous,
  running: `${root === '/' ? '' : root}/run/current-system`,
  profile: profile.link,
  profile_generation: basename(profile.generation),
  profile_before: profile.toplevel,
  retry: pace.retry,
  busy: pace.busy,
  grace: pace.grace,
  limit: pace.limit,
})}
${assignments(Object.fromEntries(tools.map((name) => [name, lastingProgram(of.path, name)])))}
`;
}

const looks = `
ours() {
  test "$1" = "$toplevel" && return 0
  for each in "$toplevel"/specialisation/*; do
    test "$("$readlink" -f "$each")" = "$1" && return 0
  done
  return 1
}
look() {
  current=$("$readlink" "$running") || current=
  if test -z "$current"; then where=nowhere
  elif test "$current" = "$previous"; then where=previous
  elif ours "$current"; then where=ours
  else where=foreign
  fi
}
# True when a switch of ours began and nobody saw its end: half of it may be done.
is_half_done() {
  for label in test test-2; do
    switch_runs "$label" && return 0
    test -e "$dir/switch-$label" && test ! -e "$dir/ended-$label" && return 0
  done
  return 1
}
end_switch() {
  for label in test test-2; do
    switch_runs "$label" || continue
    said "ending the switch $label, which still runs"
    signal_switch "$label" TERM
    await_switch "$label" "$grace" && continue
    signal_switch "$label" KILL
    await_switch "$label" 10
  done
}
await_switch() {
  left=$(($2 * 5))
  while switch_runs "$1"; do
    test "$left" -gt 0 || return 1
    left=$((left - 1))
    "$sleep" 0.2
  done
}
`;

const going = `
go_back() {
  log=$dir/log
  ( : >> "$log" ) 2> /dev/null || log=/dev/null
  "$timeout" -k 30 "$limit" "$previous/bin/switch-to-configuration" test < /dev/null >> "$log" 2>&1 9>&-
}
finish() {
  end_timers
  let_sleep
  note outcome "$1"
  said "$1"
  exit 0
}
`;

// An ending of 0, 2, 3 or 4 comes at the end of an activation; after another one a few more tries are worth it, though the
// link says that the previous system runs.
const acting = `
is_through() {
  test "$where" = previous || return 1
  case $1 in 0 | 2 | 3 | 4) return 0 ;; esac
  test "$tries" -ge 3 && test "$1" != 11
}
# By whom: \`abide\` asks for it, \`timer\` means that nobody answered in time.
act() {
  # Somebody removed it; abide removes only that of one which nobody waits for any more.
  test -d "$dir" || ( umask 077 && "$mkdir" -p "$dir" )
  note acting "$$"
  test ! -e "$dir/outcome" || exit 0
  # Whoever holds it may be arming by a systemd that hangs: only one that acts is left to do this alone.
  until take_lock 5; do
    test ! -e "$dir/fired" || exit 0
  done
  test ! -e "$dir/disarmed" && test ! -e "$dir/outcome" || exit 0
  # One before this was killed while it acted: the link may have moved back with half of the rest still to be done.
  begun=
  test ! -e "$dir/fired" || begun=yes
  test -n "$begun" || note fired "$1"
  tries=0
  held=0
  while :; do
    look
    test "$where" != foreign || finish "stood-by $current"
    test "$where" != previous || test "$1$begun" != timer || is_half_done || finish "stood-by $current"
    begun=yes
    hold_awake 'the system before is brought back'
    end_switch
    go_back
    code=$?
    look
    test "$code" = 11 && held=$((held + 1)) || tries=$((tries + 1))
    if is_through "$code"; then
      start_again
      keep_booting
      finish "went-back $code"
    fi
    try_again "$code" switch "switch-to-configuration of $previous ended with $code and \${current:-nothing} runs"
  done
}
# What ran before runs again; until it also boots, a reboot would bring back what was undone.
keep_booting() {
  loader_due=
  until put_back; do
    ended=$?
    test "$ended" != 11 || held=$((held + 1))
    try_again "$ended" loader "the boot loader of $profile_before ended with $ended"
    hold_awake 'the boot loader of the system before is run'
  done
}
# After a try at $2 that ended with $1; one that found the lock held is none.
try_again() {
  let_sleep
  if test "$1" = 11 && test "$((held % 30))" != 0; then
    "$sleep" "$busy" 9>&-
  else
    failures=$((\${failures:-0} + 1))
    note failed "$failures $1 $2"
    said "$3; trying again"
    "$sleep" "$retry" 9>&-
  fi
}
`;

const verbs = `
# Arms, or sets the time anew: the last to do so counts.
arm() {
  is_over && exit 0
  take_lock 20 || is_locked
  is_over && exit 0
  start_timer "$1" "$2" || exit 1
  note armed "$1"
}
disarm() {
  has_begun && exit 3
  "$mkdir" -p "$dir"
  # One that acts holds it to its end; whoever arms, for as long as a manager that hangs lets it wait.
  take_lock 20 || { has_begun && exit 3; is_locked; }
  has_begun && exit 3
  note disarmed "$deployment" || exit 1
  stop_timers
}
case $1 in
  arm) arm "$2" "$3" ;;
  disarm) disarm ;;
  start) start_now ;;
  act) act "$2" ;;
  watch) watch "$2" "$3" ;;
  *) exit 64 ;;
esac
exit
`;

/** The shell words of one call of a dead-man; the script that they run need not exist any more. */
export function deadManCall(dir: string, ...words: readonly (string | number)[]): string {
  return [lastingShell(), `${dir}/${deadManFile}`, ...words.map(String)].map(quote).join(' ');
}
