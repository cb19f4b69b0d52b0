"""After Ctrl-C, files are complete or unchanged, and estimators are fitted or unchanged.

`interrupted` presses Ctrl-C at a numbered moment, so that a failure can be reproduced. A moment is
the start of a function of musicai, or the return of a C function that such a function calls.
"""

import signal
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path

import joblib
import numpy as np
import pytest

import musicai
from musicai import LSTMComposer, MosaicSynthesizer
from musicai.audio import write_audio
from musicai.composer import _training
from musicai.composer._checkpoint import Checkpoint
from musicai.metrics import IndependentBaseline, MarkovBaseline, PersistenceBaseline
from musicai.render import chord_chart, chroma_to_midi, to_musicxml

# If Ctrl-C comes after a file is opened but before it is assigned to a variable, Python closes the
# file and warns.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

PACKAGE = str(Path(musicai.__file__).parent)
OLD = b"what was there before"


class Moments:
    """Count the moments of a call, and press Ctrl-C at one of them.

    Moments in `__del__` do not count, because Python ignores errors that are raised there.
    """

    def __init__(self, stop=None):
        self.n, self.stop = 0, stop

    def __call__(self, frame, event, argument):
        code = frame.f_code
        if event not in ("call", "c_return") or code.co_name == "__del__":
            return
        if code.co_filename.startswith(PACKAGE):
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


def interrupted(call, stop):
    """Press Ctrl-C at moment number `stop` of a call; return whether it was interrupted."""
    try:
        Moments(stop).run(call)
    except KeyboardInterrupt:
        return True
    return False


def some_moments(call, n, seed=0):
    """Choose the first and last five moments of a call, and about `n` others at random."""
    moments = Moments()
    moments.run(call)
    chosen = np.random.RandomState(seed).randint(1, moments.n + 1, size=n)
    return sorted({1, *chosen.tolist(), *range(max(1, moments.n - 4), moments.n + 1)})


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
    "a.mid": lambda path: chroma_to_midi(chords(), path, timing=10),
    "a.xml": lambda path: to_musicxml(chords(), path, timing=10),
    "a.txt": lambda path: chord_chart(chords(), path, timing=10),
}


@pytest.mark.parametrize("name", WRITERS)
def test_after_ctrl_c_a_file_is_complete_or_unchanged(name, tmp_path):
    path, write = tmp_path / name, WRITERS[name]
    write(path)
    whole = path.read_bytes()
    moments = Moments()
    moments.run(lambda: write(path))
    # Only the last moments are tried, because the file is written at the end.
    for stop in range(max(1, moments.n - 40), moments.n + 1, 4 if name == "a.xml" else 1):
        path.write_bytes(OLD)
        interrupted(lambda: write(path), stop)
        assert path.read_bytes() in (OLD, whole)
        assert list(tmp_path.iterdir()) == [path]
    write(path)
    assert path.read_bytes() == whole


ESTIMATORS = {
    "MosaicSynthesizer": (MosaicSynthesizer, recordings),
    "MarkovBaseline": (lambda: MarkovBaseline(4, random_state=0), pieces),
    "IndependentBaseline": (IndependentBaseline, pieces),
    "PersistenceBaseline": (PersistenceBaseline, pieces),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_after_ctrl_c_fit_is_complete_or_has_changed_nothing(name):
    make, music = ESTIMATORS[name]
    X = music()
    twin = joblib.hash(vars(make().fit(X)))
    estimator = make().fit(X[:1])
    before = joblib.hash(vars(estimator))
    for stop in some_moments(lambda: make().fit(X), n=6):
        interrupted(lambda: estimator.fit(X), stop)
        assert joblib.hash(vars(estimator)) in (before, twin)
        assert joblib.hash(vars(estimator.fit(X))) == twin
        estimator.fit(X[:1])


def small(**changes):
    return LSTMComposer(
        **{"hidden_size": 4, "max_iter": 3, "batch_size": 2, "random_state": 0, **changes}
    )


def test_after_ctrl_c_partial_fit_is_complete_or_has_changed_nothing():
    twin = joblib.hash(vars(small().partial_fit(pieces())))
    for stop in some_moments(lambda: small().partial_fit(pieces()), n=6):
        composer = small()
        before = joblib.hash(vars(composer))
        interrupted(lambda learn=composer.partial_fit: learn(pieces()), stop)
        assert joblib.hash(vars(composer)) in (before, twin)
        if joblib.hash(vars(composer)) == before:
            composer.partial_fit(pieces())
        assert joblib.hash(vars(composer)) == twin


@pytest.mark.parametrize("changes", [{}, {"early_stopping": False}, {"checkpoint": "fit.npz"}])
def test_after_ctrl_c_a_composer_is_usable_or_unchanged(changes, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    whole = joblib.hash(vars(small(**changes).fit(pieces())))
    n_early = 0
    for stop in some_moments(lambda: small(**changes).fit(pieces()), n=6):
        composer = small(**changes)
        before = joblib.hash(vars(composer))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            raised = interrupted(lambda fit=composer.fit: fit(pieces()), stop)
        n_early += len(caught)
        if raised or not caught:
            assert joblib.hash(vars(composer)) in (before, whole)
        else:
            scores = composer.validation_curve_
            n_scores = composer.n_iter_ if scores is None else len(scores)
            assert composer.n_iter_ == len(composer.loss_curve_) == n_scores
            assert (composer.best_validation_score_ is None) == ("early_stopping" in changes)
            assert np.isfinite(composer.score(pieces()))
        assert {path.name for path in tmp_path.iterdir()} <= {"fit.npz"}
        assert joblib.hash(vars(composer.fit(pieces()))) == whole
        assert not list(tmp_path.iterdir())
    assert n_early > 0


def test_ctrl_c_after_the_last_training_step_is_reported(monkeypatch, ctrl_c):
    interruptions = _training._interruptions

    @contextmanager
    def pressed_at_the_end(patient):
        with interruptions(patient) as interrupted:
            yield interrupted
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(_training, "_interruptions", pressed_at_the_end)
    with pytest.warns(UserWarning, match="training was interrupted after 3 of 3 epochs"):
        small().fit(pieces())


def test_training_postpones_ctrl_c(ctrl_c):
    with _training._interruptions(patient=False) as interrupted:
        assert not interrupted()
        signal.raise_signal(signal.SIGINT)
        assert interrupted()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with _training._interruptions(patient=True) as interrupted:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        assert interrupted()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda *_: None])
@pytest.mark.parametrize("patient", [False, True])
def test_a_signal_handler_that_the_user_installed_is_kept(handler, patient, ctrl_c):
    signal.signal(signal.SIGINT, handler)
    with _training._interruptions(patient) as interrupted:
        signal.raise_signal(signal.SIGINT)
        assert not interrupted()
    assert signal.getsignal(signal.SIGINT) is handler


def test_an_interrupted_write_leaves_the_previous_checkpoint_and_no_draft(tmp_path, monkeypatch):
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
