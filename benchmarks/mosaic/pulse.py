"""Pulse of mosaics: mosaics of beats and of frames, compared with real music and noise.

    OMP_NUM_THREADS=1 python -m benchmarks.mosaic.pulse FOLDER [--composed 12] [--each]

The hashes of their names split the recordings in FOLDER into training and held-out halves. Two
mosaics play 30-second clips of held-out recordings with segments of the training recordings. The
mosaic of beats plays the chroma of their half-beats on a steady grid at the tempo of the clip; the
mosaic of frames plays the chroma of their frames. Choose the library's constants only on the clips
of ``--set development``; report figures for those of ``--set test``. With ``--composed``, a
composer is trained on the half-beats of the training recordings, and its pieces are played as well.

How strong attacks are depends on which recordings are in which half. ``--swap`` exchanges the
halves: the held-out recordings are learned, and the clips are those of the training recordings.
With ``--clips-of OTHER``, all recordings in FOLDER are learned, and the clips are those of the
folder OTHER. ``--beats-only`` leaves out the mosaic of frames and the noise.

- pulse 6, 20: the highest autocorrelation of onsets at 40 to 200 beats per minute, in windows of 6
  and 20 seconds
- clarity: mean correlation of the onsets within each of librosa's beats with those of its neighbors
- F, F any, AMLt: agreement of librosa's beats with the requested grid (for recordings and mosaics
  of frames, with the beats of the recording); "any" also accepts beats at half or double tempo and
  off-beats. If ``madmom`` is installed, the same for its beats
- attacks: onset strength at the beats of the grid, in dB
- side, spread: energy of the side channel relative to the mid channel, and the range of levels over
  400 ms, in dB
- chroma: mean correlation of the chroma of the audio with the requested chroma, per half-beat
- texture: Frechet distance to the training recordings, of means and standard deviations of log-mel
  bands per second
- used: number of recordings in a clip; CPU: processor seconds per 30 seconds of music
"""

import argparse
import hashlib
import pickle
import warnings
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from time import process_time
from typing import NamedTuple

import joblib
import numpy as np
import soundfile

from benchmarks.common import pulse as judges
from benchmarks.common.music import find_recordings, print_table
from musicai import ChromaExtractor, LSTMComposer, MosaicSynthesizer, Timing
from musicai.audio import read_excerpt
from musicai.chroma import Analysis
from musicai.metrics import frechet_distance
from musicai.theory.shapes import unit_shapes

SECONDS = 30.0
FROM = 20.0
"""Position in seconds at which a clip begins in its recording; earlier in short recordings."""


class Clip(NamedTuple):
    """A clip of a held-out recording, or a composed piece."""

    path: Path
    start: float  # seconds
    beats: np.ndarray  # seconds from the start, the last one is the end
    halves: np.ndarray  # chroma of half-beats

    @property
    def timing(self) -> Timing:
        """Timing of half-beats at the tempo of the clip's median beat."""
        period = float(np.median(np.diff(self.beats)))
        return Timing.from_tempo(60 / period, frames_per_beat=2)

    @property
    def grid(self) -> np.ndarray:
        """Times of the beats at that tempo, and of the end, in seconds."""
        return self.timing.borders(len(self.halves))[::2]


def side_of(path: Path, question: str) -> bool:
    """Return whether a recording is in the first of two halves, by a hash of its name.

    Each `question` divides the recordings differently.
    """
    name = f"{question}/{path.parent.name}/{path.name}"
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 0


def cut(path: Path, analysis: Analysis) -> Clip | None:
    """Return a clip of a recording, or None if it is too short or has no beats."""
    if analysis.beats is None:
        return None
    beats = analysis.beats.times
    end = min(beats[-1], FROM + SECONDS)
    first, last = np.searchsorted(beats, [max(0.0, end - SECONDS), end + 1e-6])
    if beats[last - 1] - beats[first] < 0.8 * SECONDS:
        return None
    own = analysis.timing.beats()
    halves = slice(*np.searchsorted(own, [first - 1e-6, last - 1 - 1e-6]))
    return Clip(path, beats[first], beats[first:last] - beats[first], analysis.chroma[halves])


def excerpt(path: Path, start: float, seconds: float) -> np.ndarray:
    """Return stereo samples of an excerpt."""
    return read_excerpt(path, start, int(seconds * judges.RATE), sr=judges.RATE, channels=2)


Player = Callable[[Clip], tuple[np.ndarray, np.ndarray, dict[str, float]]]


class Judge:
    """Measurements of clips; `reference` has the textures of the training recordings."""

    def __init__(self, reference: np.ndarray) -> None:
        self.reference = reference
        self.extractor = ChromaExtractor()

    def measure(
        self, audio: np.ndarray, grid: np.ndarray, halves: np.ndarray
    ) -> tuple[dict[str, float], np.ndarray]:
        """Return the figures of one clip, and its texture."""
        onsets = judges.Onsets(audio)
        figures = {
            "pulse 6": onsets.pulse(6), "pulse 20": onsets.pulse(20), "clarity": onsets.clarity(),
            **judges.agreement(grid, onsets.beats),
        }  # fmt: skip
        tracker = judges.madmom_tracker()
        if tracker is not None:
            others = judges.agreement(grid, tracker(audio))
            figures.update({f"{name} m": value for name, value in others.items()})
        figures["attacks"] = onsets.attacks(grid)
        figures["side"] = judges.side_energy(audio)
        figures["spread"] = judges.level_spread(audio)
        figures["chroma"] = self.chroma(audio, grid, halves)
        return figures, judges.texture(onsets.low)

    def chroma(self, audio: np.ndarray, grid: np.ndarray, halves: np.ndarray) -> float:
        """Return the mean correlation of the half-beats of audio with those of the piece."""
        if not len(halves):
            return float("nan")
        (found,) = self.extractor.transform([(judges.mono(audio), judges.RATE)])
        times = np.sort(np.concatenate([grid, (grid[1:] + grid[:-1]) / 2]))
        frames = np.rint(times * self.extractor.frame_rate).astype(int)
        parts = [found[a : max(a + 1, b)] for a, b in pairwise(frames)]
        medians = np.array([np.median(part, axis=0) for part in parts], dtype=np.float32)
        return float(np.mean(np.sum(unit_shapes(medians) * unit_shapes(halves), axis=1)))


def play(mosaic: MosaicSynthesizer, piece: np.ndarray, timing: Timing) -> tuple[np.ndarray, dict]:
    """Return a piece played by a mosaic, and its figures "used" and "CPU"."""
    started = process_time()
    sound = mosaic.transform(piece, timing=timing)
    took = process_time() - started
    segments = mosaic.segments(piece, timing=timing)
    used = len({each.recording for each in segments})
    return sound, {"used": used, "CPU": took * SECONDS * judges.RATE / len(sound)}


def players(judge: Judge, fitted: dict[str, MosaicSynthesizer]) -> dict[str, Player]:
    """Return functions by name that play a clip and return samples, beats and further figures."""

    def recording(clip: Clip):
        return excerpt(clip.path, clip.start, clip.beats[-1]), clip.beats, {}

    def beats(clip: Clip):
        sound, more = play(fitted["beats"], clip.halves, clip.timing)
        return sound, clip.grid, more

    def frames(clip: Clip):
        real = judges.mono(recording(clip)[0])
        (piece,) = judge.extractor.transform([(real, judges.RATE)])
        sound, more = play(fitted["frames"], piece, judge.extractor.timing)
        return sound, clip.beats, more

    def noise(clip: Clip):
        n_samples = int(clip.beats[-1] * judges.RATE)
        rng = np.random.RandomState(0)
        return rng.uniform(-0.3, 0.3, (n_samples, 2)).astype(np.float32), clip.beats, {}

    every: dict[str, Player] = {"the recordings": recording, "**mosaic of beats**": beats}
    if "frames" in fitted:
        every |= {"mosaic of frames": frames, "white noise": noise}
    return every


def measure(
    judge: Judge, clips: list[tuple[str, Clip]], every: dict[str, Player], *, n_jobs: int
) -> Iterator[tuple[dict[str, float], np.ndarray]]:
    """Yield the figures and the texture of each clip, in order; `clips` holds players and clips."""

    def one(name: str, clip: Clip) -> tuple[dict[str, float], np.ndarray]:
        warnings.simplefilter("ignore")
        sound, grid, more = every[name](clip)
        figures, texture = judge.measure(sound, grid, clip.halves)
        return {**figures, **more}, texture

    jobs = joblib.Parallel(n_jobs=n_jobs, return_as="generator")
    return jobs(joblib.delayed(one)(*each) for each in clips)


def compose(extractor: ChromaExtractor, learned: list[Path], n: int) -> list[Clip]:
    """Return pieces of half-beats, sampled by a composer, in the form of clips."""
    known = [each for each in extractor.analyze(learned) if each.beats is not None]
    composer = LSTMComposer(random_state=0)
    composer.fit([each.chroma for each in known], timing=[each.timing for each in known])
    timing = composer.timing_of()
    n_beats = round(SECONDS * timing.tempo / 60)
    pieces = [composer.sample(2 * n_beats, temperature=0.8, random_state=seed) for seed in range(n)]
    beats = timing.borders(2 * n_beats)[::2]
    return [Clip(Path(f"composed {i}"), 0.0, beats, piece) for i, piece in enumerate(pieces)]


def split(recordings: list[Path], arguments: argparse.Namespace) -> tuple[list[Path], list[Path]]:
    """Return the recordings to learn, and those to cut clips from."""
    if arguments.clips_of:
        return recordings, find_recordings([arguments.clips_of], n_chorales=0)
    learned = [path for path in recordings if side_of(path, "learn")]
    held = [path for path in recordings if path not in learned]
    if arguments.swap:
        return held, learned
    is_development = arguments.which == "development"
    return learned, [path for path in held if side_of(path, "development") == is_development]


def print_figures(rows: dict[str, list[dict[str, float]]]) -> None:
    """Print means and medians over clips."""
    names = list(dict.fromkeys(name for row in rows.values() for name in row[0]))
    for title, summary in (("mean", np.nanmean), ("median", np.nanmedian)):
        print_table(
            [title, *names],
            [
                [
                    row,
                    *(
                        float(summary([c[n] for c in clips])) if n in clips[0] else ""
                        for n in names
                    ),
                ]
                for row, clips in rows.items()
            ],
        )


def print_differences(rows: dict[str, list[dict[str, float]]]) -> None:
    """Print how mosaics of beats differ from the recordings, with standard errors over clips."""
    pairs = list(zip(rows["**mosaic of beats**"], rows["the recordings"], strict=True))
    names = [name for name in pairs[0][0] if name in pairs[0][1]]
    differences = np.array([[a[name] - b[name] for name in names] for a, b in pairs])
    errors = np.nanstd(differences, axis=0, ddof=1) / np.sqrt(len(pairs))
    print_table(
        ["mosaic of beats less the recordings", *names],
        [["mean difference", *np.nanmean(differences, axis=0)], ["standard error", *errors]],
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path)
    parser.add_argument("--set", choices=["development", "test"], default="test", dest="which")
    parser.add_argument("--swap", action="store_true", help="exchange both halves")
    parser.add_argument("--clips-of", type=Path, metavar="OTHER", help="folder to cut clips from")
    parser.add_argument("--beats-only", action="store_true", help="no mosaic of frames, no noise")
    parser.add_argument("--clips", type=int, default=24, help="(%(default)s)")
    parser.add_argument("--composed", type=int, default=0, metavar="N", help="pieces to compose")
    parser.add_argument("--memory", metavar="FOLDER", help="cache of analyses")
    parser.add_argument("--n-jobs", type=int, default=1, metavar="N", help="processes")
    parser.add_argument("--each", action="store_true", help="print each clip once it is measured")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    recordings = find_recordings([arguments.folder], n_chorales=0)
    learned, held = split(recordings, arguments)

    common = {"memory": arguments.memory, "on_error": "warn"}
    extractors = {"beats": ChromaExtractor(sync="half-beat", **common)}
    if not arguments.beats_only:
        extractors["frames"] = ChromaExtractor(**common)
    fitted, seconds = {}, {}
    for name, extractor in extractors.items():
        started = process_time()
        fitted[name] = MosaicSynthesizer(extractor).fit(learned)
        seconds[name] = process_time() - started
    hours = sum(soundfile.info(path).duration for path in learned) / 3600
    print(f"{len(learned)} recordings learned, {hours:.1f} hours")
    for name, took in seconds.items():
        size = len(pickle.dumps(fitted[name])) / 1e6
        print(f"fit by {name}: {took / hours:.1f} CPU s and {size / hours:.2f} MB an hour")

    analyses = extractors["beats"].analyze(held)
    cuts = [cut(*both) for both in zip(held, analyses, strict=True)]
    clips = [clip for clip in cuts if clip is not None][: arguments.clips]
    print(f"{len(clips)} clips of {len(held)} held-out recordings")
    excerpts = (excerpt(path, FROM, SECONDS) for path in learned)
    judge = Judge(np.concatenate([judges.texture(judges.at_low_rate(each)) for each in excerpts]))
    every = players(judge, fitted)
    to_play = [(name, clip) for clip in clips for name in every]
    own = zip(learned, extractors["beats"].analyze(learned), strict=True)
    every["the recordings played with"] = every["the recordings"]
    to_play += [("the recordings played with", clip) for each in own if (clip := cut(*each))]
    if arguments.composed:
        pieces = compose(extractors["beats"], learned, arguments.composed)
        every["composed, by beats"] = every["**mosaic of beats**"]
        to_play += [("composed, by beats", piece) for piece in pieces]
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in every}
    textures: dict[str, list[np.ndarray]] = {name: [] for name in every}
    found = measure(judge, to_play, every, n_jobs=arguments.n_jobs)
    for (name, clip), (figures, texture) in zip(to_play, found, strict=True):
        rows[name].append(figures)
        textures[name].append(texture)
        if arguments.each:
            shown = (f"{figure} {value:.3g}" for figure, value in figures.items())
            print(f"{name}: {clip.path.parent.name}/{clip.path.name}:", *shown, flush=True)
    print_differences(rows)
    for name, row in rows.items():
        distance = frechet_distance(np.concatenate(textures[name]), judge.reference)
        for figures in row:
            figures["texture"] = float(distance)
    print_figures(rows)


if __name__ == "__main__":
    main()
