#!/bin/sh
# What stage 2 of NixOS does at a boot: activates what the boot loader starts by default, and hands over to systemd.
# Without a boot default the plain Debian comes up.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
mount -o ro /dev/disk/by-label/abide-program /opt/abide || mount -o ro LABEL=abide-program /opt/abide
default=$(sed -n 's/^default \([^ ]*\).*/\1/p' /boot/loader/loader.conf)
if test -n "$default"; then
  echo "stage 2: booting $default"
  "$default/activate"
  ln -sfn "$default" /run/booted-system
fi
exec /lib/systemd/systemd
