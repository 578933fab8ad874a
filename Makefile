# Everything that the two commands of the README need is installed here, into .venv.
#   make demo    a whole campaign, from a campaign file to a report
#   make test    the tests
# On Linux without a GPU, TORCH_INDEX=URL takes PyTorch's CPU wheels from that package index (see README).

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   ?= .venv
BIN    := $(VENV)/bin
TORCH_INDEX ?=
PIP    := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: demo test check slow bench clean install

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	  { echo "Expected Python 3.11, found $$($(PYTHON) --version). Install it, or name it: make demo PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Installing into $(VENV): a few minutes the first time, about 2 GB."
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	$(PIP) install --quiet $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) "$$(grep '^torch==' constraints.txt)"
	$(PIP) install --quiet --constraint constraints.txt --editable ".[opentrons,readers,sbml,chem,neural,gym,validation,dev]"
	@touch $@

demo: install
	$(BIN)/nextwell demo

test: install
	$(BIN)/python -m pytest -n 2 -m "not slow"

slow: install
	$(BIN)/python -m pytest -n 2 -m slow

check: install
	$(BIN)/ruff check .
	$(BIN)/mypy nextwell.py world_model planner protocols runs

bench: install
	$(BIN)/nextwell bench demo --quick

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
