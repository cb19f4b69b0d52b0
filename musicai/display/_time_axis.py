"""The time axis of a picture: where its frames are, in what unit, and how it is labeled."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..theory.timing import Timing
from ..theory.timing_argument import timings_of

if TYPE_CHECKING:
    from matplotlib.axis import Axis

LONGEST_IN_SECONDS = 60.0
"""Longer axes have minutes and seconds, as with librosa."""


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
    if isinstance(timing, (list, tuple, np.ndarray)):
        raise TypeError(
            f"timing is of type {type(timing).__name__} where that of one piece is expected: pass "
            "its Timing, and pass seconds as Timing.from_borders(seconds) or "
            "Timing.from_beats(seconds)"
        )
    (known,) = timings_of(timing, piece, [piece])
    axis = _axis(known, len(piece))
    if axis.times[-1] <= axis.times[0]:
        raise ValueError(f"timing ends where it begins: there is no time to draw in {known}")
    return axis


def _axis(timing: Timing, n_frames: int) -> TimeAxis:
    if timing.has_beats:
        return TimeAxis(timing.beats(n_frames), "beats")
    return TimeAxis(timing.borders(n_frames), "seconds")


def label_time(axis: "Axis", unit: str, length: float) -> None:
    """Label an axis as ``librosa.display.specshow`` does: "Time", with minutes where it is long.

    Parameters
    ----------
    axis : matplotlib Axis
        The axis.
    unit : str
        "seconds", "beats" or "frames".
    length : float
        How much is shown, in this unit.
    """
    if unit != "seconds":
        axis.set_label_text(unit.capitalize())
    elif length <= LONGEST_IN_SECONDS:
        axis.set_label_text("Time (s)")
    else:
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        axis.set_label_text("Time")
        axis.set_major_locator(MaxNLocator(steps=[1, 1.5, 3, 6, 10]))
        axis.set_major_formatter(FuncFormatter(lambda seconds, _: clock(seconds)))


def clock(seconds: float) -> str:
    """Return a time as minutes and seconds, from an hour on also hours: "1:05" or "1:00:05"."""
    minutes, rest = divmod(round(abs(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    sign = "-" if seconds < -0.5 else ""
    return f"{sign}{hours}:{minutes:02d}:{rest:02d}" if hours else f"{sign}{minutes}:{rest:02d}"
