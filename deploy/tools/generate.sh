#!/usr/bin/env bash
# Generates all that comes from the protos, into proto/gen: Go messages, gRPC and REST gateway code, and the OpenAPI document of
# the platform; and the role table and the data inventory of the documentation. Everything there is thrown away first, so that a
# removed proto leaves nothing behind; a second run changes nothing.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
"$root/deploy/tools/install.sh"
export PATH=$root/.tools/bin:$PATH

# Generated aside and moved into place at once: a build that runs meanwhile sees the old code or the new, not half of it.
work=$(mktemp -d "$root/.tools/generate.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$root"
mkdir -p "$work/openapi"
buf generate --output "$work"

[ ! -d proto/gen/go ] || mv proto/gen/go "$work/old"
mkdir -p proto/gen
mv "$work/go" proto/gen/go

# These read the option messages generated above, so they come last.
mkdir -p "$work/docs/openapi" "$work/docs/asyncapi"
(
  cd proto
  GOWORK=off go run ./internal/openapi -in "$work/openapi" -out "$work/docs/openapi/openapi.json"
  GOWORK=off go run ./internal/asyncapi -out "$work/docs/asyncapi/asyncapi.yaml"
  GOWORK=off go run ./internal/roletable -out "$root/docs"
  GOWORK=off go run ./internal/inventory -out "$root/docs"
)
rm -rf proto/gen/openapi proto/gen/asyncapi
mv "$work"/docs/* proto/gen/
