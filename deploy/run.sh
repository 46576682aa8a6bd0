#!/usr/bin/env bash
# Runs a program in the foreground of make: deploy/run.sh PROGRAM ARGUMENT...
#
# GNU make passes SIGTERM on to what it runs, but not SIGINT: it trusts that a
# terminal told the whole process group, and waits. Who interrupts make alone
# would wait with it forever. Until then make stands in its signal handler, where
# the signal is blocked, and Linux shows that; so a watcher passes it on.
set -euo pipefail

program=$$
interrupted() { grep -Eq '^SigBlk:.*[2367abef]$' "/proc/$PPID/status" 2>/dev/null; }

if [[ -r /proc/$PPID/status && $(</proc/$PPID/comm) == make ]]; then
  while kill -0 "$program"; do
    if interrupted; then
      kill -INT "$program"
      break
    fi
    sleep 0.5
  done </dev/null >/dev/null 2>&1 &
fi
exec "$@"
