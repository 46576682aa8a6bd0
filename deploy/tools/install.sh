#!/usr/bin/env bash
# Installs the pinned build tools under .tools/: the Go ones of deploy/tools/go.mod, and buf of package-lock.json.
# Does nothing when the pins have not changed since the last time.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
tools=$root/.tools
bin=$tools/bin
mkdir -p "$bin"

pins=$(cat "$root"/deploy/tools/{go.mod,go.sum,package-lock.json} | sha256sum | cut -d' ' -f1)
if [ -f "$tools/installed" ] && [ "$(cat "$tools/installed")" = "$pins" ] && [ -x "$bin/buf" ]; then
  exit 0
fi

echo "installing the build tools into .tools/bin" >&2
GOWORK=off GOBIN=$bin go -C "$root/deploy/tools" install tool

# buf comes as a ready binary from npm; where there is no npm it is compiled, which takes minutes.
buf_version=$(sed -n 's|.*"@bufbuild/buf": "\([0-9.]*\)".*|\1|p' "$root/deploy/tools/package.json")
if command -v npm >/dev/null; then
  mkdir -p "$tools/npm"
  cp "$root"/deploy/tools/{package.json,package-lock.json,.npmrc} "$tools/npm/"
  (cd "$tools/npm" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2)
  # The package's own entry is a script that starts the binary of the platform; link to the binary itself.
  ln -sf "$(ls "$tools"/npm/node_modules/@bufbuild/buf-*/bin/buf | head -n 1)" "$bin/buf"
else
  GOBIN=$bin go install "github.com/bufbuild/buf/cmd/buf@v$buf_version"
fi
"$bin/buf" --version >/dev/null
echo "$pins" >"$tools/installed"
