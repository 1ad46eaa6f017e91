#!/bin/sh
# Runs what the test says, one command a line: `ID SECONDS BASE64`; answers `ID CODE BASE64`.
exec 3<> /dev/virtio-ports/abide
echo ready >&3
while read -r id seconds command <&3; do
  printf '%s' "$command" | base64 -d > /run/agent-command
  timeout -k 5 "$seconds" sh /run/agent-command > /run/agent-output 2>&1 < /dev/null 3>&-
  printf '%s %s %s\n' "$id" "$?" "$(base64 -w0 /run/agent-output)" >&3
done
