COMMIT := $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)

# Tools that only look at the code run at fixed versions and stay out of go.mod.
GOFUMPT = go run mvdan.cc/gofumpt@v0.12.0
STATICCHECK = go run honnef.co/go/tools/cmd/staticcheck@v0.8.2

# VERSION=0.8.1 makes a build with another number than the one in cmd/version.go.
LDFLAGS = -s -w -X fittrackee/cmd.commit=$(COMMIT) $(if $(VERSION),-X fittrackee/cmd.version=$(VERSION))
BUILD = go build -trimpath -ldflags "$(LDFLAGS)"

UI = web/dist/index.html.gz
MODULES = web/node_modules/.package-lock.json

export CGO_ENABLED = 0

.PHONY: run build test lint test-web screenshots cross bench fuzz

run: build
	./fittrackee serve

build: $(UI)
	$(BUILD) -o fittrackee .

# The user interface is built again when one of its sources has changed.
$(UI): $(shell find web \( -name node_modules -o -name dist -o -name e2e \) -prune -o -type f ! -name '*.test.ts' ! -name '*.go' -print) $(MODULES)
	cd web && npm run build

# npm writes this file when it has installed what the lock file says.
$(MODULES): web/package.json web/package-lock.json web/.npmrc
	@node -e 'const [major, minor] = process.versions.node.split("."); process.exit(major * 100 + +minor >= 2019 ? 0 : 1)' || \
		{ echo 'the user interface is built with Node.js 20.19 or newer, and npm'; exit 1; }
	cd web && npm ci

# The race detector needs cgo, the product does not. What is said about the memory of pictures and tracks can
# be tested only without it; and a busy account is as busy as it should be only without it.
test: lint test-web
	CGO_ENABLED=1 go test -race -timeout 20m ./...
	go test ./assets ./track
	go test ./server -run TestBusyAccount

lint: $(MODULES)
	@test -z "$$($(GOFUMPT) -l . | tee /dev/stderr)" || { echo 'the files above are not formatted: run gofumpt -w'; exit 1; }
	go vet ./...
	$(STATICCHECK) ./...
	go mod tidy -diff
	go mod verify
	cd web && npm run lint

# The browser tests run the program that was built, in Chromium (CHROMIUM=/path/to/it, if it is not /usr/bin/chromium).
test-web: build
	cd web && npm test && npm run e2e

# Builds for small machines, and tries the builds under qemu-user as far as it is installed.
cross:
	go test ./cmd -run TestCross -cross -v -timeout 30m

bench: build
	go test ./cmd ./store ./assets ./track ./workout -run '^$$' -bench . -benchtime 2s
	cd web && npm run bench

# The pictures in docs/.
screenshots: build
	cd web && npm run screenshots

# Each fuzz target in turn, for FUZZTIME each.
FUZZTIME = 1m
fuzz:
	go test ./... -list '^Fuzz' | awk '/^Fuzz/ {t[++n] = $$1} /^ok/ {for (i = 1; i <= n; i++) print $$2, t[i]; n = 0}' | \
	while read -r package target; do go test "$$package" -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) || exit 1; done
