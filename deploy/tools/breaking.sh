#!/usr/bin/env bash
# Checks that clients of the API as it was on main before this change still work with it, on the wire and in JSON. The base is
# TANDEM_BREAKING_BASE, or where this work left origin/main, or, on main itself, the commit before.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"

base() {
  if [ -n "${TANDEM_BREAKING_BASE:-}" ]; then
    git rev-parse --verify --quiet "$TANDEM_BREAKING_BASE^{commit}" || { echo "breaking: no commit $TANDEM_BREAKING_BASE" >&2; exit 2; }
    return
  fi
  local fork
  if fork=$(git merge-base HEAD origin/main 2>/dev/null) && [ "$fork" != "$(git rev-parse HEAD)" ]; then
    echo "$fork"
  else
    git rev-parse --verify --quiet 'HEAD^1' || true
  fi
}

commit=$(base)
if [ -z "$commit" ] || ! git cat-file -e "$commit:buf.yaml" 2>/dev/null || ! git cat-file -e "$commit:proto/tandem" 2>/dev/null; then
  echo "breaking: there is no base yet: no earlier commit here has protos to compare with"
  exit 0
fi

"$root/deploy/tools/install.sh"
.tools/bin/buf breaking --against "$(git rev-parse --git-common-dir)#ref=$commit"
echo "breaking: nothing breaks the clients of $(git rev-parse --short "$commit")"
