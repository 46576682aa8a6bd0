#!/usr/bin/env bash
# Fuzzes every fuzz target for FUZZTIME each (default 30s), or those whose name FUZZ matches. A
# target that finds something does not keep the others from their turn: all findings are listed
# at the end. The input that go test wrote to testdata/fuzz is then a test of its own: commit it.
set -uo pipefail
cd "$(dirname "$0")/../.."
failed=()
while read -r file; do
  for target in $(grep -oE '^func Fuzz[A-Za-z0-9_]+' "$file" | awk '{print $2}' | grep -E "${FUZZ:-.}"); do
    echo "== $target ($(dirname "$file"))"
    (cd "$(dirname "$file")" && go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-30s}" .) || failed+=("$target in $(dirname "$file")")
  done
done < <(grep -rlE '^func Fuzz' --include='*_test.go' proto services gateway | sort)
if [ ${#failed[@]} -gt 0 ]; then
  printf 'fuzz: FAILED %s\n' "${failed[@]}"
  exit 1
fi
echo "fuzz: no finding"
