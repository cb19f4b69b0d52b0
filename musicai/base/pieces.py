"""What counts as a piece and as a collection; every room asks here.

A piece is a 2-D array ``(n_frames, n_features)``, time first. A collection is a list, a tuple, a
1-D object array or a 3-D array of pieces. Whoever takes either answers in kind: a piece for a
piece, a list for a list or tuple, an array for an array.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import check_array

from ..files.paths import PATH_TYPES

PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
"""The features of chroma."""

N_PITCH_CLASSES = len(PITCH_CLASSES)

N_KEYS = 88
"""The features of a piano roll, the keys of a piano from A0 to C8."""

_VALUES_AT_ONCE = 1 << 18

Pack = Callable[[Sequence[np.ndarray]], Any]
"""Puts one result per piece back into the form that the pieces came in."""


def as_collection(
    X: Any, *, n_features: int | None = None, name: str = "X", out_of_core: bool = False
) -> tuple[list[np.ndarray], Pack]:
    """Check `X` and return its pieces, with the function that packs results in the same form.

    Parameters
    ----------
    X : array-like of shape (n_frames, n_features), or a collection of them
        One piece or several of any lengths. In a collection a piece may have no frames, so that
        a recording that could not be read keeps its place.
    n_features : int, default=None
        The width that every piece must have. When None all must be as wide as the first.
    name : str, default="X"
        What to call the input in errors.
    out_of_core : bool, default=False
        Whether pieces of another type that are mapped from a file (`numpy.memmap`) stay there as
        they are, to be read by `frame_blocks`; else they are converted, in memory.

    Returns
    -------
    pieces : list of ndarray of shape (n_frames, n_features)
        The pieces as float32; float32 arrays are not copied.
    pack : callable
        Takes a list with a result for each piece and returns it in the form of `X`.

    Raises
    ------
    ValueError
        If there is no piece, or if a piece is not a table of finite numbers, or if the widths
        differ.
    TypeError
        If `X` is a path, a generator, a set or a dict, or a piece a sparse matrix.
    """
    _refuse_paths(X, name)
    _refuse_other_kinds(X, name)
    if not is_collection(X):
        piece = _as_piece(X, name, min_frames=1, out_of_core=out_of_core)
        _check_width(piece, n_features or piece.shape[1], name)
        return [piece], lambda results: results[0]
    if len(X) == 0:
        raise ValueError(f"{name} is an empty list: expected at least one piece")
    for i, piece in enumerate(X):
        _refuse_paths(piece, name)
        n_dimensions = _count_dimensions(piece)
        if n_dimensions != 2:
            advice = ": one list of pieces is enough" if n_dimensions > 2 else ""
            raise ValueError(
                f"{name}[{i}] is {type(piece).__name__} of {n_dimensions} dimensions where a "
                f"piece of shape (n_frames, n_features) is expected{advice}"
            )
    pieces = [
        _as_piece(piece, f"{name}[{i}]", min_frames=0, out_of_core=out_of_core)
        for i, piece in enumerate(X)
    ]
    for i, piece in enumerate(pieces):
        _check_width(piece, n_features or pieces[0].shape[1], f"{name}[{i}]")
    return pieces, _packer(X)


def as_chroma(X: Any, *, name: str = "X") -> tuple[list[np.ndarray], Pack]:
    """Check that `X` is chroma, one piece or a collection; return as `as_collection` does.

    Raises
    ------
    ValueError
        As `as_collection`, and if a piece has not 12 columns or has negative values.
    TypeError
        As `as_collection`.
    """
    pieces, pack = as_collection(X, n_features=N_PITCH_CLASSES, name=name)
    lowest = min((piece.min() for piece in pieces if piece.size), default=0)
    if lowest < 0:
        raise ValueError(
            f"chroma has no negative values: {name} has {lowest:.4g}; if that is as good as "
            "silence, pass np.maximum(piece, 0)"
        )
    return pieces, pack


def one_per_piece(value: Any, X: Any, pieces: list[np.ndarray], name: str) -> list[Any]:
    """Return what goes with each piece, such as its file: of a collection there is a list.

    Parameters
    ----------
    value : object
        One for one piece, a list for a collection; None for all.
    X : array-like or collection
        What the user passed.
    pieces : list of ndarray
        The pieces in `X`.
    name : str
        What to call `value` in errors.

    Returns
    -------
    values : list
        As many as pieces.

    Raises
    ------
    ValueError
        If there are not as many as pieces.
    TypeError
        If pieces in a list come with something else than a list.
    """
    if value is None:
        return [None] * len(pieces)
    if not is_collection(X):
        return [value]
    if not isinstance(value, (list, tuple)):
        raise TypeError(
            f"{name} is {value!r} where X is a collection of {len(pieces)} pieces: pass a list "
            "with one for each"
        )
    if len(value) != len(pieces):
        raise ValueError(
            f"{name} has {len(value)} entries where X has {len(pieces)} pieces: pass one for each"
        )
    return list(value)


def frame_blocks(piece: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the frames of a piece in float32 blocks, in order; it may lie on a disk."""
    n_frames = max(1, _VALUES_AT_ONCE // max(1, piece.shape[1]))
    for start in range(0, len(piece), n_frames):
        yield np.asarray(piece[start : start + n_frames], np.float32)


@dataclass
class Values:
    """The range and kind of the values of some pieces."""

    lowest: float = np.inf
    highest: float = -np.inf
    are_whole: bool = True
    loudest_are_one: bool = True
    """Whether the loudest feature of every frame is 1, or 0 in silence, and some frame sounds."""

    @classmethod
    def of(cls, pieces: Sequence[np.ndarray]) -> Self:
        """Look at all values once, block by block."""
        values, sounds = cls(), False
        for piece in pieces:
            for block in frame_blocks(piece):
                values.lowest = min(values.lowest, float(block.min()))
                values.highest = max(values.highest, float(block.max()))
                values.are_whole &= bool((block == np.rint(block)).all())
                loudest = block.max(1)
                values.loudest_are_one &= bool(np.isin(loudest, (0, 1)).all())
                sounds |= bool(loudest.any())
        values.loudest_are_one &= sounds
        return values


def is_collection(X: Any) -> bool:
    """Tell whether `X` holds several pieces (True) or is one piece itself (False)."""
    if isinstance(X, np.ndarray):
        # A table of mixed columns is an object array as well; only a 1-D one holds pieces.
        return X.ndim == 3 or (X.ndim == 1 and X.dtype == object and _holds_tables(X))
    return isinstance(X, (list, tuple)) and (len(X) == 0 or _holds_tables(X))


def _holds_tables(items: Any) -> bool:
    # A list of rows is one piece, as everywhere in scikit-learn; a list of tables is several.
    return len(items) > 0 and _count_dimensions(items[0]) >= 2


def _count_dimensions(items: Any) -> int:
    """Return the dimensions of nested lists; NumPy counts none where lengths are unequal."""
    try:
        return np.ndim(items)
    except ValueError:
        return 1 + max(map(_count_dimensions, items))


def _refuse_paths(X: Any, name: str) -> None:
    first = X[0] if isinstance(X, (list, tuple)) and len(X) > 0 else X
    if isinstance(first, PATH_TYPES):
        raise TypeError(
            f"{name} holds a path, {first!r}, where arrays of frames are expected: turn recordings "
            "into pieces first, with ChromaExtractor().transform([path, ...])"
        )


def _refuse_other_kinds(X: Any, name: str) -> None:
    # One kind of sparse matrix is a dict; scikit-learn's own check refuses it.
    if isinstance(X, (Iterator, Mapping, Set)) and not issparse(X):
        raise TypeError(
            f"{name} is a {type(X).__name__}, where a list of pieces is expected, which can be "
            "read more than once and in order"
        )
    if not isinstance(X, np.ndarray) and getattr(X, "ndim", 0) == 3:
        raise TypeError(
            f"{name} is a {type(X).__name__} of 3 dimensions, where a list of pieces or a NumPy "
            f"array is expected: pass list({name})"
        )


def _as_piece(X: Any, name: str, *, min_frames: int, out_of_core: bool) -> np.ndarray:
    numeric = isinstance(X, np.memmap) and X.ndim == 2 and X.dtype.kind in "biuf"
    if out_of_core and numeric:
        for block in frame_blocks(X):
            _check_table(block, name)
        return np.asarray(X)
    return _check_table(X, name, min_frames=min_frames)


def _check_table(X: Any, name: str, *, min_frames: int = 1) -> np.ndarray:
    try:
        with np.errstate(over="ignore"):  # what is too large becomes infinity, which is refused
            return check_array(X, dtype=np.float32, input_name=name, ensure_min_samples=min_frames)
    except ValueError:
        wrong = _what_is_wrong(X, name)
        if wrong is None:
            raise
        raise ValueError(
            f"{wrong}: a piece has shape (n_frames, n_features), a row of finite numbers for each "
            "frame"
        ) from None


def _what_is_wrong(X: Any, name: str) -> str | None:
    """Say what keeps `X` from being a piece; None where scikit-learn says it well enough.

    Some words, as "Reshape your data", are those that its checks of estimators look for.
    """
    try:
        if np.iscomplexobj(X):
            return f"{name} has complex numbers. Complex data not supported"
        with np.errstate(over="ignore"):
            table = np.asarray(X, dtype=np.float32)
    except ValueError as error:
        return f"{name} is no table of numbers ({error})"
    except TypeError:
        return None
    if X is None or table.ndim == 0:
        return f"{name} is {X!r}"
    if table.ndim == 1:
        return (
            f"{name} has shape {table.shape}. Reshape your data with {name}.reshape(1, -1) if "
            "they are one frame"
        )
    if table.ndim > 2:
        return f"{name} has shape {table.shape}"
    if len(table) == 0:
        return f"{name} has no frames"
    if table.shape[1] == 0:
        return f"{name} has 0 feature(s) (shape={table.shape}) while a minimum of 1 is required"
    if np.isnan(table).any():
        return f"{name} contains NaN"
    if not np.isfinite(table).all():
        return f"{name} contains infinity or a number too large for float32"
    return None


def _check_width(piece: np.ndarray, n_features: int, name: str) -> None:
    if piece.shape[1] != n_features:
        advice = "all pieces must have the same width"
        if len(piece) == n_features:
            advice = f"a frame is a row, did you mean {name}.T?"
        elif (piece.shape[1], n_features) == (N_KEYS, N_PITCH_CLASSES):
            advice = (
                f"chroma has {N_PITCH_CLASSES}; a piano roll, which has {N_KEYS}, goes to "
                "PianoRollExtractor().inverse_transform"
            )
        raise ValueError(
            f"{name} has {piece.shape[1]} features per frame where {n_features} are expected: "
            f"{advice}"
        )


def _packer(X: Any) -> Pack:
    if not isinstance(X, np.ndarray):
        return list
    if X.ndim == 3:
        return np.stack

    def pack(results: Sequence[np.ndarray]) -> np.ndarray:
        packed = np.empty(len(results), dtype=object)
        for i, result in enumerate(results):  # pieces of one shape would not assign as a slice
            packed[i] = result
        return packed

    return pack
