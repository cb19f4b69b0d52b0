"""Which chord follows which: roots of chords, counted between changes."""

from typing import Any

import numpy as np

from ..base.pieces import N_PITCH_CLASSES
from ..theory.keys import in_common_key
from ..theory.shapes import is_flat, triad_scores
from ._chroma import chroma_pieces

_FALLING_FIFTH = 5  # semitones up, which is a fifth down


def transition_matrix(X: Any) -> np.ndarray:
    """How often the root of the harmony moves from where to where, in a common key.

    The root of a frame is that of the major or minor triad that correlates best with it. A move
    is a change of root that lasts: both roots are held for two frames or more. Each piece is first
    transposed, so that its key is C major or A minor; major and relative minor, which key
    finding confuses most, thus fall on the same scale.

    It catches wrong progressions: fifths that do not fall, degrees that are not avoided. It is
    blind to how long a chord lasts and to its mode.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma. Every move of every piece counts alike.

    Returns
    -------
    matrix : ndarray of shape (12, 12)
        Share of all moves that go from the root of the row to the root of the column, C to B. It
        sums to one, its diagonal is zero; if no root ever moves it is zero throughout.

    Raises
    ------
    ValueError
        If `X` is not chroma.

    References
    ----------
    .. [1] L.-C. Yang, A. Lerch, "On the evaluation of generative models in music", Neural
       Computing and Applications 32, 2020: the pitch class transition matrix, of notes.

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
            # Moved first and named then: where two triads fit alike, the same one is taken in
            # every key.
            roots = _held_roots(in_common_key(piece))
            np.add.at(counts, (roots[:-1], roots[1:]), 1)
    return counts / max(1, counts.sum())


def falling_fifths(X: Any) -> float:
    """Share of the moves of the root that fall by a fifth, as from dominant to tonic.

    The commonest move of tonal music, and the one that makes cadences; if roots moved at random
    it would be one in eleven, .09. It is blind to where in the key a fifth falls.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma. Every move of every piece counts alike.

    Returns
    -------
    share : float
        Between 0 and 1; 0 if no root ever moves.

    Raises
    ------
    ValueError
        If `X` is not chroma.

    See Also
    --------
    transition_matrix : Says what counts as a move.

    References
    ----------
    .. [1] M. Rohrmeier, I. Cross, "Statistical properties of tonal harmony in Bach's chorales",
       ICMPC 2008: which chord follows which, counted.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import falling_fifths
    >>> circle = np.cumsum(np.full(12, 5)) % 12  # every root a fifth below the last
    >>> roots = np.eye(12)[np.repeat(circle, 4)]
    >>> triads = roots + np.roll(roots, 4, axis=1) + np.roll(roots, 7, axis=1)
    >>> falling_fifths(triads)
    1.0
    """
    matrix = transition_matrix(X)
    rows = np.arange(N_PITCH_CLASSES)
    return float(matrix[rows, (rows + _FALLING_FIFTH) % N_PITCH_CLASSES].sum())


def _held_roots(piece: np.ndarray) -> np.ndarray:
    """Roots of a piece's chords in turn, each different from the last and held for 2 frames."""
    frames = piece[~is_flat(piece)]
    if len(frames) < 2:
        return np.empty(0, dtype=np.intp)
    roots = triad_scores(frames).argmax(axis=1) % N_PITCH_CLASSES
    held = roots[1:][roots[1:] == roots[:-1]]
    return held[np.flatnonzero(np.diff(held, prepend=-1))]
