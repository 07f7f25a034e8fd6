# Everything runs in .venv, which the first target that needs it sets up. Only Python (3.11 to 3.13), git and make must be there; a C compiler is not needed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SECONDS_TO_FUZZ ?= 120
export PYTHONWARNINGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup test lint fuzz bench nightly clean format

help: ## Show this list
	@grep -hE '^[a-z]+:.*?## ' $(MAKEFILE_LIST) | sed -E 's/:.*?## /\t/' | awk -F'\t' '{printf "  make %-9s %s\n", $$1, $$2}'

setup: $(STAMP) ## Create .venv with the pinned packages (done by the others when needed)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "This project needs Python 3.11, 3.12 or 3.13; $(PYTHON) is %d.%d. Say PYTHON=python3.12 make ..." % sys.version_info[:2])'
	@test -x $(BIN)/python || { echo "==> creating $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "==> installing pinned packages (torch 2.13.0 is the large one; a minute or two)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@echo "==> installing this project, editable"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)
	@echo "==> ready"

test: $(STAMP) ## Run the tests
	@$(BIN)/python -m pytest -n 2 --dist worksteal -q

lint: $(STAMP) ## Check style, types and the import contracts
	@echo "==> ruff"; $(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@echo "==> mypy"; $(BIN)/mypy
	@echo "==> import contracts"; $(BIN)/lint-imports --no-cache

format: $(STAMP) ## Format the sources
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

fuzz: $(STAMP) ## Fuzz Ingot against PyTorch
	@$(BIN)/python -m pytest fuzz --profile ci -q

bench: $(STAMP) ## Time Ingot beside PyTorch, interleaved in one process
	@$(BIN)/python bench/overhead.py

nightly: $(STAMP) ## The main job: train under both frameworks and compare, fuzz, measure, write reports/nightly.md
	@$(BIN)/python -m ledger.nightly

clean: ## Remove .venv and caches
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info impl/*.egg-info
