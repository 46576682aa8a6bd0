#!/usr/bin/env bash
# Measures what separate processes on PostgreSQL and NATS take in three sizes of installation, and says on what: the
# figures of docs/sizing.md. SIZE picks one: small-district, 50-districts, state. PostgreSQL's binaries must be there.
set -euo pipefail
cd "$(dirname "$0")/../.."
deploy/test/postgres.sh
load() { cut -d' ' -f1-3 /proc/loadavg; }
echo "machine: $(nproc) cores, $(awk -F': ' '/model name/ {print $2; exit}' /proc/cpuinfo), $(awk '/MemTotal/ {printf "%.0f GiB", $2/1048576}' /proc/meminfo), $(go version | cut -d' ' -f3)"
echo "load before: $(load)"
echo "command: go test ./services/tandem/e2e -run '^$' -bench Sizing/${SIZE:-} -benchtime 1x -count ${COUNT:-1}"
go test ./services/tandem/e2e -run '^$' -bench "Sizing/${SIZE:-}" -benchtime 1x -timeout 2h -count "${COUNT:-1}" | grep -vE '^(PASS|goos|goarch|pkg)'
echo "load after: $(load)"
