/** What a dead-man notes and which lock it takes, in shell; every part of its script uses these. */
export const bookkeeping = `
# A directory that is gone or full takes the notes with it and nothing else. Descriptor 9 is the lock's and reaches no child
# that stays, because a service would hold it for ever.
note() {
  put "$1" "$2" && return 0
  # What was kept for the day on which /run is full.
  "$rm" -f "$dir/reserve"
  put "$1" "$2"
}
put() {
  { printf '%s\\n' "$2" > "$dir/$1.$$" && "$mv" -f "$dir/$1.$$" "$dir/$1"; } 2> /dev/null
}
said() {
  printf 'abide dead-man: %s\\n' "$1"
}
take_lock() {
  ( exec 9>> "$dir/lock" ) 2> /dev/null || return 0
  exec 9>> "$dir/lock"
  "$flock" -w "$1" 9
}
is_locked() {
  printf 'its lock is held by whoever sets its time\\n' >&2
  exit 1
}
# Still to be done or being done, and not called off.
is_over() {
  test -e "$dir/fired" || test -e "$dir/disarmed"
}
stood_by() {
  { read -r first rest < "$dir/outcome"; } 2> /dev/null && test "$first" = stood-by
}
has_begun() {
  test -e "$dir/fired" && ! stood_by
}
`;
