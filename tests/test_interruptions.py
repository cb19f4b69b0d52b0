"""Ctrl-C at any moment: files are whole or not there, estimators as they were or fitted.

`interrupted` presses Ctrl-C at a moment of the library that is told by its number, so a failure
comes again. Moments are those at which Python hears it: when a function begins, and when a call of
one that is written in C has ended.
"""

import gc
import io
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

import joblib
import numpy as np
import pytest
import soundfile
from sklearn.exceptions import NotFittedError

import musicai
from musicai import ChromaExtractor, LSTMComposer, MosaicSynthesizer
from musicai.audio import read_blocks, read_excerpt, write_audio
from musicai.audio.ffmpeg import find_ffmpeg, open_by_ffmpeg
from musicai.audio.headers import read_header
from musicai.base.blas import _limit
from musicai.chroma._parallel import run_in_order
from musicai.composer import _training
from musicai.composer._checkpoint import Checkpoint
from musicai.files.interruptions import held_back, interruptions, opened
from musicai.files.spool import spooled
from musicai.files.writing import whole_file
from musicai.metrics import IndependentBaseline, MarkovBaseline, PersistenceBaseline
from musicai.render import chord_chart, chroma_to_midi, to_musicxml

# Where the interruption comes between a file that is opened and the name that it gets, Python
# closes the file, and says so.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

PACKAGE = str(Path(musicai.__file__).parent)
OLD = b"what was there before"


class Moments:
    """Counts moments of the files of a folder, and presses Ctrl-C at one of them.

    Not where an object is deleted: Python lets nothing that is raised there through.
    """

    def __init__(self, stop=None, folder=PACKAGE):
        self.n, self.stop, self.folder = 0, stop, folder

    def __call__(self, frame, event, argument):
        code = frame.f_code
        if event not in ("call", "c_return") or code.co_name == "__del__":
            return
        if code.co_filename.startswith(self.folder):
            self.n += 1
            if self.n == self.stop:
                signal.raise_signal(signal.SIGINT)

    def run(self, call):
        before = sys.getprofile()
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            sys.setprofile(self)
            return call()
        finally:
            sys.setprofile(before)
            signal.signal(signal.SIGINT, handler)


def interrupted(call, stop, folder=PACKAGE):
    """Call with Ctrl-C at moment number `stop`; tell whether it was raised."""
    try:
        Moments(stop, folder).run(call)
    except KeyboardInterrupt:
        return True
    return False


def some_moments(call, n, seed=0):
    """Choose among the moments of a call; the first and the last ones are among them."""
    moments = Moments()
    moments.run(call)
    chosen = np.random.RandomState(seed).randint(1, moments.n + 1, size=n)
    last = range(max(1, moments.n - 4), moments.n + 1)
    return sorted({1, 2, *chosen.tolist(), *last})


def chords(n_frames=24):
    piece = np.full((n_frames, 12), 0.1, np.float32)
    piece[: n_frames // 2, [0, 4, 7]] = piece[n_frames // 2 :, [2, 5, 9]] = 1
    return piece


def pieces():
    return [np.roll(chords(), i, axis=1) for i in range(4)]


def recordings():
    time = np.arange(2 * 22050) / 22050
    return [0.1 * np.sin(2 * np.pi * frequency * time) for frequency in (262, 330)]


WRITERS = {
    "a.wav": lambda path: write_audio(path, np.zeros(5000), 22050),
    "a.flac": lambda path: write_audio(path, np.zeros(5000), 22050),
    "a.mid": lambda path: chroma_to_midi(chords(), path),
    "a.xml": lambda path: to_musicxml(chords(), path),
    "a.txt": lambda path: chord_chart(chords(), path),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_is_whole_or_as_it_was(name, tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    path, write = tmp_path / name, WRITERS[name]
    write(path)
    whole = path.read_bytes()
    moments = Moments()
    moments.run(lambda: write(path))
    # The file is written in the end.
    for stop in range(max(1, moments.n - 40), moments.n + 1, 4 if name == "a.xml" else 1):
        path.write_bytes(OLD)
        interrupted(lambda: write(path), stop)
        assert path.read_bytes() in (OLD, whole)
        assert {found.name for found in tmp_path.iterdir()} == {name, "temporary"}
        assert not list(temporary.iterdir())
    write(path)
    assert path.read_bytes() == whole


def write(target):
    with whole_file(target) as draft:
        draft.write(b"all")


def read(path):
    return list(read_blocks(path, sr=22050))


def read_from(program):
    """Read what a program writes, as ffmpeg would."""
    given = open_by_ffmpeg(str(program), "a", "a", block_size=100, on_damage=pytest.fail)
    with given as (blocks, _):
        return list(blocks)


def press():
    signal.raise_signal(signal.SIGINT)


def test_ctrl_c_is_held_back(ctrl_c):
    with interruptions() as interrupted:
        assert not interrupted()
        press()
        assert interrupted()
        with pytest.raises(KeyboardInterrupt):
            press()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with interruptions(patient=True) as interrupted:
        press()
        press()
        assert interrupted()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_leaves_no_handler(ctrl_c):
    """Wherever it comes, once the error is gone."""
    left = []

    def pressed():
        with suppress(KeyboardInterrupt), held_back():
            press()
        left.append(signal.getsignal(signal.SIGINT))

    moments = Moments(folder="")
    moments.run(pressed)
    for stop in range(1, moments.n + 1):
        interrupted(pressed, stop, folder="")
    assert len(left) > moments.n // 2
    assert set(left) == {signal.default_int_handler}


def test_what_is_ignored_stays_ignored(ctrl_c):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for patient in (False, True):
        with interruptions(patient) as interrupted:
            press()
            assert not interrupted()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_a_handler_of_somebody_else_stays(ctrl_c):
    heard = []
    signal.signal(signal.SIGINT, lambda *_: heard.append(1))
    with interruptions() as interrupted:
        press()
        assert heard == [1]
        assert not interrupted()
    with interruptions(patient=True) as interrupted:
        press()
        assert interrupted()
    press()
    assert heard == [1, 1]


def test_ctrl_c_comes_before_or_after_opening(ctrl_c):
    happened = []

    @contextmanager
    def resource():
        press()
        happened.append("open")
        try:
            yield
        finally:
            press()
            happened.append("closed")

    with pytest.raises(KeyboardInterrupt), opened(resource):
        happened.append("used")
    assert happened == ["open", "closed"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


BEGUN_ELSEWHERE = """
import _thread, sys, time

def work():
    try:
        import numpy as np
        from musicai.audio import read_blocks, write_audio
        write_audio(sys.argv[1], np.zeros(500), 22050)
        print(sum(map(len, read_blocks(sys.argv[1], sr=22050))))
    finally:
        ended.append(True)

assert "threading" not in sys.modules
ended = []
_thread.start_new_thread(work, ())
while not ended:
    time.sleep(0.01)
"""


def test_a_thread_that_threading_takes_for_the_main_one(tmp_path):
    """As in a program in C that runs Python in a thread of its own."""
    command = [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path}{BEGUN_ELSEWHERE}"]
    ran = subprocess.run([*command, tmp_path / "a.wav"], capture_output=True, text=True)
    assert ran.stdout == "500\n", ran.stderr


TERMINAL = """
import os, signal, sys, warnings
from musicai.audio import read_blocks

warnings.simplefilter("error")
heard = []
signal.signal(signal.SIGINT, lambda *_: heard.append(True))
blocks = read_blocks(sys.argv[1], sr=44100, block_size=1000)
n_samples = len(next(blocks))
os.killpg(0, signal.SIGINT)  # as a terminal does
print(n_samples + sum(map(len, blocks)), len(heard))
"""


@pytest.mark.skipif(not find_ffmpeg() or os.name != "posix", reason="needs ffmpeg and groups")
def test_ctrl_c_of_a_terminal_does_not_end_a_recording_early(tmp_path):
    """Whoever reads it in a thread does not hear it, and would keep what there was."""
    soundfile.write(tmp_path / "a.wav", np.zeros(60 * 44100), 44100)
    path = tmp_path / "a.m4a"
    encode = [find_ffmpeg(), "-v", "error", "-i", tmp_path / "a.wav", "-c:a", "alac", path]
    subprocess.run(encode, check=True)
    command = [sys.executable, "-c", TERMINAL, path]
    ran = subprocess.run(command, capture_output=True, text=True, start_new_session=True)
    assert ran.stdout == f"{60 * 44100} 1\n", ran.stderr


def test_other_threads_open_as_well(ctrl_c):
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(list, read_blocks(np.zeros(9), sr=1000)).result()
        assert threads.submit(spool).result() == 10


def spool():
    with spooled([np.zeros(10, np.float32)]) as samples:
        return len(samples)


OPENERS = {
    "a file": lambda folder: write(folder / "a.bin"),
    "a file object": lambda _: write(io.BytesIO()),
    "audio": lambda folder: write_audio(folder / "b.flac", np.zeros(500), 22050),
    "audio that is read": lambda folder: read(folder / "a.wav"),
    "a header": lambda folder: read_header(folder / "a.wav"),
    "an excerpt": lambda folder: read_excerpt(folder / "a.wav", 0, 100, sr=22050),
    "audio from a program": lambda folder: read_from(folder / "program"),
    "samples kept": lambda _: spool(),
}


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs a list of open files")
@pytest.mark.parametrize("name", OPENERS)
def test_nothing_stays_open(name, tmp_path):
    """Wherever Ctrl-C comes, be it within Python's own library."""
    write_audio(tmp_path / "a.wav", np.zeros(500), 22050)
    soundfile.write(tmp_path / "a.au", np.zeros(500), 22050, subtype="FLOAT")
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\nexec cat {tmp_path}/a.au\n")
    program.chmod(0o700)
    moments = Moments(folder="")
    moments.run(lambda: OPENERS[name](tmp_path))
    n_open = len(os.listdir("/proc/self/fd"))
    for stop in range(1, moments.n + 1):
        interrupted(lambda: OPENERS[name](tmp_path), stop, folder="")
        if len(os.listdir("/proc/self/fd")) != n_open:
            gc.collect()  # errors within errors know each other in a circle
        assert len(os.listdir("/proc/self/fd")) == n_open, stop


def test_no_threads_stay():
    """Nor the pipe that they are told by."""

    def work():
        return list(run_in_order(lambda number, _: number, [1, 2], ["a", "b"], n_jobs=2))

    def n_held():
        n_descriptors = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 0
        return threading.active_count() + n_descriptors

    moments = Moments(folder="")
    moments.run(work)
    before = n_held()
    for stop in range(1, moments.n + 1, 13):
        interrupted(work, stop, folder="")
        deadline = time.monotonic() + 5
        while n_held() > before:
            assert time.monotonic() < deadline, stop
            gc.collect()
            time.sleep(0.001)


ESTIMATORS = {
    "MosaicSynthesizer": (MosaicSynthesizer, recordings),
    "MarkovBaseline": (lambda: MarkovBaseline(4, random_state=0), pieces),
    "IndependentBaseline": (IndependentBaseline, pieces),
    "PersistenceBaseline": (PersistenceBaseline, pieces),
}


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("fitted_before", [False, True])
def test_a_fit_happens_or_does_not(name, fitted_before):
    make, music = ESTIMATORS[name]
    X = music()
    twin = joblib.hash(vars(make().fit(X)))
    for stop in some_moments(lambda: make().fit(X), n=6):
        estimator = make().fit(X[:1]) if fitted_before else make()
        before = joblib.hash(vars(estimator))
        interrupted(lambda fit=estimator.fit: fit(X), stop)
        assert joblib.hash(vars(estimator)) in (before, twin)
        assert joblib.hash(vars(estimator.fit(X))) == twin


@pytest.mark.parametrize("name", ESTIMATORS)
def test_an_interruption_of_a_fit_is_no_other_error(name):
    """In NumPy neither, whose sort of rows makes a TypeError of whatever is raised within it."""
    make, music = ESTIMATORS[name]
    X, folder = music(), str(Path(np.__file__).parent)
    moments = Moments(folder=folder)
    moments.run(lambda: make().fit(X))
    for stop in range(1, moments.n + 1, 1 + moments.n // 200):
        interrupted(lambda: make().fit(X), stop, folder)


@pytest.mark.parametrize("make", [IndependentBaseline, PersistenceBaseline])
def test_a_baseline_that_fails_to_fit_is_not_fitted(make):
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        make().fit([np.full((3, 12), 2.0)])
    baseline = make()
    with suppress(ValueError):
        baseline.fit([np.full((3, 12), 2.0)])
    with pytest.raises(NotFittedError):
        baseline.score_samples(pieces())
    baseline.fit(pieces())
    before = joblib.hash(vars(baseline))
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        baseline.fit([np.full((3, 5), 2.0)])
    assert joblib.hash(vars(baseline)) == before


def small(**changes):
    return LSTMComposer(
        **{"hidden_size": 4, "max_iter": 3, "batch_size": 2, "random_state": 0, **changes}
    )


@pytest.mark.parametrize("fitted_before", [False, True])
def test_a_pass_is_taken_or_is_not(fitted_before):
    def make():
        return small().partial_fit(pieces()[:2]) if fitted_before else small()

    twin = joblib.hash(vars(make().partial_fit(pieces())))
    for stop in some_moments(lambda: make().partial_fit(pieces()), n=6):
        composer = make()
        before = joblib.hash(vars(composer))
        interrupted(lambda learn=composer.partial_fit: learn(pieces()), stop)
        assert joblib.hash(vars(composer)) in (before, twin)
        if joblib.hash(vars(composer)) == before:
            composer.partial_fit(pieces())
        assert joblib.hash(vars(composer)) == twin


@pytest.mark.parametrize("changes", [{}, {"early_stopping": False}, {"checkpoint": "fit.npz"}])
def test_a_composer_that_was_interrupted(changes, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    whole = joblib.hash(vars(small(**changes).fit(pieces())))
    n_early = 0
    for stop in some_moments(lambda: small(**changes).fit(pieces()), n=8):
        composer = small(**changes)
        before = joblib.hash(vars(composer))
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            raised = interrupted(lambda fit=composer.fit: fit(pieces()), stop)
        n_early += len(told)
        if raised or not told:
            assert joblib.hash(vars(composer)) in (before, whole)
        else:
            scores = composer.validation_scores_
            n_scores = composer.n_iter_ if scores is None else len(scores)
            assert composer.n_iter_ == len(composer.loss_curve_) == n_scores
            assert composer.best_validation_score_ == (max(scores) if scores else None)
            assert np.isfinite(composer.score(pieces()))
        assert {path.name for path in tmp_path.iterdir()} <= {"fit.npz"}
        assert joblib.hash(vars(composer.fit(pieces()))) == whole
        assert not list(tmp_path.iterdir())
    assert n_early > 0


def test_an_interruption_after_the_last_step_is_told(monkeypatch, ctrl_c):
    @contextmanager
    def pressed_at_the_end(patient):
        with interruptions(patient) as interrupted:
            yield interrupted
            press()

    monkeypatch.setattr(_training, "interruptions", pressed_at_the_end)
    with pytest.warns(UserWarning, match="training was interrupted after 3 of 3 epochs"):
        small().fit(pieces())


def test_a_checkpoint_that_is_interrupted_leaves_no_draft(tmp_path, monkeypatch):
    checkpoint = Checkpoint(tmp_path / "fit.npz", {})
    checkpoint.write({"seed": 1})

    def interrupted_write(file, **arrays):
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", interrupted_write)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.write({"seed": 2})
    assert checkpoint.open() == {"seed": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["fit.npz"]


@pytest.fixture(scope="module")
def composer():
    return small().fit(pieces())


CALLS = {
    "sample": lambda composer: composer.sample(5, prime=pieces()[0], random_state=0),
    "stream": lambda composer: list(islice(composer.stream(random_state=0), 5)),
    "predict": lambda composer: composer.predict(pieces()),
    "score_samples": lambda composer: composer.score_samples(pieces()),
    "next_frames": lambda composer: composer.next_frames(chords(), n_draws=20, random_state=0),
    "transform": lambda _: ChromaExtractor().transform(recordings()),
    "transform in threads": lambda _: ChromaExtractor(n_jobs=2).transform(recordings()),
}


@pytest.mark.parametrize("name", ["sample", "next_frames"])
def test_an_interruption_of_composing_is_no_other_error(name, composer):
    folder = str(Path(np.__file__).parent)
    moments = Moments(folder=folder)
    moments.run(lambda: CALLS[name](composer))
    for stop in range(1, moments.n + 1, 1 + moments.n // 200):
        interrupted(lambda: CALLS[name](composer), stop, folder)


@pytest.mark.parametrize("name", CALLS)
def test_what_only_reads_changes_nothing(name, composer):
    expected, before = joblib.hash(CALLS[name](composer)), joblib.hash(vars(composer))
    for stop in some_moments(lambda: CALLS[name](composer), n=10):
        interrupted(lambda: CALLS[name](composer), stop)
        assert joblib.hash(vars(composer)) == before
    assert joblib.hash(CALLS[name](composer)) == expected
    assert _limit._limiter is None
