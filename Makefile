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

.DEFAULT_GOAL := help
.PHONY: help run test lint typecheck deploy-check observability-check unit suite format bench chaos schema secantusd-rs clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: $(STAMP) ## the whole stack in the foreground (PORT=… DATA_DIR=…)
	@$(PYTHON) -m devstack run

test: lint typecheck suite ## everything that CI runs

lint: $(STAMP) ## ruff and the layer rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

typecheck: $(STAMP) ## mypy, strict
	$(BIN)/mypy $(CODE)

deploy-check: $(STAMP) ## the images, the compose file and the Kubernetes manifests, by their own checkers
	$(BIN)/hadolint docker/Dockerfile
	$(BIN)/shellcheck docker/*.sh
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker/compose.yml
	$(BIN)/kubernetes-validate --strict --quiet --kubernetes-version $(KUBERNETES) $(MANIFESTS)

observability-check: ## rules for Prometheus, by its promtool, and who is alarmed in which situation
	promtool check config docker/prometheus/prometheus.yml
	promtool test rules tests/unit/observability/alerts_test.yml

unit: $(STAMP) ## the tests that need no server
	$(PYTHON) -m pytest tests/unit $(PYTEST)

suite: $(STAMP) ## all tests, with servers of their own (PYTEST="-k name" for some)
	$(PYTHON) -m devstack exec -- $(PYTHON) -m pytest -n 2 $(PYTEST)

format: $(STAMP) ## rewrite the code as ruff wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP) ## measure against the peers (BENCH="deep" for far pages, "--help" for more)
	$(BIN)/pip install --disable-pip-version-check --quiet -r requirements/bench.txt
	$(PYTHON) -m bench $(BENCH)

chaos: $(STAMP) ## measure every fault of Auth and Characters, over HTTP (3 minutes)
	$(PYTHON) -m devstack exec -- $(PYTHON) -m tests.chaos $(CHAOS)

schema: $(STAMP) ## rewrite tests/snapshots/openapi.json
	$(PYTHON) manage.py spectacular --format openapi-json --file tests/snapshots/openapi.json

secantusd-rs: ## build the faster development database with cargo
	@command -v cargo >/dev/null || { echo "cargo is needed: see https://rustup.rs" >&2; exit 1; }
	# It declares a newer rustc than it needs: 1.95 builds it (docs/decisions/embedded-database.md).
	cargo install secantus-mdb --version $(SECANTUS_MDB) --locked --ignore-rust-version --root .tools
	@echo "secantusd-rs is in .tools/bin, where make run finds it; for other programs add that to PATH"

clean: ## remove what the targets made, but not the data
	rm -rf $(VENV) .tools .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(STAMP): $(wildcard requirements/*.txt)
	@for python in python3.11 python3; do \
	   "$$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || continue; \
	   echo "building $(VENV) with $$(command -v $$python)"; \
	   exec "$$python" -m venv $(VENV); \
	 done; \
	 echo "Python 3.11 is needed: put python3.11 on PATH" >&2; exit 1
	$(BIN)/pip install --disable-pip-version-check -r requirements/dev.txt
	@touch $@
