# Everything runs in .venv, which the first target to need it creates. Only Python 3.11 or newer and make must be there.
# Another interpreter: make test PYTHON=python3.13 (after make clean).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
VERSION = $(shell sed -n 's/^version = "\(.*\)"$$/\1/p' pyproject.toml)
# With LOCKED=1 everything has the version that requirements.lock names; otherwise the newest that fits.
LOCK = $(if $(LOCKED),--constraint requirements.lock)
# How long make fuzz looks for faults.
MINUTES ?= 20
# What the pages link to: the remote named origin as a browser asks for it; nothing for a folder of this machine.
REPOSITORY_URL ?= $(shell git remote get-url origin 2>/dev/null | sed -n -e 's,^git@\([^:]*\):,https://\1/,' -e 's,\.git$$,,' -e '/^https*:/p')
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.DELETE_ON_ERROR:
.PHONY: help demo test audit lint pages docs matrix matrix-all dist lock changelog
.PHONY: bench bench-check fuzz fuzz-atheris soak clean

help:
	@echo "make demo    run the example shop and print what its events did"
	@echo "make test    run the tests"
	@echo "make lint    check style and types"
	@echo "make pages   write docs/reference.md, fidelity.md and performance.md anew, after a change of what they are made of"
	@echo "make docs    build the documentation as web pages in site/"
	@echo "make matrix  run the tests with other Pythons and packages (ARGS=--list: what there is; matrix-all: all of it)"
	@echo "make dist    build wheel and source distribution in dist/, and check them"
	@echo "make lock    write requirements.lock anew"
	@echo "make changelog  move the fragments of changelog.d into CHANGELOG.md (ARGS=--draft: only show the text)"
	@echo "make audit   run the tests and list whom they ask outside their processes"
	@echo "make bench   run the benchmarks and print each figure with its goal (bench-check: fail when one got worse)"
	@echo "make fuzz    look for faults with random input: make fuzz MINUTES=5 (ARGS='http captures' for some areas)"
	@echo "make soak    put load on it: threads, a million puts, mocks, retries (ARGS='mocks --mocks 500' for a part)"
	@echo "make clean   remove .venv and all caches"

demo: $(VENV)/.demo
	$(BIN)/python examples/orders/demo.py

test: $(VENV)/.test
	$(BIN)/python -m pytest -n auto $(ARGS)

audit: $(VENV)/.test
	$(BIN)/python tools/socket_audit.py -n auto $(ARGS)

lint: $(VENV)/.lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

pages: $(VENV)/.test
	$(BIN)/python tools/make_reference.py
	$(BIN)/python tools/make_fidelity.py
	$(BIN)/python tools/make_performance.py

docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 REPOSITORY_URL=$(REPOSITORY_URL) $(BIN)/mkdocs build --strict

matrix: $(VENV)/.release
	$(BIN)/nox $(or $(ARGS),--tags core)

matrix-all: $(VENV)/.release
	$(BIN)/nox --sessions tests oldest oldest_async newest_botocore pytest without bare awscrt warnings random_order each_file_alone wheel sdist docs $(ARGS)

dist: $(VENV)/.release
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/python tools/check_distributions.py dist

lock: $(VENV)/.release
	$(BIN)/uv pip compile --universal --upgrade --no-emit-package pip pyproject.toml --all-extras --group dev --group docs --group release \
		--custom-compile-command "make lock" --quiet --output-file requirements.lock

changelog: $(VENV)/.release
	$(BIN)/towncrier build --version $(VERSION) $(or $(ARGS),--yes)

bench: $(VENV)/.test
	$(BIN)/python benchmarks/run.py $(ARGS)

bench-check: $(VENV)/.test
	$(BIN)/python benchmarks/run.py --check $(ARGS)

fuzz: $(VENV)/.test
	@$(PIP) install atheris || echo "atheris cannot be installed here: coverage chooses no bytes"
	$(BIN)/python tools/fuzz.py --minutes $(MINUTES) $(ARGS)

fuzz-atheris: $(VENV)/.test
	$(PIP) install atheris
	$(BIN)/python tools/fuzz.py --minutes 5 atheris

soak: $(VENV)/.test
	$(BIN)/python tools/soak.py $(ARGS)

clean:
	rm -rf $(VENV) .nox .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist site
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: an empty file in .venv says that this much is installed, for the pyproject.toml of its time.

$(VENV)/.pip:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade "pip>=25.1"
	@touch $@

$(VENV)/.demo: $(VENV)/.pip pyproject.toml
	$(PIP) install --editable . boto3 $(LOCK)
	@touch $@

$(VENV)/.test: $(VENV)/.pip pyproject.toml
	$(PIP) install --editable . --group test $(LOCK)
	@touch $@

$(VENV)/.docs: $(VENV)/.pip pyproject.toml
	$(PIP) install --group docs $(LOCK)
	@touch $@

$(VENV)/.lint: $(VENV)/.pip pyproject.toml
	$(PIP) install --editable . --group dev $(LOCK)
	@touch $@

$(VENV)/.release: $(VENV)/.pip pyproject.toml
	$(PIP) install --group release $(LOCK)
	@touch $@
