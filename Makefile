# Two commands are enough: `make demo` and `make test`. Each target works alone on a fresh clone.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PIN    := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-annotate --no-header

# Every process is compiled once, also where the environment says otherwise: tests and demo start many of them.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help install demo up test check docs bench chaos browser typescript promtool lock clean

help: ## what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-10s %s\n", $$1, $$2}'

install: $(STAMP) ## the pinned packages and this project, into .venv

$(STAMP): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: install ## the 2023 cycle as stories, side by side, on a real Temporal server in rehearsal time
	@$(BIN)/zhicheng demo

up: install ## the embedded stack: Temporal with its Web UI, the worker, SQLite
	@$(BIN)/zhicheng up

test: install browser typescript promtool check ## everything that proves it: checks, then all tests
	@$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

check: install ## format, lint, types, import contracts, generated documents
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m workers.docs --check

docs: install ## the documents that are generated from the code
	@$(BIN)/python -m workers.docs

bench: install ## docs/benchmarks.md, in some 35 minutes on two quiet cores; FULL=1 for the largest sizes
	@$(BIN)/python -m workers.bench $(if $(FULL),--full)

chaos: install ## a cycle of 200 applications while everything fails that can, and the account of it
	@$(BIN)/python -m tests.chaos --applications $(or $(APPLICATIONS),200) --seed $(or $(SEED),1)

browser: ## Chromium and bpmn-js, for the test that opens the BPMN file
	@tests/browser/install.sh

typescript: ## Temporal's TypeScript client, for the tests that call the service from outside
	@tests/typescript/install.sh

s3: install ## papers in an S3-compatible store: with a server of its own, or BUCKET=yours
	@$(BIN)/python -m tests.scenarios.s3_store $(BUCKET)

promtool: ## promtool, for the tests of the alert rules
	@tests/prometheus/install.sh

lock: install ## resolve the pinned versions anew
	@$(PIN) --group dev pyproject.toml --output-file requirements.lock
	@$(PIN) --constraints requirements.lock pyproject.toml --output-file deploy/image/requirements.lock
	@echo hatchling | $(PIN) --constraints requirements.lock - --output-file deploy/image/build.lock
	@$(PIN) workers/bench/peers/requirements.in --output-file workers/bench/peers/requirements.lock

clean: ## everything that was made or installed
	@rm -rf $(VENV) .cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache data build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
