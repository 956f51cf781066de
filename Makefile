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

.DEFAULT_GOAL := help
.PHONY: help demo test check bench chaos soak proto format servers \
	check-format check-lint check-types check-imports check-proto

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(INSTALLED) ## train a small model, track it, look at what was tracked (under a minute)
	@$(BIN)/python examples/digits.py

# Real servers for the tests. Without the tools that build one, its tests are skipped, and say so.
SERVERS := build/servers
GO := $(shell command -v go)
MAVEN := $(and $(shell command -v java),$(shell command -v mvn))
S3_VERSION := v1.7.0
S3_SERVER := $(SERVERS)/bin/versitygw
KAFKA := $(SERVERS)/kafka/.installed
SERVERS_BUILT := $(if $(GO),$(S3_SERVER)) $(if $(MAVEN),$(KAFKA))

test: $(INSTALLED) $(SERVERS_BUILT) ## run every test, the quick ones first
	@$(BIN)/python -m pytest

check: check-format check-lint check-types check-imports check-proto ## what needs no test: format, lint, types, imports, generated code

servers: $(SERVERS_BUILT) ## build the real servers that the tests start

# The file is named after its version: another one is built when it changes.
$(S3_SERVER): $(SERVERS)/.versitygw-$(S3_VERSION)
	@touch $@

$(SERVERS)/.versitygw-$(S3_VERSION):
	@mkdir -p $(SERVERS)/bin
	@echo ">> building the S3 server of the tests (a minute or two, once)"
	@GOBIN=$(abspath $(SERVERS)/bin) go install github.com/versity/versitygw/cmd/versitygw@$(S3_VERSION)
	@touch $@

bench: $(INSTALLED) $(SERVERS_BUILT) ## measure against the budgets; writes build/bench.json
	@mkdir -p build
	@$(BIN)/python -m tests.bench $(PARTS)

chaos: $(INSTALLED) $(SERVERS_BUILT) ## kill, cut and stall what runs, then compare every byte: SEED=1 ROUNDS=1 SIZE=cluster|embedded
	@$(BIN)/python -m tests.e2e.faults --size $(or $(SIZE),cluster) --seed $(or $(SEED),1) --rounds $(or $(ROUNDS),1)

MINUTES ?= 5
SIZE ?= cluster
soak: $(INSTALLED) $(SERVERS_BUILT) ## minutes flat out: is memory level? MINUTES=5 SIZE=cluster|embedded
	@$(BIN)/python -m tests.bench.soak --minutes $(MINUTES) --size $(SIZE)

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

# What checks deploy/. Without Go its tests are skipped, and say so.
KUSTOMIZE_VERSION := v5.8.0
COMPOSE_VERSION := v2.16.2
TOOLS := build/servers/bin
DEPLOY_TOOLS := $(if $(shell command -v go),$(TOOLS)/kustomize-$(KUSTOMIZE_VERSION) $(TOOLS)/compose-go-$(COMPOSE_VERSION))

.PHONY: deploy-tools
test: $(DEPLOY_TOOLS)
deploy-tools: $(DEPLOY_TOOLS) ## build what the tests of deploy/ run

$(TOOLS)/kustomize-$(KUSTOMIZE_VERSION):
	@$(call go_install,sigs.k8s.io/kustomize/kustomize/v5@$(KUSTOMIZE_VERSION),kustomize,kustomize)

$(TOOLS)/compose-go-$(COMPOSE_VERSION):
	@$(call go_install,github.com/compose-spec/compose-go/v2/cmd@$(COMPOSE_VERSION),cmd,compose-go)

# The program $(2) of the Go module $(1), as $(3) and, to be built once, under the target's name.
define go_install
echo ">> building $(3) (a minute, once)" && mkdir -p $(TOOLS)/new-$(3) \
	&& GOBIN=$(abspath $(TOOLS))/new-$(3) go install $(1) \
	&& mv $(TOOLS)/new-$(3)/$(2) $@ && ln -sf $(notdir $@) $(TOOLS)/$(3) && rmdir $(TOOLS)/new-$(3)
endef

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
