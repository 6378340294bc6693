# Every command that stays (design §11). `make help` lists them.
# Each begins with scripts/setup.sh, which is quick when nothing changed.

# Compiled modules are kept, whatever the machine says: each of the suite's processes loads all of them.
unexport PYTHONDONTWRITEBYTECODE

SHELL := /bin/bash
PORT ?= 8000
KILLS ?= 100
SCALE ?= 100k
PY := .venv/bin/python
.DEFAULT_GOAL := help

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## System packages, .venv, compiled styles; repeatable
	@scripts/setup.sh run

.PHONY: demo
demo: setup ## A running site with a demo country, on PORT=8000; Ctrl-C ends it
	@exec $(PY) scripts/demo.py --port $(PORT)

.PHONY: test
test: ## The whole suite: PostgreSQL, browser, SQLite; ARGS='-k inbox' narrows it
	@scripts/setup.sh run test
	@exec $(PY) scripts/test.py -- $(ARGS)

.PHONY: prove
prove: ## The same properties at full size
	@scripts/setup.sh run test
	@exec $(PY) scripts/test.py prove -- $(ARGS)

.PHONY: crash
crash: ## The site while its processes are killed with -9; KILLS=100, every 50th time the database, Redis
	@scripts/setup.sh run test
	@exec $(PY) scripts/crash.py --kills $(KILLS) $(ARGS)

.PHONY: bench
bench: ## The ratios of design §12 at SCALE=10k, 100k or 1m; writes docs/performance.md
	@scripts/setup.sh run
	@PYTHONPATH=scripts:. exec $(PY) -m bench --scale $(SCALE) $(ARGS)

.PHONY: lint
lint: ## ruff, mypy, import-linter, djlint, missing migrations
	@scripts/setup.sh run lint
	$(PY) -m ruff check .
	$(PY) -m ruff check --config scripts/bans.toml .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports --no-cache
	$(PY) -m djlint --quiet --lint templates
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && set -x && \
	    DATABASE_URL="sqlite:///$$scratch/lint.sqlite3" CONCORD_VAR="$$scratch" \
	    DJANGO_SETTINGS_MODULE=config.settings_test \
	    $(PY) manage.py makemigrations --check --dry-run

.PHONY: clean
clean: ## Removes what was installed and compiled; keeps the data under var/
	rm -rf .venv node_modules static/build var/setup var/mypy var/test
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
