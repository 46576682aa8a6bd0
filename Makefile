# Tandem. `make` lists the targets.
.DEFAULT_GOAL := help
SHELL := bash
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
REVISION ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
GO_LDFLAGS := -s -w -X main.version=$(VERSION) -X main.revision=$(REVISION)
DATA ?= ./var
URL ?= http://127.0.0.1:8080

##@ Use
help: ## List the targets.
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## Start everything with demonstration data and play the walkthrough (WALKTHROUGH=0 skips it).
	@TANDEM_DEV=true TANDEM_DEMO=true TANDEM_WALKTHROUGH=$(if $(filter 0 false no,$(WALKTHROUGH)),false,true) \
	 TANDEM_DATA=$${TANDEM_DATA:-$(DATA)} TANDEM_LOG_FILE=$${TANDEM_LOG_FILE:-$${TANDEM_DATA:-$(DATA)}/tandem.log} \
	 exec deploy/run.sh bin/tandem serve all

walkthrough: bin/tandem ## Play a school's year again on the running instance (TANDEM_URL).
	@TANDEM_URL=$${TANDEM_URL:-$(URL)} exec bin/tandem walkthrough

build: ## Build the program at bin/tandem.
	@mkdir -p bin
	CGO_ENABLED=0 go build -trimpath -ldflags '$(GO_LDFLAGS)' -o bin/tandem ./services/tandem

bin/tandem:
	@$(MAKE) --no-print-directory build

##@ Develop
test: ## Run all tests on SQLite and PostgreSQL, in one process and in several.
	@deploy/test/run.sh

lint: ## Check protos, format and code.
	@deploy/tools/lint.sh

breaking: ## Check that the API still speaks to the clients of the last landing.
	@deploy/tools/breaking.sh

generate: ## Generate code, OpenAPI and AsyncAPI from the protos.
	@deploy/tools/generate.sh

bench: ## Run the benchmarks; figures are ratios within one run.
	@deploy/test/bench.sh

sizing: ## Measure what three sizes of installation take (SIZE=small-district).
	@deploy/test/sizing.sh

mutate: ## Take each access policy down in turn and show that a test notices.
	@deploy/test/mutate.sh

matrix: ## Write who may call what to bin/access-matrix.html and .csv.
	@mkdir -p bin
	go run ./services/tandem/internal/accessmatrix/report -out bin -version '$(VERSION)'

skew: ## Play a year on every mixture of this version and the one before (PREVIOUS names another).
	@deploy/test/skew.sh

fuzz: ## Fuzz every target for FUZZTIME (30s) each.
	@deploy/test/fuzz.sh

##@ Ship
monitoring: ## Check alerts (with promtool), dashboards, runbooks and the compose file.
	@deploy/test/promtool.sh
	@cd deploy/checks && GOWORK=off go test -count=1 ./...

chart-files: ## Copy alert rules and dashboards into the chart, and make the dashboards before.
	@cd deploy/checks && GOWORK=off go run ./dashboards/generate
	@mkdir -p charts/tandem/files/alerts charts/tandem/files/dashboards
	@rm -f charts/tandem/files/alerts/* charts/tandem/files/dashboards/*
	@cp deploy/alerts/*.rules.yaml charts/tandem/files/alerts/
	@cp deploy/dashboards/*.json charts/tandem/files/dashboards/

chart: ## Lint and render the Helm chart and check what it renders.
	@cd charts/charttest && GOWORK=off go test -count=1 ./...

e2e-k8s: ## Install, upgrade, break and restore on a real cluster (KUBE=kind, STEPS=..., FAULTS=1; deploy/e2e/run.sh).
	@deploy/e2e/run.sh

image: ## Build container images without a Docker daemon into bin/.
	@deploy/image/build.sh $(VERSION)

image-check: ## Build the images of this commit twice, in other places, and compare them.
	@deploy/image/check.sh $(VERSION)

image-push: ## Bring the built images to a registry: IMAGE=registry.example.org/tandem/tandem:v1.
	@GOWORK=off go -C deploy/image run . push --from $(CURDIR)/bin/image $(IMAGE)

clean: ## Remove what was built; data stays.
	rm -rf bin

.PHONY: e2e-k8s help run walkthrough build test lint breaking generate bench sizing mutate matrix skew fuzz monitoring chart-files chart image image-check image-push clean
