# The two commands a newcomer needs: `make quickstart` and `make test`. Both set up what they need.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PAGES  := $(VENV)/.installed-docs
JOBS   ?= 2

# The tests start hundreds of processes: each would compile the package anew where bytecode is not kept.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup setup-docs quickstart test exhaustive unit slow lint types docs wheel benchmarks clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# Bytecode of all packages takes two fifths of their installation, and most of it is never run: made when imported.
setup: $(STAMP)  ## Create the local environment

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("biomatrix needs Python 3.11 or newer; set PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable '.[dev]'
	@touch $@

quickstart: $(STAMP)  ## Run the main job on a real complex; writes quickstart/report.html
	$(BIN)/biomatrix quickstart --output quickstart $(ARGS)

test: $(STAMP)  ## The tests, of the longest a part
	OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false $(BIN)/python -m pytest -n $(JOBS) --dist worksteal -q -m "not exhaustive" $(ARGS)

exhaustive: $(STAMP)  ## In full what the tests do a part of, which takes longer than they
	OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false $(BIN)/python -m pytest -n $(JOBS) -q -m exhaustive $(ARGS)

unit: $(STAMP)  ## The quick tests alone
	OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false $(BIN)/python -m pytest -n $(JOBS) --dist worksteal -q -m "not slow" $(ARGS)

slow: $(STAMP)  ## The slow tests alone
	OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false $(BIN)/python -m pytest -n $(JOBS) -q -m "slow and not exhaustive" $(ARGS)

lint: $(STAMP)  ## Style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)  ## Types, strict on the package
	$(BIN)/mypy

setup-docs: $(PAGES)  ## Add what the documentation is built with

docs: $(PAGES)  ## The documentation site, in site/; any broken link or docstring fails
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

$(PAGES): $(STAMP)
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable '.[docs]'
	@touch $@

wheel: $(STAMP)  ## The wheel, in dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

benchmarks: $(STAMP)  ## Every benchmark, each printing ratios measured in one run
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

clean:  ## Remove the environment and caches
	rm -rf $(VENV) site .pytest_cache .mypy_cache .ruff_cache .hypothesis
