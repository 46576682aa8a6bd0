#!/usr/bin/env bash
# The platform on a real cluster: install, upgrade under load, scale, kill, power off, back up, restore, uninstall.
#   make e2e-k8s                    on the kube kit of TANDEM_SHARED (../shared): Linux, root, Go
#   make e2e-k8s KUBE=kind          on kind: Docker, kind, kubectl, helm, Go
#   make e2e-k8s STEPS=test,scale   only these steps, after an installation
#   make e2e-k8s FAULTS=1           then plant faults in the chart, each of which must be found
# PREVIOUS=COMMIT  version to upgrade from; else the parent of the last commit with a migration
# PRESENT=COMMIT   version to try; else the files as they are
# RATE=50          requests a second
# WORK=DIR         folder for all that is made, and for logs when a step fails
# KEEP=1 leaves the cluster up after the run, REUSE=1 goes on with one that was left.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
export E2E_ROOT=$root WORK=${WORK:-/tmp/tandem-e2e} TANDEM_SHARED=${TANDEM_SHARED:-$root/../shared}
mkdir -p "$WORK.bin"
GOWORK=off CGO_ENABLED=0 go build -o "$WORK.bin/e2e" .
exec "$WORK.bin/e2e" run
