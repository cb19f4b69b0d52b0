"""Metrics of progressions: moves between the roots of chords."""

from typing import Any

import numpy as np

from ..base.pieces import N_PITCH_CLASSES
from ..theory.keys import in_common_key
from ..theory.shapes import is_flat, triad_scores
from ._chroma import chroma_pieces

_FALLING_FIFTH = 5  # semitones; a fourth up leads to the same pitch class as a fifth down


def transition_matrix(X: Any) -> np.ndarray:
    """Return the relative frequencies of moves from root to root, in a common key.

    The root of a frame is the root of the major or minor triad that correlates best with the frame.
    A root is held if it lasts for at least two frames. A move leads from one held root to the next
    different one. Roots that last for a single frame are skipped, and so are silent and other flat
    frames. Each piece is first transposed to C major or A minor. These keys share a scale, so it
    matters little that a major key is often confused with its relative minor.

    The matrix catches wrong progressions, such as rising instead of falling fifths, or roots that
    real music avoids. It is blind to how long chords last and to whether they are major or minor.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma. Every move of every piece has the same weight.

    Returns
    -------
    matrix : ndarray of shape (12, 12)
        Shares of the moves from each root (row) to each root (column), from C to B. The sum of
        all values is one, and the diagonal is zero. If there is no move, the whole matrix is zero.

    Raises
    ------
    ValueError
        If `X` is not chroma.

    References
    ----------
    .. [1] L.-C. Yang, A. Lerch, "On the evaluation of generative models in music", Neural
       Computing and Applications 32, 2020, whose pitch class transition matrix counts moves
       between notes.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import transition_matrix
    >>> chords = [np.isin(np.arange(12), notes) for notes in ([0, 4, 7], [5, 9, 0], [7, 11, 2])]
    >>> cadence = np.repeat([chords[i] for i in (0, 1, 2, 0)], 8, axis=0).astype(float)
    >>> matrix = transition_matrix(cadence)
    >>> [(int(here), int(there)) for here, there in np.argwhere(matrix)]
    [(0, 5), (5, 7), (7, 0)]
    """
    counts = np.zeros((N_PITCH_CLASSES, N_PITCH_CLASSES))
    for piece in chroma_pieces(X):
        if piece.any():
            # Transpose before finding roots, so that the choice between two triads that fit equally
            # well does not depend on the key.
            roots = _held_roots(in_common_key(piece))
            np.add.at(counts, (roots[:-1], roots[1:]), 1)
    return counts / max(1, counts.sum())


def falling_fifths(X: Any) -> float:
    """Return the share of root moves that fall by a fifth, such as from dominant to tonic.

    The falling fifth is the most common root move in tonal music, and typical of cadences. If roots
    moved at random, the share would be one in eleven, 0.09. The metric is blind to the scale degree
    from which the root falls.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma. Every move of every piece has the same weight.

    Returns
    -------
    share : float
        Between 0 and 1; 0 if there is no move.

    Raises
    ------
    ValueError
        If `X` is not chroma.

    See Also
    --------
    transition_matrix : Shares of all moves; its documentation defines a move.

    References
    ----------
    .. [1] M. Rohrmeier, I. Cross, "Statistical properties of tonal harmony in Bach's chorales",
       ICMPC 2008, which counts chord transitions.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import falling_fifths
    >>> circle = np.cumsum(np.full(12, 5)) % 12  # every root is a fifth below the one before
    >>> roots = np.eye(12)[np.repeat(circle, 4)]
    >>> triads = roots + np.roll(roots, 4, axis=1) + np.roll(roots, 7, axis=1)
    >>> falling_fifths(triads)
    1.0
    """
    matrix = transition_matrix(X)
    rows = np.arange(N_PITCH_CLASSES)
    return float(matrix[rows, (rows + _FALLING_FIFTH) % N_PITCH_CLASSES].sum())


def _held_roots(piece: np.ndarray) -> np.ndarray:
    """Return the held roots of a piece in order, without immediate repetitions."""
    frames = piece[~is_flat(piece)]
    if len(frames) < 2:
        return np.empty(0, dtype=np.intp)
    roots = triad_scores(frames).argmax(axis=1) % N_PITCH_CLASSES
    held = roots[1:][roots[1:] == roots[:-1]]
    return held[np.flatnonzero(np.diff(held, prepend=-1))]
