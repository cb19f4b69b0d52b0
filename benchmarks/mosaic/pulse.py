"""Mosaics with a pulse: mosaics of beats and of frames between real music and noise.

    OMP_NUM_THREADS=1 python -m benchmarks.mosaic.pulse FOLDER [--set development] [--clips 24]

Half of the recordings in the folder that are longer than a minute are learned, by the hash of their
names, the others held out. Clips of 30 seconds from those are played in the sound of the learned
ones: their chroma by half-beats on a steady grid of their tempo by the mosaic of beats, their
chroma by frames by the mosaic of frames. Constants of the library may be chosen on the clips of
``--set development``; those of ``--set test`` are for figures. Printed are means over clips, and
medians with ``--medians``; with ``--each`` the mosaic of beats clip by clip.

- pulse 6, 20: the highest autocorrelation of onsets at 40 to 200 beats a minute, in windows of
  6 and 20 seconds
- clarity: how alike the onsets within librosa's beats are
- F, F any, AMLt: librosa's beats against the grid that was asked for (of recordings and of mosaics
  of frames: the beats of the recording); "any" allows half, double and off-beats. With ``madmom``
  installed, the same by its beats
- attacks: onset strength at the beats of the grid, in dB
- side, spread: energy of left less right over their sum, and the range of levels of 400 ms, in dB
- chroma: correlation per half-beat of what is heard with what was wanted
- texture: Frechet distance of 1-second means and deviations of log-mel bands to learned recordings
- used: recordings in a clip; CPU: seconds for 30 seconds of music
"""

import argparse
import hashlib
import pickle
import warnings
from itertools import pairwise
from pathlib import Path
from time import process_time
from typing import NamedTuple

import numpy as np

from benchmarks.common import pulse as judges
from benchmarks.common.music import find_recordings, print_table
from musicai import ChromaExtractor, MosaicSynthesizer, Timing
from musicai.audio import read_excerpt
from musicai.chroma import Analysis
from musicai.metrics import frechet_distance
from musicai.theory.shapes import unit_shapes

SECONDS = 30.0
FROM = 20.0
"""Clips begin about so many seconds into a recording."""


class Clip(NamedTuple):
    """Some beats of a held-out recording."""

    path: Path
    start: float  # seconds
    beats: np.ndarray  # seconds from the start, the last one is the end
    halves: np.ndarray  # chroma of half-beats

    @property
    def timing(self) -> Timing:
        """Half-beats at the steady tempo of the clip."""
        period = float(np.median(np.diff(self.beats)))
        return Timing.from_tempo(60 / period, frames_per_beat=2)

    @property
    def grid(self) -> np.ndarray:
        """The beats of that tempo."""
        return self.timing.borders(len(self.halves))[::2]


def side_of(path: Path, question: str) -> bool:
    """Answer a question of a recording by a coin that always falls alike."""
    name = f"{question}/{path.parent.name}/{path.name}"
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 0


def cut(path: Path, analysis: Analysis) -> Clip | None:
    """Return a clip of a recording that is long enough."""
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
    """Return stereo samples of a recording."""
    return read_excerpt(path, start, int(seconds * judges.RATE), sr=judges.RATE, channels=2)


class Judge:
    """Measures clips, and keeps their textures."""

    def __init__(self, reference: np.ndarray) -> None:
        self.reference = reference
        self.extractor = ChromaExtractor()
        self.tracker = judges.madmom_tracker()

    def measure(self, audio: np.ndarray, grid: np.ndarray, halves: np.ndarray) -> dict[str, float]:
        """Return the figures of one clip."""
        onsets = judges.Onsets(audio)
        figures = {
            "pulse 6": onsets.pulse(6), "pulse 20": onsets.pulse(20), "clarity": onsets.clarity(),
            **judges.agreement(grid, onsets.beats),
        }  # fmt: skip
        if self.tracker is not None:
            others = judges.agreement(grid, self.tracker(audio))
            figures.update({f"{name} m": value for name, value in others.items()})
        figures["attacks"] = onsets.attacks(grid)
        figures["side"] = judges.side_energy(audio)
        figures["spread"] = judges.level_spread(audio)
        figures["chroma"] = self.chroma(audio, grid, halves)
        return figures

    def chroma(self, audio: np.ndarray, grid: np.ndarray, halves: np.ndarray) -> float:
        """Return the mean correlation of half-beats that are heard with what was wanted."""
        if not len(halves):
            return float("nan")
        (heard,) = self.extractor.transform([(judges.mono(audio), judges.RATE)])
        times = np.sort(np.concatenate([grid, (grid[1:] + grid[:-1]) / 2]))
        frames = np.rint(times * self.extractor.frame_rate).astype(int)
        parts = [heard[a : max(a + 1, b)] for a, b in pairwise(frames)]
        medians = np.array([np.median(part, axis=0) for part in parts], dtype=np.float32)
        return float(np.mean(np.sum(unit_shapes(medians) * unit_shapes(halves), axis=1)))

    def texture(self, sounds: list[np.ndarray]) -> float:
        """Return the distance of clips to the learned recordings."""
        textures = [judges.texture(judges.Onsets(each).low) for each in sounds]
        return float(frechet_distance(np.concatenate(textures), self.reference))


def summarize(figures: list[dict[str, float]], summary) -> dict[str, float]:
    return {name: float(summary([each[name] for each in figures])) for name in figures[0]}


def play(mosaic: MosaicSynthesizer, pieces: list, timings: list) -> tuple[list, list]:
    """Return the sound of pieces one by one, with the recordings used and the CPU seconds."""
    sounds, extra = [], []
    for piece, timing in zip(pieces, timings, strict=True):
        started = process_time()
        sounds.append(mosaic.transform(piece, timing=timing))
        took = process_time() - started
        stretches = mosaic.stretches(piece, timing=timing)
        extra.append(
            {
                "used": len({each.recording for each in stretches}),
                "CPU": took * SECONDS / (len(sounds[-1]) / judges.RATE),
            }
        )
    return sounds, extra


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path)
    parser.add_argument("--set", choices=["development", "test"], default="test", dest="which")
    parser.add_argument("--clips", type=int, default=24)
    parser.add_argument("--memory", help="a folder that keeps analyses")
    parser.add_argument("--medians", action="store_true")
    parser.add_argument("--each", action="store_true")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    recordings = [Path(each) for each in find_recordings([arguments.folder], n_chorales=0)]
    learned = [path for path in recordings if side_of(path, "learn")]
    held = [path for path in recordings if path not in learned]
    held = [
        path for path in held if side_of(path, "development") == (arguments.which == "development")
    ]
    common = {"memory": arguments.memory, "on_error": "warn"}
    by_beats = ChromaExtractor(sync="half-beat", **common)

    fitted, seconds = {}, {}
    for name, extractor in {"beats": by_beats, "frames": ChromaExtractor(**common)}.items():
        started = process_time()
        fitted[name] = MosaicSynthesizer(extractor).fit(learned)
        seconds[name] = process_time() - started
    frame_rate = fitted["frames"].extractor_.frame_rate
    hours = sum(map(len, fitted["frames"].chroma_)) / frame_rate / 3600
    print(f"{len(learned)} recordings learned, {hours:.1f} hours")
    for name, took in seconds.items():
        size = len(pickle.dumps(fitted[name])) / 1e6
        print(f"fit by {name}: {took / hours:.1f} CPU s and {size / hours:.2f} MB an hour")

    clips = [cut(*both) for both in zip(held, by_beats.analyze(held), strict=True)]
    clips = [clip for clip in clips if clip is not None][: arguments.clips]
    print(f"{len(clips)} clips of {len(held)} held-out recordings")
    reference = [excerpt(path, FROM, SECONDS) for path in learned]
    judge = Judge(np.concatenate([judges.texture(judges.Onsets(each).low) for each in reference]))
    report(judge, clips, fitted, arguments)


def report(judge: Judge, clips: list[Clip], fitted: dict, arguments: argparse.Namespace) -> None:
    """Print the table."""
    rows = {}
    real = [excerpt(clip.path, clip.start, clip.beats[-1]) for clip in clips]
    frames = [judge.extractor.transform([(judges.mono(each), judges.RATE)])[0] for each in real]
    rng = np.random.RandomState(0)
    noise = [rng.uniform(-0.3, 0.3, (len(each), 2)).astype(np.float32) for each in real]
    by_frames, frames_extra = play(fitted["frames"], frames, [judge.extractor] * len(frames))
    timings = [clip.timing for clip in clips]
    by_beats, beats_extra = play(fitted["beats"], [clip.halves for clip in clips], timings)
    nothing = [{} for _ in clips]
    for name, sounds, steady, extra in (
        ("recordings", real, False, nothing),
        ("mosaic of beats", by_beats, True, beats_extra),
        ("mosaic of frames", by_frames, False, frames_extra),
        ("white noise", noise, True, nothing),
    ):
        figures = [
            {**judge.measure(sound, clip.grid if steady else clip.beats, clip.halves), **more}
            for sound, clip, more in zip(sounds, clips, extra, strict=True)
        ]
        if arguments.each and name == "mosaic of beats":
            print_table(
                ["clip", *figures[0]],
                [
                    [f"{clip.path.parent.name}/{clip.path.name}", *each.values()]
                    for clip, each in zip(clips, figures, strict=True)
                ],
            )
        summary = np.nanmedian if arguments.medians else np.nanmean
        rows[name] = summarize(figures, summary) | {"texture": judge.texture(sounds)}
    names = list(rows["mosaic of beats"])
    print_table(
        ["", *names],
        [[name, *(row.get(key, "") for key in names)] for name, row in rows.items()],
    )


if __name__ == "__main__":
    main()
