# Every target first makes .venv from requirements.lock; nothing is needed but Python 3.11+, its venv module and make.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: help try run test check wander campaign bench lock clean

help:
	@echo "make try    the whole product on this machine: chat, ledger, simulated CRM, in a web page"
	@echo "make run    all roles in one process, with your settings (.env)"
	@echo "make test   the tests, on an embedded PostgreSQL (and on TEST_DATABASE_URL if it is set)"
	@echo "make check  ruff, mypy --strict and the import arrow"
	@echo "make wander   the property tests, on examples that nobody has drawn yet (make test draws the same each time)"
	@echo "make campaign  1,000 seeded outages, after each of which the CRM and the ledger must be equal (ten minutes)"
	@echo "make bench  the measured figures, beside their baselines and what was kept (a quarter of an hour)"
	@echo "make lock   write requirements.lock anew from pyproject.toml"
	@echo "make clean  remove .venv and caches (never your data)"

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys, venv; v = sys.version.split()[0]; sys.exit(None if sys.version_info >= (3, 11) else f"Zapisnik needs Python 3.11 or newer, this is {v}. Try: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	@echo "Making .venv from requirements.lock (once; a minute or so) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

try: $(READY)
	$(BIN)/zapisnik try

run: $(READY)
	$(BIN)/zapisnik run

# Two at a time: half of the suite's time is waiting for servers and processes. Each has a PostgreSQL of its own.
test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

wander: $(READY)
	HYPOTHESIS_PROFILE=wandering $(BIN)/python -m pytest -n 2 tests/property

campaign: $(READY)
	$(BIN)/python -m tests.campaign --seeds 1000

bench: $(READY)
	$(BIN)/python -m bench

lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --extra dev --no-header pyproject.toml -o requirements.lock

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
