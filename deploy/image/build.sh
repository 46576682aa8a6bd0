#!/usr/bin/env bash
# Builds the container images without a Docker daemon:
#   bin/image/                      OCI layout with both platforms (skopeo, crane, oras)
#   bin/tandem-image-<arch>.tar     one per platform, for docker load and podman load
# The same commit, compiler and certificate authorities give the same digests.
#   deploy/image/build.sh VERSION
set -euo pipefail
cd "$(dirname "$0")/../.."
version=${1:?usage: deploy/image/build.sh VERSION}
# A commit's time, and not today's, so that a rebuild is the same.
created=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
authorities=${CA_CERTIFICATES:-/etc/ssl/certs/ca-certificates.crt}

mkdir -p bin/linux-amd64 bin/linux-arm64
for arch in amd64 arm64; do
  echo "building for linux/$arch"
  CGO_ENABLED=0 GOOS=linux GOARCH=$arch go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$version" \
    -o "bin/linux-$arch/tandem" ./services/tandem
done

GOWORK=off go -C deploy/image run . --version "$version" --revision "$revision" --created "$created" \
  --authorities "$authorities" --out "$PWD/bin" \
  "amd64=$PWD/bin/linux-amd64/tandem" "arm64=$PWD/bin/linux-arm64/tandem"
