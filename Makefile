# `make verify` and `make test` set up .venv themselves; a second run sets nothing up and needs no network.
PYTHON  ?= python3.11
BIN     := .venv/bin
STAMPS  := .venv/.stamps
PIP     := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
export PYTHONHASHSEED := 0

.PHONY: help verify crosscheck test long lint bench certificates curves conjecture reports atlas adversaries simulations report docs clean
help:
	@echo "make verify        re-derive the catalogue's claims and print one table (installs on the first run)"
	@echo "make crosscheck    put the values of PICOS, CVXOPT and ncpol2sdpa beside ours"
	@echo "make test          run the tests (installs on the first run)"
	@echo "make long          36 minutes at most: bare wheel, pages as pasted, other programs, five kernels, random questions"
	@echo "make lint          ruff and mypy"
	@echo "make bench         write reports/bench.md: CPU seconds beside programs by hand and peers"
	@echo "make atlas         write reports/atlas.md, atlas_cells.csv and the page atlas.html; certificates that are there are only checked"
	@echo "make adversaries   write reports/adversaries.md likewise; N = 4 is solved anew (a quarter of an hour)"
	@echo "make report        write report/: claims.md, claims.tex and a page, index.html, that works offline"
	@echo "make docs          build the documentation in docs/_build, all code on it run"
	@echo "make simulations   write the simulations that figures are drawn from, reports/simulation_*.csv"
	@echo "make curves        check the committed curves, and make those that are not there"
	@echo "make conjecture    write reports/conjecture-1.md anew (about twelve minutes)"
	@echo "make certificates  write the committed certificates, reports/claims.md and reports/quantum.md anew"

$(STAMPS)/base: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) is not here; try make PYTHON=python3 (3.11 or newer)" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing freerand_opt into .venv (about a minute, once)" >&2
	@$(PIP) -e '.[sdp,crosscheck]'
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/dev: $(STAMPS)/base
	@$(PIP) -e '.[sdp,crosscheck,dev]'
	@touch $@

verify: $(STAMPS)/base
	@$(BIN)/freerand verify

crosscheck: $(STAMPS)/base
	@$(BIN)/freerand verify --cross-check

test: $(STAMPS)/dev
	@$(BIN)/python -m pytest

long: $(STAMPS)/dev
	@$(BIN)/python -m tests.long $(PARTS) $(SEED:%=--seed %)

lint: $(STAMPS)/dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: $(STAMPS)/dev
	@$(BIN)/python benchmarks/compare.py -o reports/bench.md
	@$(BIN)/python benchmarks/moments.py

certificates: $(STAMPS)/base
	@$(BIN)/freerand verify lps/*.toml --certificates lps/certificates --report reports/claims.md
	@$(BIN)/freerand verify sdps/*.toml --certificates sdps/certificates --report reports/quantum.md

curves: $(STAMPS)/base
	@grep -v '^#' reports/curves.txt | while read -r line; do \
	  $(BIN)/freerand bound $$line --certificates lps/certificates/curves --as csv -q >/dev/null || exit; done

conjecture: $(STAMPS)/base
	@$(BIN)/python benchmarks/conjecture.py

atlas: $(STAMPS)/base
	@$(BIN)/freerand verify reports/atlas.toml reports/atlas_noise.toml reports/atlas_bounds.toml --report reports/atlas.md --certificates reports/certificates --resume
	@$(BIN)/python benchmarks/atlas.py

adversaries: $(STAMPS)/base
	@$(BIN)/freerand verify reports/adversaries.toml --report reports/adversaries.md --certificates reports/certificates --resume

simulations: $(STAMPS)/base
	@$(BIN)/freerand simulate docs/protocols/cheating.toml --csv reports/simulation_bounds.csv
	@$(BIN)/freerand simulate docs/protocols/selection.toml --csv reports/simulation_selection.csv

report: $(STAMPS)/dev
	@$(BIN)/freerand report -o report

docs: $(STAMPS)/dev
	@$(BIN)/python -m sphinx -q -W --keep-going -b html docs docs/_build

clean:
	@rm -rf .venv
