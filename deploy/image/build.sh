#!/usr/bin/env bash
# Builds the container images without a Docker daemon:
#   bin/image/                        OCI layout with both platforms and their bills of materials (make image-push, skopeo, oras)
#   bin/tandem-image-<arch>.tar       one per platform, for docker load and podman load
#   bin/tandem-sbom-<arch>.cdx.json   what the program is made of, in CycloneDX
# The same commit, compiler and certificate authorities give the same digests; check.sh shows it.
#   deploy/image/build.sh VERSION
set -euo pipefail
cd "$(dirname "$0")/../.."
version=${1:?usage: deploy/image/build.sh VERSION}
# A commit's time, and not today's, so that a rebuild is the same.
created=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
revision=${REVISION:-$(git rev-parse HEAD 2>/dev/null || echo unknown)}
authorities=${CA_CERTIFICATES:-/etc/ssl/certs/ca-certificates.crt}
architectures=${ARCHITECTURES:-amd64 arm64}

programs=()
for arch in $architectures; do
  echo "building for linux/$arch"
  mkdir -p "bin/linux-$arch"
  # The variables of one's shell must not change what comes out.
  env -u GOFLAGS -u GOAMD64 -u GOARM64 -u GOEXPERIMENT CGO_ENABLED=0 GOOS=linux GOARCH="$arch" \
    go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$version -X main.revision=$revision" \
    -o "bin/linux-$arch/tandem" ./services/tandem
  programs+=("$arch=$PWD/bin/linux-$arch/tandem")
done

GOWORK=off go -C deploy/image run . --version "$version" --revision "$revision" --created "$created" \
  --source "$PWD" --modules "$(go env GOMODCACHE)" --goroot "$(go env GOROOT)" \
  --authorities "$authorities" --out "$PWD/bin" "${programs[@]}"
