import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FakeHost } from './fake-host.ts';

/** Puts a systemd-run and a systemctl before the PATH, which know transient services and timers; gives that PATH. */
export function fakeSystemd(host: Pick<FakeHost, 'dir'>, path = process.env['PATH'] ?? ''): string {
  const bin = join(host.dir, 'bin');
  const units = unitsOf(host);
  mkdirSync(bin);
  mkdirSync(units);
  const program = (name: string, text: string) => {
    writeFileSync(join(bin, name), `#!/bin/sh\nUNITS='${units}'\n${alive}${text}`);
    chmodSync(join(bin, name), 0o755);
  };
  program('systemd-run', systemdRun);
  program('systemctl', systemctl);
  program('systemd-inhibit', systemdInhibit);
  return `${bin}:${path}`;
}

/**
 * Where the fakes keep what they know: the pid of each unit, `argv` of every start, `active` for list-units, `running` for
 * what is active beside that, `started` for what was asked to start; a file `refuse` makes systemd-run fail, and one
 * `hang` makes it hang, for the units that the expression in it matches: all, where it is empty.
 */
export function unitsOf({ dir }: Pick<FakeHost, 'dir'>): string {
  return join(dir, 'units');
}

const alive = `
alive() {
  test -s "$UNITS/$1" && kill -0 "$(cat "$UNITS/$1")" 2>/dev/null && ! grep -q ") Z" "/proc/$(cat "$UNITS/$1")/stat"
}
`;

/** As documented: a unit that exists is refused; a timer starts its service, outside of the caller, once its time is over. */
const systemdRun = `
printf '%s\\n' "$*" >> "$UNITS/argv"
meant() {
  test -e "$UNITS/$1" && printf '%s\\n' "$2" | grep -q -e "$(cat "$UNITS/$1")"
}
! meant refuse "$*" || { echo "Failed to connect to bus: refused" >&2; exit 1; }
! meant hang "$*" || exec sleep 600
exec 8> "$UNITS/lock"; flock 8
for option; do
  case "$option" in
    --unit=*) unit="\${option#--unit=}"; unit="\${unit%.service}";;
    --property=StandardInput=data) fed=yes;;
    --property=StandardInputData=*) data="\${option#*Data=}";;
    --on-active=*) after="\${option#--on-active=}"; after="\${after%s}";;
    -*) ;;
    *) break;;
  esac
  shift
done
kind=service; test -z "$after" || kind=timer
! alive "$unit.$kind" || { echo "Failed to start transient $kind unit: Unit $unit.$kind was already loaded" >&2; exit 1; }
rm -f "$UNITS/$unit.$kind"
test -n "$fed" || data=
printf '%s' "$data" | base64 -d > "$UNITS/$unit.input"
setsid -f sh -c 'unit=$1; kind=$2; after=$3; shift 3
  echo $$ > "$UNITS/$unit.$kind"
  if test "$kind" = timer; then
    sleep "$after"
    rm -f "$UNITS/$unit.service"
    exec setsid sh -c "echo \\$\\$ > \\"\\$UNITS/$unit.service\\"; exec \\"\\$@\\"" sh "$@" >> "$UNITS/journal" 2>&1
  fi
  exec "$@" >> "$UNITS/journal" 2>&1' sh "$unit" "$kind" "$after" "$@" < "$UNITS/$unit.input" > /dev/null 2>&1 8>&-
while ! test -s "$UNITS/$unit.$kind"; do sleep 0.01; done
`.replace('printf', 'export UNITS\nprintf');

/** Runs a command as its child while it holds the lock; `inhibited` tells of what, `refuse-inhibit` and `hang-inhibit` do so. */
const systemdInhibit = `
printf '%s\\n' "$*" >> "$UNITS/inhibited"
test ! -e "$UNITS/refuse-inhibit" || { echo "Failed to inhibit: Access denied" >&2; exit 1; }
test ! -e "$UNITS/hang-inhibit" || exec sleep 77
echo $$ > "$UNITS/holder"
while :; do case "$1" in -*) shift;; *) break;; esac; done
"$@" &
wait
`;

const systemctl = `
verb=$1; shift
test ! -e "$UNITS/busy" || { echo "Failed to connect to bus" >&2; exit 1; }
case "$verb" in
  show) for unit; do case "$unit" in -*) continue;; esac
      if alive "$unit" || grep -qxF "$unit" "$UNITS/running" 2>/dev/null; then echo active; else echo inactive; fi
    done;;
  kill) kill -"\${1#--signal=SIG}" "-$(cat "$UNITS/$2")";;
  stop) echo "$*" >> "$UNITS/stopped"
    for unit; do ! alive "$unit" || kill -TERM "-$(cat "$UNITS/$unit")"; done;;
  start) shift; echo "$*" >> "$UNITS/started";;
  list-units) cat "$UNITS/active" 2>/dev/null;;
esac
exit 0
`;
