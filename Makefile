# Everything a person or a CI job does with this repository. `make help` lists it.
#
# A machine needs Python >= 3.11, git and make; the rest is installed into .venv, at the versions of requirements.lock. Where pip
# takes packages from is pip's own configuration: PyPI's torch for Linux brings CUDA with it (gigabytes), and
# `PIP_EXTRA_INDEX_URL=<PyTorch's index of CPU wheels> make test` takes the CPU build of the same release instead.

PYTHON  ?= python3
WORKERS ?= 2
PROFILE ?= quick
K       ?=

PY    := .venv/bin/python
STEP  := .ci/step
READY := .venv/.ready
OUT   := build/nightly

.DEFAULT_GOAL := help
.PHONY: help setup test lint fuzz bench nightly lock clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  settings: PYTHON=$(PYTHON)  WORKERS=$(WORKERS)  PROFILE=$(PROFILE) (quick, ci, nightly)  K=softmax (which tests)"

setup: $(READY) ## .venv with the locked packages and this project, editable; the other targets see to it themselves

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info < (3, 11) and sys.exit("Python 3.11 or newer is needed, and $(PYTHON) is %d.%d: name another with make PYTHON=python3.12" % sys.version_info[:2])'
	@$(PY) -m pip --version >/dev/null 2>&1 || $(STEP) "Virtual environment in .venv" $(PYTHON) -m venv --clear .venv
	@$(STEP) "Packages of requirements.lock" $(PY) -m pip install --disable-pip-version-check -r requirements.lock
	@$(STEP) "This project, editable" $(PY) -m pip install --disable-pip-version-check --no-build-isolation --no-deps -e .
	@$(STEP) "Packages agree with each other" $(PY) -m pip check --disable-pip-version-check
	@touch $@

test: $(READY) ## The tests, in WORKERS processes; K=softmax picks some
	@OMP_NUM_THREADS=1 $(STEP) "Tests" $(PY) -m pytest -n $(WORKERS) -k "$(K)"

lint: $(READY) ## ruff, mypy and the floors
	@$(STEP) "Lint" .venv/bin/ruff check
	@$(STEP) "Format" .venv/bin/ruff format --check
	@$(STEP) "Types" .venv/bin/mypy
	@$(STEP) "Floors" .venv/bin/lint-imports

fuzz: $(READY) ## Ingot against PyTorch at PROFILE; K=softmax picks some
	@OMP_NUM_THREADS=1 $(STEP) "Fuzz, profile $(PROFILE)" $(PY) -m pytest fuzz -n $(WORKERS) --profile $(PROFILE) -k "$(K)"

bench: $(READY) ## Ingot beside PyTorch, paired; K=softmax picks some
	@$(STEP) "Benchmarks" $(PY) -m pytest bench --benchmark-only -k "$(K)"

nightly: $(READY) ## The main job: examples under both frameworks, a long fuzz, mutants, benchmarks, the report; goes on where it was killed
	@.venv/bin/ledger nightly --out $(OUT)

lock: ## Pin requirements.lock anew: the newest that pyproject.toml admits, and torch at the release it has
	@rm -rf build/lock && mkdir -p build
	@$(STEP) "Virtual environment in build/lock" $(PYTHON) -m venv build/lock
	@$(STEP) "Newest packages" build/lock/bin/python -m pip install "$$(grep '^torch==' requirements.lock)" ".[dev]"
	@sed '/^[^#]/d' requirements.lock > build/lock/new
	@build/lock/bin/python -m pip freeze --all --exclude pip --exclude assay-ingot | sed -E '/^(nvidia|cuda|triton)/d; s/\+[a-z0-9.]+$$//' >> build/lock/new
	@mv build/lock/new requirements.lock && rm -rf build/lock

clean: ## Remove .venv and everything made; the next target sets up anew
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks
	find . -name __pycache__ -prune -exec rm -rf {} +
