"""Accuracy and speed of beat tracking, compared with librosa at the same tempo prior.

The audio is synthetic metronomes and rendered chorales by Bach (music21's corpus), whose beats are
known. For real recordings, see ``benchmarks.chroma.judged``::

    python -m benchmarks.chroma.beats [--chorales 12] [--tempo 120 105]

Both trackers get samples at 22050 Hz. For librosa, ``onset_strength(aggregate=np.median)`` and
``beat_track`` are called, equivalent to ``beat_track(y=samples)``; for musicai, ``OnsetStrength``
and ``track_beats``. Both run with each tempo of ``--tempo`` as the center of their prior: 120 is
librosa's default (``start_bpm``), and 105 is musicai's, which musicai shifts with the onset
strength. The table has a row per kind of recording and center, with librosa's figure first:

- F: F-measure of ``mir_eval.beat`` with its tolerance of 70 ms, averaged over recordings. As is
  customary, beats in the first five seconds do not count;
- F, any octave: the best F-measure at the true, double and half tempo;
- late: the median delay in ms of the nearest detected beat, among those within 150 ms;
- steps: relative standard deviation of the time between beats, a measure of steadiness;
- speed: seconds of audio per second of processor time; ratio: musicai's over librosa's. Both run in
  turns in one single-threaded process, after a warm-up.

The chorales have one instrument each. Their tempo is constant except for "swaying" (which varies by
12 % in cycles of 48 beats) and "halting" (up to a quarter slower before every 16th beat). Beats
within rests and held notes count as well. Needs ``pip install ".[midi,score]" mir_eval``; the extra
``test`` includes them all.
"""

import argparse
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import librosa
import mir_eval
import numpy as np
from threadpoolctl import threadpool_limits

from musicai.chroma._beats import track_beats
from musicai.chroma._onsets import OnsetStrength
from musicai.datasets import load_chorales

SR = 22050
BLOCK = 65536
PIANO, HARPSICHORD, ORGAN, STRINGS, CHOIR = 0, 6, 19, 48, 52  # General MIDI programs, from 0
STYLES = {
    "piano, 80": (PIANO, 80, "even"),
    "piano, 90, swaying": (PIANO, 90, "swaying"),
    "piano, 84, halting": (PIANO, 84, "halting"),
    "harpsichord, 66": (HARPSICHORD, 66, "even"),
    "organ, 80": (ORGAN, 80, "even"),
    "organ, 100": (ORGAN, 100, "even"),
    "strings, 80": (STRINGS, 80, "even"),
    "strings, 84, halting": (STRINGS, 84, "halting"),
    "choir, 66": (CHOIR, 66, "even"),
}
COLUMNS = "{:<24}{:>6}{:>4}{:>12}{:>14}{:>12}{:>12}{:>13}{:>7}"


class Result(NamedTuple):
    """Results for one recording; pairs are librosa's and ours."""

    f: tuple[float, float]
    any_octave: tuple[float, float]
    late: tuple[float, float]
    steps: tuple[float, float]
    seconds: float
    processor_seconds: tuple[float, float]


def librosa_beats(samples: np.ndarray, tempo: float) -> np.ndarray:
    strength = librosa.onset.onset_strength(y=samples, sr=SR, aggregate=np.median)
    return librosa.beat.beat_track(onset_envelope=strength, sr=SR, units="time", start_bpm=tempo)[1]


def musicai_beats(samples: np.ndarray, tempo: float) -> np.ndarray:
    onsets = OnsetStrength(SR)
    for start in range(0, len(samples), BLOCK):
        onsets.add(samples[start : start + BLOCK])
    found = onsets.finish()
    return track_beats(found.strength, found.rate, usual_tempo=tempo)


def f_measure(true: np.ndarray, found: np.ndarray) -> float:
    return mir_eval.beat.f_measure(mir_eval.beat.trim_beats(true), mir_eval.beat.trim_beats(found))


def f_of_any_octave(true: np.ndarray, found: np.ndarray) -> float:
    twice = np.sort(np.concatenate([true, (true[1:] + true[:-1]) / 2]))
    return max(f_measure(beats, found) for beats in (true, twice, true[::2], true[1::2]))


def lateness(true: np.ndarray, found: np.ndarray) -> float:
    """Return the median delay in seconds of the detected beats within 150 ms of a true beat."""
    if len(true) == 0 or len(found) == 0:
        return np.nan
    distances = np.subtract.outer(found, true)
    nearest = distances[np.abs(distances).argmin(axis=0), np.arange(len(true))]
    near = nearest[np.abs(nearest) < 0.15]
    return float(np.median(near)) if len(near) else np.nan


def steadiness(beats: np.ndarray) -> float:
    steps = np.diff(beats)
    return float(np.std(steps) / np.mean(steps)) if len(steps) else np.nan


def compare(samples: np.ndarray, true: np.ndarray, tempo: float) -> Result:
    beats, processor_seconds = [], []
    for find in (librosa_beats, musicai_beats):
        start = time.process_time()
        beats.append(find(samples, tempo))
        processor_seconds.append(time.process_time() - start)
    measures = {"f": f_measure, "any_octave": f_of_any_octave, "late": lateness}
    return Result(
        **{
            name: tuple(measure(true, each) for each in beats) for name, measure in measures.items()
        },
        steps=(steadiness(beats[0]), steadiness(beats[1])),
        seconds=len(samples) / SR,
        processor_seconds=tuple(processor_seconds),
    )


def times_of_quarters(last: float, bpm: float, manner: str) -> tuple[np.ndarray, np.ndarray]:
    """Return positions in a score, in quarters, and their times in seconds."""
    quarters = np.arange(0, last + 4, 1 / 16)
    tempo = np.full(len(quarters), float(bpm))
    if manner == "swaying":
        tempo *= 1 + 0.12 * np.sin(2 * np.pi * quarters / 48)
    elif manner == "halting":
        tempo *= 1 - 0.25 * np.clip((quarters % 16 - 13) / 3, 0, 1)
    return quarters, 0.3 + np.concatenate([[0], np.cumsum(60 / tempo[:-1] / 16)])


def perform(score: Path, program: int, bpm: float, manner: str) -> tuple[np.ndarray, np.ndarray]:
    """Render a chorale; return its samples and the times of its beats (quarters)."""
    import pretty_midi

    from benchmarks.common.playing import play

    midi = pretty_midi.PrettyMIDI(str(score))
    per_quarter = midi.tick_to_time(midi.resolution)
    last = midi.get_end_time() / per_quarter
    quarters, seconds = times_of_quarters(last, bpm, manner)
    for part in midi.instruments:
        part.program = program
        for note in part.notes:
            note.start, note.end = np.interp(
                [note.start / per_quarter, note.end / per_quarter], quarters, seconds
            )
    beats = np.interp(np.arange(np.ceil(last - 1e-3)), quarters, seconds)
    return play(midi.instruments, SR), beats


def metronomes() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    since = np.arange(int(0.05 * SR)) / SR
    click = (np.exp(-80 * since) * np.sin(2 * np.pi * 1000 * since)).astype(np.float32)
    for bpm in range(60, 181, 10):
        beats = np.arange(0.5, 59, 60 / bpm)
        samples = np.zeros(60 * SR, dtype=np.float32)
        for first in np.rint(beats * SR).astype(int):
            samples[first : first + len(click)] = click
        yield samples, beats


def print_row(name: str, tempo: float, results: list[Result]) -> None:
    def mean(column: str, form: str, factor: float = 1.0) -> str:
        values = np.array([getattr(result, column) for result in results])
        known = [pair[np.isfinite(pair)] for pair in factor * values.T]
        return " / ".join(format(pair.mean(), form) if len(pair) else "-" for pair in known)

    seconds = sum(result.seconds for result in results)
    theirs, ours = np.sum([result.processor_seconds for result in results], axis=0)
    print(
        COLUMNS.format(
            name[-23:],
            f"{tempo:g}",
            len(results),
            mean("f", ".2f"),
            mean("any_octave", ".2f"),
            mean("late", ".0f", 1000),
            mean("steps", ".2f"),
            f"{seconds / theirs:.0f} / {seconds / ours:.0f}",
            f"{theirs / ours:.1f}",
        ),
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--chorales", type=int, default=12, metavar="N", help="number of chorales (default: 12)"
    )
    parser.add_argument(
        "--tempo",
        type=float,
        nargs="+",
        default=[120.0, 105.0],
        metavar="BPM",
        help="center of the prior, for both (default: 120 and 105)",
    )
    arguments = parser.parse_args()
    for find in (librosa_beats, musicai_beats):
        find(next(metronomes())[0], 120.0)
    print(
        COLUMNS.format(
            "librosa / musicai", "prior", "n", "F", "F, any octave", "late", "steps",
            "speed", "ratio",
        )
    )  # fmt: skip
    everything: dict[float, list[Result]] = {tempo: [] for tempo in arguments.tempo}

    def show(name: str, recordings: list[tuple[np.ndarray, np.ndarray]]) -> None:
        for tempo in arguments.tempo:
            results = [compare(samples, true, tempo) for samples, true in recordings]
            print_row(name, tempo, results)
            everything[tempo] += results

    show("metronome, 60 to 180", list(metronomes()))
    for results in everything.values():
        results.clear()
    scores = load_chorales(arguments.chorales, kind="midi").recordings
    for name, style in STYLES.items():
        show(name, [perform(score, *style) for score in scores])
    for tempo, results in everything.items():
        print_row("all chorales", tempo, results)


if __name__ == "__main__":
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # librosa warns about missing decoders
        main()
