# `make try` runs the main job without an AWS account; `make test` runs every check.
PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.locked

.PHONY: try test lint unit boot render lock clean

try: $(STAMP)
	$(VENV)/bin/ssmwake try

test: lint unit

lint: $(STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/shellcheck --shell=sh templates/runtime/*.sh dist/runtime/*.sh .ci/run

unit: $(STAMP)
	$(VENV)/bin/python -m pytest -n auto --dist loadgroup tests

boot: $(STAMP)
	$(VENV)/bin/python -m pytest -m matrix tests/boot

render: $(STAMP)
	$(VENV)/bin/ssmwake render

# The versions and hashes of everything that a checkout runs with; change them only here.
lock: $(STAMP)
	$(VENV)/bin/python -m pip install --quiet uv
	$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		--group dev --output-file requirements.lock pyproject.toml

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

clean:
	rm -rf $(VENV) build
