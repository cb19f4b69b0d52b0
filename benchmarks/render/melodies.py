"""Intervals and durations of the melodies of scores, compared with folk songs.

    python -m benchmarks.render.melodies [--pieces 24] [--passes 100]

Composers train on half-beats and on frames of synthetic songs and waltzes from ``make_songs``. The
melodies that ``to_musicxml`` writes for their pieces, and for the songs, are compared with 50 folk
songs of music21's corpus (Essen collection):

- intervals, durations: overlap of their distributions with those of the folk songs. Intervals are
  in semitones; durations are in quarter notes, rounded to sixteenths, with tied notes joined;
- range: mean distance from the lowest to the highest note of a melody, in semitones;
- leaps: share of intervals wider than a fifth;
- repeated: share of intervals of 0 semitones, which are repeated notes.

The costs of leaps and of notes off the beat were chosen on other folk songs, which have a row of
their own as a reference for real melodies. Needs ``pip install ".[midi,score]"``.
"""

import argparse
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import music21
import numpy as np

from benchmarks.common.music import print_table
from musicai import ChromaExtractor, LSTMComposer
from musicai.datasets import make_songs
from musicai.render import to_musicxml

STYLES = ("pop", "waltz")
TEMPERATURE = 0.9  # as for `musicai compose`
FOLK_SONGS = ("erk10", "fink0", "kinder0", "altdeu20", "boehme20")
Melody = list[tuple[float, int]]
"""Notes of a melody: durations in quarter notes, and MIDI numbers."""


def melody_of(part: Any) -> Melody:
    return [
        (float(note.quarterLength), note.pitches[-1].midi)
        for note in part.flatten().stripTies().notes
        if note.quarterLength > 0 and note.pitches
    ]


def folk_songs() -> tuple[list[Melody], list[Melody]]:
    """Return two sets of 50 melodies, each with 10 from every volume."""
    first, others = [], []
    for volume in FOLK_SONGS:
        scores = list(music21.corpus.parse(f"essenFolksong/{volume}").scores)[:20]
        melodies = [melody_of(score.parts[0]) for score in scores]
        first += melodies[:10]
        others += melodies[10:]
    return first, others


def melodies_of(pieces: list[np.ndarray], timings: list[Any]) -> list[Melody]:
    scores = to_musicxml(pieces, timing=timings)
    parsed = [music21.converter.parse(text, format="musicxml", forceSource=True) for text in scores]
    return [melody_of(score.parts[0]) for score in parsed]


def distribution(values: Iterable[float]) -> dict[float, float]:
    counts = Counter(values)
    return {value: count / counts.total() for value, count in counts.items()}


def intervals(melodies: list[Melody]) -> list[int]:
    return [int(step) for melody in melodies for step in np.diff([pitch for _, pitch in melody])]


def durations(melodies: list[Melody]) -> list[float]:
    return [round(4 * duration) / 4 for melody in melodies for duration, _ in melody]


def overlap(some: Iterable[float], others: Iterable[float]) -> float:
    one, other = distribution(some), distribution(others)
    return sum(min(share, other.get(value, 0)) for value, share in one.items())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pieces", type=int, default=24, help="of each kind (default: 24)")
    parser.add_argument("--songs", type=int, default=24, help="to learn (default: 24)")
    parser.add_argument("--passes", type=int, default=100, help="of training (default: 100)")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    songs = make_songs(arguments.songs, styles=list(STYLES), sr=22050)
    memory = str(Path(tempfile.gettempdir(), "musicai-one-grid"))
    real, others = folk_songs()
    kinds = {"other folk songs": others}
    for sync, n_frames in (("half-beat", 128), (None, 344)):
        analyses = ChromaExtractor(sync=sync, memory=memory).analyze(songs.recordings)
        learned = [analysis.chroma for analysis in analyses]
        timings = [analysis.timing for analysis in analyses]
        composer = LSTMComposer(max_iter=arguments.passes, random_state=0)
        composer.fit(learned, songs.target, timing=timings)
        pieces, clocks = [], []
        for i in range(arguments.pieces):
            style = STYLES[i % 2]
            options = {"style": style, "temperature": TEMPERATURE, "random_state": i}
            pieces.append(composer.sample(n_frames, **options))
            clocks.append(composer.timing_of(style))
        name = "half-beats" if sync else "frames"
        kinds[f"songs by {name}"] = melodies_of(learned, timings)
        kinds[f"composed by {name}"] = melodies_of(pieces, clocks)
    rows: list[list[str | float]] = []
    for name, melodies in {"50 folk songs": real, **kinds}.items():
        steps = np.abs(intervals(melodies))
        ranges = [np.ptp([pitch for _, pitch in melody]) for melody in melodies if melody]
        rows.append(
            [
                name,
                overlap(intervals(melodies), intervals(real)),
                overlap(durations(melodies), durations(real)),
                float(np.mean(ranges)),
                float(np.mean(steps > 7)),
                float(np.mean(steps == 0)),
            ]
        )
    print_table(["melodies", "intervals", "durations", "range", "leaps", "repeated"], rows)


if __name__ == "__main__":
    main()
