#!/usr/bin/env bash
# Makes promtool available to the tests of the alert rules: nothing to do where it is on the PATH, installed with apt
# where that is allowed, else only said. Debian's package would start a Prometheus; a policy keeps it from that.
set -euo pipefail

if command -v promtool >/dev/null; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "promtool: installing it with apt-get"
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus >/dev/null
  command -v promtool >/dev/null && exit 0
fi
echo "promtool: not found; the alert rules are not tested (install the package prometheus)"
