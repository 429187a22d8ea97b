# The main commands; `make help` lists them. Everything else a command needs is
# fetched by Go.

k6_version := v2.2.0
tool       := go tool -modfile=tools/go.mod
sources    := go.mod go.sum $(shell find . -name tools -prune -o -name test -prune -o -name bench -prune -o \
	\( -name '*.go' -o -name '*.graphql' \) ! -name '*_test.go' -print)

.PHONY: help build run test lint types exact fuzz bench clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: k6 ## build ./k6, a k6 with this extension, if anything has changed

k6: $(sources)
	$(tool) xk6 build $(k6_version) --with github.com/pushgw/xk6-pushgw=. --output ./k6.part || { rm -f k6.part; false; }
	@mv k6.part k6 # a build that fails leaves an empty file, which isn't to be taken for k6
	@touch k6

run: build ## load-test both gateways, on this machine
	examples/local.sh ./k6 run examples/both.js

test: build ## run all tests
	K6=$(CURDIR)/k6 go test -race -count=1 -timeout=15m ./...

lint: ## check the Go code, and that go.mod lists what it needs and nothing else
	go mod tidy -diff
	$(tool) golangci-lint run ./...

types: ## check index.d.ts, and the scripts against it (needs npm)
	cd test/types && npm ci --silent --no-audit --no-fund && npx tsc

exact_rounds := 10
exact_tests  := TestEveryCountIsExact|TestTheSumOverProcessesIsExact|TestTheTruthLiesWithinTheInterval|TestTheBarrier

exact: build ## hold every count against the gateway's, under each fault, ten times (40 minutes)
	EXACT_LISTENERS=432 EXACT_BROADCASTS=50 EXACT_SECONDS=4 PROCESSES="3 8" K6=$(CURDIR)/k6 \
		go test ./test -run '$(exact_tests)' -v -count=$(exact_rounds) -timeout=3h

fuzz_time := 60s

# `go test -list` prints a package's targets, one a line, and then the package.
fuzz: ## run every fuzz target for a minute
	@list=$$(go test -list '^Fuzz' ./...) && echo "$$list" | \
	awk '/^Fuzz/ { names[n++] = $$1 } /^ok/ { for (i = 0; i < n; i++) print $$2, names[i]; n = 0 }' | \
	while read -r package target; do \
		echo "$$package $$target"; \
		go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(fuzz_time) "$$package" </dev/null || exit; \
	done

bench: build ## measure, beside plain k6 scripts
	go run ./bench

clean: ## remove what was built
	rm -rf k6 k6.part test/types/node_modules
