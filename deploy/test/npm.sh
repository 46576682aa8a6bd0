#!/usr/bin/env bash
# Installs the independent implementations that tests compare with into .tools/compare
# and prints that folder; prints nothing where npm is absent or its registry is
# out of reach, and the comparisons are then skipped.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$root/.tools/compare

command -v npm >/dev/null && command -v node >/dev/null || exit 0
if cmp -s "$root/deploy/test/npm/package.json" "$folder/installed.json"; then
  echo "$folder"
  exit 0
fi
mkdir -p "$folder"
cp "$root/deploy/test/npm/package.json" "$folder/package.json"
echo "npm: installing the packages that tests compare with" >&2
if (cd "$folder" && timeout 300 npm install --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error >&2); then
  cp "$folder/package.json" "$folder/installed.json"
  echo "$folder"
fi
