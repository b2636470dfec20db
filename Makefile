# MemicOS: `make` lists what there is.
.DEFAULT_GOAL := help
SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PYTHON ?= $(or $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c '$(SUITABLE)' >/dev/null 2>&1 && echo $$p && break; done),python3)
BIN := .venv/bin
BENCHMARKS ?= startup feature_page api_reads steering storage imports generator
PROCESSES ?= 2
test: export HF_HUB_OFFLINE = 1
# Tests start some hundred processes; each finds its modules compiled.
test: export PYTHONDONTWRITEBYTECODE =

.PHONY: inference-list-configs inference-dev inference-localhost-install inference-localhost-dev
.PHONY: openapi client help run dev test lint bench install install-dev browser init-env lock clean distclean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: install ## Install, build and import what is missing, then serve the site at http://localhost:3000
	@exec $(BIN)/memicos run

dev: install ## The same with hot reload of pages and worker
	@exec $(BIN)/memicos run --dev

inference-list-configs: install ## List the settings files of models with their SAEs (.env.inference.*)
	@$(BIN)/memicos inference-configs

inference-dev: install ## The worker alone on port 5002: MODEL_SOURCESET=gpt2-small.res-jb [NO_RELOAD=1]
	@exec $(BIN)/python -m inference_worker $(if $(MODEL_SOURCESET),--config "$(MODEL_SOURCESET)") $(if $(NO_RELOAD),,--reload)

inference-localhost-install: install
inference-localhost-dev: inference-dev

test: lint browser ## Everything that must hold: style, types, unit, integration and browser tests
	@exec $(BIN)/pytest -n $(PROCESSES) $(ARGS)

lint: install-dev ## Style and types
	@$(BIN)/ruff check --quiet && $(BIN)/ruff format --check --quiet && $(BIN)/mypy --no-error-summary

bench: install-dev ## Measure again what benchmarks/results holds (takes long)
	@set -e; for name in $(BENCHMARKS); do echo "== $$name"; $(BIN)/python -m benchmarks.$$name; done

openapi: install-dev ## Write schemas/openapi anew from the routes of worker and site
	@$(BIN)/python -m scripts.openapi

client: openapi ## Generate packages/python/memicos-inference-client anew from the worker's description
	@$(BIN)/python -m scripts.client

install:
	@$(PYTHON) scripts/install.py runtime

install-dev:
	@$(PYTHON) scripts/install.py dev

browser: install-dev
	@$(BIN)/python scripts/browser.py

init-env: ## Make .env, the file of your settings, from .env.example
	@test -e .env && echo ".env is there already; .env.example lists every setting." || cp -v .env.example .env

lock: install-dev ## Pin the packages anew from pyproject.toml
	@$(BIN)/python -m pip install --quiet uv && $(BIN)/python scripts/lock.py

clean: ## Remove what was built; packages (.venv) and data (.memicos) stay
	@rm -rf .web .states assets/external build dist .mypy_cache .ruff_cache .pytest_cache test-results
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean ## Remove the packages as well; data (.memicos) stays
	@rm -rf .venv *.egg-info
