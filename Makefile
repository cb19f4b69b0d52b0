# Every target makes its own environment in .venv; python3 and make are all it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
OLDEST := .venv-oldest

.PHONY: demo test test-oldest coverage lint bench clean
.DEFAULT_GOAL := test

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test]"
	touch $@

# Waiting threads must not spin: where other programs run, training would crawl.
demo: $(READY)
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python examples/compose.py --epochs 55

# Tests are small: more threads would cost more than they give, but two processes save time.
PYTEST := -m pytest -n 2 --dist worksteal
test: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python $(PYTEST)

# The oldest versions that pyproject.toml promises. A torch as old as that comes with 3 GB of CUDA.
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

# Without RECORDINGS the benchmarks take the chorales of the demo; piano rolls have to be given:
# make bench RECORDINGS="a.mp3 b.ogg" ROLLS=folder
RECORDINGS ?=
ROLLS ?=
bench: $(READY)
	$(BIN)/python benchmarks/extraction.py $(RECORDINGS)
	$(BIN)/python benchmarks/agreement.py $(RECORDINGS)
	$(BIN)/python benchmarks/chroma_quality.py
	$(BIN)/python benchmarks/beats.py $(RECORDINGS)
	$(BIN)/python benchmarks/scaling.py $(RECORDINGS)
	$(BIN)/python benchmarks/cache.py $(RECORDINGS)
	$(BIN)/python benchmarks/cold_start.py
	$(BIN)/python benchmarks/fuzz.py
	$(BIN)/python benchmarks/fuzz_midi.py
	$(BIN)/python benchmarks/midi_sound.py
	$(BIN)/python benchmarks/round_trip.py $(RECORDINGS)
	$(BIN)/python benchmarks/mosaic.py $(RECORDINGS)
	$(BIN)/python benchmarks/chords.py
	$(BIN)/python benchmarks/notes.py $(RECORDINGS)
	$(BIN)/python benchmarks/resilience.py
	$(BIN)/python benchmarks/threads.py
	$(BIN)/python benchmarks/chroma_likelihood.py $(RECORDINGS)
	$(BIN)/python benchmarks/sampling.py
	$(BIN)/python benchmarks/metrics.py $(RECORDINGS)
	$(BIN)/python benchmarks/progressions.py $(RECORDINGS)
	$(BIN)/python benchmarks/realism.py $(RECORDINGS)
	$(if $(ROLLS),$(BIN)/python benchmarks/likelihood.py $(ROLLS) --seeds 1)
	$(BIN)/python benchmarks/ablation.py $(ROLLS) --recordings $(RECORDINGS)

clean:
	rm -rf $(VENV) $(OLDEST) out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
