"""Measured frame boundaries: validation, beat counts and mean tempo."""

from typing import Any

import numpy as np

LONGEST = 86400.0
"""Maximum length of a timing in seconds: one day. Longer timings are probably not in seconds."""

LONGEST_BEAT = 15.0
"""Maximum length of a beat in seconds: a tempo of 4 beats per minute, the slowest accepted."""

SHORTEST_BEAT = 0.0001
"""Minimum mean length of beats in seconds.

If beats are shorter, positions are probably not in beats, or boundaries not in seconds.
"""

_MAX_DEVIATION = 0.3
"""Maximum deviation of a frame's tempo from the median, in octaves (factors of 2).

Frames that deviate more, often the first and the last, do not count in the mean tempo.
"""


def check_borders(seconds: Any) -> np.ndarray:
    """Return `seconds` as an array of frame boundaries, (n_frames + 1,), or raise a ValueError."""
    borders = _rising(seconds, "seconds")
    if borders[-1] - borders[0] > LONGEST:
        raise ValueError("seconds span more than a day: give seconds, not samples or milliseconds")
    return borders


def check_beats(beats: Any, borders: np.ndarray) -> np.ndarray:
    """Return `beats` as an array of positions in beats, (n_frames + 1,), or raise a ValueError."""
    positions = _rising(beats, "beats")
    if len(positions) != len(borders):
        raise ValueError(
            f"beats has {len(positions)} values but seconds has {len(borders)}: give the position "
            "of each frame boundary in beats"
        )
    lengths, counts = np.diff(borders), np.diff(positions)
    if np.any((counts > 0) != (lengths > 0)):
        raise ValueError(
            "beats and seconds must increase together: give each frame a length in both, or in "
            "neither"
        )
    if np.any(lengths > counts * LONGEST_BEAT * (1 + 1e-9)):
        raise ValueError(
            f"a beat lasts more than {LONGEST_BEAT:g} seconds: give positions in beats, which "
            "increase by 1 with each beat"
        )
    if counts.sum() * SHORTEST_BEAT > lengths.sum() * (1 + 1e-9):
        raise ValueError(
            f"{counts.sum():.6g} beats last {lengths.sum():.3g} seconds, less than "
            f"{SHORTEST_BEAT:g} each: give boundaries in seconds and positions in beats"
        )
    return positions


def _rising(values: Any, name: str) -> np.ndarray:
    try:
        if np.iscomplexobj(values):
            raise TypeError
        borders = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be numbers, got {values!r}") from None
    if borders.ndim != 1 or len(borders) == 0:
        raise ValueError(
            f"{name} must have shape (n_frames + 1,), the start of each frame and the end of the "
            f"last; got shape {borders.shape}"
        )
    if not np.all(np.isfinite(borders)) or np.any(np.diff(borders) < 0):
        raise ValueError(f"{name} must be finite and in ascending order")
    return borders


def count_beats(borders: np.ndarray, frames_per_beat: float) -> np.ndarray:
    """Return the position of each frame boundary in beats, from 0.

    A frame at least 1.5 times as long as the median counts as several frames, and a frame of length
    0 as none.
    """
    lengths = np.diff(borders)
    usual = np.median(lengths[lengths > 0]) if np.any(lengths > 0) else 1.0
    fewest = np.ceil(lengths * frames_per_beat / LONGEST_BEAT)
    counts = np.maximum(np.maximum(np.rint(lengths / usual), fewest), 1)
    counts[lengths == 0] = 0
    return np.concatenate([[0.0], np.cumsum(counts)]) / frames_per_beat


def mean_tempo(borders: np.ndarray, beats: np.ndarray) -> float | None:
    """Return the mean tempo in beats per minute over beats of about the median length.

    Return None if all frames have length 0.
    """
    lengths, counts = np.diff(borders), np.diff(beats)
    lengths, counts = lengths[lengths > 0], counts[lengths > 0]
    if not len(lengths):
        return None
    per_beat = lengths / counts
    median = np.quantile(per_beat, 0.5, method="lower")  # an actual length, not a mean of two
    usual = np.abs(np.log2(per_beat / median)) <= _MAX_DEVIATION
    return float(60 * counts[usual].sum() / lengths[usual].sum())
