# make demo    the whole loop on real content, on any machine with Python 3.11 or newer: no root, no Docker, no cluster
# make test    the whole test suite; what this machine can't run is skipped, with the reason
.PHONY: help venv demo test check types lint format coverage lock clean
.DEFAULT_GOAL := help
VENV ?= .venv
BIN := $(VENV)/bin

help:
	@sed -n 's/^# //p' Makefile

demo:
	@scripts/venv .venv-demo requirements/run.txt
	@.venv-demo/bin/pratique demo

venv:
	@scripts/venv $(VENV) requirements/dev.txt

test: venv check
	$(BIN)/pytest -n 2 --dist loadgroup --cov --cov-report=term-missing:skip-covered

check: lint types

lint: venv
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-logo

types: venv
	$(BIN)/mypy

format: venv
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock:
	scripts/lock

clean:
	rm -rf .venv .venv-demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage* build dist demo-out
