# Every target makes what it needs by itself. PYTHON=python3.12 picks the interpreter.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

# The compiler of the messages has an environment of its own: docs/decisions/0002.
PROTOC_VERSION := grpcio-tools==1.71.2
PROTOC_VENV := build/protoc
PROTOC := $(PROTOC_VENV)/bin/python -m grpc_tools.protoc -Iproto
PROTOS := $(wildcard proto/runstream/v1/*.proto)
GENERATED := sdk/runstream/v1

# Real servers that tests talk to, each where its tools are; elsewhere tests say why they skip.
SERVERS :=
KAFKA := build/servers/kafka/.installed
ifneq ($(and $(shell command -v java),$(shell command -v mvn)),)
SERVERS += $(KAFKA)
endif

.DEFAULT_GOAL := help
.PHONY: help demo test check bench proto format \
	check-format check-lint check-types check-imports check-proto

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(INSTALLED) ## train a small model, track it, look at what was tracked (under a minute)
	@$(BIN)/python examples/digits.py

test: $(INSTALLED) $(SERVERS) ## run every test, the quick ones first
	@$(BIN)/python -m pytest

check: check-format check-lint check-types check-imports check-proto ## what needs no test: format, lint, types, imports, generated code

bench: $(INSTALLED) ## measure against the budgets; writes build/bench.json
	@mkdir -p build
	@$(BIN)/python -m tests.bench $(PARTS)

proto: $(PROTOC_VENV)/.installed ## generate the Python messages from proto/
	@echo ">> generating $(GENERATED) from proto/"
	@$(call generate,sdk)

format: $(INSTALLED) ## format the code, and mend what ruff can mend
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

check-format: $(INSTALLED)
	@echo ">> format"
	@$(BIN)/ruff format --check

check-lint: $(INSTALLED)
	@echo ">> lint"
	@$(BIN)/ruff check

check-types: $(INSTALLED)
	@echo ">> types"
	@$(BIN)/mypy

check-imports: $(INSTALLED)
	@echo ">> import directions"
	@$(BIN)/lint-imports --no-logo --cache-dir build/import-linter

check-proto: $(PROTOC_VENV)/.installed
	@echo ">> generated code against proto/"
	@rm -rf build/proto && mkdir -p build/proto
	@$(call generate,build/proto)
	@diff -ru --exclude=__pycache__ --exclude=__init__.py build/proto/runstream/v1 $(GENERATED) \
		|| { echo "The code in $(GENERATED) is not what proto/ says: run make proto."; exit 1; }

# Messages and their types into $(1); stubs only for the files with services.
define generate
$(PROTOC) --python_out=$(1) --pyi_out=$(1) $(PROTOS) \
	&& $(PROTOC) --grpc_python_out=$(1) $$(grep -l '^service ' $(PROTOS))
endef

# Checks the interpreter, then makes the environment in the folder $(1).
define make_venv
command -v "$(PYTHON)" >/dev/null || { \
	echo "There is no $(PYTHON) here. Runstream needs Python 3.10 or later: make PYTHON=/path/to/python3"; exit 1; }; \
"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	echo "$(PYTHON) is too old: Runstream needs Python 3.10 or later. Name another: make PYTHON=python3.12"; exit 1; }; \
"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv"; \
	echo "Or name a Python that can: make PYTHON=/path/to/python3"; exit 1; }; \
test -x $(1)/bin/python || { echo ">> making $(1) ($$("$(PYTHON)" --version))"; "$(PYTHON)" -m venv $(1); }
endef

$(INSTALLED): pyproject.toml
	@$(call make_venv,$(VENV))
	@echo ">> installing Runstream and its development tools into $(VENV) (a minute or two, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

$(PROTOC_VENV)/.installed: Makefile
	@mkdir -p build
	@$(call make_venv,$(PROTOC_VENV))
	@echo ">> installing $(PROTOC_VERSION) into $(PROTOC_VENV)"
	@$(PROTOC_VENV)/bin/python -m pip install --quiet --disable-pip-version-check $(PROTOC_VERSION)
	@touch $@

$(KAFKA): tests/servers/kafka/pom.xml
	@echo ">> downloading a Kafka broker for the tests into $(@D) (43 MB, once)"
	@rm -rf $(@D)/libs && mkdir -p $(@D)
	@mvn --quiet --batch-mode --file $< dependency:copy-dependencies -DoutputDirectory=$(abspath $(@D)/libs)
	@touch $@
