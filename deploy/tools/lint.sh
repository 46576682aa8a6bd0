#!/usr/bin/env bash
# Checks protos (buf), format (gofmt) and code (golangci-lint) of the modules of go.work, or of the Go package patterns given:
#   deploy/tools/lint.sh ./services/kit/...
# The linter is compiled from its pin on first use, which takes minutes.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
"$root/deploy/tools/install.sh"

.tools/bin/buf lint

unformatted=$(git ls-files -z --cached --others --exclude-standard -- '*.go' ':!proto/gen' | while IFS= read -r -d '' file; do
  [ ! -f "$file" ] || printf '%s\0' "$file"
done | xargs -0 -r gofmt -l)
if [ -n "$unformatted" ]; then
  printf 'not formatted, run gofmt -w:\n%s\n' "$unformatted" >&2
  exit 1
fi

pins=$(cat deploy/tools/lint/go.mod deploy/tools/lint/go.sum | sha256sum | cut -d' ' -f1)
if [ ! -x .tools/bin/golangci-lint ] || [ "$(cat .tools/lint-installed 2>/dev/null)" != "$pins" ]; then
  echo "compiling golangci-lint into .tools/bin" >&2
  GOWORK=off GOBIN=$root/.tools/bin go -C deploy/tools/lint install tool
  echo "$pins" >.tools/lint-installed
fi

if [ $# -eq 0 ]; then
  mapfile -t patterns < <(go list -m -f '{{.Dir}}/...')
  set -- "${patterns[@]}"
fi
.tools/bin/golangci-lint run "$@"

# Known vulnerabilities of what we build with, where their database can be reached.
database=${GOVULNDB:-https://vuln.go.dev}
if curl -fsI --max-time 10 "$database/index/db.json" >/dev/null 2>&1; then
  go list -m -f '{{.Dir}}' | while IFS= read -r module; do
    (cd "$module" && GOWORK=off go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 -db "$database" ./...)
  done
else
  echo "known vulnerabilities not checked: $database cannot be reached" >&2
fi
