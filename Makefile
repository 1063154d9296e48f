# mlchaos: `make demo` shows what it does, `make test` proves it. Both bring what they need into .venv, and nothing else.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# Compiled modules are kept even where the environment says not to write any: two dozen processes start from them.
export PYTHONDONTWRITEBYTECODE :=

VENV := .venv
BIN := $(VENV)/bin
CHAOS := $(BIN)/chaos --no-version-check --no-log-file
DEMO := $(CURDIR)/.demo
WORKERS ?= 2
# Lab tests wait more than they compute, and each needs some of the machine at once to be in time.
LAB_WORKERS ?= 2

.PHONY: help setup servers browser demo test test-unit test-lab test-cluster crash lint format bench soak lock clean

help:  ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

$(VENV)/.installed: requirements.lock pyproject.toml
	@echo "==> Python environment in $(VENV) (about a minute)"
	@python=""; for candidate in $${PYTHON:-} python3 python3.13 python3.12 python3.11; do \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi; done; \
	if [ -z "$$python" ]; then echo "mlchaos needs Python 3.11 or newer: install it, or name it with PYTHON=/path/to/python3" >&2; exit 2; fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "$$python cannot make virtual environments: apt-get install python3-venv (or your system's package of it)" >&2; exit 2; fi; \
	[ -x $(BIN)/python ] || "$$python" -m venv $(VENV)
	@echo "==> $$(grep -c '==' requirements.lock) locked packages, checked by their hashes"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.servers: $(VENV)/.installed
	@echo "==> Prometheus, Alertmanager, Redis, Toxiproxy: those that this machine lacks go into $(VENV), as files only"
	@$(CHAOS) lab servers --bring && touch $@ || echo "==> going on without what is missing above: what needs it is skipped by name"

$(VENV)/.browser: $(VENV)/.installed
	@echo "==> Chromium, for the tests of pages: where this machine lacks it, it goes into $(VENV), as files only"
	@$(BIN)/python -m tests.browser && touch $@ || echo "==> going on without a browser: what needs it is skipped by name"

setup: $(VENV)/.installed $(VENV)/.servers  ## Bring everything that demo and test need

servers: $(VENV)/.servers

browser: $(VENV)/.browser

demo: setup  ## Kill a model server under load in the lab, and say what it cost
	@echo "==> The lab: a small ML cluster on this machine"
	@trap '$(CHAOS) lab down --dir $(DEMO) && echo "==> The lab is down. One to keep: $(BIN)/chaos lab up"' EXIT; \
	$(CHAOS) lab up --dir $(DEMO) --network 76 >/dev/null; \
	environment=$$($(CHAOS) lab env --dir $(DEMO)); eval "$$environment"; \
	echo "==> chaos run experiments/serving/llm-pod-kill.yaml"; \
	$(CHAOS) run --journal-path $(DEMO)/journal.json experiments/serving/llm-pod-kill.yaml

test: setup test-unit test-lab  ## Run all tests

test-unit: $(VENV)/.installed  ## Tests without a lab or server programs: seconds
	@echo "==> Unit tests"
	@$(BIN)/python -m pytest -q -n $(WORKERS) -m "not lab and not cluster and not crash"

test-lab: setup browser  ## Tests with real processes: the lab, its API's conformance, the main job
	@echo "==> Lab tests (real processes)"
	@$(BIN)/python -m pytest -q -n $(LAB_WORKERS) --dist loadgroup -m "lab or cluster or crash" --durations 10 || { \
	  [ $$? = 1 ] || exit 1; \
	  echo "==> ONCE MORE, ALONE: the tests that failed above. They run real processes in real time, and a machine that"; \
	  echo "==> stands still for seconds fails them. What fails again has failed; what passes now is to be made sturdier."; \
	  $(BIN)/python -m pytest -q -n 1 --dist loadgroup -m "lab or cluster or crash" --last-failed --last-failed-no-failures none; }

test-cluster: $(VENV)/.installed  ## Tests that need only a Kubernetes API: make test-cluster KUBECONFIG=...
	@[ -n "$(KUBECONFIG)" ] || { echo "name the cluster: make test-cluster KUBECONFIG=path" >&2; exit 2; }
	@MLCHAOS_TEST_CLUSTER=1 KUBECONFIG="$(KUBECONFIG)" $(BIN)/python -m pytest -q -m cluster tests
	@KUBECONFIG="$(KUBECONFIG)" $(BIN)/python -m pytest -q tests/conformance

crash: setup  ## The long crash matrix: every family killed at every transition, at 50 moments, on bad days (an hour)
	@MLCHAOS_CRASH_ALL=1 $(BIN)/python -m pytest -q -m crash --timeout 7200 tests/crash

soak: setup  ## The long version of the lab's crash tests: 20 cycles up and down
	@MLCHAOS_SOAK_CYCLES=20 $(BIN)/python -m pytest -q -m crash --timeout 1800 tests/lab/test_crash_safety.py -k cycles

lint: $(VENV)/.installed  ## ruff and mypy --strict
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(VENV)/.installed
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup  ## Measure, print a table, write bench/results.json
	@$(BIN)/python -m bench

lock: $(VENV)/.installed  ## Lock the newest allowed versions, with hashes and no addresses
	@$(BIN)/uv pip compile --quiet --universal --upgrade --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-header --all-extras pyproject.toml --output-file requirements.lock

clean:  ## Remove the environment, the servers in it and every cache
	@if [ -x $(BIN)/chaos ]; then $(CHAOS) lab down --dir $(DEMO) 2>/dev/null || true; fi
	find . -name __pycache__ -prune -exec rm -rf {} +
	rm -rf $(VENV) $(DEMO) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis bench/results.json
