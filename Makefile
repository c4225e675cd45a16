# make run     a working desk on this machine, from nothing
# make demo    a short story played against it (in another terminal)
# make test    everything, on real mail servers; as root on Debian or Ubuntu it installs what it needs
# make test-trixie  `make test` on Debian 13, in a folder of its own; another release: make test-on RELEASE=forky
# make check   the same without installing: what is missing is skipped, with a reason
# make bench   how fast it is, beside others who do the same; nothing is asserted (BENCHES=growth BENCH_FULL=1: one of them)
# make chaos   everything is killed, cut off, filled up and lied to; an hour or so, CHAOS_KILLS sets how many kills
# make soak    a steady load for SOAK_SECONDS: does it grow?
# make month   30 days of service levels on a false clock: MONTH_TICKETS tickets, ten kills, each escalation once
# make pictures  the status page and charts as pictures to look at, by headless Chromium, into build/pictures and docs
# make fuzz    the reader of mail against made-up octets, for FUZZ_SECONDS

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONFIG ?= config.toml
FUZZ_SECONDS ?= 60
TEST_PROCESSES ?= 3
CHAOS_KILLS ?= 1000
SOAK_SECONDS ?= 600
MONTH_TICKETS ?= 2000
BENCHES ?= parse accept tickets policy imap outgoing latency growth memory charts report

.PHONY: run demo test test-trixie test-on check bench chaos soak month fuzz pictures environment clean

run: $(VENV)/complete
	@test -e $(CONFIG) || $(BIN)/mailtickets -c $(CONFIG) init --example
	@echo
	@echo "The desk starts. In another terminal, 'make demo' plays a short story against it;"
	@echo "'$(BIN)/mailtickets -c $(CONFIG) ticket list' shows what became of it. Control-C stops the desk."
	@echo
	@exec $(BIN)/mailtickets -c $(CONFIG) run

demo: $(VENV)/complete
	@$(BIN)/mailtickets -c $(CONFIG) demo

test:
	@tests/servers/install
	@$(MAKE) --no-print-directory check

test-trixie:
	@tests/on-debian trixie

test-on:
	@tests/on-debian $(RELEASE)

# Tests are compiled once and not by each process at each run, wherever somebody has asked Python to keep nothing.
check: export PYTHONDONTWRITEBYTECODE =
check: $(VENV)/complete
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest --numprocesses $(TEST_PROCESSES) --dist worksteal

bench: $(VENV)/complete
	@set -e; for name in $(BENCHES); do echo; $(BIN)/python bench/$$name.py; done

chaos: $(VENV)/complete
	CHAOS_KILLS=$(CHAOS_KILLS) $(BIN)/pytest tests/chaos -m ''

soak: $(VENV)/complete
	SOAK_SECONDS=$(SOAK_SECONDS) $(BIN)/pytest tests/chaos/test_soak.py -m ''

pictures: $(VENV)/complete
	$(BIN)/python -m tests.views.pictures

month: $(VENV)/complete
	MONTH_TICKETS=$(MONTH_TICKETS) $(BIN)/pytest tests/chaos/test_month.py -m ''

fuzz: $(VENV)/complete
	@$(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check atheris
	$(BIN)/python tests/fuzz/fuzz_parse.py -max_total_time=$(FUZZ_SECONDS)

clean:
	rm -rf $(VENV)

# Made anew whenever what it is made of changes; `complete` is written last, so that a half-made one is made again.
# Two terminals may ask for it at once: the second waits for the first.
$(VENV)/complete: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or later is needed: $(PYTHON) is $$($(PYTHON) --version). Another one: make PYTHON=python3.12" >&2; exit 1; }
	@flock $(VENV).lock $(MAKE) --no-print-directory environment

environment:
	@if [ $(VENV)/complete -nt pyproject.toml ] && [ $(VENV)/complete -nt constraints.txt ]; then exit 0; fi; set -e; \
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || tests/servers/install --venv-only; \
	echo "Installing into $(VENV): a minute or two."; \
	$(PYTHON) -m venv --clear $(VENV); \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,http,oauth,pdf]'; \
	touch $(VENV)/complete
