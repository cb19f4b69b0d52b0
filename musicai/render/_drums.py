"""Drum parts that play the meter quietly and rest where the music is silent."""

from collections.abc import Iterator
from typing import NamedTuple

from ._cells import Cells
from ._meter import beat_groups
from ._sheet import Sheet

KIT, BRUSHES = 0, 40
"""General MIDI programs of drum kits, counted from 0."""

_KICK, _SNARE, _HAT, _PEDAL_HAT = 36, 38, 42, 44
_LOUDNESS = {_KICK: 0.8, _SNARE: 0.55, _HAT: 0.4, _PEDAL_HAT: 0.4}
_OFF_BEAT = 0.7  # loudness of a hi-hat between beats, relative to one on a beat


class Stroke(NamedTuple):
    """A drum stroke: its position in beats, MIDI number, and loudness from 0 to 1."""

    beat: float
    pitch: int
    loudness: float


def drum_strokes(sheet: Sheet, cells: Cells) -> tuple[int, list[Stroke]]:
    """Return the program of a drum kit, and its strokes from the first bar line on.

    Bars are divided into groups of two or three beats. In a group of two, the kick is on the first
    beat, the snare on the second, and a hi-hat on each half-beat. In a group of three, the kick is
    on the first beat, and the snare and a pedal hi-hat are on the second and third. A bar of one
    beat is like the first beat of a group of two. Bars with a group of three are played with
    brushes.

    Parameters
    ----------
    sheet : Sheet
        The sheet of the piece.
    cells : Cells
        The beats of the piece. Drums rest on beats that are mostly silent.
    """
    groups = beat_groups(sheet.timeline.beats_per_bar)
    bar = [beat for size in groups for beat in _group(size)]
    strokes = []
    n_beats = int(sheet.timeline.beats[-1] + 1e-6)  # count only whole beats
    for beat in range(sheet.pickup, min(n_beats, len(cells.seconds))):
        if cells.silence[beat] > cells.seconds[beat] / 2:
            continue
        level = cells.level(beat, beat + 1)
        for offset, pitch, loudness in bar[(beat - sheet.pickup) % len(bar)]:
            strokes.append(Stroke(beat + offset, pitch, loudness * level))
    return (BRUSHES if 3 in groups else KIT), strokes


def _group(size: int) -> Iterator[list[tuple[float, int, float]]]:
    """Yield the strokes of each beat of a group: (offset in beats, MIDI number, loudness)."""
    for beat in range(size):
        drum = _SNARE if beat else _KICK
        if size == 3:
            hats = [(0.0, _PEDAL_HAT, _LOUDNESS[_PEDAL_HAT])] if beat else []
        else:
            hats = [(0.0, _HAT, _LOUDNESS[_HAT]), (0.5, _HAT, _OFF_BEAT * _LOUDNESS[_HAT])]
        yield [(0.0, drum, _LOUDNESS[drum]), *hats]
