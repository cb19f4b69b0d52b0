"""Metrics of form over many seconds: stability of the key, and recurrence."""

from typing import Any

import numpy as np

from ..base.parameters import COUNT_RULE, check_values, is_real
from ..theory.keys import key_scores
from ..theory.shapes import unit_windows
from ._chroma import chroma_pieces, require_some


def key_stability(X: Any, *, n_frames: int = 108, lag: int | None = None) -> float:
    """Return the share of windows that have the same key as the window `lag` frames later.

    Successive windows overlap by half. The key of a window is the one of 24 keys whose profile
    (Krumhansl and Kessler) correlates best with the window's mean chroma. Music that forgets its
    key scores near chance, 1/24 = 0.04. With windows of 10 s, chorales played on a piano scored
    0.35 and game music 0.41. Higher is not better: a piece that stays on one chord scores 1, and
    shuffled chorales score about 0.7, because most of their windows have the key of the whole
    piece. The metric is blind to everything that happens within a key.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma. All pairs of windows that both have a key have the same weight.
    n_frames : int, default=108
        Length of a window in frames. The default lasts 10 s at the default rate of
        :class:`musicai.ChromaExtractor`, 10.8 frames per second.
    lag : int, default=None
        Number of frames from the start of the first window to the start of the second. If None, the
        second window starts where the first one ends.

    Returns
    -------
    stability : float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If no piece has two windows `lag` frames apart that both have a key, or a parameter is out
        of range. Silence has no key, nor does a window with twelve equal pitch classes.

    References
    ----------
    .. [1] C. L. Krumhansl, "Cognitive Foundations of Musical Pitch", Oxford 1990, chapter 4.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import key_stability
    >>> c_major = np.eye(12)[[0, 4, 7, 5, 9, 0, 7, 11, 2, 0, 4, 7] * 9]
    >>> key_stability([np.concatenate([c_major, c_major])])
    1.0
    >>> key_stability([np.concatenate([c_major, np.roll(c_major, 1, axis=1)])])
    0.0
    """
    lag = n_frames if lag is None else lag
    check_values({"n_frames": n_frames, "lag": lag}, {"n_frames": COUNT_RULE, "lag": COUNT_RULE})
    same = [same_keys(piece, n_frames, lag) for piece in chroma_pieces(X)]
    need = f"key_stability needs a piece of {lag + n_frames} frames with a key in both windows"
    return float(require_some(np.concatenate(same), need).mean())


def recurrence(
    X: Any, *, n_frames: int = 22, min_distance: int = 108, similarity: float = 0.5
) -> float:
    """Return how much of a piece recurs: the share of pairs of windows that are similar.

    Two windows are similar if their correlation, after centering each frame, exceeds `similarity`.
    Pairs closer than `min_distance` are left out, because all music resembles what came just
    before. A piece that never returns to earlier material has no similar pairs; a loop has many.
    The metric is blind to repetition in a different key or tempo.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma. Silent pieces and pieces too short for two windows are skipped; all other pieces
        have the same weight.
    n_frames : int, default=22
        Length of a window in frames. The default lasts 2 s at the default rate of
        :class:`musicai.ChromaExtractor`, 10.8 frames per second. In each pair, the first window
        starts at a multiple of `n_frames`; the second can start at any frame.
    min_distance : int, default=108
        Minimum number of frames between the starts of two windows. The default is 10 s at the same
        rate.
    similarity : float, default=0.5
        Correlation above which two windows are similar.

    Returns
    -------
    recurrence : float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If no sounding piece has two windows `min_distance` frames apart, or a parameter is out of
        range.

    References
    ----------
    .. [1] J. Foote, "Visualizing music and audio using self-similarity", ACM Multimedia 1999.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import recurrence
    >>> loop = np.tile(np.eye(12)[[0, 4, 7, 9, 5, 2, 7, 11]], (20, 1))
    >>> round(recurrence(loop, n_frames=8, min_distance=16), 3)  # the loop is 8 frames long
    0.138
    """
    check_values(
        {"n_frames": n_frames, "min_distance": min_distance, "similarity": similarity},
        {
            "n_frames": COUNT_RULE,
            "min_distance": COUNT_RULE,
            "similarity": (lambda v: is_real(v) and -1 <= v <= 1, "a number from -1 to 1"),
        },
    )
    shares = []
    for piece in chroma_pieces(X):
        if len(piece) >= n_frames + min_distance and piece.any():
            shares.append(_share_alike(piece, n_frames, min_distance, similarity))
    need = f"recurrence needs a piece of {n_frames + min_distance} frames with sound"
    return float(np.mean(require_some(shares, need)))


def same_keys(piece: np.ndarray, n_frames: int, lag: int) -> np.ndarray:
    """Return a boolean for each window: whether the window `lag` frames later has the same key.

    Successive windows overlap by half. Pairs in which a window has no key are left out.
    """
    starts = np.arange(0, len(piece) - lag - n_frames + 1, max(1, n_frames // 2))
    now = _window_scores(piece, starts, n_frames)
    later = _window_scores(piece, starts + lag, n_frames)
    both = now.any(axis=1) & later.any(axis=1)
    return (now.argmax(axis=1) == later.argmax(axis=1))[both]


def _window_scores(piece: np.ndarray, starts: np.ndarray, n_frames: int) -> np.ndarray:
    """Return the key scores of the windows that begin at `starts`, shape (n_windows, 24)."""
    if len(starts) == 0:
        return np.empty((0, 24))
    totals = np.concatenate([np.zeros((1, piece.shape[1])), piece.cumsum(axis=0, dtype=np.float64)])
    return key_scores(totals[starts + n_frames] - totals[starts])


def _share_alike(piece: np.ndarray, n_frames: int, min_distance: int, similarity: float) -> float:
    """Return the share of similar pairs among pairs of windows `min_distance` or more apart."""
    windows = unit_windows(piece, n_frames)
    n_alike, n_pairs = 0, 0
    for start in range(0, len(windows) - min_distance, n_frames):
        later = windows[start + min_distance :]
        n_alike += int(np.count_nonzero(later @ windows[start] > similarity))
        n_pairs += len(later)
    return n_alike / n_pairs
