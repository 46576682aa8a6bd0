#!/usr/bin/env bash
# Makes PostgreSQL's binaries available to the tests: nothing to do where they
# are installed, installed with apt where that is allowed, else only said.
# The tests start their own short-lived servers from the binaries.
set -euo pipefail

found() {
  [ -n "${TEST_POSTGRES_DSN:-}" ] || command -v pg_ctl >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/pg_ctl' >/dev/null
}

if found; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "postgres: installing PostgreSQL's binaries with apt-get"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null
  found && exit 0
fi
echo "postgres: no binaries found; tests on PostgreSQL are skipped (install postgresql or set TEST_POSTGRES_DSN)"
