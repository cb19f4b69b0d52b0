"""Arrangement of chroma: the notes of each instrument, with their beats and velocities."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ..theory.shapes import triad_scores
from ._cells import Cells, cells_of
from ._drums import BRUSHES, drum_strokes
from ._harmony import Harmony, find_harmonies, loudness_of
from ._meter import accent, strong_beats
from ._sheet import Sheet, melody_of, voicings_of
from ._voicing import Register, lead_line, lead_voices

_PIANO, _ELECTRIC_PIANO, _BASS, _FLUTE, _PAD = 0, 4, 33, 73, 91  # General MIDI programs, from 0
_CHORDS = Register(48, 76)  # C3 to E5, for two hands on a piano
_BAND_CHORDS = Register(52, 76)  # E3 to E5, which leaves room for the bass
_LOWEST_BASS = 33  # A1, which bass guitars and small loudspeakers can play
_LOUDEST = 100  # velocity of the loudest notes: a forte, below the maximum of 127
# Loudness of each part, relative to `_LOUDEST`. The bass is soft because the chords already contain
# its notes.
_MELODY_LOUDNESS, _CHORD_LOUDNESS, _BASS_LOUDNESS = 0.6, 0.95, 0.4
_FAINTEST = 0.1  # minimum loudness of a chord tone, relative to the chord's loudest tone


class Note(NamedTuple):
    """A note: its start and end in beats, its MIDI number, and its velocity."""

    start: float
    end: float
    pitch: int
    velocity: int


class Part(NamedTuple):
    """The notes of one instrument."""

    name: str
    program: int
    notes: list[Note]
    is_drum: bool = False


def arrange(
    piece: np.ndarray, sheet: Sheet, *, instruments: str, grid: int | None, drums: bool
) -> list[Part]:
    """Return the parts of a piece for `instruments`, which is one of `ARRANGEMENTS`."""
    if instruments == "band":
        return _band(piece, sheet, grid, drums)
    cells = cells_of(piece, sheet.timeline, grid)
    bars = sheet.bar_lines(cells.borders)
    harmonies = find_harmonies(cells.shapes, cells.silence, ends=bars)
    notes = _chord_notes(cells, harmonies, bars, sheet.timeline.beats[-1])
    if instruments == "pads":
        return [Part("Pads", _PAD, _tie(notes, sheet.bar_starts()))]
    return [Part("Chords", _PIANO, notes)]


ARRANGEMENTS = ("chords", "pads", "band")


def _chord_notes(
    cells: Cells, harmonies: list[Harmony], bars: np.ndarray, last_beat: float
) -> list[Note]:
    """Return the notes of the chords, each as long as its chord, with smooth voice leading."""
    voicings = lead_voices(
        [harmony.tones for harmony in harmonies],
        _roots(harmonies),
        _CHORDS,
        ends=np.searchsorted([harmony.start for harmony in harmonies], bars).tolist(),
    )
    beats = _until(cells.borders, last_beat)
    return [
        Note(
            beats[harmony.start],
            beats[harmony.end],
            pitch,
            _velocity(harmony.loudness[pitch % 12] * cells.level(harmony.start, harmony.end)),
        )
        for harmony, voicing in zip(harmonies, voicings, strict=True)
        for pitch in voicing
    ]


def _band(piece: np.ndarray, sheet: Sheet, grid: int | None, drums: bool) -> list[Part]:
    """Return the parts of a band, with drums only if `drums` is true and frames follow beats."""
    beats = cells_of(piece, sheet.timeline, 1)
    parts = [
        Part("Melody", _FLUTE, _melody_notes(piece, sheet, grid)),
        Part("Chords", _ELECTRIC_PIANO, _band_chords(sheet, beats)),
        Part("Bass", _BASS, _bass_notes(sheet, beats)),
    ]
    if drums and sheet.timeline.follows_beats:
        program, strokes = drum_strokes(sheet, beats)
        notes = [
            Note(start, start + 0.25, pitch, _velocity(loudness))
            for start, pitch, loudness in strokes
        ]
        parts.append(Part("Brushes" if program == BRUSHES else "Drums", program, notes, True))
    return parts


def _melody_notes(piece: np.ndarray, sheet: Sheet, grid: int | None) -> list[Note]:
    cells, lines = melody_of(piece, sheet, grid)
    beats = _until(cells.borders, sheet.timeline.beats[-1])
    return [
        Note(
            beats[line.start],
            beats[line.end],
            line.pitch,
            _velocity(
                _MELODY_LOUDNESS
                * cells.level(line.start, line.end)
                * accent(beats[line.start], sheet)
            ),
        )
        for line in lines
        if line.pitch is not None
    ]


def _band_chords(sheet: Sheet, cells: Cells) -> list[Note]:
    """Return the notes of the chords, which are struck again at the start of each bar.

    The loudness of each note follows the chroma and the accents of the meter.
    """
    voicings = voicings_of(sheet, _BAND_CHORDS)
    notes = []
    for stroke in _strokes(sheet, cells, sheet.bar_starts()):
        members = np.isin(np.arange(12), sheet.chords[stroke.chord].pitch_classes)
        loudness = loudness_of(cells.shapes[stroke.cells].sum(axis=0), members)
        loudness = _CHORD_LOUDNESS * stroke.loudness * np.maximum(loudness, _FAINTEST)
        notes += [
            Note(stroke.start, stroke.end, pitch, _velocity(loudness[pitch % 12]))
            for pitch in voicings[stroke.chord]
        ]
    return notes


def _bass_notes(sheet: Sheet, cells: Cells) -> list[Note]:
    """Return the notes of the bass, which plays the root of each chord.

    The root is repeated on strong beats if frames follow beats, and at the start of each bar
    otherwise.
    """
    roots = [-1 if chord.root is None else chord.root for chord in sheet.chords]
    pitches = lead_line(np.array(roots, dtype=int), _LOWEST_BASS)
    struck = strong_beats(sheet) if sheet.timeline.follows_beats else sheet.bar_starts()
    return [
        Note(
            stroke.start,
            stroke.end,
            int(pitches[stroke.chord]),
            _velocity(_BASS_LOUDNESS * stroke.loudness),
        )
        for stroke in _strokes(sheet, cells, struck)
        if roots[stroke.chord] >= 0
    ]


class _Stroke(NamedTuple):
    """A chord that is struck at `start` and held until `end`, both in beats.

    `chord` is its index in the sheet, and `cells` are the beats for which it is held.
    """

    chord: int
    cells: slice
    start: float
    end: float
    loudness: float


def _strokes(sheet: Sheet, cells: Cells, struck: np.ndarray) -> Iterator[_Stroke]:
    """Yield a stroke for each beat on which a chord begins, and for each beat in `struck`."""
    beats = _until(cells.borders, sheet.timeline.beats[-1])
    for i, chord in enumerate(sheet.chords):
        first, last = round(chord.start), round(chord.end)
        within = [int(beat) for beat in struck if first < beat < last]
        for start, end in pairwise([first, *within, last]):
            loudness = cells.level(start, end) * accent(start, sheet)
            yield _Stroke(i, slice(start, end), beats[start], beats[end], loudness)


def _until(borders: np.ndarray, last_beat: float) -> list[float]:
    """Return the borders, with the last one replaced by the end of the piece."""
    return [*borders[:-1].tolist(), float(last_beat)]


def _roots(harmonies: list[Harmony]) -> list[int]:
    """Return, for each chord, the root of the triad that is most similar to it."""
    loudness = np.array([harmony.loudness for harmony in harmonies]).reshape(-1, 12)
    # Round the scores so that the first triad wins a tie, regardless of rounding errors.
    scores = triad_scores(loudness).round(9)
    return [int(root) for root in scores.argmax(axis=1) % 12]


def _tie(notes: list[Note], bars: np.ndarray) -> list[Note]:
    """Join notes of the same pitch that follow each other without a gap.

    The velocity is the length-weighted mean over those joined notes that begin in the same bar as
    the first one, so that it does not depend on later bars.
    """
    tied: list[Note] = []
    latest: dict[int, int] = {}
    for note in notes:
        at = latest.get(note.pitch)
        if at is None or tied[at].end != note.start:
            latest[note.pitch] = len(tied)
            tied.append(note)
            continue
        before = tied[at]
        velocity = before.velocity
        if not np.any((bars > before.start) & (bars <= note.start)):
            lengths = before.end - before.start, note.end - note.start
            velocity = round(np.average([before.velocity, note.velocity], weights=lengths))
        tied[at] = before._replace(end=note.end, velocity=velocity)
    return tied


def _velocity(loudness: float) -> int:
    return int(np.clip(round(_LOUDEST * loudness), 1, 127))
