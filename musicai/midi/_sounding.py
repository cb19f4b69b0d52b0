"""Durations of notes: a note sounds until its key and any pedal that holds the note are up."""

from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np

SUSTAIN, SOSTENUTO = 64, 66
PEDAL_CONTROLS = (SUSTAIN, SOSTENUTO)
"""Controllers of the pedals that hold notes."""

PEDAL_DOWN = 64
"""Lowest value at which a pedal is down; values range from 0 to 127."""

SOUND_OFF, RESET_CONTROL = 120, 121
NOTES_OFF_CONTROLS = (SOUND_OFF, 123, 124, 125, 126, 127)
"""Controllers that end notes; 124 to 127 also change the mode of a channel."""


def release_times(instrument: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return when the key of each note of an instrument is released, and when the note ends.

    A note whose key is released while the sustain pedal is down sounds until the pedal is lifted.
    If the pedal is never lifted, the note sounds until the instrument's last key is released. The
    sostenuto pedal holds the keys that are down when it is pressed. "All notes off" releases all
    keys, "all sound off" also ends all sound, and "reset all controllers" lifts the pedals.

    Parameters
    ----------
    instrument : pretty_midi.Instrument
        An instrument with notes and control changes.

    Returns
    -------
    releases : ndarray of shape (n_notes,)
        Release of each note's key in seconds. A key that the sostenuto pedal holds counts as
        released when the pedal is lifted.
    ends : ndarray of shape (n_notes,)
        End of each note's sound in seconds, without its decay.
    """
    starts = np.array([note.start for note in instrument.notes], dtype=np.float64)
    keys = np.array([note.end for note in instrument.notes], dtype=np.float64)
    keys = apart(starts, keys, np.array([note.pitch for note in instrument.notes]))
    changes = sorted(instrument.control_changes, key=lambda change: change.time)
    if not changes or not len(keys):
        return keys, keys
    keys = _cut(starts, keys, changes, NOTES_OFF_CONTROLS)
    pressed, lifted = _last_press(keys, changes, SOSTENUTO)
    releases = np.where((pressed > starts) & (lifted >= keys), lifted, keys)
    # A pedal that is pressed just as a key is released comes too late to hold the note, unless the
    # note has no length: its key is struck at that same moment.
    up = np.where(releases > starts, releases, np.nextafter(releases, np.inf))
    _, lifted = _last_press(up, changes, SUSTAIN)
    ends = _cut(starts, np.where(lifted >= up, lifted, releases), changes, (SOUND_OFF,))
    ends = np.where(np.isinf(ends), keys.max(), ends)
    return np.minimum(releases, ends), ends


def apart(starts: np.ndarray, ends: np.ndarray, pitches: np.ndarray) -> np.ndarray:
    """Return ends of notes, changed so that no key is struck again before it is released.

    A synthesizer releases a key only once, however often it was struck. So each note ends at the
    latest where its key is struck again, and the last of several overlapping notes lasts as long as
    any of them. Notes of the same pitch that begin together also end together.
    """
    order = np.lexsort((starts, pitches))
    begun, ended = starts[order], ends[order]
    same = np.diff(pitches[order]) == 0
    if not (same & ((begun[1:] < ended[:-1]) | (np.diff(begun) == 0))).any():
        return ends
    begun, ended = begun.tolist(), ended.tolist()
    for i in np.flatnonzero(same):
        if ended[i] > begun[i + 1]:
            ended[i + 1] = max(ended[i], ended[i + 1])
    for i in np.flatnonzero(same)[::-1]:
        together = begun[i] == begun[i + 1]
        ended[i] = ended[i + 1] if together else min(ended[i], begun[i + 1])
    separate = np.empty_like(ends)
    separate[order] = ended
    return separate


def _cut(
    starts: np.ndarray, ends: np.ndarray, changes: list[Any], numbers: tuple[int, ...]
) -> np.ndarray:
    """Limit each note's end to the first change of a controller in `numbers` after its start."""
    times = np.array([each.time for each in changes if each.number in numbers] + [np.inf])
    return np.minimum(ends, times[np.searchsorted(times[:-1], starts, side="right")])


def _last_press(times: np.ndarray, changes: list[Any], pedal: int) -> tuple[np.ndarray, np.ndarray]:
    """Return when a pedal was last pressed before each time, and when that press ended.

    If the pedal was never pressed before, both times are -inf. If it was never lifted again, the
    second time is inf.
    """
    moves = [(-np.inf, True), (-np.inf, False)]
    moves += [
        (change.time, change.number == pedal and change.value >= PEDAL_DOWN)
        for change in changes
        if change.number in (pedal, RESET_CONTROL)
    ]
    turns = [next(same)[0] for _, same in groupby(moves, key=itemgetter(1))] + [np.inf]
    pressed, lifted = np.array(turns[::2]), np.array(turns[1::2])
    i = np.searchsorted(pressed, times, side="left") - 1
    return pressed[i], lifted[i]
