#!/usr/bin/env bash
# Runs all benchmarks and says on what. Compare figures of one run only.
set -euo pipefail
cd "$(dirname "$0")/../.."
echo "machine: $(nproc) cores, $(awk -F': ' '/model name/ {print $2; exit}' /proc/cpuinfo), load $(cut -d' ' -f1-3 /proc/loadavg), $(go version | cut -d' ' -f3)"
echo "command: go test -run '^$' -bench ${BENCH:-.} -benchmem -count ${COUNT:-3}"
go test -run '^$' -bench "${BENCH:-.}" -benchmem -count "${COUNT:-3}" work | grep -vE '^(PASS|\?|ok .*no test files)'
