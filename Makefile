# `make try` shows what ssmwake does, without an AWS account; `make check` is for daily work; `make test` runs all tests but the boots.
PYTHON ?= python3
VENV := .venv
PIP := $(VENV)/bin/python -m pip --quiet --disable-pip-version-check
RUN := $(VENV)/.installed
DEV := $(VENV)/.developing

.PHONY: help try check lint unit test again boot boot-again setup release cdk render pack lock clean

help:
	@echo 'make try      see it work: a sleeping agent, a role that comes late, and the runtime that wakes the agent'
	@echo 'make check    linters, types, unit and golden tests: about a minute'
	@echo 'make test     all tests but the boots: about ten minutes'
	@echo 'make boot     boots of systemd and cloud-init in containers and a virtual machine (root, Debian)'
	@echo 'make setup    install the shells and tools that the tests use (root, apt)'
	@echo 'make render   render dist/ and the goldens again'
	@echo 'make release  tag this commit, and build the wheel and the sdist with their hashes'
	@echo 'make lock     look up the versions of all dependencies again'

try: $(RUN)
	@PYTHONPATH=generator $(VENV)/bin/python -m ssmwake try

check: lint unit

lint: $(DEV)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	cat templates/runtime/*.sh | $(VENV)/bin/shellcheck --shell=sh -
	$(VENV)/bin/shellcheck .ci/run tools/*.sh

unit: $(DEV)
	$(VENV)/bin/python -m pytest -n auto tests/unit tests/golden

# Many tests wait more than they work, so there are more workers than processors.
test: lint
	$(VENV)/bin/python -m pytest -n 4 --dist loadgroup tests

# A boot waits more than it works, so there are more workers than processors.
boot: $(DEV)
	$(VENV)/bin/python -m pytest -n 6 -m matrix --junitxml=build/boots.xml tests/boot

# Run again what failed a moment ago, one test at a time: a busy machine can break a test that is about seconds.
again: $(DEV)
	$(VENV)/bin/python -m pytest --last-failed --last-failed-no-failures none tests

boot-again: $(DEV)
	$(VENV)/bin/python -m pytest --last-failed --last-failed-no-failures none -m matrix tests/boot

setup:
	sh tools/setup.sh

release: $(DEV)
	PYTHON=$(CURDIR)/$(VENV)/bin/python sh tools/release.sh

# What the examples for the AWS CDK need next to node; without it, their tests are left out.
cdk: $(DEV)
	$(PIP) install aws-cdk-lib==2.275.0
	npm install --prefix $(VENV)/cdk --no-audit --no-fund aws-cdk-lib@2.275.0 constructs@10 typescript@5 @types/node@20

render: $(DEV) pack
	$(VENV)/bin/ssmwake render
	$(VENV)/bin/python tools/reference.py
	$(VENV)/bin/python tools/rule_pages.py
	$(VENV)/bin/python tools/goldens.py

# The runtime as user data carries it.
pack: $(DEV)
	$(VENV)/bin/python tools/pack.py

# The versions and hashes of everything: what ssmwake runs with, and what its developers use besides. Change them only here.
lock: $(DEV)
	$(PIP) install uv
	set -- --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"; \
	$(VENV)/bin/uv pip compile "$$@" --group dev --output-file requirements-dev.lock pyproject.toml && \
	$(VENV)/bin/uv pip compile "$$@" --constraint requirements-dev.lock --output-file requirements.lock pyproject.toml

$(VENV):
	@$(PYTHON) -c 'import sys; sys.exit("ssmwake needs Python 3.11 or later; %s is %d.%d: make PYTHON=python3.11 %s" \
		% (sys.executable, *sys.version_info[:2], "$(MAKECMDGOALS)") if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo 'this Python has no venv: install it (on Debian and Ubuntu: apt-get install python3-venv)' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUN): requirements.lock | $(VENV)
	@echo 'Installing what ssmwake needs into $(VENV) (once; about a minute) ...'
	@$(PIP) install --require-hashes --requirement requirements.lock
	@touch $@

$(DEV): requirements-dev.lock pyproject.toml | $(VENV)
	@echo 'Installing what the tests need into $(VENV) (once; some minutes) ...'
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $(RUN) $@

clean:
	rm -rf $(VENV) build
