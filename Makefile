# Care Connect. `make help` lists what can be asked for; `make test` is the whole check.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.NOTPARALLEL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

BINARY  := bin/careconnect
OPENAPI := http/api/openapi.json
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

# The size in bytes that the binary may not pass.
LIMIT := 25000000

# HTTP/2 needs TLS, which the service leaves to the proxy before it: without its code
# the binary is 560 KB smaller.
TAGS := nethttpomithttp2

##@ Check

.PHONY: test
test: tools fmt vet staticcheck build static generated campaigns race ## The whole check: installs what it needs, cheap checks first, the tests last

.PHONY: tools
tools: ## Install what the check needs (headless Chromium, a C compiler) through apt-get
	@.ci/tools

.PHONY: lint
lint: fmt vet staticcheck ## Layout, vet and staticcheck

.PHONY: fmt
fmt: ## Every Go file is laid out by gofmt
	@bad=$$("$$(go env GOROOT)/bin/gofmt" -l .)
	if [ -n "$$bad" ]; then
		printf 'make fmt: not laid out by gofmt:\n%s\nMend it: gofmt -w .\n' "$$bad" >&2
		exit 1
	fi

.PHONY: vet
vet: ## go vet
	go vet ./...

.PHONY: staticcheck
staticcheck: ## staticcheck, in the version that go.mod names
	go tool staticcheck ./...

# What is tried very many times. The race detector makes each of them ten times slower,
# so with it they are tried less often, and once more without.
CAMPAIGNS := Torture|Kill|Crash|Flip|Fault|Full|Soak|WhateverHappens|AYear|DecidingAhead

.PHONY: campaigns
campaigns: ## Kills, crashes, damage, faults, full disks, lives and years in their numbers, without the race detector
	go test -count=1 -timeout=20m -run='$(CAMPAIGNS)' ./store/... ./rules/act ./http/qa

.PHONY: race
race: ## All tests, with the race detector
	CGO_ENABLED=1 go test -race -count=1 -timeout=20m ./...

.PHONY: torture
torture: tools ## The campaigns at release size (kills, damage, load); takes hours
	CARECONNECT_TORTURE=1 go test -v -count=1 -timeout=0 -run='$(CAMPAIGNS)|Hundred' ./...

.PHONY: bench
bench: ## The benchmarks, of every package that has some
	@packages=$$(grep -rl --include='*_test.go' '^func Benchmark' . | xargs -rn1 dirname | sort -u)
	[ -n "$$packages" ] || { echo 'make bench: no package has a benchmark' >&2; exit 1; }
	go test -run='^$$' -bench=. -benchmem -timeout=0 $$packages

##@ Build

.PHONY: build
build: ## The program, as one file that needs nothing: bin/careconnect
	CGO_ENABLED=0 go build -tags=$(TAGS) -trimpath -ldflags='-s -w -X main.version=$(VERSION)' -o $(BINARY) .

.PHONY: static
static: build ## The program is linked statically and is no larger than 25 MB
	@fail() { echo "make static: $$1" >&2; exit 1; }
	go version -m $(BINARY) | grep -qw 'CGO_ENABLED=0' ||
		fail '$(BINARY) was built with cgo; build it with CGO_ENABLED=0'
	if command -v file >/dev/null; then
		file $(BINARY) | grep -q 'statically linked' || fail "not static: $$(file $(BINARY))"
	elif command -v ldd >/dev/null; then
		! ldd $(BINARY) >/dev/null 2>&1 || fail "it needs libraries: $$(ldd $(BINARY))"
	fi
	size=$$(wc -c <$(BINARY))
	[ "$$size" -le $(LIMIT) ] ||
		fail "$(BINARY) is $$size bytes, more than $(LIMIT); the modules in it: go version -m $(BINARY)"
	echo "make static: $(BINARY) $(VERSION), $$size bytes, static"

.PHONY: image
image: ## The container image careconnect:VERSION (needs a running Docker engine)
	@command -v docker >/dev/null || { echo 'make image: docker is missing; get it: https://docs.docker.com/engine/install/' >&2; exit 1; }
	docker build --build-arg VERSION='$(VERSION)' --tag 'careconnect:$(VERSION)' .

##@ Files made from others

.PHONY: gen
gen: build ## Write the OpenAPI document and the table of requirements anew
	@trap 'rm -f $(OPENAPI).new' EXIT
	$(BINARY) gen openapi >$(OPENAPI).new
	mv $(OPENAPI).new $(OPENAPI)
	go test ./assets -count=1 -run=TestTableOfRequirements -args -write

.PHONY: generated
generated: build ## The committed OpenAPI document is the one that the program makes
	@made=$$(mktemp)
	trap 'rm -f "$$made"' EXIT
	$(BINARY) gen openapi >"$$made"
	if ! diff -u --label '$(OPENAPI) (committed)' --label '$(OPENAPI) (made now)' $(OPENAPI) "$$made" >&2; then
		echo 'make generated: $(OPENAPI) is stale. Mend it: make gen, then commit it' >&2
		exit 1
	fi

.PHONY: vendor
vendor: ## Fetch the front-end files anew at their pinned versions (needs npm)
	sh assets/vendor/update.sh

##@ Else

.PHONY: clean
clean: ## Remove what was built
	@rm -rf bin

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## " }
	/^##@ / { printf "\n%s\n", substr($$0, 5) }
	/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
