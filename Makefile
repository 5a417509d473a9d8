# Variables: PYTHON=python3.12, PORT=8000, HOST=0.0.0.0, ARGS="more arguments", and for Linux without a GPU
# TORCH_INDEX=https://download.pytorch.org/whl/cpu, which has PyTorch's small CPU builds.

VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.installed-run
DEV := $(VENV)/.installed-dev
export PYTHON VENV TORCH_INDEX

.DEFAULT_GOAL := help
.PHONY: help run test lint format eval bench constraints clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@sed -n '1,2s/^# //p' $(MAKEFILE_LIST)

run: $(RUN) ## install if need be, ingest the corpus if there is no index, serve chat and API
	@exec $(BIN)/tutor serve $(if $(filter command,$(origin HOST)),--host "$(HOST)") $(if $(PORT),--port "$(PORT)") $(ARGS)

test: $(DEV) ## run the tests (browser tests need a Chromium)
	@$(BIN)/python -m pytest $(ARGS)

lint: $(DEV) ## ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(DEV) ## format and sort imports
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

eval: $(RUN) ## measure the answers; fails below the thresholds that are checked in
	@$(BIN)/tutor eval $(ARGS)

bench: $(DEV) ## measure speed, scale and search; one page of results
	@$(BIN)/python tools/bench.py $(ARGS)

constraints: $(DEV) ## write constraints.txt anew from what pyproject.toml asks for
	@$(BIN)/python tools/constraints.py

clean: ## remove what was installed and built; data/ (index, conversations) stays
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN): pyproject.toml constraints.txt tools/setup.sh
	@tools/setup.sh run
	@touch $@

$(DEV): pyproject.toml constraints.txt tools/setup.sh
	@tools/setup.sh dev
	@touch $(RUN) $@
