#!/usr/bin/env bash
# Runs the tests of all modules. The last lines say on which databases the
# stores really ran, and with which npm packages they were compared: those in the
# folder TANDEM_NPM_VERIFY, which npm.sh makes where npm is at hand. Extra arguments
# go to go test; RACE=1 turns on the race detector.
set -euo pipefail
cd "$(dirname "$0")/../.."

deploy/test/postgres.sh
report=$(mktemp -d)
trap 'rm -rf "$report"' EXIT
export TANDEM_TEST_DATABASES=$report
export TANDEM_NPM_VERIFY=${TANDEM_NPM_VERIFY:-$(deploy/test/npm.sh)}
export TANDEM_SHARED=${TANDEM_SHARED:-$PWD/../shared}

status=0
go test ${RACE:+-race} -timeout 30m "$@" work || status=$?

# The guides lie outside of every module, so the cache of go test does not notice that one changed.
go test -count=1 -run 'Guides|Runbooks|Requirement|PageOf|PageFor|RoleTable|Inventory' ./services/tandem/internal/assurance ./services/tandem/internal/command \
  ./services/schools/internal/journey ./proto/internal/roletable ./proto/internal/inventory || status=$?

databases=$(ls "$report" | sort -r | tr '\n' ' ')
if [ -n "${CI:-}" ] && [[ "$databases" != *postgres* ]]; then
  echo "no test ran on PostgreSQL, and CI needs them"
  status=1
fi
[ "$status" = 0 ] && echo "tests: passed" || echo "tests: FAILED"
echo "databases: ${databases:-none}"

packages=
for package in @digitalbazaar/vc standardwebhooks oidc-provider playwright-core axe-core; do
  if [ -d "${TANDEM_NPM_VERIFY:-/nowhere}/node_modules/$package" ]; then packages+="$package "; fi
done
echo "compared with npm packages: ${packages:-none, TANDEM_NPM_VERIFY names no folder with any}"
exit "$status"
