# The handful of things one does with Replydesk; `make help` explains them.

VENV ?= .venv
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null && echo $$p && break; done)
BIN := $(VENV)/bin
DATA ?= ../shared/data

# Compiled modules halve the start: let Python keep them in the environment that is ours.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test lint docs audit bench storm train train-encoder lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  \033[1mmake %-13s\033[0m %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "  PORT=8080 and REPLYDESK_HOME=./var say where \`make run\` listens and lives."

run: $(VENV)/.installed ## Set everything up and run it here: web, worker, beat, broker (Ctrl-C stops all)
	@exec $(BIN)/replydesk up --end-with-parent

test: $(VENV)/.installed-dev ## Set everything up and run the whole suite; says how long it took
	@exec $(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

lint: $(VENV)/.installed-dev ## Check the project's rules: ruff, mypy, import-linter, compose file, locks, docs
	@$(BIN)/python .ci/lint.py

docs: $(VENV)/.installed-dev ## Build the documentation as a site in ./site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "Wrote site/index.html"

audit: $(VENV)/.installed-dev ## Ask the advisory services about every locked dependency (needs the network)
	@$(BIN)/python .ci/audit.py

bench: $(VENV)/.installed-dev ## Measure the service beside its ceilings and peers; writes docs/benchmarks.md
	@$(BIN)/python -m tools.bench

storm: $(VENV)/.installed-dev ## Break everything that can break while comments come in, then count; ARGS="--seeds 7 --on embedded"
	@exec $(BIN)/python -m tools.storm $(ARGS)

train: $(VENV)/.installed-dev ## Train and evaluate the classifier from DATA (../shared/data); writes its card
	@exec $(BIN)/replydesk classifier train --data $(DATA) --out classifier

train-encoder: $(VENV)/.installed-encoder ## Fine-tune the sentence encoder from DATA with PyTorch (about two hours)
	@exec $(VENV)-encoder/bin/replydesk classifier train-encoder --data $(DATA) --out classifier

lock: $(VENV)/.installed-dev ## Resolve the dependencies anew into the hashed locks
	@$(BIN)/python .ci/lock.py

clean: ## Take away what was built; the home in ./var stays
	rm -rf $(VENV) $(VENV)-encoder build dist site *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.installed: requirements.lock pyproject.toml .ci/bootstrap.py
	@$(call found-python)
	@$(PYTHON) .ci/bootstrap.py $(VENV) requirements.lock
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock pyproject.toml .ci/bootstrap.py
	@$(call found-python)
	@$(PYTHON) .ci/bootstrap.py $(VENV) requirements-dev.lock
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-encoder: requirements-dev.lock requirements-encoder.txt pyproject.toml
	@$(call found-python)
	@$(PYTHON) -m venv $(VENV)-encoder
	@$(VENV)-encoder/bin/python -m pip install --quiet --no-deps -r requirements-dev.lock
	@$(VENV)-encoder/bin/python -m pip install --quiet -r requirements-encoder.txt
	@$(VENV)-encoder/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@mkdir -p $(VENV) && touch $@

define found-python
test -n "$(PYTHON)" || { echo "replydesk: Python 3.11, 3.12, 3.13 or 3.14 is needed, and none was found" >&2; exit 2; }
endef
