"""Recognition of the meter of minuets, which have three beats per bar.

    python -m benchmarks.render.minuets

A soundfont plays twelve minuets of music21's corpus (from quartets by Haydn, Mozart and Beethoven,
and from Aird's airs) without repeats, at three tempi. For each, the script prints what
``ChromaExtractor(sync="half-beat")`` finds: the beats per bar, the confidence in the downbeat, and
the shares of beats and of downbeats within 70 ms of those of the score.

``python -m benchmarks.render.one_grid --minuets`` trains a composer on these recordings. Needs
``pip install ".[midi,score]"``.
"""

import tempfile
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import music21
import numpy as np
import pretty_midi

from benchmarks.common.music import print_table
from musicai import ChromaExtractor
from musicai.audio import write_audio
from musicai.midi import synthesize

TEMPI = (84.0, 100.0, 120.0)
SR = 22050
NEAR = 0.07
QUARTETS: dict[str, tuple[int, int] | None] = {
    "haydn/opus1no1/movement2": None,
    "haydn/opus1no1/movement4": None,
    "haydn/opus74no1/movement3": None,
    "mozart/k80/movement3": None,
    "mozart/k156/movement3": None,
    "mozart/k458/movement2": None,
    "beethoven/opus18no4": (483, 583),
    "beethoven/opus18no5": (229, 337),
}
"""Scores by name, with the minuet's first and last measure if the score has all movements."""

AIRS = {"airdsAirs/book4": (690,), "airdsAirs/book5": (856, 868), "airdsAirs/book6": (1139,)}


class Minuet(NamedTuple):
    """Recording of a minuet, with its tempo and first downbeat."""

    name: str
    recording: Path
    tempo: float
    first_downbeat: float  # seconds


def make_minuets(folder: Path) -> list[Minuet]:
    """Render the minuets to audio files in a folder."""
    scores = {}
    for name, measures in QUARTETS.items():
        score = music21.corpus.parse(name)
        parts = [part.measures(*measures) if measures else part for part in score.parts]
        scores[name] = parts
    for book, numbers in AIRS.items():
        for number in numbers:
            scores[f"{book} {number}"] = list(music21.corpus.parse(book, number=number).parts)
    minuets = []
    for i, (name, parts) in enumerate(scores.items()):
        tempo = TEMPI[i % len(TEMPI)]
        recording = folder / f"{i:02}.wav"
        sound = np.concatenate(list(synthesize(_played(parts, tempo), sr=SR)))
        write_audio(recording, sound, SR)
        first, second = parts[0].getElementsByClass("Measure")[:2]
        pickup = float(second.offset - first.offset) % 3
        minuets.append(Minuet(name, recording, tempo, pickup * 60 / tempo))
    return minuets


def _played(parts: list[Any], tempo: float) -> Any:
    """Return parts as MIDI, which begins where the first measure does."""
    midi = pretty_midi.PrettyMIDI()
    begin = min(part.getElementsByClass("Measure").first().offset for part in parts)
    for part in parts:
        program = part.getInstrument(returnDefault=True).midiProgram or 0
        midi.instruments.append(pretty_midi.Instrument(program))
        for note in part.stripTies().flatten().notes:
            start = float(note.offset - begin) * 60 / tempo
            end = start + float(note.quarterLength) * 60 / tempo
            midi.instruments[-1].notes += [
                pretty_midi.Note(90, pitch.midi, start, end)
                for pitch in note.pitches
                if end > start
            ]
    return midi


def main() -> None:
    warnings.simplefilter("ignore")
    rows: list[list[str | float]] = []
    with tempfile.TemporaryDirectory() as folder:
        minuets = make_minuets(Path(folder))
        analyses = ChromaExtractor(sync="half-beat").analyze([each.recording for each in minuets])
    for minuet, analysis in zip(minuets, analyses, strict=True):
        beats = analysis.beats
        bar = 180 / minuet.tempo
        shares = [
            float(
                np.mean(np.abs((found - minuet.first_downbeat + step / 2) % step - step / 2) < NEAR)
            )
            for found, step in ((beats.times, bar / 3), (beats.downbeats, bar))
        ]
        rows.append([minuet.name, beats.beats_per_bar, beats.downbeat_margin, *shares])
    print_table(["minuet", "beats in a bar", "margin", "beats", "downbeats"], rows)


if __name__ == "__main__":
    main()
