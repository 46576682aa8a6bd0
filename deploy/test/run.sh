#!/usr/bin/env bash
# Runs the tests of all modules. The last lines say on which databases the
# stores really ran. Extra arguments go to go test; RACE=1 turns on the race
# detector.
set -euo pipefail
cd "$(dirname "$0")/../.."

deploy/test/postgres.sh
report=$(mktemp -d)
trap 'rm -rf "$report"' EXIT
export TANDEM_TEST_DATABASES=$report
export TANDEM_SHARED=${TANDEM_SHARED:-$PWD/../shared}

status=0
go test ${RACE:+-race} -timeout 30m "$@" work || status=$?

databases=$(ls "$report" | sort -r | tr '\n' ' ')
if [ -n "${CI:-}" ] && [[ "$databases" != *postgres* ]]; then
  echo "no test ran on PostgreSQL, and CI needs them"
  status=1
fi
[ "$status" = 0 ] && echo "tests: passed" || echo "tests: FAILED"
echo "databases: ${databases:-none}"
exit "$status"
