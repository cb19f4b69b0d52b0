"""Tempo changes in MIDI files."""

from typing import Any

import numpy as np

from ..base.extras import need

WAVERING = 0.015
"""Largest deviation of a beat from a steady tempo, in seconds: about the error of beat trackers."""

FEWEST, MOST = 1, 2**24 - 1
"""Smallest and largest number of microseconds per beat that a MIDI file can hold."""


def tempo_map(
    seconds: np.ndarray, beats: np.ndarray, *, resolution: int, what: str
) -> tuple[Any, np.ndarray]:
    """Return a MIDI file with tempo changes and no notes, and its times at the given borders.

    The file is needed because pretty_midi accepts tempo changes only from files.

    Parameters
    ----------
    seconds, beats : ndarray of shape (n_borders,)
        Positions of the borders between steady tempi, in seconds and in beats, increasing from 0.
    resolution : int
        Ticks per beat.
    what : str
        Name of the caller, for the error message if mido is missing.

    Returns
    -------
    file : mido.MidiFile
        A file with a tempo event for each change.
    seconds : ndarray of shape (n_borders,)
        Times of the borders in the file. They differ slightly from the given times, because a file
        rounds positions to ticks and tempi to microseconds per beat.
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


def steady_tempi(seconds: np.ndarray, beats: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Select frame borders between which the tempo can be taken as steady.

    Linear interpolation between the borders that are kept moves the other borders by at most
    `WAVERING` seconds. The first and last borders are always kept.

    Parameters
    ----------
    seconds, beats : ndarray of shape (n_borders,)
        Positions of all borders, increasing.

    Returns
    -------
    seconds, beats : ndarray of shape (n_kept,)
        Positions of the borders that are kept. They may be moved by up to `WAVERING` seconds.
    """
    beats, places = np.unique(beats, return_index=True)
    seconds = np.append(seconds[places[:-1]], seconds[-1])
    gaps = np.diff(seconds)
    # The limit is smaller where borders are close, so that they keep their order.
    wavering = np.minimum(WAVERING, 0.25 * np.minimum([*gaps, 0], [0, *gaps]))
    kept, at = [0], [float(seconds[0])]
    fastest, slowest = 0.0, np.inf  # limits of seconds per beat after the last border kept
    for i in range(1, len(beats)):
        low, high = _seconds_per_beat(i, kept[-1], at[-1], seconds, beats, wavering)
        if max(fastest, low) > min(slowest, high):
            at.append(at[-1] + (fastest + slowest) / 2 * (beats[i - 1] - beats[kept[-1]]))
            kept.append(i - 1)
            low, high = _seconds_per_beat(i, kept[-1], at[-1], seconds, beats, wavering)
            fastest, slowest = 0.0, np.inf
        fastest, slowest = max(fastest, low), min(slowest, high)
    return np.append(at, seconds[-1]), beats[[*kept, -1]]


def _seconds_per_beat(
    i: int,
    last: int,
    at: float,
    seconds: np.ndarray,
    beats: np.ndarray,
    wavering: np.ndarray,
) -> tuple[float, float]:
    """Return the limits of seconds per beat from border `last`, at `at` seconds, to border `i`.

    Any value between these limits moves border `i` by at most ``wavering[i]`` seconds.
    """
    moved = seconds[i] - at + np.array([-wavering[i], wavering[i]])
    low, high = moved / (beats[i] - beats[last])
    return float(low), float(high)
