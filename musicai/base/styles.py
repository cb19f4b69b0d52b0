"""Style labels and their integer codes; 0 means no style."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from .parameters import is_real
from .user_warnings import warn_user

_UNHASHABLE = "style labels must be hashable, such as str or int"


def labels_per_piece(
    y: Any, pieces: Sequence[np.ndarray], *, single: bool, name: str = "y"
) -> list[np.ndarray]:
    """Return one object array of style labels per piece, each of length 1 or n_frames.

    Parameters
    ----------
    y : None, a label, or array-like of labels
        For a collection, one item per piece; for a single piece, one item. An item is a label, or a
        list with one label or with a label for each frame. None, as `y` or as a label, means no
        style.
    pieces : sequence of ndarray of shape (n_frames, n_features)
        Pieces to label.
    single : bool
        Whether the input was a single piece rather than a collection.
    name : str, default="y"
        Name of the labels in errors.
    """
    if y is None:
        return [np.array([None])] * len(pieces)
    if hasattr(y, "to_numpy"):  # pandas
        y = y.to_numpy().squeeze(-1) if np.shape(y)[1:] == (1,) else y.to_numpy()
    one = isinstance(y, (str, dict)) or not hasattr(y, "__len__")  # a dict is a blend of styles
    if single and (one or len(y) in (1, len(pieces[0]))):
        return [as_labels(y)]
    if one or len(y) != len(pieces):
        count = "one style label" if one else f"{len(y)} style labels"
        raise ValueError(
            f"{name} holds {count} for {len(pieces)} piece(s): expected a label for each piece"
            + (", or for each frame of the piece" if single else "")
        )
    labels = [as_labels(label) for label in y]
    for i, (piece, array) in enumerate(zip(pieces, labels, strict=True)):
        if len(array) not in (1, len(piece)):
            raise ValueError(
                f"{name}[{i}] holds {len(array)} style labels: expected one for the piece, or one "
                f"for each of its {len(piece)} frames"
            )
    return labels


def label_per_piece(y: Any, pieces: Sequence[np.ndarray], *, single: bool) -> list[Any]:
    """Return a list with one style label or None per piece; reject pieces with labels per frame."""
    labels = labels_per_piece(y, pieces, single=single)
    for i, array in enumerate(labels):
        if len(array) != 1:
            raise ValueError(
                f"y has {len(array)} style labels for piece {i}: expected one label for each piece"
            )
    return [label for (label,) in labels]


def as_labels(y: Any) -> np.ndarray:
    """Return labels as a 1-D array of plain Python objects, with None for missing labels."""
    if np.ndim(y) == 0:
        y = [y]
    plain = [_as_plain(label) for label in np.asarray(y, dtype=object).ravel().tolist()]
    labels = np.empty(len(plain), dtype=object)
    # pandas represents missing labels as NaN or NA.
    labels[:] = [None if _is_missing(label) else label for label in plain]
    return labels


def _as_plain(label: Any) -> Any:
    """Convert a NumPy or torch scalar to a Python object, for comparison, hashing and pickling."""
    return label.item() if hasattr(label, "item") and np.ndim(label) == 0 else label


def _is_missing(label: Any) -> bool:
    is_nan = isinstance(label, float) and math.isnan(label)
    return is_nan or type(label).__name__ in ("NAType", "NaTType")


def known_styles(labels: Sequence[np.ndarray]) -> np.ndarray:
    """Return the distinct labels, sorted; raise an error if they have no order."""
    try:
        known = {label for array in labels for label in array if label is not None}
    except TypeError:
        raise ValueError(_UNHASHABLE) from None
    try:
        ordered = sorted(known)
        # `sorted` accepts sets, even if neither of two sets is less than the other.
        if not all(one < other for one, other in pairwise(ordered)):
            raise TypeError
    except TypeError:
        kinds = ", ".join(sorted({type(label).__name__ for label in known}))
        raise ValueError(
            f"style labels must all be of one kind that has an order (all str, say), got {kinds}"
        ) from None
    return as_labels(ordered)  # an object array, because other dtypes would change some labels


def encode_styles(
    labels: Sequence[np.ndarray],
    pieces: Sequence[np.ndarray],
    styles: np.ndarray,
    *,
    strict: bool = False,
) -> list[np.ndarray]:
    """Convert labels to integers, one per frame: 0 for no style, or 1 plus the index in `styles`.

    If `strict`, a label that is not in `styles` raises an error. Otherwise, the label counts as no
    style, with a warning, so that cross-validation works even if some folds lack a style.
    """
    numbers = {None: 0, **{style: i for i, style in enumerate(styles.tolist(), start=1)}}
    try:
        unknown = {label for array in labels for label in array} - numbers.keys()
    except TypeError:
        raise ValueError(_UNHASHABLE) from None
    if unknown:
        names = ", ".join(map(repr, sorted(unknown, key=str)))
        problem = f"unknown style {names}: known styles are {styles.tolist()}"
        if strict:
            raise ValueError(f"{problem}; give all of them to the first fit or partial_fit")
        warn_user(f"{problem}; it is treated as no style")
    return [
        np.broadcast_to([numbers.get(label, 0) for label in array], len(piece))
        for array, piece in zip(labels, pieces, strict=True)
    ]


def style_weights(style: Any, styles: np.ndarray) -> np.ndarray:
    """Return the weights of "no style" and of each style, shape (1 + n_styles,), with sum 1.

    Parameters
    ----------
    style : object or dict
        One of `styles`, None for no style, or a dict that maps styles to weights. The weights need
        not sum to 1. An unknown style, a negative weight or weights without a positive one raise a
        ValueError.
    styles : ndarray of shape (n_styles,)
        Style labels of the training data.
    """
    known = [None, *styles.tolist()]
    blend = style.items() if isinstance(style, dict) else [(style, 1.0)]
    weights = np.zeros(len(known))
    for label, weight in blend:
        if np.ndim(label) != 0 or label not in known:
            raise ValueError(
                f"unknown style {label!r}: "
                + (f"known styles are {known[1:]}" if known[1:] else "no styles were given to fit")
                + (_how_to_blend(known[1:]) if np.ndim(label) else "")
            )
        if not is_real(weight) or weight < 0:
            raise ValueError(
                f"style={style!r}: weights must be numbers of at least 0, got {weight!r}"
            )
        weights[known.index(label)] += weight
    if not weights.any():
        raise ValueError(f"style={style!r} has no weight above 0: name at least one style")
    weights /= weights.max()  # first, because the sum of large weights might overflow
    return weights / weights.sum()


def _how_to_blend(styles: list[Any]) -> str:
    if len(styles) < 2:
        return ""
    return f"; to blend, give a dict: {dict.fromkeys(styles[:2], 0.5)}"
