"""From frames at a fixed rate to one frame per beat, and back."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def synchronise(
    chroma: np.ndarray, frame_rate: float, beats: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Take the median of the frames between one beat and the next.

    As in ``librosa.util.sync``, what is before the first beat and after the last has a frame
    too, so that nothing is lost. The median keeps out the few frames in which a chord changes or
    a drum sounds.

    Parameters
    ----------
    chroma : ndarray of shape (n_frames, 12)
        Frames, the one at ``t`` centred on ``t / frame_rate`` seconds.
    frame_rate : float
        Frames per second.
    beats : ndarray of shape (n_beats,)
        Times of the beats in seconds, rising.

    Returns
    -------
    chroma : ndarray of shape (n_intervals, 12), dtype float32
        One frame per interval; intervals that hold no frame's centre are joined to the next.
    times : ndarray of shape (n_intervals + 1,)
        The borders of the intervals in seconds; the first is 0.
    """
    n_frames = len(chroma)
    # A beat on a frame's centre belongs to that frame, however the product was rounded.
    firsts = np.ceil(np.concatenate([[0.0], beats]) * frame_rate - 1e-6).astype(int)
    # Of borders with no frame between them the last counts.
    last_of_equals = np.append(firsts[1:] != firsts[:-1], True) & (firsts < n_frames)
    firsts = firsts[last_of_equals]
    times = np.concatenate([[0.0], beats])[last_of_equals]
    times[0] = 0.0
    frames = [np.median(part, axis=0) for part in np.split(chroma, firsts[1:])]
    return np.array(frames, dtype=np.float32), np.append(times, n_frames / frame_rate)


def spread(piece: np.ndarray, times: np.ndarray, frame_rate: float) -> np.ndarray:
    """Repeat each frame for as long as its interval lasts, shape (n_frames, 12).

    Parameters
    ----------
    piece : ndarray of shape (n_intervals, 12)
        One frame per interval.
    times : ndarray of shape (n_intervals + 1,)
        The borders of the intervals in seconds.
    frame_rate : float
        Frames per second of the result.
    """
    starts = np.rint((times - times[0]) * frame_rate).astype(int)
    return np.repeat(piece, np.diff(starts), axis=0)


def check_times(times: Any, pieces: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the borders of the intervals of each piece, or raise a ValueError."""
    if not isinstance(times, (list, tuple, np.ndarray)) or np.ndim(times[:1]) == 0:
        raise ValueError(f"times are {times!r} where arrays of seconds are expected")
    if len(times) != len(pieces):
        raise ValueError(f"times are given for {len(times)} pieces where X has {len(pieces)}")
    checked = [np.asarray(borders, dtype=np.float64) for borders in times]
    for i, (borders, piece) in enumerate(zip(checked, pieces, strict=True)):
        if borders.shape != (len(piece) + 1,):
            raise ValueError(
                f"times[{i}] has shape {borders.shape} where {(len(piece) + 1,)} is expected: "
                "the beginning of each frame and the end of the last"
            )
        if not np.all(np.isfinite(borders)) or np.any(np.diff(borders) < 0):
            raise ValueError(f"times[{i}] do not rise: give seconds, each at least the one before")
    return checked
