"""Measured borders of frames: checked, counted in beats, and the tempo they have."""

from typing import Any

import numpy as np

LONGEST = 86400.0
"""Seconds; what lasts longer than a day is given in other units."""

LONGEST_BEAT = 15.0
"""Seconds; MIDI has no slower tempo than one beat in 16.8 s."""

SHORTEST_BEAT = 0.0001
"""Seconds, on average; what has more beats than that is counted in something else."""

MOST_UNUSUAL = 0.3
"""Largest deviation from the median tempo, in octaves; the first and last frame often exceed it."""


def check_borders(seconds: Any) -> np.ndarray:
    """Return borders in seconds, shape (n_frames + 1,), or raise a ValueError."""
    borders = _rising(seconds, "seconds")
    if borders[-1] - borders[0] > LONGEST:
        raise ValueError("seconds span more than a day: give seconds, not samples or milliseconds")
    return borders


def check_beats(beats: Any, borders: np.ndarray) -> np.ndarray:
    """Return the positions of borders in beats, shape (n_frames + 1,), or raise a ValueError."""
    positions = _rising(beats, "beats")
    if len(positions) != len(borders):
        raise ValueError(
            f"beats are {len(positions)} where seconds are {len(borders)}: give the position of "
            "each border in beats"
        )
    lengths, counts = np.diff(borders), np.diff(positions)
    if np.any((counts > 0) != (lengths > 0)):
        raise ValueError("beats do not rise with seconds: give frames that last both, or neither")
    if np.any(lengths > counts * LONGEST_BEAT * (1 + 1e-9)):
        raise ValueError(
            f"beats last more than {LONGEST_BEAT:g} seconds: give positions in beats, one more "
            "with each beat"
        )
    if counts.sum() * SHORTEST_BEAT > lengths.sum() * (1 + 1e-9):
        raise ValueError(
            f"{counts.sum():.6g} beats last {lengths.sum():.3g} seconds, each less than "
            f"{SHORTEST_BEAT:g}: give borders in seconds, and positions in beats"
        )
    return positions


def _rising(values: Any, name: str) -> np.ndarray:
    try:
        if np.iscomplexobj(values):
            raise TypeError
        borders = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} are {values!r} where numbers are expected") from None
    if borders.ndim != 1 or len(borders) == 0:
        raise ValueError(
            f"{name} have shape {borders.shape} where (n_frames + 1,) is expected: the beginning "
            "of each frame and the end of the last"
        )
    if not np.all(np.isfinite(borders)) or np.any(np.diff(borders) < 0):
        raise ValueError(f"{name} do not rise: give numbers, each at least the one before")
    return borders


def count_beats(borders: np.ndarray, frames_per_beat: float) -> np.ndarray:
    """Count beats up to each border: a frame several times as long as usual is several."""
    lengths = np.diff(borders)
    usual = np.median(lengths[lengths > 0]) if np.any(lengths > 0) else 1.0
    fewest = np.ceil(lengths * frames_per_beat / LONGEST_BEAT)
    counts = np.maximum(np.maximum(np.rint(lengths / usual), fewest), 1)
    counts[lengths == 0] = 0
    return np.concatenate([[0.0], np.cumsum(counts)]) / frames_per_beat


def mean_tempo(borders: np.ndarray, beats: np.ndarray) -> float | None:
    """Return beats per minute, the mean over beats that are about as long as most.

    None if all frames are without length.
    """
    lengths, counts = np.diff(borders), np.diff(beats)
    lengths, counts = lengths[lengths > 0], counts[lengths > 0]
    if not len(lengths):
        return None
    per_beat = lengths / counts
    median = np.quantile(per_beat, 0.5, method="lower")  # one of them, not between two
    usual = np.abs(np.log2(per_beat / median)) <= MOST_UNUSUAL
    return float(60 * counts[usual].sum() / lengths[usual].sum())
