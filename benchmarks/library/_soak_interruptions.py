"""Ctrl-C at any moment of `soak.py`'s work, and what must hold after it.

A thread waits for a while, between nothing and what the call takes when nobody disturbs it, and
sends SIGINT to the main thread. Then either the call raises KeyboardInterrupt, or a fit ends early
with a warning, or it was too late. Whichever it was: nothing half-written is left, nothing is
held, and the same object gives, when it is asked again, the very result of an undisturbed twin.
"""

import signal
import threading
import time
import warnings
from collections.abc import Callable
from itertools import islice
from typing import Any

import joblib
from joblib.externals.loky import get_reusable_executor
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from benchmarks.library._soak_world import SoakError, World, content, released, small_composer
from musicai import ChromaExtractor, LSTMComposer, MosaicSynthesizer
from musicai.base.blas import _limit
from musicai.metrics import MarkovBaseline, report
from musicai.midi import write_midi
from musicai.render import chord_chart, chroma_to_audio, chroma_to_midi, to_musicxml
from musicai.theory.timing import FRAME_RATE

Call = Callable[[], Any]
RAISED, ENDED_EARLY, TOO_LATE, LOST = "raised", "fit ended early", "too late", "lost"
OLD = b"what was there before"


def interrupt(world: World, name: str, call: Call) -> tuple[str, Any]:
    """Call with Ctrl-C at a random moment; return what came of it, and the result if any."""
    sent: list[float] = []

    def send() -> None:
        if not cancelled.wait(delay):
            sent.append(time.monotonic())
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    delay = world.rng.uniform(0, world.seconds[name])
    cancelled = threading.Event()
    thread = threading.Thread(target=send, daemon=True)
    result, outcome, ended = None, TOO_LATE, float("inf")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        # Where nobody has taken over what was opened Python closes it, and says so.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            thread.start()
            result = call()
            ended = time.monotonic()
            cancelled.set()
            thread.join()
            time.sleep(0)  # a signal that came meanwhile is raised here at the latest
        except KeyboardInterrupt:
            outcome = RAISED if ended == float("inf") else TOO_LATE
    cancelled.set()
    thread.join()
    messages = [str(each.message) for each in told if "held-out" not in str(each.message)]
    if any("training was interrupted" in message for message in messages):
        outcome = ENDED_EARLY
    elif messages:
        raise SoakError(f"{name}: interrupted, it warned of something else: {messages}")
    elif outcome == TOO_LATE and sent and sent[0] < ended - 0.05 and ended < float("inf"):
        outcome = LOST
    world.counts[f"Ctrl-C, {name}: {outcome}"] += 1
    return outcome, result


def same(world: World, name: str, result: Any) -> Any:
    """Return `result`, which must be that of an undisturbed twin."""
    return world.same(f"{name}, interrupted", result)


def undisturbed(world: World, name: str, call: Call, settle: Call = lambda: None) -> None:
    """Call once in peace, interrupt the next call, then call again: results must be the same."""
    same(world, name, world.timed(name, call))
    settle()
    before = world.held()
    outcome, result = interrupt(world, name, call)
    if result is not None and outcome != ENDED_EARLY:
        same(world, name, result)
    settle()
    world.settles(before)
    same(world, name, call())
    if _limit._limiter is not None:
        raise SoakError(f"{name}: the limit of BLAS threads was not lifted")
    settle()


def reading(world: World) -> None:
    """Everything that writes no file, and changes no object."""
    composer, piece = world.composer, world.pieces[3]
    calls = {
        "transform": lambda: ChromaExtractor().transform(world.recordings),
        "transform in threads": lambda: ChromaExtractor(n_jobs=3).transform(world.recordings * 2),
        "beats": lambda: ChromaExtractor(sync="beat").transform(world.recordings),
        "sample": lambda: composer.sample(200, n_pieces=4, random_state=6),
        "stream": lambda: list(islice(composer.stream(random_state=7), 200)),
        "score": lambda: composer.score_samples(world.short, world.styles),
        "mosaic": lambda: world.mosaic.transform(piece[:100]),
        "band": lambda: chroma_to_audio(piece[:60], instruments="band", timing=FRAME_RATE),
        "report": lambda: report(
            world.pieces, world.pieces[:12], n_frames=216, timing=FRAME_RATE
        ).to_dict(),
    }
    name = world.rng.choice(list(calls))
    undisturbed(world, str(name), calls[name])


def searching(world: World) -> None:
    search = GridSearchCV(small_composer(max_iter=2), {"hidden_size": [8, 16]}, cv=2)
    undisturbed(
        world, "GridSearchCV", lambda: clone(search).fit(world.short, world.styles).best_score_
    )


def in_processes(world: World) -> None:
    def extract() -> Any:
        with joblib.parallel_config(backend="loky"):
            return ChromaExtractor(n_jobs=2).transform(world.recordings)

    def shut() -> None:
        get_reusable_executor().shutdown(wait=True, kill_workers=True)

    with released(world):
        undisturbed(world, "transform in processes", extract, shut)


def writing(world: World) -> None:
    """A target is what it was, or whole."""
    piece = world.pieces[4]
    writers = {
        "mosaic.wav": lambda path: world.mosaic.transform(piece[:100], path),
        "sines.flac": lambda path: chroma_to_audio(piece, path, timing=FRAME_RATE),
        "sines.ogg": lambda path: chroma_to_audio(piece, path, timing=FRAME_RATE),
        "sines.mp3": lambda path: chroma_to_audio(piece, path, timing=FRAME_RATE),
        "band.wav": lambda path: chroma_to_audio(
            piece[:60], path, instruments="band", timing=FRAME_RATE
        ),
        "chords.mid": lambda path: chroma_to_midi(piece, path, timing=FRAME_RATE),
        "notes.mid": lambda path: write_midi(path, world.midi),
        "score.musicxml": lambda path: to_musicxml(piece, path, timing=FRAME_RATE),
        "chart.txt": lambda path: chord_chart(piece, path, timing=FRAME_RATE),
    }
    name = str(world.rng.choice(list(writers)))
    path, write = world.folder / name, writers[name]
    world.timed(name, lambda: write(path))
    same(world, name, content(path))
    path.write_bytes(OLD)
    before = world.held()
    interrupt(world, name, lambda: write(path))
    world.settles(before)
    if path.read_bytes() != OLD:
        same(world, name, content(path))
    write(path)
    same(world, name, content(path))
    path.unlink()


def fitting(world: World) -> None:
    """A composer is as it was, or has learned something; the next fit is that of its twin."""
    path = world.folder / "interrupted.npz"
    changes = [{}, {"early_stopping": False}, {"checkpoint": path}][world.rng.integers(3)]
    name = f"fit, {next(iter(changes), 'plain')}"
    twin = small_composer(**changes)
    world.timed(name, lambda: twin.fit(world.short, world.styles))
    same(world, name, twin.weights_)
    composer = small_composer(**changes)
    if world.rng.random() < 0.5:
        composer.partial_fit(world.short[:4], world.styles[:4])
    before, after, held = joblib.hash(vars(composer)), joblib.hash(vars(twin)), world.held()
    outcome, _ = interrupt(world, name, lambda: composer.fit(world.short, world.styles))
    check_state(composer, before, after, outcome)
    world.settles(held | {"files": world.held()["files"]})
    left = sorted(file.name for file in world.folder.glob("*interrupted*"))
    if left not in ([], [path.name]):
        raise SoakError(f"{name}: {left} was left")
    composer.fit(world.short, world.styles)
    same(world, name, composer.weights_)
    world.settles(held)


def going_on(world: World) -> None:
    """A pass that is interrupted has not been taken."""
    name = "partial_fit"
    composer = small_composer().partial_fit(world.short, world.styles)
    twin = small_composer().partial_fit(world.short, world.styles)
    one_pass = lambda: composer.partial_fit(world.short, world.styles)  # noqa: E731
    world.timed(name, lambda: twin.partial_fit(world.short, world.styles))
    before = joblib.hash(vars(composer))
    outcome, _ = interrupt(world, name, one_pass)
    check_state(composer, before, joblib.hash(vars(twin)), outcome)
    if composer.n_iter_ == 1:
        one_pass()
    same(world, name, composer.weights_)


def fitting_others(world: World) -> None:
    """What has no middle ground is as it was, or fitted."""
    estimators = {
        "MosaicSynthesizer.fit": (MosaicSynthesizer(), world.recordings),
        "MarkovBaseline.fit": (MarkovBaseline(8, random_state=0), world.pieces),
    }
    name = str(world.rng.choice(list(estimators)))
    estimator, X = estimators[name]
    twin = world.timed(name, lambda: clone(estimator).fit(X))
    fitted = same(world, name, vars(twin))
    before, held = joblib.hash(vars(estimator)), world.held()
    interrupt(world, name, lambda: estimator.fit(X))
    if joblib.hash(vars(estimator)) not in (before, joblib.hash(fitted)):
        raise SoakError(f"{name}: interrupted, it is neither as it was nor fitted")
    world.settles(held)
    same(world, name, vars(estimator.fit(X)))


def check_state(composer: LSTMComposer, before: str, after: str, outcome: str) -> None:
    """A composer is as it was `before` or as a whole fit leaves it `after`, or warned of less."""
    now = joblib.hash(vars(composer))
    if outcome != ENDED_EARLY:
        if now not in (before, after):
            raise SoakError(f"{outcome}, and the composer is neither as it was nor fitted")
        return
    scores = composer.validation_curve_
    if not composer.n_iter_ == len(composer.loss_curve_) == len(scores or composer.loss_curve_):
        raise SoakError("figures of an interrupted fit are of different lengths")
    if scores and composer.best_validation_score_ != max(scores):
        raise SoakError("the best score of an interrupted fit is none of its scores")
    composer.sample(3, random_state=0)


INTERRUPTIONS = (reading, searching, in_processes, writing, fitting, going_on, fitting_others)
