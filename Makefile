# Every target makes its own environment in .venv; python3 and make are all it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_FOR_DOCS := $(VENV)/.ready-for-docs
OLDEST := .venv-oldest

.PHONY: demo test test-all test-oldest coverage lint docs links dist bench soak mutation clean
.DEFAULT_GOAL := test

$(READY): pyproject.toml constraints.txt
	@echo "installing into $(VENV), which takes some time and 2 GB"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test]"
	touch $@

$(READY_FOR_DOCS): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[docs]"
	touch $@

# Waiting threads must not spin: where other programs run, training would crawl.
demo: $(READY)
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python examples/compose.py

# Tests are too small for threads, but two processes save time. `make test` leaves out tests that are
# marked slow.
PYTEST := -m pytest -n 2 --dist worksteal
test: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python $(PYTEST) -m "not slow"

test-all: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python $(PYTEST)

# The oldest versions that pyproject.toml supports. Their torch brings 3 GB of CUDA.
$(OLDEST)/.ready: pyproject.toml constraints-oldest.txt
	$(PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-oldest.txt -e ".[test]"
	touch $@

test-oldest: $(OLDEST)/.ready
	OMP_NUM_THREADS=1 $(OLDEST)/bin/python $(PYTEST)

coverage: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python $(PYTEST) --cov --cov-report=term-missing:skip-covered

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell

# The site, in docs/_build/html. Its examples run for some minutes; make docs GALLERY=0 leaves them
# and their sound out. A link within the site that leads nowhere is an error.
GALLERY ?= 1
docs: $(READY_FOR_DOCS)
	GALLERY=$(GALLERY) OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m sphinx -b html -W --keep-going -q docs docs/_build/html
	@echo "open docs/_build/html/index.html"

# Follows links to other sites, which needs a network.
links: docs
	GALLERY=$(GALLERY) $(BIN)/python -m sphinx -b linkcheck --keep-going -q -D nb_execution_mode=off -D audio_run_code=0 docs docs/_build/linkcheck

# The package, built twice to the same bytes. Links of its page lead to REPOSITORY_URL.
dist: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check build twine
	rm -rf dist build/again
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m build --outdir dist
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m build --outdir build/again
	for file in dist/*; do cmp $$file build/again/$${file#dist/} || exit 1; done
	$(BIN)/python -m twine check --strict dist/*

# Some benchmarks always use music of their own. The others use RECORDINGS, or chorales without them.
# ROLLS has no default:
# make bench RECORDINGS="a.mp3 b.ogg" ROLLS=folder
RECORDINGS ?=
ROLLS ?=
bench: $(READY)
	$(BIN)/python -m benchmarks.library.first_sound
	$(BIN)/python -m benchmarks.library.import_time
	$(BIN)/python -m benchmarks.chroma.extraction $(RECORDINGS)
	$(BIN)/python -m benchmarks.chroma.agreement $(RECORDINGS)
	$(BIN)/python -m benchmarks.chroma.quality
	$(BIN)/python -m benchmarks.chroma.beats
	$(BIN)/python -m benchmarks.chroma.scaling $(RECORDINGS)
	$(BIN)/python -m benchmarks.chroma.cache $(RECORDINGS)
	$(BIN)/python -m benchmarks.chroma.cold_start
	$(BIN)/python -m benchmarks.audio.fuzz
	$(BIN)/python -m benchmarks.midi.fuzz_midi
	$(BIN)/python -m benchmarks.composer.fuzz_models
	$(BIN)/python -m benchmarks.midi.midi_sound
	$(BIN)/python -m benchmarks.render.round_trip $(RECORDINGS)
	$(BIN)/python -m benchmarks.mosaic.mosaic $(RECORDINGS)
	$(BIN)/python -m benchmarks.render.chords
	$(BIN)/python -m benchmarks.render.notes $(RECORDINGS)
	$(BIN)/python -m benchmarks.composer.resilience
	$(BIN)/python -m benchmarks.composer.threads
	$(BIN)/python -m benchmarks.composer.chroma_likelihood $(RECORDINGS)
	$(BIN)/python -m benchmarks.composer.sampling
	$(BIN)/python -m benchmarks.metrics.metrics $(RECORDINGS)
	$(BIN)/python -m benchmarks.datasets.progressions
	$(BIN)/python -m benchmarks.metrics.realism $(RECORDINGS)
	$(if $(ROLLS),$(BIN)/python -m benchmarks.composer.likelihood $(ROLLS) --seeds 1)
	$(BIN)/python -m benchmarks.composer.ablation $(ROLLS) --recordings $(RECORDINGS)

# An hour of everything at once, with faults.
soak: $(READY)
	$(BIN)/python -m benchmarks.library.soak --minutes 60

# Deliberate mistakes in the core, and whether tests notice; half an hour.
mutation: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check mutmut==3.8.1
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.library.mutation

clean:
	rm -rf $(VENV) $(OLDEST) docs/_build docs/gallery docs/api/generated out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
