import { assignments, lastingProgram } from './shell-text.ts';

/** The parts of a dead-man for hosts without systemd: a detached process that counts the seconds down. */
export function directParts({ path }: { readonly path: string }): string {
  return [assignments({ setsid: lastingProgram(path, 'setsid') }), switches, timer].join('\n');
}

// A group lives while any process of it runs; one that nobody has reaped yet does not. The number may belong to another
// process by now, which the time of its start tells.
const switches = `
group_lives() {
  for each in /proc/[0-9]*/stat; do
    { read -r line < "$each"; } 2> /dev/null || continue
    set -- "$group" \${line##*) }
    test "$4" = "$1" && test "$2" != Z && return 0
  done
  return 1
}
start_of() {
  set -- \${1##*) }
  shift 19 2> /dev/null && printf '%s' "$1"
}
is_same() {
  { read -r line < "/proc/$1/stat"; } 2> /dev/null || return 0
  test "$(start_of "$line")" = "$(start_of "$2")"
}
switch_runs() {
  test -e "$dir/switch-$1" || return 1
  { read -r group && read -r boot && read -r up && read -r stat; } < "$dir/switch-$1" || return 1
  read -r now < /proc/sys/kernel/random/boot_id
  test "$boot" = "$now" && is_same "$group" "$stat" && group_lives
}
signal_switch() {
  read -r group < "$dir/switch-$1" && kill -s "$2" -- "-$group" 2> /dev/null
}
start_again() {
  :
}
`;

// Hundredths of a second since boot; what lies between two looks counts for two seconds at the most, because time asleep
// counts for nothing.
const timer = `
uptime() {
  read -r up rest < /proc/uptime
  hundredth=\${up#*.}
  now=$((\${up%.*} * 100 + 1$hundredth - 100))
}
watcher() {
  test -e "$dir/watch" || return 1
  { read -r group && read -r stat; } < "$dir/watch" && test -e "/proc/$group/stat" && is_same "$group" "$stat"
}
detach() {
  "$setsid" -f "$shell" "$self" "$@" < /dev/null > /dev/null 2>&1 9>&-
}
until_there() {
  left=100
  while test ! -e "$dir/$1" && test "$left" -gt 0; do
    left=$((left - 1))
    "$sleep" 0.05
  done
  test -e "$dir/$1"
}
start_timer() {
  note timer "$1 $2" || return 1
  watcher && group_lives && return 0
  "$rm" -f "$dir/watch"
  detach watch "$1" "$2"
  until_there watch
}
stop_timers() {
  watcher && kill -s TERM -- "-$group" 2> /dev/null
  return 0
}
# One that acts may be the one that waited.
end_timers() {
  watcher && test "$group" != "$$" && kill -s TERM -- "-$group" 2> /dev/null
  return 0
}
start_now() {
  test ! -e "$dir/outcome" || return 0
  "$rm" -f "$dir/acting"
  detach act abide
  until_there acting || "$sleep" 1
}
watch() {
  read -r stat < /proc/$$/stat
  note watch "$$
$stat"
  token=$1
  remaining=$(($2 * 100))
  uptime
  last=$now
  while ! is_over && test "$remaining" -gt 0; do
    "$sleep" 0.5
    uptime
    passed=$((now - last))
    last=$now
    test "$passed" -le 200 || passed=200
    remaining=$((remaining - passed))
    { read -r label seconds < "$dir/timer"; } 2> /dev/null || continue
    test "$label" = "$token" || remaining=$((seconds * 100))
    token=$label
  done
  is_over || act timer
}
`;
