# Seamline: setup, demo, test, check, bench. Needs Python 3.11+ with venv, and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.seamline-run
DEV := $(VENV)/.seamline-dev
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
# What the page is built from: a change there is a reason to build it again.
PAGE := $(shell find dashboards/web -path '*/node_modules' -prune -o -type f -print)

.PHONY: setup demo test test-all check bench bench-forecast bench-schedule docs pyz clean help
.DEFAULT_GOAL := help

help:
	@echo "make demo    set up and run the whole maker; opens the page"
	@echo "make test    set up and run the tests"
	@echo "make check   format, lint, types, import rules, TypeScript"
	@echo "make bench   speed of simulation, ingest and live page, as ratios"
	@echo "make bench-forecast   quick forecasting benchmark: bench-forecast.html; DATA=DIR for the public data"
	@echo "make bench-schedule   quick scheduling benchmark: bench-schedule.html; INSTANCES=DIR for published ones"
	@echo "make docs    write docs/messages.md anew from the code"
	@echo "make pyz     dist/seamline-edge.pyz: a gateway in one file, for a Raspberry Pi"
	@echo "make setup   only set up .venv, with the tools for tests and checks"
	@echo "make clean   remove what setup made"

setup: $(DEV)

$(RUN): pyproject.toml hatch_build.py $(PAGE)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Seamline needs Python 3.11 or newer; %s is %s. Set PYTHON=python3.12, for example." % (sys.executable, sys.version.split()[0]) or 0)'
	@$(PYTHON) -c 'import sys; sys.exit(sys.maxsize < 2**32 and "Seamline needs a 64-bit Python: DuckDB has no 32-bit build. A 32-bit Raspberry Pi can run a gateway: docs/raspberry-pi.md." or 0)'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "This Python has no venv. On Debian, Ubuntu or Raspberry Pi OS:  sudo apt install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up .venv (a few hundred MB the first time) ..."
	@$(PIP) -e .
	@touch $@

$(DEV): $(RUN)
	@echo "Adding the tools for tests and checks ..."
	@$(PIP) -e '.[dev]'
	@touch $@

demo: $(RUN)
	@exec $(BIN)/seamline demo

test: setup
	$(BIN)/python -m pytest -q

test-all: setup
	$(BIN)/python -m pytest -q -m "slow or not slow"

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python dashboards/web/check.py

bench: setup
	$(BIN)/seamline bench sim
	$(BIN)/seamline bench ingest
	$(BIN)/seamline bench live

bench-forecast: setup
	$(BIN)/seamline bench forecast --quick $(if $(DATA),--data $(DATA)) --html bench-forecast.html

bench-schedule: setup
	$(BIN)/seamline bench schedule --quick $(if $(INSTANCES),--instances $(INSTANCES)) --html bench-schedule.html

docs: setup
	$(BIN)/seamline docs messages --out docs/messages.md

pyz: setup
	@$(BIN)/python -m seamline_edge.bundle dist/seamline-edge.pyz

clean:
	rm -rf $(VENV) build dist dashboards/seamline_dashboards/static dashboards/web/node_modules
