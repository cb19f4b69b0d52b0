"""Time axis of a plot: borders of frames, their unit, and tick labels."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..theory.timing import Timing
from ..theory.timing_argument import timings_of

if TYPE_CHECKING:
    from matplotlib.axis import Axis

LONGEST_IN_SECONDS = 60.0
"""Length in seconds above which an axis shows minutes and seconds, as in librosa."""


class TimeAxis(NamedTuple):
    """Borders of the frames, shape (n_frames + 1,), and their unit."""

    times: np.ndarray
    unit: str


def time_axis(piece: np.ndarray, timing: Any) -> TimeAxis:
    """Return the time axis of a piece: in beats or seconds, or in frames if `timing` is None.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, n_features)
        The frames.
    timing : Timing, object with a `timing`, float or None
        Timing of the frames.

    Raises
    ------
    TypeError, ValueError
        If `timing` has an unsupported type, does not fit the piece, or has no duration.
    """
    if timing is None:
        return TimeAxis(np.arange(len(piece) + 1.0), "frames")
    if isinstance(timing, (list, tuple, np.ndarray)):
        raise TypeError(
            f"timing is of type {type(timing).__name__}; expected the timing of one piece: pass "
            "its Timing, or seconds as Timing.from_borders(seconds) or "
            "Timing.from_beats(seconds)"
        )
    (known,) = timings_of(timing, piece, [piece])
    axis = _axis(known, len(piece))
    if axis.times[-1] <= axis.times[0]:
        raise ValueError(f"timing has no duration: there is nothing to draw in {known}")
    return axis


def _axis(timing: Timing, n_frames: int) -> TimeAxis:
    if timing.has_beats:
        return TimeAxis(timing.beats(n_frames), "beats")
    return TimeAxis(timing.borders(n_frames), "seconds")


def label_time(axis: "Axis", unit: str, length: float) -> None:
    """Label a time axis; if it is longer than 60 seconds, show minutes and seconds.

    Parameters
    ----------
    axis : matplotlib Axis
        Axis to label.
    unit : str
        "seconds", "beats" or "frames".
    length : float
        Visible length of the axis, in `unit`.
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
    """Format a time as minutes and seconds, such as "1:05", with hours if needed: "1:00:05"."""
    minutes, rest = divmod(round(abs(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    sign = "-" if seconds < -0.5 else ""
    return f"{sign}{hours}:{minutes:02d}:{rest:02d}" if hours else f"{sign}{minutes}:{rest:02d}"
