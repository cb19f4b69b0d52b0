"""The best path through states that mostly stay."""

import numpy as np


def best_path(scores: np.ndarray, price: np.ndarray) -> np.ndarray:
    """Find the path of the highest score, by the algorithm of Viterbi.

    Parameters
    ----------
    scores : ndarray of shape (n_frames, n_states)
        What each state is worth in each frame.
    price : ndarray of shape (n_frames,)
        What it costs to be in another state than in the frame before, at least 0. That of the
        first frame is not used.

    Returns
    -------
    path : ndarray of int of shape (n_frames,)
        The state of each frame.
    """
    n_frames, n_states = scores.shape
    path = np.empty(n_frames, dtype=int)
    if n_frames == 0:
        return path
    origins = np.empty((n_frames, n_states), dtype=int)
    states = np.arange(n_states)
    total = scores[0]
    for t in range(1, n_frames):
        best = total.argmax()  # whoever changes comes from here
        changes = total[best] - price[t] > total
        origins[t] = np.where(changes, best, states)
        total = np.where(changes, total[best] - price[t], total) + scores[t]
    path[-1] = total.argmax()
    for t in range(n_frames - 1, 0, -1):
        path[t - 1] = origins[t, path[t]]
    return path
