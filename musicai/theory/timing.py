"""When the frames of a piece sound: at a frame rate, or at times that were measured."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base.parameters import Rule, is_real
from ..base.pieces import is_collection

FRAME_RATE = 22050 / 2048
"""Frames per second of a :class:`musicai.ChromaExtractor` with default parameters."""

ANALYSIS_RATE = 22050
"""Samples per second that a :class:`musicai.ChromaExtractor` with default parameters analyzes."""

SPREAD_RATE = 100.0
"""Frames per second at which frames of unequal lengths are played; changes take 10 ms."""

LONGEST = 86400.0
"""Seconds; what lasts longer than a day has its times in other units."""

RATE_RULE: Rule = (lambda v: is_real(v) and 0 < v <= 1e6, "a positive number of frames per second")


def frame_borders(
    X: Any, pieces: Sequence[np.ndarray], *, frame_rate: float, times: Any
) -> list[np.ndarray]:
    """Return for each piece when its frames begin and its last one ends, in seconds.

    Parameters
    ----------
    X : array-like or collection
        What the user passed; tells whether `times` are of one piece or of several.
    pieces : list of ndarray of shape (n_frames, n_features)
        The pieces in `X`.
    frame_rate : float
        Frames per second where `times` is None.
    times : ndarray of shape (n_frames + 1,), a list of them, or None
        Borders of the frames in seconds.

    Returns
    -------
    borders : list of ndarray of shape (n_frames + 1,)
        They begin at 0.

    Raises
    ------
    ValueError
        If there are not as many times as frames and one more, or they do not rise, or a piece
        would last for more than a day.
    """
    if times is None:
        longest = max(map(len, pieces), default=0) / frame_rate
        if longest > LONGEST:
            raise ValueError(
                f"{longest:.3g} seconds at frame_rate={frame_rate!r} are more than a day: give the "
                "frames per second that the piece has"
            )
        return [np.arange(len(piece) + 1) / frame_rate for piece in pieces]
    checked = check_times(times if is_collection(X) else [times], pieces)
    return [borders - borders[0] for borders in checked]


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


def length_in_samples(seconds: float, sr: float, *, analyzed_at: float = ANALYSIS_RATE) -> int:
    """Return the length of the longest sound that is analyzed as no more than so many seconds.

    An analysis centers frames on their times, so that audio of ``n_frames / frame_rate`` seconds
    would have one frame more, which begins where the last one ends. A sound of this length is
    analyzed as `n_frames` frames, even where it is resampled first.

    Parameters
    ----------
    seconds : float
        How long some frames are.
    sr : float
        Samples per second of the sound, in hertz.
    analyzed_at : float, default=22050
        Samples per second of the analysis, in hertz.

    Returns
    -------
    n_samples : int
        Samples at `sr`; 0 where there are no frames.
    """
    # Rounded, or 2048.0000001 would be one sample more than 2048.
    most = max(0, math.ceil(round(seconds * analyzed_at, 6)) - 1)
    n_samples = int(most * sr / analyzed_at)
    # As a resampler finds its length: a quotient that is not exact may be rounded up.
    return n_samples - (math.ceil(n_samples * (analyzed_at / sr)) > most)


def typical_hop(times: np.ndarray, sr: float) -> int:
    """Return the median length of intervals in samples, taken to be from 20 ms to 2 s."""
    seconds = np.median(np.diff(times)) if len(times) > 1 else 0.0
    return max(1, round(float(np.clip(seconds, 0.02, 2.0)) * sr))


def check_times(times: Any, pieces: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the borders of the intervals of each piece, or raise a ValueError."""
    if not isinstance(times, (list, tuple, np.ndarray)) or np.ndim(times[:1]) == 0:
        raise ValueError(f"times are {times!r} where arrays of seconds are expected")
    if len(times) != len(pieces):
        raise ValueError(f"times are given for {len(times)} pieces where X has {len(pieces)}")
    checked = [_as_seconds(borders) for borders in times]
    for i, (borders, piece) in enumerate(zip(checked, pieces, strict=True)):
        if borders.shape != (len(piece) + 1,):
            raise ValueError(
                f"times[{i}] has shape {borders.shape} where {(len(piece) + 1,)} is expected: "
                "the beginning of each frame and the end of the last"
            )
        if not np.all(np.isfinite(borders)) or np.any(np.diff(borders) < 0):
            raise ValueError(f"times[{i}] do not rise: give seconds, each at least the one before")
        if borders[-1] - borders[0] > LONGEST:
            raise ValueError(f"times[{i}] last for more than a day: give seconds")
    return checked


def _as_seconds(times: Any) -> np.ndarray:
    try:
        if np.iscomplexobj(times):
            raise TypeError
        return np.asarray(times, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"times are {times!r} where seconds are expected") from None
