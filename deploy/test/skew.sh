#!/usr/bin/env bash
# Builds the program of the version before and has it run side by side with the present one: mixed pairs on the newer schema,
# a school's year on each. The version before is the parent of the last commit that touched a migration; PREVIOUS names another.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
previous=${PREVIOUS:-$(git log -1 --format=%H -- ':(glob)**/migrations/**')~1}
commit=$(git rev-parse --verify --quiet "$previous^{commit}") || {
  echo "skew: there is no commit $previous; name one with PREVIOUS=" >&2
  exit 2
}
work=$(mktemp -d)
trap 'git worktree remove --force "$work/tree" >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
started=$SECONDS

echo "skew: building $(git rev-parse --short "$commit"), $(git log -1 --format=%s "$commit")"
git worktree add --detach --quiet "$work/tree" "$commit"
(cd "$work/tree" && CGO_ENABLED=0 go build -trimpath -o "$work/tandem" ./services/tandem)
built=$((SECONDS - started))

TANDEM_PREVIOUS_BINARY=$work/tandem go test -count=1 -timeout 30m -v -run '^TestTwoVersionsRunSideBySide$' ./services/tandem/e2e >"$work/log" 2>&1 || {
  tail -n 80 "$work/log"
  echo "skew: failed" >&2
  exit 1
}
grep -q '^--- PASS' "$work/log" || {
  cat "$work/log"
  echo "skew: nothing was tried" >&2
  exit 1
}
grep -o 'skew_test.go:[0-9]*: .*' "$work/log" | sed 's/^[^ ]* /  /'
echo "skew: passed, building ${built} s, all $((SECONDS - started)) s"
