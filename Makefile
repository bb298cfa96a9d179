# Everything works from a fresh clone: the first target that needs .venv builds it.

VENV := .venv
PYTHON := $(VENV)/bin/python
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CODE := manage.py conversation_service conversations integrations devstack docker bench tests
SECANTUS_MDB := 0.5.3-beta.193
# The oldest that has all that the manifests use.
KUBERNETES := 1.31
# The Prometheus Operator's types are in no schema at hand.
MANIFESTS = $(filter-out %/kustomization.yaml %/monitoring.example.yaml,$(wildcard docker/kubernetes/*.yaml))
OASDIFF := v1.37.0
DOCUMENT := tests/snapshots/openapi.json
CLIENTS := build/clients
NODE_TOOLS := openapi/node_modules
PYTHON_CLIENT_TOOLS := .tools/python-client

.DEFAULT_GOAL := help
.PHONY: help run test lint typecheck docs-check deploy-check observability-check unit suite format bench chaos schema openapi-check clients secantusd-rs clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-19s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: $(STAMP) ## the whole stack in the foreground (PORT=… DATA_DIR=…)
	@$(PYTHON) -m devstack run

test: lint typecheck suite ## everything that CI runs

lint: $(STAMP) ## ruff and the layer rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

typecheck: $(STAMP) ## mypy, strict
	$(BIN)/mypy $(CODE)

docs-check: $(STAMP) ## the pages: links, commands, names, alerts
	$(PYTHON) -m pytest tests/docs $(PYTEST)

deploy-check: $(STAMP) ## the images, the compose file and the Kubernetes manifests, by their own checkers
	$(BIN)/hadolint docker/Dockerfile
	$(BIN)/shellcheck docker/*.sh
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker/compose.yml
	$(BIN)/kubernetes-validate --strict --quiet --kubernetes-version $(KUBERNETES) $(MANIFESTS)

observability-check: has-promtool ## rules for Prometheus, by its promtool, and who is alarmed in which situation
	promtool check config docker/prometheus/prometheus.yml
	promtool test rules tests/unit/observability/alerts_test.yml

unit: $(STAMP) ## the tests that need no server
	$(PYTHON) -m pytest tests/unit $(PYTEST)

suite: $(STAMP) ## all tests, with servers of their own (PYTEST="-k name" for some)
	$(PYTHON) -m devstack exec -- $(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(PYTEST)

format: $(STAMP) ## rewrite the code as ruff wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP) ## measure against the peers (BENCH="deep" for far pages, "--help" for more)
	$(BIN)/pip install --disable-pip-version-check --quiet -r requirements/bench.txt
	$(PYTHON) -m bench $(BENCH)

chaos: $(STAMP) ## measure every fault of Auth and Characters, and outages of the broker (7 minutes)
	$(PYTHON) -m devstack exec -- $(PYTHON) -m tests.chaos $(CHAOS)

schema: $(STAMP) ## rewrite tests/snapshots/openapi.json
	$(PYTHON) manage.py spectacular --format openapi-json --file tests/snapshots/openapi.json

openapi-check: has-node $(NODE_TOOLS)/.installed .tools/bin/oasdiff ## the documents: spectral's rules, and no break of the API with the released one
	.tools/bin/oasdiff breaking openapi/released.json $(DOCUMENT) --fail-on WARN \
	  --severity-levels openapi/severity-levels.txt
	$(NODE_TOOLS)/.bin/spectral lint $(DOCUMENT) --ruleset openapi/spectral.yaml --fail-severity hint
	$(NODE_TOOLS)/.bin/spectral lint docs/asyncapi.yaml --ruleset openapi/asyncapi.yaml --fail-severity warn --display-only-failures

clients: has-node $(NODE_TOOLS)/.installed $(PYTHON_CLIENT_TOOLS)/.installed ## clients in Python and TypeScript, generated and checked (build/clients)
	@rm -rf $(CLIENTS) && mkdir -p $(CLIENTS)/typescript
	@echo "clients: generating Python"
	PATH=$(CURDIR)/$(PYTHON_CLIENT_TOOLS)/bin:$$PATH openapi-python-client generate --path $(DOCUMENT) \
	  --config openapi/python-client.yaml --meta uv --fail-on-warning --output-path $(CLIENTS)/python
	$(PYTHON_CLIENT_TOOLS)/bin/mypy --config-file= --strict $(CLIENTS)/python
	$(PYTHON_CLIENT_TOOLS)/bin/pip install --disable-pip-version-check --quiet --no-deps --force-reinstall $(CLIENTS)/python
	@echo "clients: generating TypeScript"
	cp openapi/typescript/*.json $(CLIENTS)/typescript
	cd $(CLIENTS)/typescript && npm pkg set version="$$(node -p 'require("$(CURDIR)/$(DOCUMENT)").info.version')"
	cd openapi && node_modules/.bin/openapi-ts --silent --no-log-file
	$(NODE_TOOLS)/.bin/tsc --project $(CLIENTS)/typescript
	@cp $(DOCUMENT) $(CLIENTS)/openapi.json
	@echo "clients: both are in $(CLIENTS); docs/clients.md tells how to use them"

secantusd-rs: ## build the faster development database with cargo
	@command -v cargo >/dev/null || { echo "cargo is needed: see https://rustup.rs" >&2; exit 1; }
	# It declares a newer rustc than it needs: 1.95 builds it (docs/decisions/embedded-database.md).
	cargo install secantus-mdb --version $(SECANTUS_MDB) --locked --ignore-rust-version --root .tools
	@echo "secantusd-rs is in .tools/bin, where make run finds it; for other programs add that to PATH"

clean: ## remove what the targets made, but not the data
	rm -rf $(VENV) .tools build $(NODE_TOOLS) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# Asked each time, not only when something is to be installed: what runs needs them too.
.PHONY: has-node has-promtool
has-node:
	@node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null \
	  && command -v npm >/dev/null || { echo "Node 20.19 or later, with npm, is needed: see https://nodejs.org" >&2; exit 1; }

has-promtool:
	@command -v promtool >/dev/null || { echo "promtool is needed: it comes with Prometheus, see https://prometheus.io/download" >&2; exit 1; }

$(NODE_TOOLS)/.installed: openapi/package-lock.json | has-node
	cd openapi && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

$(PYTHON_CLIENT_TOOLS)/.installed: openapi/requirements.txt $(STAMP)
	$(PYTHON) -m venv $(PYTHON_CLIENT_TOOLS)
	$(PYTHON_CLIENT_TOOLS)/bin/pip install --disable-pip-version-check --quiet -r openapi/requirements.txt
	@touch $@

.tools/bin/oasdiff:
	@command -v go >/dev/null || { echo "Go is needed, for oasdiff: see https://go.dev" >&2; exit 1; }
	GOBIN=$(CURDIR)/.tools/bin go install github.com/oasdiff/oasdiff@$(OASDIFF)

$(STAMP): $(wildcard requirements/*.txt)
	@for python in python3.11 python3; do \
	   "$$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || continue; \
	   echo "building $(VENV) with $$(command -v $$python)"; \
	   exec "$$python" -m venv $(VENV); \
	 done; \
	 echo "Python 3.11 is needed: put python3.11 on PATH" >&2; exit 1
	$(BIN)/pip install --disable-pip-version-check -r requirements/dev.txt
	@touch $@
