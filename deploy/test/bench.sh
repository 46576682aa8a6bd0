#!/usr/bin/env bash
# Runs all benchmarks and says on what. Compare figures of one run only: those of credentials are
# per second of a core's own time, ours and then, where npm.sh finds its packages, those of two
# npm libraries with the same badge. BENCH picks benchmarks by name, COUNT repeats them, and
# BENCH=Credentials does what docs/benchmarks.md reports under that heading, and no more.
set -euo pipefail
cd "$(dirname "$0")/../.."
bench=${BENCH:-.}
packages=(work)
if [ "$bench" = Credentials ]; then
  bench='Limit|Issue(RDFC|JCS)|VerifyRDFC|AnyDocument|RebuildAndSign'
  packages=(./services/badges/credential/... ./services/badges/internal/status/...)
elif [ "$bench" = Dashboard ]; then
  packages=(./services/assessments)
fi
export BADGE_OUT
BADGE_OUT=$(mktemp)
trap 'rm -f "$BADGE_OUT"' EXIT

echo "machine: $(nproc) cores, $(awk -F': ' '/model name/ {print $2; exit}' /proc/cpuinfo), load $(cut -d' ' -f1-3 /proc/loadavg), $(go version | cut -d' ' -f3)"
echo "command: go test -run '^$' -bench $bench -benchmem -count ${COUNT:-3} ${packages[*]}"
go test -run '^$' -bench "$bench" -benchmem -timeout 2h -count "${COUNT:-3}" "${packages[@]}" | grep -vE '^(PASS|\?|ok .*no test files)'

compare=$(deploy/test/npm.sh)
if [ ! -s "$BADGE_OUT" ]; then
  exit 0
elif [ -z "$compare" ]; then
  echo "npm libraries: not measured, as npm or its registry is out of reach"
  exit 0
fi
script=$PWD/deploy/test/credentials.mjs
for _ in $(seq "${COUNT:-3}"); do
  (cd "$compare" && BADGE=$BADGE_OUT node --input-type=module - <"$script")
done
