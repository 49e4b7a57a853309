# `make try` runs the main job without an AWS account; `make test` runs every check.
PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.locked

.PHONY: try test lint unit again doors doors-again boot boot-again cdk render pack names lock clean

try: $(STAMP)
	$(VENV)/bin/ssmwake try

test: lint unit

lint: $(STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	cat templates/runtime/*.sh | $(VENV)/bin/shellcheck --shell=sh -
	$(VENV)/bin/shellcheck .ci/run

# Many tests wait more than they work, so there are more workers than processors.
unit: $(STAMP)
	$(VENV)/bin/python -m pytest -n 4 --dist loadgroup --ignore tests/doors tests

# The hooks of pre-commit and the action for GitHub install this checkout with all that it needs, a minute each.
doors: $(STAMP)
	$(VENV)/bin/python -m pytest -n 2 --dist loadgroup tests/doors

# A boot waits more than it works, so there are more workers than processors.
boot: $(STAMP)
	$(VENV)/bin/python -m pytest -n 6 -m matrix --junitxml=build/boots.xml tests/boot

# What failed a moment ago once more, one at a time: much here is about seconds, which a busy machine can take.
again:
	$(VENV)/bin/python -m pytest --last-failed --last-failed-no-failures none --ignore tests/doors tests

doors-again:
	$(VENV)/bin/python -m pytest --last-failed --last-failed-no-failures none tests/doors

boot-again:
	$(VENV)/bin/python -m pytest --last-failed --last-failed-no-failures none -m matrix tests/boot

# What the example for the AWS CDK needs beside node; the tests leave it out without.
cdk: $(STAMP)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0

render: $(STAMP) pack
	$(VENV)/bin/ssmwake render
	for case in tests/golden/*/ssmwake.yaml; do $(VENV)/bin/ssmwake render -c $$case -o $${case%ssmwake.yaml}dist || exit; done

# The runtime as user data carries it; zopfli makes it 3 % smaller than zlib does, which is room for the user.
pack: $(STAMP)
	$(VENV)/bin/python -c 'import zopfli.gzip; from ssmwake.render.runtime import runtime, wrapped; \
		print(wrapped(zopfli.gzip.compress(runtime().encode())), end="")' >templates/runtime/packed.new
	mv templates/runtime/packed.new templates/runtime/packed.txt

# Short names that make the packed runtime smaller; worth it after a change of many names. Then `make render`.
names: $(STAMP)
	PYTHONPATH=generator $(VENV)/bin/python benchmarks/names.py 240

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
