# Every task of the project, one word each. `make` alone lists them.
#
# All that the tasks need is Python 3.11 to 3.14 and Node 20.19 or newer. They work in .venv, which is made when it is
# missing and brought up to date when what it was made from has changed.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
CHROMIUM := /usr/bin/chromium
NODE_PACKAGES := js/node_modules/.with-tools
PAGE := $(shell find js -name node_modules -prune -o -name dist -prune -o -type f -print 2>/dev/null)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup check fix test fuzz openapi demo bench docs ui dist clean chromium

help: ## list these tasks
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## make .venv and install the project with all its tools
	@echo "$(BIN) is ready; try: make demo"

check: $(INSTALLED) $(NODE_PACKAGES) ## format, lint, types, import contracts; nothing is changed
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	npm --prefix js run --silent check

fix: $(INSTALLED) $(NODE_PACKAGES) ## repair what the formatter and the linters can repair
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	npm --prefix js run --silent fix

test: $(INSTALLED) $(NODE_PACKAGES) chromium ## every test: the page's units, the package, its docs, a real browser
	npm --prefix js run --silent test
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal -m "$$([ -x $(CHROMIUM) ] || echo not browser)"

fuzz: $(INSTALLED) ## hold the API against its own document in some 16,000 cases, in about a quarter of an hour
	$(BIN)/python -m tests.ways.contract

openapi: $(INSTALLED) ## keep the API's documents as they are now, in tests/ways/{openapi,asyncapi}.json
	@$(BIN)/python -m tests.ways.golden

demo: $(INSTALLED) ## start the demonstration and say where it is; Ctrl-C stops it
	@$(BIN)/python -m csp_gateway.server.demo

bench: $(INSTALLED) ## measure every figure of benchmarks/README.md anew, in some ten minutes
	$(BIN)/python -m benchmarks

docs: $(INSTALLED) ## run every snippet of the docs; see that the reference names everything
	$(BIN)/python -m pytest tests/test_docs.py

ui: $(INSTALLED) $(NODE_PACKAGES) ## build the page's bundle anew
	@rm -rf csp_gateway/server/build
	@$(call quietly,CSP_GATEWAY_BUILD_UI=require $(BIN)/python -m pip install --editable . --no-deps)

dist: $(INSTALLED) ## the wheel and the source archive, in dist/
	@rm -rf dist
	$(BIN)/python -m build --quiet

clean: ## remove all that these tasks have made
	rm -rf .venv dist js/node_modules js/dist csp_gateway/server/build outputs
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache
	find csp_gateway tests benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} +

# Run one command without its chatter, and show all of it when it fails.
quietly = { log=$$(mktemp); if { $(1); } >$$log 2>&1; then rm -f $$log; else cat $$log >&2; rm -f $$log; exit 1; fi; }

# pip 25.1 is the first that knows dependency groups.
$(INSTALLED): pyproject.toml hatch_build.py $(PAGE)
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null || \
	  { echo "csp-gateway needs Python 3.11 to 3.14, which '$(PYTHON)' is not: name one, as in: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@echo "Installing into .venv; this takes a minute or two."
	@$(call quietly,$(PYTHON) -m venv .venv)
	@$(call quietly,$(BIN)/python -m pip install --upgrade "pip>=25.1")
	@$(call quietly,$(BIN)/python -m pip install --editable . --group dev)
	@[ -e csp_gateway/server/build/index.html ] || \
	  echo "The page is not built: that needs Node 20.19 or newer (https://nodejs.org). REST works without it." >&2
	@touch $@

# The build of the page installs what it needs; this adds the linters and the test runner.
$(NODE_PACKAGES): js/package.json js/package-lock.json | $(INSTALLED)
	@command -v npm >/dev/null || \
	  { echo "The page's checks and tests need Node 20.19 or newer with npm: install it from https://nodejs.org and try again." >&2; exit 1; }
	@$(call quietly,npm --prefix js ci --no-audit --no-fund)
	@touch $@

chromium:
	@if [ -x $(CHROMIUM) ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ]; then root=; else root="sudo -n"; fi; \
	if command -v apt-get >/dev/null && $$root true 2>/dev/null; then \
	  echo "Installing Debian's chromium for the browser's tests."; \
	  $(call quietly,$$root apt-get update && $$root apt-get install --yes --no-install-recommends chromium); \
	else \
	  echo "The browser's tests are left out: they need $(CHROMIUM) (on Debian: sudo apt-get install chromium)." >&2; \
	fi
