#!/usr/bin/env bash
# Takes the walls down one by one and shows that a test notices each: every access policy, each of its conditions and marks
# (in memory, against the whole access matrix), and a permit too many in the files themselves.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"

echo "mutate: every access policy, condition and mark"
(cd proto && GOWORK=off go test -count=1 -run 'TestTheMatrixNotices' -v ./policy | grep -E '^(---|    ---|ok|FAIL)' )

echo "mutate: a policy too many"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
file=proto/tandem/access/policies/research.cedar
cp "$file" "$work/research.cedar"
cat >>"$work/research.cedar" <<'CEDAR'

@id("research-lists-people")
@doc("A mistake.")
permit (
  principal in Role::"research",
  action in Action::"read reviews",
  resource
) when { resource in principal.node };
CEDAR
printf '{"Replace": {"%s/%s": "%s/research.cedar"}}' "$root" "$file" "$work" >"$work/overlay.json"
if go test -count=1 -overlay "$work/overlay.json" -run 'TestEveryRPCAnswersEveryCallerAsTheTableSays' ./services/tandem/internal/accessmatrix >"$work/log" 2>&1; then
  echo "mutate: nobody noticed a permit too many" >&2
  exit 1
fi
grep -q 'ReviewsService.GetReview' "$work/log" || { cat "$work/log" >&2; exit 1; }
echo "mutate: noticed"

echo "mutate: row-level security, table by table and policy by policy"
for module in services/schools services/assessments services/evidence services/badges gateway; do
  (cd "$module" && go test -count=1 -run 'TestTheWallBetweenDistrictsStands' ./internal/store)
done
