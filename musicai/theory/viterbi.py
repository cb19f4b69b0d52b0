"""Viterbi algorithm with a cost for each change of state."""

from collections.abc import Iterable

import numpy as np


def best_path(
    scores: np.ndarray,
    price: np.ndarray,
    *,
    ends: Iterable[int] = (),
    distances: np.ndarray | None = None,
) -> np.ndarray:
    """Return the path with the highest sum of scores minus costs, found by the Viterbi algorithm.

    Parameters
    ----------
    scores : ndarray of shape (n_frames, n_states)
        Score of each state in each frame.
    price : ndarray of shape (n_frames,)
        Nonnegative cost of a change of state before each frame. The first value is ignored.
    ends : iterable of int, default=()
        Frame indices in ascending order, such as those of bar lines. The path before each index
        does not depend on frames from that index on.
    distances : ndarray of shape (n_states, n_states), default=None
        Factors by which to multiply the cost of a change from one state (row) to another (column);
        0 on the diagonal. None means a factor of 1 for every change.

    Returns
    -------
    path : ndarray of int of shape (n_frames,)
        State in each frame.
    """
    n_frames = len(scores)
    path = np.empty(n_frames, dtype=int)
    start = 0
    for end in (*ends, n_frames):
        if start < end <= n_frames:
            before = path[start - 1] if start else None
            path[start:end] = _path(scores[start:end], price[start:end], before, distances)
            start = end
    return path


def _path(
    scores: np.ndarray, price: np.ndarray, before: int | None, distances: np.ndarray | None
) -> np.ndarray:
    """Return the best path. `before` is the state before the first frame, or None if unknown."""
    n_frames, n_states = scores.shape
    states = np.arange(n_states)
    origins = np.empty((n_frames, n_states), dtype=int)
    total = scores[0]
    if before is not None:
        total = total - price[0] * (states != before if distances is None else distances[before])
    for t in range(1, n_frames):
        if distances is None:
            best = total.argmax()  # with equal costs, every change comes from the best state
            changes = total[best] - price[t] > total
            origins[t] = np.where(changes, best, states)
            total = np.where(changes, total[best] - price[t], total) + scores[t]
        else:
            moved = total[:, None] - price[t] * distances
            origins[t] = moved.argmax(axis=0)
            total = moved.max(axis=0) + scores[t]
    path = np.empty(n_frames, dtype=int)
    path[-1] = total.argmax()
    for t in range(n_frames - 1, 0, -1):
        path[t - 1] = origins[t, path[t]]
    return path
