#!/usr/bin/env bash
# Shows that a build of the images can be repeated: builds the commit that is checked out twice, in clones at other
# paths, and compares the digests. The second time with another build cache, home, umask, time zone, language and moment.
#   deploy/image/check.sh VERSION        ARCHITECTURES=amd64 builds only that
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
version=${1:?usage: deploy/image/check.sh VERSION}
work=$(mktemp -d)
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT
modules=$(go env GOMODCACHE)
proxy=$(go env GOPROXY)
begun=$SECONDS

build() { # FOLDER, then variables of its environment
  local at=$1
  shift
  git clone -q --shared "$root" "$at"
  env -u SOURCE_DATE_EPOCH "$@" "$at/deploy/image/build.sh" "$version" >"$at.log" 2>&1 || { tail -n 20 "$at.log" >&2; return 1; }
  (cd "$at/bin" && sha256sum tandem-image-*.tar tandem-sbom-*.cdx.json linux-*/tandem image/index.json) >"$at.sums"
}

echo "commit $(git -C "$root" rev-parse HEAD), $(go version | cut -d' ' -f3-), certificate authorities $(sha256sum "${CA_CERTIFICATES:-/etc/ssl/certs/ca-certificates.crt}" | cut -c1-16)"
(umask 022 && build "$work/one" TZ=UTC LC_ALL=C)
echo "first build: $((SECONDS - begun)) s"
between=$SECONDS
(umask 077 && build "$work/elsewhere/another-name" TZ=Pacific/Auckland LC_ALL=C.UTF-8 HOME="$work/home" GOCACHE="$work/cache" \
  GOMODCACHE="$modules" GOPROXY="$proxy" GOFLAGS=-buildvcs=false)
echo "second build, with an empty cache: $((SECONDS - between)) s"

if ! diff "$work/one.sums" "$work/elsewhere/another-name.sums"; then
  echo "the two builds differ" >&2
  exit 1
fi
cat "$work/one.sums"
grep -h '^sha256' "$work/one.log"
echo "the same, $(wc -l <"$work/one.sums") files"
