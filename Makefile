# Pyrite: build, run, test. `make help` lists the targets.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
# Passed on: to the server by `make run`, to pytest by `make test`, `diff` and `asan`, to the benchmarks by `make bench`.
ARGS ?=
# What `make test` runs.
TESTS ?= tests
# Compiled modules to build when not all: make build MODULES="core.glob core.crc"
MODULES ?=
# The server that differential tests compare with.
PEER ?= redis-server

COMPILED_DIRS := $(foreach package,core keyspace types engine commands,pyrite/$(package))
SOURCES := setup.py $(wildcard pyrite/*.pxd) $(foreach dir,$(COMPILED_DIRS),$(wildcard $(dir)/*.py $(dir)/*.pxd))
PLAIN_SOURCES := $(shell find pyrite -name '*.py' -o -name '*.conf' -o -name '*.pyi')

# $(call setup,variant) runs setup.py: one build at a time in one tree, warnings of the C compiler are errors.
setup = mkdir -p build && flock build/lock \
	env PYRITE_WERROR=1 PYRITE_BUILD=$(1) PYRITE_MODULES="$(MODULES)" $(PY) setup.py -q
setup_apart = $(call setup,$(1)) build --build-lib build/$(1) --build-temp build/temp-$(1)
check_toolchain = $(PYTHON) scripts/check_toolchain.py

.DEFAULT_GOAL := help
.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | sort | expand -t 10

# The environment --------------------------------------------------------------------------------------------------

# The .pth file lets the environment import the tree itself, after whatever PYTHONPATH names: so the tests can run on
# another variant's build.
$(VENV)/ready: pyproject.toml scripts/requirements.py
	@command -v $(PYTHON) >/dev/null || { echo "Missing Debian packages: python3. Install them with: apt-get install python3" >&2; exit 1; }
	@$(check_toolchain)
	@mkdir -p $(VENV)
	@$(PYTHON) scripts/requirements.py dev > $(VENV)/wanted.txt
	@if ! cmp -s $(VENV)/wanted.txt $(VENV)/installed.txt; then \
		set -e; \
		echo "Making the environment $(VENV)"; \
		$(PYTHON) -m venv $(VENV); \
		$(PY) -m pip install --quiet --disable-pip-version-check -r $(VENV)/wanted.txt; \
		echo "$(CURDIR)" > "$$($(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/pyrite-tree.pth"; \
		mv $(VENV)/wanted.txt $(VENV)/installed.txt; \
	fi
	@touch $@

# Building ---------------------------------------------------------------------------------------------------------

.PHONY: build debug wheel sdist
ifeq ($(strip $(MODULES)),)
build: build/release.stamp ## compile what changed, in place
else
build: $(VENV)/ready
	@$(call setup,release) build_ext --inplace
endif

build/release.stamp: $(VENV)/ready $(SOURCES)
	@$(check_toolchain)
	@echo "Compiling what changed"
	@$(call setup,release) build_ext --inplace
	@touch $@

debug: build/debug.stamp ## build with checks and asserts into build/debug, annotated HTML into build/annotate
	@echo "Run it with: PYTHONSAFEPATH=1 PYTHONPATH=$(CURDIR)/build/debug $(PY) -m pyrite; annotated sources: build/annotate"

build/debug.stamp build/asan.stamp: build/%.stamp: $(VENV)/ready $(SOURCES) $(PLAIN_SOURCES)
	@$(check_toolchain)
	@echo "Compiling the $* variant"
	@$(call setup_apart,$*)
	@touch $@

wheel: $(VENV)/ready ## make dist/*.whl
	@$(check_toolchain)
	@$(PY) -m build --wheel

sdist: $(VENV)/ready ## make dist/*.tar.gz
	@$(PY) -m build --sdist

# Running and testing ----------------------------------------------------------------------------------------------

.PHONY: run test diff asan lint bench peers
peers:
	@$(check_toolchain) --peers

run: build ## start a server on port 6379; more with ARGS="--port 6380"
	@exec $(PY) -m pyrite $(ARGS)

test: peers build ## run all tests; a part with TESTS=tests/unit, more options with ARGS=-x
	@PYRITE_PEER=$(PEER) $(PY) -m pytest $(ARGS) $(TESTS)

diff: peers build ## compare with a real server; another one with PEER=/path/to/redis-server
	@PYRITE_PEER=$(PEER) $(PY) -m pytest $(ARGS) tests/differential

# Leaks are not looked for: the interpreter itself keeps what it allocated at its end. The allocator's own counters
# find ours, in the tests.
asan: build/asan.stamp ## run tests of core, keyspace, types and hostile input under AddressSanitizer and UndefinedBehaviorSanitizer
	@LD_PRELOAD="$$(gcc -print-file-name=libasan.so)" \
	ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 \
	PYTHONMALLOC=malloc PYTHONSAFEPATH=1 PYTHONPATH=$(CURDIR)/build/asan PYRITE_BUILD=asan \
	$(PY) -m pytest $(ARGS) tests/models tests/unit/core tests/unit/keyspace tests/unit/types tests/fuzz

# The build is part of it: warnings of Cython and of the C compiler end it.
lint: build ## check format, style and types
	@$(VENV)/bin/ruff format --check
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/mypy
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" cython-lint --max-line-length 120 $(wildcard $(addsuffix /*.pxd,$(COMPILED_DIRS)))

bench: build ## measure; what is measured is said by ARGS=--help
	@$(PY) -m bench $(ARGS)

.PHONY: clean
clean: ## remove all that was made, the environment included
	rm -rf build dist *.egg-info $(VENV) .pytest_cache .mypy_cache .ruff_cache
	find pyrite tests scripts -name '__pycache__' -prune -exec rm -rf {} +
	find pyrite -name '*.so' -delete -o -name '*.c' -delete
