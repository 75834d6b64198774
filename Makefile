# Everything starts here: `make` lists what there is.

# Python 3.11 or newer; another one: make PYTHON=/path/to/python3.12 test
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Test files that run side by side; each process has its own RabbitMQ and PostgreSQL.
JOBS ?= 2
# A Debian 13 with its RabbitMQ 4; made when it is not there: 0.5 GB.
RABBITMQ4 ?= var/rabbitmq-4
ON_RABBITMQ4 = echo "== tests on RabbitMQ 4" && ORDERLOOM_RABBITMQ_ROOT=$(RABBITMQ4) ORDERLOOM_E2E_ORDERS=200 \
	$(BIN)/python -m pytest tests/broker tests/e2e tests/deploy
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: schemas reference errors zones help venv demo hub test full lint types contracts unit relock clean bench bench-formats rabbitmq4

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "make %-14s %s\n", $$1, $$2 }'

venv: $(STAMP) ## make or renew the project's own environment, from the hashed lock file

$(STAMP): requirements.lock pyproject.toml deploy/setup/venv.sh
	@PYTHON="$(PYTHON)" sh deploy/setup/venv.sh $(VENV)
	@touch $@

demo: $(STAMP) ## the whole story: real native messages of all channels through the whole hub, without any server
	@$(BIN)/orderloom demo

hub: $(STAMP) ## the story, without what needs days to pass, on a real RabbitMQ: $ORDERLOOM_BROKER_URL, or a private node
	@[ -n "$$ORDERLOOM_BROKER_URL" ] || sh deploy/setup/rabbitmq.sh
	@$(BIN)/orderloom hub

test: lint types contracts ## everything: lint, types, import contracts, all suites on private servers
	@sh deploy/setup/rabbitmq.sh
	@sh deploy/setup/postgresql.sh
	@sh deploy/setup/openssh.sh
	@sh deploy/setup/examples.sh
	@echo "== tests"
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

full: export ORDERLOOM_FULL = 1
full: test demo hub ## what a release must pass: the tests, both stories, RabbitMQ 4 where it can be made
	@status=0; sh deploy/setup/rabbitmq-4.sh $(RABBITMQ4) || status=$$?; \
	case $$status in \
	0) $(ON_RABBITMQ4) ;; \
	3) echo "== NOT TESTED on RabbitMQ 4 (see the line above)" ;; \
	*) exit $$status ;; \
	esac

rabbitmq4: $(STAMP) ## the tests of broker, hub and deployment on RabbitMQ 4, from a Debian 13 in a folder (root)
	@sh deploy/setup/rabbitmq-4.sh $(RABBITMQ4)
	@sh deploy/setup/postgresql.sh
	@$(ON_RABBITMQ4)

lint: $(STAMP) ## ruff: rules and format
	@echo "== lint"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(STAMP) ## mypy, strict, on all that ships
	@echo "== types"
	@$(BIN)/mypy

contracts: $(STAMP) ## which folder may import which
	@echo "== import contracts"
	@$(BIN)/lint-imports

unit: $(STAMP) ## the tests that need neither RabbitMQ nor PostgreSQL
	@$(BIN)/python -m pytest -m "not rabbitmq and not postgres"

bench: $(STAMP) ## orders/s on SQLite and PostgreSQL beside a bare relay; ratios of one run
	@sh deploy/setup/rabbitmq.sh
	@sh deploy/setup/postgresql.sh
	@$(BIN)/python -m bench.flow

bench-formats: $(STAMP) ## MB/s and memory of reading X12, SOAP and EBCDIC records
	@$(BIN)/python -m bench.formats

schemas: $(STAMP) ## write canonical/schema and orderloom/schema/mapping.json from their types
	@$(BIN)/python deploy/setup/write_schemas.py

reference: $(STAMP) ## write docs/contract.md and docs/mapping.md from the code
	@$(BIN)/python deploy/setup/write_contract.py
	@$(BIN)/python -m orderloom.mapping_reference > docs/mapping.md

errors: $(STAMP) ## write docs/errors.md from the registry of codes
	@$(BIN)/python deploy/setup/write_errors.py

zones: $(STAMP) ## write canonical/zone_names.py from this machine's time zone database
	@$(BIN)/python deploy/setup/write_zones.py
	@$(BIN)/ruff format -q canonical/zone_names.py

relock: $(STAMP) ## renew uv.lock and requirements.lock (needs uv)
	@$(BIN)/python deploy/setup/relock.py

clean: ## remove the environment and what the tools left
	@rm -rf $(VENV) var/wheelhouse dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
