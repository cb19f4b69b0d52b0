"""When the frames of a picture are, and in what unit."""

from typing import Any, NamedTuple

import numpy as np

from ..base.parameters import TEMPO_RULE, Rule, check_values, is_real
from ..theory.timing import RATE_RULE, check_times, frame_borders

RULES: dict[str, Rule] = {
    "frame_rate": RATE_RULE,
    "tempo": TEMPO_RULE,
    "steps_per_beat": (lambda v: is_real(v) and v > 0, "a positive number of frames per beat"),
}


class TimeAxis(NamedTuple):
    """Where each frame begins and the last one ends, shape (n_frames + 1,), and the unit."""

    times: np.ndarray
    unit: str


def time_axis(
    piece: np.ndarray,
    *,
    frame_rate: float | None,
    times: Any,
    tempo: float | None,
    steps_per_beat: float | None,
) -> TimeAxis:
    """Return when the frames of a piece are, as far as is known.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, n_features)
        The frames.
    frame_rate : float or None
        Frames per second.
    times : array-like of shape (n_frames + 1,) or None
        Borders of the frames in seconds.
    tempo : float or None
        Beats per minute, where beats are to be counted and not seconds.
    steps_per_beat : float or None
        Frames per beat.

    Raises
    ------
    ValueError
        If one of them has no possible value, or they say it twice.
    """
    given = {"frame_rate": frame_rate, "tempo": tempo, "steps_per_beat": steps_per_beat}
    check_values({name: value for name, value in given.items() if value is not None}, RULES)
    known = [v is not None for v in (frame_rate, times, steps_per_beat)]
    if sum(known) > 1:
        raise ValueError(
            "give one of frame_rate, times and steps_per_beat: each alone says when frames sound"
        )
    if tempo is not None and frame_rate is None and times is None:
        raise ValueError(
            "tempo turns seconds into beats: give frame_rate or times as well; where frames "
            "follow the beats give steps_per_beat and no tempo"
        )
    if not any(known):
        return TimeAxis(np.arange(len(piece) + 1.0), "frames")
    if steps_per_beat is not None:
        return TimeAxis(np.arange(len(piece) + 1) / steps_per_beat, "beats")
    if times is None:
        (seconds,) = frame_borders(piece, [piece], frame_rate=frame_rate or 1.0, times=None)
    else:
        (seconds,) = check_times([times], [piece])
    if seconds[-1] <= seconds[0]:
        raise ValueError("times end where they begin: there is no time to draw")
    if tempo is not None:
        return TimeAxis((seconds - seconds[0]) * tempo / 60, "beats")
    return TimeAxis(seconds, "seconds")
