/**
 * The shell function `put_back`: profile and boot default as they were, where the deployment had begun to move them. It gives
 * 0 when nothing is left to do, and otherwise what its last program ended with, to be tried again.
 */
export const profileParts = `
put_back() {
  test -n "$profile_before" || return 0
  now=$("$readlink" -f "$profile") || return 0
  if ours "$now" && test "$now" != "$profile_before"; then
    take_profile || return
  else
    # As it was: whether the loader is still due, the note says also to one that was killed. Another one: somebody chose it.
    test "$now" = "$profile_before" && is_loader_due || return 0
  fi
  test -n "$loader_due" || return 0
  "$timeout" -k 30 "$limit" "$profile_before/bin/switch-to-configuration" boot < /dev/null >> "$log" 2>&1 9>&- || return
  said "put the profile back to $profile_before, and its boot loader"
}
take_profile() {
  loader_due=
  if test "$("$readlink" "\${profile%/*}/$profile_generation")" != "$profile_before"; then
    said "profile and boot default stay as they are: the generation $profile_generation is gone"
    return 0
  fi
  loader_due=yes
  note loader-due "$profile_before"
  "$rm" -f "$profile.abide"
  "$ln" -s "$profile_generation" "$profile.abide" && "$mv" -fT "$profile.abide" "$profile"
}
is_loader_due() {
  test -z "$loader_due" && test -e "$dir/loader-due" && loader_due=yes
  test -n "$loader_due"
}
`;
