"""Similarity of two pieces, frame by frame."""

from typing import Any

import numpy as np

from ..base.pieces import as_collection
from ..theory.shapes import unit_shapes


def frame_correlation(X: Any, Y: Any) -> float:
    r"""Return the mean correlation of corresponding frames of two pieces.

    .. math:: \frac{1}{T} \sum_t
        \frac{(x_t - \bar x_t) \cdot (y_t - \bar y_t)}
             {\|x_t - \bar x_t\| \, \|y_t - \bar y_t\|}

    This is Pearson's correlation over the features of each frame, averaged over frames. It equals
    the cosine similarity of centered frames. Without centering, all chroma would be similar: the
    cosine similarity of a constant frame to real music is 0.81. The metric catches wrong notes in
    each frame. It is blind to loudness, and counts notes that are slightly late as wrong.

    Parameters
    ----------
    X, Y : array-like of shape (n_frames, n_features), or collections of them
        Pieces; the shapes of `X` and `Y` must be equal. Every frame has the same weight.

    Returns
    -------
    correlation : float
        Between -1 and 1; 1 if corresponding frames differ only in loudness or by a constant.
        Correlation is undefined for a frame whose values are all equal, such as silence. A pair of
        two such frames counts as 1, and a pair with one such frame as 0.

    Raises
    ------
    ValueError
        If the shapes differ, or there are no frames.

    References
    ----------
    .. [1] K. Pearson, "Notes on regression and inheritance in the case of two parents", Proceedings
       of the Royal Society of London 58, 1895.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import frame_correlation
    >>> frames = np.array([[0.0, 0.2, 1.0], [1.0, 0.5, 0.0]])
    >>> round(frame_correlation(frames, 0.5 * frames), 6)
    1.0
    >>> round(frame_correlation(frames, 1 - frames), 6)
    -1.0
    """
    first, _ = as_collection(X, name="X")
    second, _ = as_collection(Y, name="Y")
    shapes = [piece.shape for piece in first], [piece.shape for piece in second]
    if shapes[0] != shapes[1]:
        raise ValueError(
            "frame_correlation needs pieces of the same shapes, frame against frame: "
            f"X has {_shorten(shapes[0])} and Y has {_shorten(shapes[1])}"
        )
    frames, others = (
        unit_shapes(np.concatenate(pieces).astype(np.float64)) for pieces in (first, second)
    )
    if len(frames) == 0:
        raise ValueError("frame_correlation needs at least one frame: all pieces are empty")
    both_flat = ~(frames.any(axis=1) | others.any(axis=1))
    return float(np.mean(np.where(both_flat, 1.0, np.einsum("td,td->t", frames, others))))


def _shorten(shapes: list[tuple[int, ...]]) -> str:
    if len(shapes) == 1:
        return str(shapes[0])
    return f"{len(shapes)} pieces of {', '.join(map(str, shapes[:3]))}{', ...' * (len(shapes) > 3)}"
