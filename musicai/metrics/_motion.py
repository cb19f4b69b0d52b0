"""How much a piece moves from frame to frame."""

from typing import Any

import numpy as np

from .._pieces import as_collection


def flux(X: Any) -> float:
    r"""Spectral flux: how far a bin moves, on average, from one frame to the next.

    .. math:: \frac{1}{(T - 1) D} \sum_{t=2}^{T} \sum_{d=1}^{D} |x_{t,d} - x_{t-1,d}|

    Composed music that has frozen on a chord has a flux near 0. The flux grows with the hop
    length, so compare only pieces of one frame rate.

    Parameters
    ----------
    X : array-like of shape (n_frames, n_features), or a collection of them
        In a collection every step from frame to frame counts alike, whichever piece it is in.

    Returns
    -------
    flux : float
        Mean absolute change, in the units of `X`: between 0 and 1 for chroma.

    Raises
    ------
    ValueError
        If no piece has two frames.

    References
    ----------
    .. [1] S. Dixon, "Onset detection revisited", DAFx 2006, with the absolute change in place
       of the half-wave rectified one: a composer may freeze as much by never letting go.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import flux
    >>> flux(np.ones((8, 12)))
    0.0
    >>> flux(np.array([[0.0, 1.0], [0.5, 1.0]]))
    0.25
    """
    pieces, _ = as_collection(X)
    steps = [np.abs(np.diff(piece.astype(np.float64), axis=0)) for piece in pieces]
    n_changes = sum(step.size for step in steps)
    if n_changes == 0:
        longest = max(len(piece) for piece in pieces)
        raise ValueError(
            f"flux needs a piece of at least 2 frames to see a change: the longest has {longest}"
        )
    return float(sum(step.sum() for step in steps) / n_changes)
