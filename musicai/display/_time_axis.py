"""Where the frames of a picture are, and in what unit."""

from typing import Any, NamedTuple

import numpy as np

from ..theory.timing import Timing
from ..theory.timing_argument import timings_of


class TimeAxis(NamedTuple):
    """Where each frame begins and the last one ends, shape (n_frames + 1,), and the unit."""

    times: np.ndarray
    unit: str


def time_axis(piece: np.ndarray, timing: Any) -> TimeAxis:
    """Return where the frames of a piece are: in beats, in seconds, or without a timing in frames.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, n_features)
        The frames.
    timing : Timing, object with a `timing`, float or None
        When they sound.

    Raises
    ------
    TypeError, ValueError
        If `timing` is something else or that of another number of frames, or its frames have no
        length.
    """
    if timing is None:
        return TimeAxis(np.arange(len(piece) + 1.0), "frames")
    (known,) = timings_of(timing, piece, [piece])
    axis = _axis(known, len(piece))
    if axis.times[-1] <= axis.times[0]:
        raise ValueError(f"timing ends where it begins: there is no time to draw in {known}")
    return axis


def _axis(timing: Timing, n_frames: int) -> TimeAxis:
    if timing.has_beats:
        return TimeAxis(timing.beats(n_frames), "beats")
    return TimeAxis(timing.borders(n_frames), "seconds")
