import { assignments, lastingProgram, quote } from './shell-text.ts';

/** What the labels of armings may be; each is a timer of its own, so that one is never missing while another is made. */
export const armings = ['switch', 'probation', 'switch-2', 'probation-2', 'again'] as const;
export type Arming = (typeof armings)[number];

/** In a dead-man's directory: its script in base64, as its units carry it. */
export const carriedFile = 'carried';

/** null where it would be too long for one word of a command, of which Linux takes 128 KiB. */
export function carriedText(script: string): string | null {
  const text = Buffer.from(script).toString('base64');
  return text.length < 120_000 ? `${text}\n` : null;
}

/** The parts of a dead-man for hosts with systemd: transient timers, which stand still while the host sleeps. */
export function unitParts(of: {
  readonly path: string;
  readonly deployment: string;
  readonly units: readonly string[];
}): string {
  const tools = { systemd_run: 'systemd-run', systemctl: 'systemctl' };
  const found = Object.entries(tools).map(([name, tool]) => [name, lastingProgram(of.path, tool)]);
  return [assignments(Object.fromEntries(found)), switches, timer, startAgain(of.units)].join('\n');
}

// A manager that does not answer executes itself anew: then the switch counts as running, for as long as one is waited for.
const switches = `
ask() {
  "$timeout" -k 5 30 "$systemctl" "$@" 9>&-
}
is_active() {
  state=$(ask show --property=ActiveState --value "$1" 2> /dev/null) || return 0
  test -n "$state" && test "$state" != inactive && test "$state" != failed
}
switch_runs() {
  is_active "abide-switch-$deployment-$1.service"
}
signal_switch() {
  ask kill "--signal=SIG$2" "abide-switch-$deployment-$1.service"
}
`;

const restartSeconds = 5;

// One that is killed begins anew, because there is nobody else.
const timer = `
# The script goes along as the service's standard input: what waits needs no file. One too long for a word is read from its own.
start_unit() {
  unit=abide-deadman-$deployment-$1
  by=$2
  shift 2
  carried=
  test ! -e "$dir/${carriedFile}" || read -r carried < "$dir/${carriedFile}"
  if test -n "$carried"; then
    set -- "$@" --property=StandardInput=data "--property=StandardInputData=$carried" "$shell" -s act "$by" "$dir"
  else
    set -- "$@" "$shell" "$self" act "$by"
  fi
  "$timeout" -k 5 60 "$systemd_run" "--unit=$unit" "--description=abide goes back from deployment $deployment" \\
    --collect --no-ask-password --quiet --service-type=exec --property=OOMScoreAdjust=-1000 \\
    --property=Restart=on-abnormal --property=RestartSec=${restartSeconds} "$@" 9>&-
}
# The same moment twice, and the earlier one counts: systemd counts the first anew at each daemon-reload; the second stays, but
# may be forgotten when it passes during one. In a container the second is later than it says.
start_timer() {
  arming=$1
  since_boot
  set -- "--on-active=\${2}s" \${now:+"--on-boot=$((now + 1 + $2))s"}
  start_unit "$arming" timer "$@" --timer-property=AccuracySec=1s ||
    is_active "abide-deadman-$deployment-$arming.timer" || return 1
  stop_timers "$arming"
}
# Whole seconds by the clock of systemd's timers, which stands still while the host sleeps; nothing where nobody tells.
since_boot() {
  now=
  test -r /proc/timer_list || return 0
  { read -r line; read -r line; read -r word line now unit; } 2> /dev/null < /proc/timer_list
  case "$word $unit $now" in
    'now nsecs '*[!0-9]*) now= ;;
    'now nsecs '??????????*) now=\${now%?????????} ;;
    *) now= ;;
  esac
}
# All timers but the one labelled so.
stop_timers() {
  keep=\${1:-}
  set --
  for label in ${armings.join(' ')}; do
    test "$label" = "$keep" || set -- "$@" "abide-deadman-$deployment-$label.timer"
  done
  ask stop "$@" 2> /dev/null
  return 0
}
end_timers() {
  stop_timers
}
start_now() {
  test ! -e "$dir/outcome" || return 0
  # Whoever started it at the same moment may have seen it end already.
  start_unit now abide ||
    is_active "abide-deadman-$deployment-now.service" || test -e "$dir/outcome"
}
`;

function startAgain(units: readonly string[]): string {
  const words = units.map((unit) => ` \\\n    ${quote(unit)}`).join('');
  return `
start_again() {
  set --
  for unit in ''${words}; do
    test -z "$unit" || is_active "$unit" || set -- "$@" "$unit"
  done
  test "$#" = 0 && return 0
  said "starting what ran before: $*"
  ask start --no-block "$@"
}
`;
}
