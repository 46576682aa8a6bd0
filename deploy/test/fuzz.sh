#!/usr/bin/env bash
# Fuzzes every fuzz target for FUZZTIME each (default 30s).
set -euo pipefail
cd "$(dirname "$0")/../.."
grep -rlE '^func Fuzz' --include='*_test.go' proto services gateway | sort | while read -r file; do
  for target in $(grep -oE '^func Fuzz[A-Za-z0-9_]+' "$file" | awk '{print $2}'); do
    echo "== $target ($(dirname "$file"))"
    (cd "$(dirname "$file")" && go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-30s}" .)
  done
done
