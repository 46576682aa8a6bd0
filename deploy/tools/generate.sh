#!/usr/bin/env bash
# Generates all that comes from the protos, into proto/gen: Go messages, gRPC and REST gateway code, and the OpenAPI document of
# the platform. Everything there is thrown away first, so that a removed proto leaves nothing behind; a second run changes nothing.
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

mkdir -p proto/gen/openapi
rm -rf "$work/old"
[ ! -d proto/gen/go ] || mv proto/gen/go "$work/old"
mv "$work/go" proto/gen/go

find "$work/openapi" -name '*.openapi.json' | sort >"$work/documents"
rm -f proto/gen/openapi/*
if [ -s "$work/documents" ]; then
  xargs openapiv3-merge <"$work/documents" >"$work/openapi.json"
  mv "$work/openapi.json" proto/gen/openapi/openapi.json
fi
