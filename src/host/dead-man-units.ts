import { assignments, lastingProgram, quote } from './shell-text.ts';

/** What the labels of armings may be; each is a timer of its own, so that one is never missing while another is made. */
export const armings = ['switch', 'probation', 'switch-2', 'probation-2', 'again'] as const;
export type Arming = (typeof armings)[number];

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
start_unit() {
  unit=$1
  shift
  "$timeout" -k 5 60 "$systemd_run" "--unit=$unit" "--description=abide goes back from deployment $deployment" \\
    --collect --no-ask-password --quiet --service-type=exec --property=OOMScoreAdjust=-1000 \\
    --property=Restart=on-abnormal --property=RestartSec=${restartSeconds} "$@" 9>&-
}
start_timer() {
  start_unit "abide-deadman-$deployment-$1" "--on-active=\${2}s" --timer-property=AccuracySec=1s \\
    "$shell" "$self" act timer || is_active "abide-deadman-$deployment-$1.timer" || return 1
  stop_timers "$1"
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
  start_unit "abide-deadman-$deployment-now" "$shell" "$self" act abide ||
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
