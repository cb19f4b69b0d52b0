"""Accuracy of beats per bar and downbeats on rendered scores with known bars.

The scores are from music21's corpus in 3/4 and 4/4: minuets, scherzos, a mazurka, polonaises and
other movements for several voices, monophonic folk tunes, and Bach's chorales. A soundfont renders
the first 40 seconds of each::

    python -m benchmarks.chroma.bars [--half test] [--scores 40]

Each score is played by one instrument (piano, strings or harpsichord, by a hash of the score's
name) at the tempo of its kind. The same hash divides the scores into halves. The library's
constants were chosen on ``--half development`` only; the default is the other half. The table has a
row per kind and meter:

- F: F-measure of the beats (quarters) by ``mir_eval.beat``;
- meter: share of scores with the correct number of beats per bar;
- downbeats: share of scores in which most detected downbeats are correct;
- sure, right: share of scores with a sufficient margin, and share of these with correct downbeats.

Needs ``pip install ".[midi,score]" mir_eval``; the extra ``test`` includes them all.
"""

import argparse
import hashlib
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import mir_eval
import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.common.music import print_table
from benchmarks.common.playing import play
from musicai import ChromaExtractor
from musicai.chroma import Beats
from musicai.chroma._bars import RELIABLE_MARGIN

SR = 22050
SECONDS = 40.0
BEGIN = 0.4
NEAR = 0.07
PIANO, HARPSICHORD, STRINGS = 0, 6, 48  # General MIDI programs, from 0
PROGRAMS = (PIANO, STRINGS, PIANO, STRINGS, HARPSICHORD)
FOLK = ("airdsAirs", "oneills1850", "ryansMammoth")
MOVEMENTS = (
    "beethoven", "chopin", "corelli", "cpebach", "handel", "haydn", "joplin", "leadSheet", "mozart",
    "schubert", "schumann_clara", "schumann_robert", "weber",
)  # fmt: skip
TEMPI = {"movements": 112, "tunes": 112, "chorales": 84}


class Work(NamedTuple):
    """Score in the corpus, with its kind and number of beats per bar."""

    path: str
    number: int | None  # within a file of many tunes
    kind: str
    meter: int

    @property
    def hash(self) -> int:
        """Hash that determines half and instrument."""
        name = f"{self.path}{self.number}"
        return int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10**9


class Performance(NamedTuple):
    """Rendered score, with the times of its beats and downbeats."""

    samples: np.ndarray
    beats: np.ndarray
    downbeats: np.ndarray


def works() -> Iterator[Work]:
    """Yield the scores of the corpus with a single meter."""
    from music21 import corpus

    for signature, meter in (("3/4", 3), ("4/4", 4)):
        for entry in corpus.corpora.CoreCorpus().search(signature, field="timeSignature"):
            path = str(entry.sourcePath)
            composer = path.split("/")[0]
            if len(entry.metadata.timeSignatures) != 1 or path.endswith(".rntxt"):
                continue
            if composer == "bach" and path.endswith(".mxl"):
                yield Work(path, None, "chorales", meter)
            elif composer in MOVEMENTS:
                yield Work(path, None, "movements", meter)
            elif composer in FOLK and entry.number:
                yield Work(path, int(entry.number), "tunes", meter)


def perform(work: Work) -> Performance:
    import music21
    import pretty_midi

    score: Any = music21.corpus.parse(work.path, number=work.number)
    if isinstance(score, music21.stream.Opus):
        score = score.scores[0]
    per_quarter = 60 / TEMPI[work.kind]
    parts, last = [], 0.0
    for part in score.parts:
        instrument = pretty_midi.Instrument(PROGRAMS[work.hash // 3 % len(PROGRAMS)])
        for note in part.flatten().stripTies().notes:
            start = BEGIN + float(note.offset) * per_quarter
            end = start + float(note.quarterLength) * per_quarter
            if start < SECONDS and end > start:
                instrument.notes += [
                    pretty_midi.Note(80, pitch.midi, start, end) for pitch in note.pitches
                ]
                last = max(last, float(note.offset + note.quarterLength))
        parts.append(instrument)
    bars = [float(bar.offset) for bar in score.parts[0].getElementsByClass("Measure")]
    if len(bars) > 2 and bars[1] - bars[0] < work.meter:  # a pickup
        bars = bars[1:]
    samples = play(parts, SR)[: int(SECONDS * SR)]
    end = len(samples) / SR
    beats = BEGIN + np.arange(bars[0] % 1, last, 1) * per_quarter
    downbeats = BEGIN + np.array(bars) * per_quarter
    return Performance(samples, beats[beats < end], downbeats[downbeats < end])


def judge(work: Work, played: Performance, found: Beats | None) -> list[float]:
    """Return the F-measure, and whether meter and downbeats are correct and the margin is high."""
    if found is None:
        return [0.0, 0.0, 0.0, 0.0]
    beats, true = map(mir_eval.beat.trim_beats, (found.times, played.beats))
    distances = np.abs(np.subtract.outer(found.downbeats, played.downbeats)).min(axis=1)
    return [
        mir_eval.beat.f_measure(true, beats),
        float(found.beats_per_bar == work.meter),
        float(np.mean(distances < NEAR) > 0.5),
        float(found.downbeat_margin >= RELIABLE_MARGIN),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--half", choices=("test", "development"), default="test")
    parser.add_argument(
        "--scores", type=int, default=20, metavar="N", help="at most, of each kind and meter"
    )
    arguments = parser.parse_args()
    rest = ("development", "test").index(arguments.half)
    groups: dict[tuple[str, int], list[Work]] = {}
    for work in sorted(works(), key=lambda work: work.hash):
        if work.hash % 2 == rest:
            groups.setdefault((work.kind, work.meter), []).append(work)
    rows = []
    for (kind, meter), group in sorted(groups.items()):
        results = []
        for work in group[: arguments.scores]:
            played = perform(work)
            (analysis,) = ChromaExtractor(sync="beat").analyze([played.samples])
            results.append(judge(work, played, analysis.beats))
        f, right_meter, right, sure = np.array(results).T
        of_these = float(right[sure > 0].mean()) if sure.any() else np.nan
        means = (f.mean(), right_meter.mean(), right.mean(), sure.mean())
        rows.append([f"{kind}, {meter}/4", float(len(f)), *means, of_these])
    print_table(["", "n", "F", "meter", "downbeats", "sure", "right"], rows)


if __name__ == "__main__":
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # music21 warns about some scores
        main()
