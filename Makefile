# make reproduce   install into .venv and reproduce a paper    PAPER=yadav2022/emodb DATA=DIR OUT=DIR ARGS="--seeds 3"
# make test        install the test extra and run pytest        ARGS='-m "not slow"'
# make lint        ruff check and ruff format --check
# make bench       measure extraction against a plain implementation    DATA=DIR ARGS="--whole"
# make bench-training   measure training against plain loops   DATA=DIR ARGS="--torch PYTHON"
# make docs        build the site in build/site; its warnings are errors
# make audit       known vulnerabilities of what is installed, where a service that knows them answers
# make results     write results/ and the README's table from the runs in OUT

PYTHON ?= python3
VENV ?= .venv
PAPER ?= sankaran2023/ann
OUT ?= runs
DATA ?=
ARGS ?=
PIP = $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check

.PHONY: reproduce test lint docs audit bench bench-training results wheel clean

reproduce: $(VENV)/.installed
	@$(VENV)/bin/python -m ser_keras.reproduce $(PAPER) --out $(OUT) $(if $(DATA),--data $(DATA),--corpora synthetic --quick) $(ARGS)

test: $(VENV)/.test
	@$(VENV)/bin/python -m pytest -q $(ARGS)

lint: $(VENV)/.lint
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .

bench: $(VENV)/.installed
	@$(VENV)/bin/python -m benchmarks $(if $(DATA),--data $(DATA)) $(ARGS)

docs: $(VENV)/.docs
	@$(VENV)/bin/python -m sphinx -b html -W --keep-going -E -q -d build/doctrees docs build/site
	@$(VENV)/bin/python -m docs.offline build/site
	@echo "the site: build/site/index.html"

bench-training: $(VENV)/.installed
	@$(VENV)/bin/python -m benchmarks.training $(if $(DATA),--data $(DATA)) $(ARGS)

audit: $(VENV)/.test
	@$(PIP) "pip-audit >=2.9, <3"
	@.ci/audit $(VENV)/bin/python

results: $(VENV)/.installed
	@$(VENV)/bin/python -m ser_keras.results $(OUT)

wheel: $(VENV)/.test
	@$(VENV)/bin/python -m build --wheel

clean:
	rm -rf build dist *.egg-info .pytest_cache .hypothesis .ruff_cache

$(VENV)/bin/python:
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python setup.cfg pyproject.toml
	@$(PIP) --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.installed
	@$(PIP) --editable ".[test]"
	@touch $@

$(VENV)/.docs: $(VENV)/.installed
	@$(PIP) --editable ".[docs]"
	@touch $@

$(VENV)/.lint: $(VENV)/bin/python setup.cfg
	@$(PIP) "ruff >=0.17, <0.18"
	@touch $@
