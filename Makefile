# `make help` lists what there is. Everything runs in .venv with the locked requirements.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run test test-faults test-contract postman lint alerts format mysqlclient lock clean
.PHONY: bench bench-relay bench-events bench-leaderboard bench-combat

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

run: .venv/run.stamp ## set up what is missing and serve http://127.0.0.1:5000 (HOST, PORT); Ctrl-C stops it
	@exec $(BIN)/python run.py

test: .venv/dev.stamp ## the whole suite on a real server (TEST_DATABASE_URI names one; PYTEST_ARGS go to pytest)
	@$(BIN)/python -m pytest -n 4 $(PYTEST_ARGS)

test-faults: .venv/dev.stamp ## the long form of the fault tests: processes killed again and again under load
	@LAUREL_FAULT_EVENTS=800 LAUREL_FAULT_MATCHES=20000 LAUREL_FAULT_CLIENT_EVENTS=10000 LAUREL_FAULT_FIGHTS=3000 \
	  LAUREL_FAULT_PRESSES=10000 $(BIN)/python -m pytest -n 1 -rP -o timeout=1800 \
	  tests/e2e/test_relay.py tests/e2e/test_faults.py tests/e2e/test_event_faults.py tests/e2e/test_combat.py $(PYTEST_ARGS)

postman: .venv/dev.stamp ## write docs/postman_collection.json anew from the routes
	@$(BIN)/python -m tests.contract.postman

test-contract: .venv/dev.stamp tests/contract/node_modules ## send whatever the API's document allows and more (LAUREL_CONTRACT_CASES=2000 for a longer one)
	@$(BIN)/python -m pytest -n 2 tests/contract $(PYTEST_ARGS)

lint: .venv/dev.stamp ## ruff, mypy, import-linter
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

alerts: ## check the alert rules and what they fire on (installs promtool if it is missing)
	@command -v promtool >/dev/null || scripts/install-packages prometheus
	promtool check config deploy/prometheus/prometheus.yml
	promtool test rules deploy/prometheus/alerts_test.yml

format: .venv/dev.stamp ## put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

mysqlclient: .venv/run.stamp ## add the C driver (mysql+mysqldb://); needs gcc, pkg-config, libmariadb-dev
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-mysqlclient.txt

bench: .venv/bench.stamp ## how fast a match is settled, beside the database's limit and an ordinary app (about 10 minutes)
	@$(BIN)/python -m benchmarks.settlement $(BENCH_ARGS)

bench-relay: .venv/dev.stamp ## how many events relay and workers apply, and how long one waits (about 2 minutes)
	@$(BIN)/python -m benchmarks.relay $(BENCH_ARGS)

bench-events: .venv/bench.stamp ## how many events are taken and counted, and how long one waits (about 2 minutes)
	@$(BIN)/python -m benchmarks.events $(BENCH_ARGS)

bench-leaderboard: .venv/dev.stamp ## what a board costs at 10 thousand, 1 million and 10 million players (about an hour)
	@$(BIN)/python -m benchmarks.leaderboard $(BENCH_ARGS)

bench-combat: .venv/dev.stamp ## how many fights are settled, and how long one waits from its finish on (about 2 minutes)
	@$(BIN)/python -m benchmarks.combat $(BENCH_ARGS)

lock: .venv/dev.stamp ## resolve pyproject.toml into requirements*.txt anew
	scripts/lock-requirements

clean: ## remove the environment, the private servers' data and all caches
	rm -rf .venv var tests/contract/node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

tests/contract/node_modules: tests/contract/package-lock.json
	@npm ci --prefix tests/contract --no-audit --no-fund --loglevel error
	@touch $@

.venv/run.stamp: requirements.txt
	@scripts/make-venv $(PYTHON)
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/bench.stamp: .venv/dev.stamp requirements-mysqlclient.txt
	@scripts/install-packages wrk gcc pkg-config libmariadb-dev
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-mysqlclient.txt
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements-dev.txt
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
