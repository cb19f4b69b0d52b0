"""Instruments and drum patterns of the bands that play rule-based songs."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..base.extras import need
from ._parts import Note

KICK, STICK, SNARE, HAT, CRASH, RIDE = 36, 37, 38, 42, 49, 51
"""Key numbers of drum sounds in General MIDI."""

_PHRASE = 8  # bars per phrase, which begins with a cymbal and ends with a fill on the snare drum
_DRUM_SECONDS = 0.1
_TAIL_SECONDS = 2.0  # added after the last bar, so that the last chord can fade out
_LEVELS = (95, 62, 88)  # velocities of the loudest bass, chord and melody notes, before variation
_VARIATION = 5  # largest random change of a velocity, up or down
_PAN = 10  # number of the MIDI controller for panning
_PANS = ((54, 74), (28, 100), (44, 84))  # ranges of pan values for the voices; 64 is the center


class Band(NamedTuple):
    """Tempo range, instruments and drum pattern of the band that plays a style."""

    tempo: tuple[float, float]  # lowest and highest, in beats per minute
    bass: tuple[int, ...]  # General MIDI programs to choose from
    chords: tuple[int, ...]
    melody: tuple[int, ...]
    # For each drum: key number, velocity, and beats of the bar on which it plays, from 0.
    drums: tuple[tuple[int, int, tuple[float, ...]], ...]


BANDS = {
    "baroque": Band((66, 84), (42, 70), (6, 19), (40, 68, 73), ()),
    "blues": Band(
        (76, 100),
        (32, 33),
        (0, 16, 26),
        (22, 27, 65),
        ((KICK, 88, (0, 2)), (SNARE, 76, (1, 3)), (RIDE, 58, (0, 1, 1.5, 2, 3, 3.5))),
    ),
    "jazz": Band(
        (120, 160),
        (32,),
        (0, 4, 26),
        (11, 56, 66),
        ((KICK, 52, (0, 2)), (HAT, 62, (1, 3)), (RIDE, 72, (0, 1, 1.5, 2, 3, 3.5))),
    ),
    "modal": Band(
        (84, 104),
        (32, 33),
        (4, 89, 24),
        (73, 11, 75),
        ((KICK, 72, (0, 2.5)), (STICK, 66, (2,)), (HAT, 52, (0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5))),
    ),
    "pop": Band(
        (100, 126),
        (33, 34, 38),
        (0, 25, 27, 4),
        (80, 73, 65, 11),
        (
            (KICK, 98, (0, 2, 2.5)),
            (SNARE, 92, (1, 3)),
            (HAT, 58, (0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5)),
        ),
    ),
    "waltz": Band(
        (84, 108),
        (32, 43),
        (21, 0, 24),
        (40, 71, 73),
        ((KICK, 82, (0,)), (STICK, 54, (1, 2)), (HAT, 46, (0, 1, 2))),
    ),
}


def arrange(
    voices: list[list[Note]],
    band: Band,
    *,
    beats: int,
    n_bars: int,
    tempo: float,
    tonic: int,
    rng: np.random.RandomState,
) -> Any:
    """Return the voices, transposed to `tonic`, and drums (if any) as a PrettyMIDI object."""
    pretty_midi = need("pretty_midi", extra="midi", what="make_songs")
    midi = pretty_midi.PrettyMIDI(initial_tempo=tempo)
    midi.time_signature_changes.append(pretty_midi.TimeSignature(beats, 4, 0))
    seconds = 60 / tempo
    transposition = tonic if tonic < 6 else tonic - 12
    players = zip(voices, (band.bass, band.chords, band.melody), _LEVELS, _PANS, strict=True)
    for voice, programs, level, pans in players:
        player = pretty_midi.Instrument(int(rng.choice(programs)))
        player.control_changes.append(pretty_midi.ControlChange(_PAN, int(rng.randint(*pans)), 0))
        for note in voice:
            velocity = level * note.loudness + rng.randint(-_VARIATION, _VARIATION + 1)
            player.notes.append(
                pretty_midi.Note(
                    int(velocity),
                    note.pitch + transposition,
                    note.start * seconds,
                    note.end * seconds,
                )
            )
        midi.instruments.append(player)
    # Add an event after the last note, because the renderer stops at the last event of a file.
    end = beats * n_bars * seconds + _TAIL_SECONDS
    midi.instruments[0].control_changes.append(pretty_midi.ControlChange(_PAN, 64, end))
    if band.drums:
        drummer = pretty_midi.Instrument(0, is_drum=True)
        for beat, key, loudness in _strokes(band, beats, n_bars):
            velocity = int(loudness + rng.randint(-_VARIATION, _VARIATION + 1))
            start = beat * seconds
            drummer.notes.append(pretty_midi.Note(velocity, key, start, start + _DRUM_SECONDS))
        midi.instruments.append(drummer)
    return midi


def _strokes(band: Band, beats: int, n_bars: int) -> Iterator[tuple[float, int, int]]:
    """Yield beat, key and velocity of each drum hit; the last bar has hits only on beat 0."""
    for bar in range(n_bars):
        first = bar * beats
        if bar % _PHRASE == 0 or bar == n_bars - 1:
            yield first, CRASH, band.drums[0][1]
        for key, velocity, places in band.drums:
            yield from (
                (first + place, key, velocity) for place in places if bar < n_bars - 1 or place == 0
            )
        if bar % _PHRASE == _PHRASE - 1 and bar < n_bars - 1:
            for place in (0.25, 0.5, 0.75):
                yield first + beats - 1 + place, SNARE, band.drums[0][1] - 20
