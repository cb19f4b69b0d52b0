"""Text about the durations of recordings."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..files.paths import printable


def describe_durations(
    recordings: Sequence[Path], durations: np.ndarray, target: Sequence[str] | None
) -> str:
    """Return text about the total duration, the duration per style, and the extremes."""
    known = np.flatnonzero(np.isfinite(durations))
    if len(known) == 0:
        return "Their lengths could not be read."
    text = f"{_clock(durations[known].sum())} in total (hours:minutes:seconds)"
    if target is not None:
        styles = np.array(target)[known]
        shares = [
            f"{name} {_clock(durations[known][styles == name].sum())}" for name in np.unique(styles)
        ]
        text += f": {', '.join(shares)}"
    shortest = int(known[durations[known].argmin()])
    longest = int(known[durations[known].argmax()])
    shown = [
        f"{printable(recordings[i].name)}, {_clock(durations[i])}" for i in (shortest, longest)
    ]
    text += f".\nThe shortest is {shown[0]}; the longest is {shown[1]}."
    if len(known) < len(durations):
        text += f"\nThe length of {len(durations) - len(known)} could not be read."
    return text


def _clock(seconds: float) -> str:
    """Format a duration as hours, minutes and seconds, such as "1:04:09"."""
    minutes, rest = divmod(round(float(seconds)), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
