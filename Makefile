# Two commands: `make run` and `make test`. Everything lives in .venv, var and build.

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
PYTEST_ARGS ?=
# Test files are dealt out to so many processes, each with servers of its own.
TEST_PROCESSES ?= 2
PURE := segmentation/imaging segmentation/inference segmentation/phantom segmentation/training \
        segmentation/tus analytics/stats analytics/figures analytics/reports
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run test check format faults bench validation clean

help: ## Say what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMPS)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or later is needed.")'
	@$(PYTHON) -m venv $(VENV) || { echo "python3-venv is missing: apt-get install python3-venv"; exit 1; }
	@mkdir -p $(STAMPS) && touch $@

# What is installed is compiled when it is first imported: most of it never is, and compiling all
# of it takes as long as installing it.
$(STAMPS)/run: requirements.txt | $(STAMPS)/venv
	@echo "Installing what the application needs (about a minute the first time) ..."
	@$(BIN)/python -m pip install -q --no-compile -r requirements.txt
	@touch $@

$(STAMPS)/test: tests/requirements.txt $(STAMPS)/run
	@echo "Installing what the tests need ..."
	@$(BIN)/python -m pip install -q --no-compile -r tests/requirements.txt
	@touch $@

$(STAMPS)/front_end: mldtrial/static/package-lock.json mldtrial/embedded/front_end.py $(STAMPS)/run
	@echo "Fetching the front-end packages ..."
	@$(BIN)/python -m mldtrial.embedded.front_end
	@touch $@

$(STAMPS)/browser: | $(STAMPS)/venv
	@if command -v chromium >/dev/null || command -v chromium-browser >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing Chromium for the browser tests ..."; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	else \
	  echo "The browser tests need Chromium: sudo apt-get install --no-install-recommends chromium"; exit 1; \
	fi
	@touch $@

run: $(STAMPS)/run $(STAMPS)/front_end ## Set up and start everything on a demo study
	@exec $(BIN)/python manage.py up --demo

test: $(STAMPS)/test $(STAMPS)/front_end $(STAMPS)/browser ## Set up and run the whole suite
	@$(BIN)/python -m pytest -m "not faults" -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

faults: $(STAMPS)/test $(STAMPS)/front_end ## Run the long fault suite
	@$(BIN)/python -m pytest -m faults $(PYTEST_ARGS)

bench: $(STAMPS)/test ## Run the benchmarks; JSON under build/bench
	@$(BIN)/python -m tests.bench

validation: $(STAMPS)/test ## Write which test proves which requirement
	@$(BIN)/python -m tests.validation

format: $(STAMPS)/test ## Format the code
	@$(BIN)/ruff format -q . && $(BIN)/ruff check -q --fix .

CHECKS := check_types_pure check_types check_form check_contracts check_migrations check_requirements
.PHONY: $(CHECKS)

check: $(STAMPS)/test ## Format, lint, types, import contracts, migrations, matrix of requirements
	@mkdir -p build
	@$(MAKE) --no-print-directory --jobs=$(TEST_PROCESSES) --output-sync=target $(CHECKS)
	@echo "All checks passed."

check_types_pure:
	@echo "mypy, strict, pure packages" && $(BIN)/mypy --strict --cache-dir build/mypy_pure $(PURE)

check_types:
	@echo "mypy, the rest" && $(BIN)/mypy --config-file mldtrial/mypy-django.ini mldtrial segmentation analytics

check_form:
	@echo "ruff format" && $(BIN)/ruff format --check -q .
	@echo "ruff check" && $(BIN)/ruff check -q .
	@echo "templates" && $(BIN)/djlint --quiet --lint templates

check_contracts:
	@echo "import contracts" && $(BIN)/lint-imports --no-cache >build/imports.txt 2>&1 || { cat build/imports.txt; exit 1; }

check_migrations:
	@echo "migrations" && MLDTRIAL_DATA=build/test DJANGO_SETTINGS_MODULE=mldtrial.settings.test $(BIN)/python manage.py makemigrations --check --dry-run -v 0

check_requirements:
	@echo "requirements and tests" && $(BIN)/python -m tests.validation --check

clean: ## Remove what was built (not the data in var)
	rm -rf build $(VENV) mldtrial/static/vendor
