"""Changes of tempo in a MIDI file."""

from typing import Any

import numpy as np

from ..base.extras import need

FEWEST, MOST = 1, 2**24 - 1
"""Microseconds per beat that MIDI can say."""


def tempo_map(
    seconds: np.ndarray, beats: np.ndarray, *, resolution: int, what: str
) -> tuple[Any, np.ndarray]:
    """Return a MIDI file that has changes of tempo and no notes.

    pretty_midi takes changes of tempo from files only.

    Parameters
    ----------
    seconds, beats : ndarray of shape (n_borders,)
        When and where some borders are, from 0 on, rising. Between them beats are even.
    resolution : int
        Ticks per beat.
    what : str
        What to say needs mido, if that is missing.

    Returns
    -------
    file : mido.MidiFile
        Has a change of tempo wherever the tempo changes.
    seconds : ndarray of shape (n_borders,)
        When the borders are in the file, which counts whole ticks and microseconds per beat.
    """
    mido = need("mido", extra="midi", what=what)
    ticks = np.diff(np.rint(beats * resolution).astype(int))
    lengths = np.diff(seconds)[ticks > 0] * 1e6
    tempi = np.clip(np.rint(lengths / ticks[ticks > 0] * resolution), FEWEST, MOST)
    track, waited, last = mido.MidiTrack(), 0, None
    for tempo, length in zip(tempi.astype(int).tolist(), ticks[ticks > 0].tolist(), strict=True):
        if tempo != last:
            track.append(mido.MetaMessage("set_tempo", tempo=tempo, time=waited))
            waited, last = 0, tempo
        waited += length
    track.append(mido.MetaMessage("end_of_track"))
    written = np.zeros(len(seconds))
    written[1:][ticks > 0] = ticks[ticks > 0] * tempi * 1e-6 / resolution
    return mido.MidiFile(tracks=[track], ticks_per_beat=resolution), np.cumsum(written)
