"""Viterbi's algorithm with a price for each change of state."""

from collections.abc import Iterable

import numpy as np


def best_path(
    scores: np.ndarray,
    price: np.ndarray,
    *,
    ends: Iterable[int] = (),
    distances: np.ndarray | None = None,
) -> np.ndarray:
    """Find the path of the highest score, by the algorithm of Viterbi.

    Parameters
    ----------
    scores : ndarray of shape (n_frames, n_states)
        Score of each state in each frame.
    price : ndarray of shape (n_frames,)
        Cost of a change of state from the frame before, at least 0. That of the first frame is not
        used.
    ends : iterable of int, default=()
        Rising numbers of frames, such as those of bar lines. The path before each of them is
        settled by the frames before it, and later frames do not change it.
    distances : ndarray of shape (n_states, n_states), default=None
        Factors of the price by the state before (rows) and after a change; 0 on the diagonal. None
        for 1.

    Returns
    -------
    path : ndarray of int of shape (n_frames,)
        The state of each frame.
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
    """Return the best path of a few frames, after a state that is settled."""
    n_frames, n_states = scores.shape
    states = np.arange(n_states)
    origins = np.empty((n_frames, n_states), dtype=int)
    total = scores[0]
    if before is not None:
        total = total - price[0] * (states != before if distances is None else distances[before])
    for t in range(1, n_frames):
        if distances is None:
            best = total.argmax()  # every change comes from the best state
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
