# InferShield. `make` lists what there is; `make run` and `make test` are all
# the set-up that a fresh machine with Go needs.

.DEFAULT_GOAL := help
SHELL         := /bin/sh

VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME    ?= 30s
SPLITS      ?= 10000
BENCH       ?= .

# The race detector needs a C compiler; where there is none the tests still
# run, and test-deps.sh has said so.
RACE ?= $(if $(shell command -v "$$(go env CC)" 2>/dev/null),-race)

.PHONY: help build run demo test docker-test deps lint bench million peers figures clients fuzz properties release release-check packages-test clean

help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  \033[36mmake %-13s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build bin/infershield, static, for this machine
	@mkdir -p bin
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/infershield ./cmd/infershield

run: build ## Build, then serve on this machine (KEY_MODE=auto unless set)
	@scripts/run.sh

demo: build ## Show the whole thing working: no key, no network
	@bin/infershield demo

test: deps lint ## Install what the tests need, check the source, run everything
	go test $(RACE) -timeout 25m ./...

docker-test: ## Test the container image, compiled inside as users do (root)
	INFERSHIELD_DOCKER_FULL=1 go test -count=1 -run '^TestDocker$$' -v -timeout 15m ./cmd/infershield

deps:
	@scripts/test-deps.sh

lint: ## gofmt, go vet, staticcheck
	@scripts/gofmt.sh
	go vet ./...
	go run $(STATICCHECK) ./...

million: deps ## Fill both audit databases with a million records and measure what is asked of them
	AUDIT_RECORDS=1000000 go test -run '^$$' -bench Million -benchtime 1x -timeout 60m ./audit

bench: ## Run the benchmarks (BENCH=regexp)
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./...

peers: ## Time the engine against gitleaks, on the same texts in one run
	cd scripts/peers/gitleaks && go test -count=1 -run TestSpeed -v .

figures: ## Measure detection anew and write docs/detection.md (DATA=folder)
	go run ./scripts/figures $(if $(DATA),-data '$(DATA)')

clients: deps ## Drive every real client anew and write docs/clients.md
	go test -run 'TestMatrix$$' -update -timeout 5m ./cmd/infershield

fuzz: ## Run every fuzz target in turn (FUZZTIME=30s each)
	@scripts/fuzz.sh $(FUZZTIME)

properties: deps ## Hold every conversation SPLITS=10000 times, cut at random
	INFERSHIELD_SPLITS=$(SPLITS) go test -run 'TestConversations|TestTranscriptsByEveryDoor' -timeout 3h ./cmd/infershield

release: ## Write archives, packages, bills of materials and sums to dist/
	go run ./scripts/release $(if $(TARGETS),-targets '$(TARGETS)')

release-check: ## Release HEAD twice, in two places, and compare every byte
	@scripts/release-check.sh '$(TARGETS)'

packages-test: ## Install, restart, upgrade and purge the packages, in a system of their own
	@scripts/packages-test.sh

clean: ## Remove what make put here
	rm -rf bin dist .cache
