"""Chroma set for instruments: who plays which note in which cell, and how loud."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ..theory.shapes import triad_scores
from ._harmony import CHANGE_PRICE, Harmony, cell_shapes, find_harmonies
from ._melody import find_melody
from ._timeline import Timeline
from ._voicing import Register, lead_line, lead_voices

_PIANO, _ELECTRIC_PIANO, _BASS, _FLUTE, _PAD = 0, 4, 33, 73, 91  # General MIDI, from 0
_CHORDS = Register(48, 76)  # C3 to E5, where two hands play chords
_BAND_CHORDS = Register(53, 77)  # F3 to F5: room for the bass below
_LOWEST_BASS = 33  # A1, within the range of a bass guitar, and heard from small loudspeakers
_LOWEST_MELODY = 67  # G4, within the range of a flute, and above most tones of the chords
_LOUDEST = 100  # velocity of a forte; 127 would leave no room for accents
_BAND_PRICE = 2 * CHANGE_PRICE  # slower chords: the melody tells the rest
# As velocities, of a chord's loudest tone: chroma has no bass, whose root the chord has already,
# while the melody is what the chord has not.
_BASS_LOUDNESS, _MELODY_LOUDNESS = 0.4, 0.7


class Note(NamedTuple):
    """A tone over some cells."""

    start: int
    end: int
    pitch: int
    velocity: int


class Part(NamedTuple):
    """What one instrument plays."""

    name: str
    program: int
    notes: list[Note]


class Music(NamedTuple):
    """What there is to arrange: a piece over cells, in `cell_shapes`."""

    shapes: np.ndarray  # (n_cells, 12)
    silence: np.ndarray  # (n_cells,)
    levels: np.ndarray  # (n_cells,) how loud, from 0 to 1
    seconds: np.ndarray  # (n_cells,)

    def level(self, start: int, end: int) -> float:
        """Return how loud some cells are where they sound."""
        sounding = (self.seconds - self.silence)[start:end]
        return float(np.average(self.levels[start:end], weights=np.maximum(sounding, 1e-9)))


def listen(piece: np.ndarray, timeline: Timeline, borders: np.ndarray) -> Music:
    """Sum up a piece in cells."""
    shapes, silence = cell_shapes(piece, timeline, borders)
    seconds = np.diff(borders)
    loudest = piece.max(axis=1, keepdims=True).astype(np.float64)
    sounding = np.maximum(seconds - silence, 1e-9)
    levels = timeline.totals(loudest, borders)[:, 0] / sounding
    return Music(shapes, silence, np.minimum(levels / (loudest.max(initial=0) or 1), 1), seconds)


def arrange(music: Music, instruments: str) -> list[Part]:
    """Set music for one of the `ARRANGEMENTS`."""
    return ARRANGEMENTS[instruments](music)


def _block_chords(music: Music) -> list[Part]:
    harmonies = find_harmonies(music.shapes, music.silence)
    return [Part("Chords", _PIANO, _chord_notes(music, harmonies, _CHORDS))]


def _pads(music: Music) -> list[Part]:
    harmonies = find_harmonies(music.shapes, music.silence)
    return [Part("Pads", _PAD, _tie(_chord_notes(music, harmonies, _CHORDS)))]


def _band(music: Music) -> list[Part]:
    harmonies = find_harmonies(music.shapes, music.silence, price=_BAND_PRICE)
    return [
        Part("Melody", _FLUTE, _melody_notes(music, harmonies)),
        Part("Chords", _ELECTRIC_PIANO, _chord_notes(music, harmonies, _BAND_CHORDS)),
        Part("Bass", _BASS, _bass_notes(music, harmonies)),
    ]


ARRANGEMENTS = {"chords": _block_chords, "pads": _pads, "band": _band}


def _chord_notes(music: Music, harmonies: list[Harmony], register: Register) -> list[Note]:
    """Return the tones of chords with voices that move little."""
    voicings = lead_voices([harmony.tones for harmony in harmonies], _roots(harmonies), register)
    return [
        Note(
            harmony.start,
            harmony.end,
            pitch,
            _velocity(harmony.loudness[pitch % 12] * music.level(harmony.start, harmony.end)),
        )
        for harmony, voicing in zip(harmonies, voicings, strict=True)
        for pitch in voicing
    ]


def _melody_notes(music: Music, harmonies: list[Harmony]) -> list[Note]:
    """Return a melody over chords."""
    chords = np.repeat(
        [harmony.loudness for harmony in harmonies] or np.empty((0, 12)),
        [harmony.end - harmony.start for harmony in harmonies],
        axis=0,
    )
    melody = find_melody(music.shapes, music.silence, chords, music.seconds)
    borders = np.flatnonzero(np.diff(melody, prepend=-2, append=-2))
    pitches = lead_line(melody[borders[:-1]], _LOWEST_MELODY)
    return [
        Note(start, end, int(pitch), _velocity(_MELODY_LOUDNESS * music.level(start, end)))
        for (start, end), pitch in zip(pairwise(borders.tolist()), pitches, strict=True)
        if pitch >= 0
    ]


def _bass_notes(music: Music, harmonies: list[Harmony]) -> list[Note]:
    roots = np.where([bool(each.tones) for each in harmonies], _roots(harmonies), -1)
    pitches = lead_line(roots.astype(int), _LOWEST_BASS)
    return [
        Note(
            each.start,
            each.end,
            int(pitch),
            _velocity(_BASS_LOUDNESS * music.level(each.start, each.end)),
        )
        for each, pitch in zip(harmonies, pitches, strict=True)
        if pitch >= 0
    ]


def _roots(harmonies: list[Harmony]) -> list[int]:
    """Return the root of the triad that each chord is most like."""
    loudness = np.array([harmony.loudness for harmony in harmonies]).reshape(-1, 12)
    return [int(root) for root in triad_scores(loudness).argmax(axis=1) % 12]


def _tie(notes: list[Note]) -> list[Note]:
    """Join notes of one pitch that follow each other without a gap, at their mean velocity."""
    tied: list[Note] = []
    latest: dict[int, int] = {}
    for note in notes:
        at = latest.get(note.pitch)
        if at is not None and tied[at].end == note.start:
            before = tied[at]
            lengths = before.end - before.start, note.end - note.start
            velocity = np.average([before.velocity, note.velocity], weights=lengths)
            tied[at] = Note(before.start, note.end, note.pitch, round(float(velocity)))
        else:
            latest[note.pitch] = len(tied)
            tied.append(note)
    return tied


def _velocity(loudness: float) -> int:
    return int(np.clip(round(_LOUDEST * loudness), 1, 127))
