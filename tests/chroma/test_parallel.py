import os
import signal
import subprocess
import sys
import time
from multiprocessing import parent_process

import joblib
import numpy as np
import pytest

from musicai import ChromaExtractor
from musicai.audio import RecordingError, write_audio
from musicai.chroma._batch import run_in_order


def slower_at_first(recording, name):
    time.sleep(0.05 / (1 + recording))
    return recording, name, parent_process() is not None


def dies_on_three(recording, name):
    """Kill the worker process, as the kernel does when memory runs out."""
    if recording == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return recording


def dies_once(recording, name):
    """On the first try of recording 1, create the file `name` and kill the worker process."""
    if recording == 1 and not os.path.exists(name):
        open(name, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return recording


def fails(recording, name):
    raise LookupError(name)


NUMBERS = list(range(6))
NAMES = [f"{number}.wav" for number in NUMBERS]


@pytest.mark.parametrize("backend", ["threading", "loky", "multiprocessing", "sequential"])
def test_results_come_in_order(backend):
    with joblib.parallel_config(backend=backend):
        results = list(run_in_order(slower_at_first, NUMBERS, NAMES, n_jobs=2))
    in_processes = backend in ("loky", "multiprocessing")
    assert results == [(i, f"{i}.wav", in_processes) for i in NUMBERS]


def test_threads_are_the_default_backend():
    results = run_in_order(slower_at_first, NUMBERS, NAMES, n_jobs=2)
    assert not any(in_process for _, _, in_process in results)


def test_results_are_yielded_as_they_become_ready():
    done = []

    def task(recording, name):
        done.append(recording)
        return recording

    results = run_in_order(task, NUMBERS, NAMES, n_jobs=1)
    assert next(results) == 0
    assert done == [0]


@pytest.mark.slow
def test_a_recording_that_kills_its_worker_is_named_in_the_error():
    with joblib.parallel_config(backend="loky"):
        *before, died, four, five = run_in_order(dies_on_three, NUMBERS, NAMES, n_jobs=2)
    assert (before, four, five) == ([0, 1, 2], 4, 5)
    assert isinstance(died, RecordingError)
    assert str(died).startswith("3.wav: the worker process died twice")


@pytest.mark.slow
def test_a_worker_that_dies_once_is_replaced(tmp_path):
    names = [str(tmp_path / "died")] * len(NUMBERS)
    with joblib.parallel_config(backend="loky"):
        assert list(run_in_order(dies_once, NUMBERS, names, n_jobs=2)) == NUMBERS


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_errors_in_a_task_are_raised(backend):
    with joblib.parallel_config(backend=backend), pytest.raises(LookupError, match=r"\d\.wav"):
        list(run_in_order(fails, NUMBERS, NAMES, n_jobs=2))


def test_python_exits_cleanly_after_an_error(tmp_path):
    """Python used to crash at exit if threads were still decoding."""
    music = np.random.default_rng(0).normal(size=44100 * 20).astype(np.float32)
    paths = [tmp_path / f"{number}.wav" for number in range(4)]
    for path in paths:
        write_audio(path, 0.1 * music, 44100)
    paths[1].write_bytes(b"")
    code = "import sys, musicai; musicai.ChromaExtractor(n_jobs=4).transform(sys.argv[1:])"
    result = subprocess.run([sys.executable, "-c", code, *paths], stderr=subprocess.PIPE, text=True)
    assert result.returncode == 1, result.stderr
    *_, error, note = result.stderr.strip().splitlines()
    assert "1.wav: the file is empty" in error
    assert 'on_error="warn"' in note


@pytest.fixture(scope="module")
def cluster():
    """Start a Dask cluster of two processes on this machine."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_a_cluster_gives_the_same_chroma(cluster, make_music, tmp_path):
    music = [make_music(22050, seed=seed, seconds=1) for seed in range(4)]
    expected = ChromaExtractor().transform(music)
    with joblib.parallel_config(backend="dask"):
        pieces = ChromaExtractor(memory=tmp_path).transform(music)
        workers = {result[2] for result in run_in_order(slower_at_first, NUMBERS, NAMES, n_jobs=-1)}
    for piece, same in zip(pieces, expected, strict=True):
        np.testing.assert_array_equal(piece, same)
    assert workers == {True}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_errors_on_a_cluster_name_the_recording(cluster, make_music):
    music = make_music(22050, seconds=1)
    extractor = ChromaExtractor(on_error="warn")
    with joblib.parallel_config(backend="dask"):
        with pytest.warns(UserWarning, match=r"left out no/such\.wav"):
            pieces = extractor.transform([music, "no/such.wav"])
        with pytest.raises(RecordingError, match=r"no/such\.wav"):
            ChromaExtractor().transform([music, "no/such.wav"])
    assert [len(piece) for piece in pieces] == [11, 0]
