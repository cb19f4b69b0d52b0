"""The work of `soak.py` that nothing disturbs; whatever it gives, it must give every time."""

import io
import pickle
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import joblib
import skops.io
from joblib.externals.loky import get_reusable_executor
from matplotlib import pyplot as plt
from sklearn.model_selection import GridSearchCV

from benchmarks.library._soak_world import World, content, small_composer
from musicai import ChromaExtractor, PianoRollExtractor
from musicai.display import (
    ChromagramDisplay,
    ComparisonDisplay,
    SelfSimilarityDisplay,
    TrainingCurveDisplay,
    TransitionMatrixDisplay,
)
from musicai.metrics import MarkovBaseline, memorization, realism, report
from musicai.midi import write_midi
from musicai.render import chord_chart, chroma_to_audio, chroma_to_midi, to_musicxml
from musicai.theory.timing import FRAME_RATE

FORMATS = ("wav", "flac", "ogg", "mp3")
N_THREADS = 8


def extract_files(world: World) -> None:
    for kind in ("cqt", "stft", "cens"):
        world.same(f"{kind} of files", ChromaExtractor(kind=kind).transform(world.recordings))
    beats = ChromaExtractor(sync="beat").analyze(world.recordings[:2])
    world.same("beats", [(found.timing, found.tempo) for found in beats])


def extract_in_threads(world: World) -> None:
    files = world.recordings + [world.folder / "recording.wav"] * 4
    world.same("cqt in threads", ChromaExtractor(n_jobs=4).transform(files))


def extract_in_processes(world: World) -> None:
    with joblib.parallel_config(backend="loky"):
        found = ChromaExtractor(n_jobs=2).transform(world.recordings)
    get_reusable_executor().shutdown(wait=True)  # what is left after that is left for good
    world.same("cqt of files", found)


def extract_arrays(world: World) -> None:
    remembering = ChromaExtractor(memory=world.temporary / "memory")
    for _ in range(2):
        world.same("cqt of arrays", remembering.transform(world.samples))
    joblib.Memory(world.temporary / "memory", verbose=0).clear(warn=False)
    for path in sorted((world.temporary / "memory").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (world.temporary / "memory").rmdir()


def train(world: World) -> None:
    path = world.folder / "fit.npz"
    for changes in ({}, {"checkpoint": path}, {"emission": "gaussian"}):
        composer = small_composer(**changes).fit(world.short, world.styles)
        world.same(f"fit {changes.get('emission')}", composer.weights_)
    for _ in range(2):
        composer.partial_fit(world.short, world.styles)
    world.same("partial_fit", composer.weights_)


def search(world: World) -> None:
    found = GridSearchCV(small_composer(max_iter=2), {"hidden_size": [8, 16]}, cv=2)
    world.same("search", found.fit(world.short, world.styles).best_score_)


def sample(world: World) -> None:
    composer = world.composer
    world.same("sample", composer.sample(200, style="blues", key="G", random_state=1))
    world.same("many", composer.sample(50, n_pieces=16, random_state=2))
    world.same("stream", list(islice(composer.stream(prime=world.short[0], random_state=3), 50)))
    world.same("predict", composer.predict(world.short))
    world.same("score", composer.score_samples(world.short, world.styles))
    world.same("next", composer.next_frames(world.short[0], n_draws=200, random_state=4))


def sample_in_threads(world: World) -> None:
    def one(seed: int) -> Any:
        return world.composer.sample(60, prime=world.short[seed % 12], random_state=seed)

    with ThreadPoolExecutor(N_THREADS) as pool:
        world.same("threads", list(pool.map(one, range(3 * N_THREADS))))


def play_mosaic(world: World) -> None:
    piece = world.pieces[5][:120]
    world.same("mosaic", world.mosaic.transform(piece))
    for suffix in FORMATS:
        path = world.folder / f"mosaic.{suffix}"
        world.mosaic.transform(piece, path)
        world.same(path.name, content(path))
        path.unlink()


def render(world: World) -> None:
    piece = world.pieces[6][:120]
    for style in ("sines", "chords", "pads", "band"):
        world.same(style, chroma_to_audio(piece, instruments=style, timing=FRAME_RATE))
    for write, suffix in (
        (chroma_to_audio, "ogg"),
        (chroma_to_midi, "mid"),
        (to_musicxml, "xml"),
        (chord_chart, "txt"),
    ):
        path = world.folder / f"rendered.{suffix}"
        write(piece, path, timing=FRAME_RATE)
        world.same(path.name, content(path))
        path.unlink()


def notes(world: World) -> None:
    path = world.folder / "notes.mid"
    write_midi(path, world.midi)
    world.same("rolls", PianoRollExtractor().transform([path, path]))
    path.unlink()


def judge(world: World) -> None:
    learned, music = world.pieces[:12], world.pieces[12:]
    composed = [piece[::-1] for piece in learned]
    world.same("realism", realism(composed, music, timing=FRAME_RATE))
    world.same("memorization", memorization(composed, learned))
    card = report(world.pieces, composed, n_frames=216, timing=FRAME_RATE)
    world.same("report", card.to_dict())
    world.same("page", card._repr_html_())
    world.same("chain", MarkovBaseline(8, random_state=0).fit(music).sample(100))


def draw(world: World) -> None:
    piece = world.pieces[7]
    for display in (
        ChromagramDisplay.from_piece(piece, timing=FRAME_RATE),
        ComparisonDisplay.from_pieces({"a": piece, "b": world.pieces[8]}),
        SelfSimilarityDisplay.from_piece(piece),
        TransitionMatrixDisplay.from_pieces(world.pieces),
        TrainingCurveDisplay.from_estimator(world.composer),
    ):
        display.figure_.savefig(io.BytesIO())
        plt.close(display.figure_)


def pickles(world: World) -> None:
    composer, buffer = world.composer, io.BytesIO()
    joblib.dump(composer, buffer)
    buffer.seek(0)
    in_skops = skops.io.dumps(composer)
    for opened in (
        pickle.loads(pickle.dumps(composer)),
        joblib.load(buffer),
        skops.io.loads(in_skops, trusted=["musicai.LSTMComposer"]),
    ):
        world.same("sample of a copy", opened.sample(20, random_state=5))
    mosaic = pickle.loads(pickle.dumps(world.mosaic))
    world.same("mosaic", mosaic.transform(world.pieces[5][:120]))


WORK = (
    extract_files,
    extract_in_threads,
    extract_in_processes,
    extract_arrays,
    train,
    search,
    sample,
    sample_in_threads,
    play_mosaic,
    render,
    notes,
    judge,
    draw,
    pickles,
)
"""Every kind of work; a round does each once, in any order."""
