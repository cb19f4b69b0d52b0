"""Validation of pieces and collections, for all subpackages.

A piece is a 2-D array of shape ``(n_frames, n_features)``. A collection is a list, a tuple, a 1-D
object array or a 3-D array of pieces. Functions that accept pieces and collections return one
result for a piece, a list of results for a list or tuple, and an array of results for an array.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import check_array

from ..files.paths import PATH_TYPES

PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
"""Names of the chroma features, in order."""

N_PITCH_CLASSES = len(PITCH_CLASSES)

N_KEYS = 88
"""Number of features of a piano roll: the keys of a piano from A0 to C8."""

_VALUES_AT_ONCE = 1 << 18
"""Approximate number of values in a block of frames: 1 MB of float32."""

Pack = Callable[[Sequence[np.ndarray]], Any]
"""Function that converts a list with one result per piece to the form of the input."""


def as_collection(
    X: Any, *, n_features: int | None = None, name: str = "X", out_of_core: bool = False
) -> tuple[list[np.ndarray], Pack]:
    """Validate `X`; return its pieces, and a function that converts results to the form of `X`.

    Parameters
    ----------
    X : array-like of shape (n_frames, n_features), or a collection of them
        One or several pieces of any lengths. Pieces in a collection may be empty, so that an
        unreadable recording keeps its place.
    n_features : int, default=None
        Required number of features. If None, all pieces must have as many as the first piece.
    name : str, default="X"
        Name of the input in errors.
    out_of_core : bool, default=False
        Whether to leave memory-mapped pieces (`numpy.memmap`) on disk, with their dtype, for
        `frame_blocks` to read. If False, they are loaded as float32.

    Returns
    -------
    pieces : list of ndarray of shape (n_frames, n_features)
        The pieces as float32, except those that stay on disk; float32 arrays are not copied.
    pack : callable
        Function that takes a list with one result per piece and returns it in the form of `X`.

    Raises
    ------
    ValueError
        If there are no pieces, a single piece has no frames, or a piece is not a table of finite
        numbers or has the wrong number of features.
    TypeError
        If `X` is a path, a generator, a set, a dict or another library's 3-D array, or a piece is a
        path or a sparse matrix.
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
                f"{name}[{i}] is a {type(piece).__name__} of {n_dimensions} dimensions; expected a "
                f"piece of shape (n_frames, n_features){advice}"
            )
    pieces = [
        _as_piece(piece, f"{name}[{i}]", min_frames=0, out_of_core=out_of_core)
        for i, piece in enumerate(X)
    ]
    for i, piece in enumerate(pieces):
        _check_width(piece, n_features or pieces[0].shape[1], f"{name}[{i}]")
    return pieces, _packer(X)


def as_chroma(X: Any, *, name: str = "X") -> tuple[list[np.ndarray], Pack]:
    """Validate pieces of chroma; return the same results as `as_collection`.

    Raises
    ------
    ValueError
        As for `as_collection`, and if a piece does not have 12 columns or has negative values.
    TypeError
        As for `as_collection`.
    """
    pieces, pack = as_collection(X, n_features=N_PITCH_CLASSES, name=name)
    lowest = min((piece.min() for piece in pieces if piece.size), default=0)
    if lowest < 0:
        raise ValueError(
            f"chroma cannot be negative: {name} has {lowest:.4g}; if this means silence, pass "
            "np.maximum(piece, 0)"
        )
    return pieces, pack


def one_per_piece(value: Any, X: Any, pieces: list[np.ndarray], name: str) -> list[Any]:
    """Validate an argument with one value per piece, such as files, and return a list.

    Parameters
    ----------
    value : object
        The value for a single piece, or a list of values for a collection. None means that no piece
        has a value.
    X : array-like or collection
        The user's input.
    pieces : list of ndarray
        The pieces in `X`.
    name : str
        Name of `value` in errors.

    Returns
    -------
    values : list
        One value per piece; None for a piece without a value.

    Raises
    ------
    ValueError
        If the numbers of values and pieces differ.
    TypeError
        If `X` is a collection and `value` is neither None nor a list or tuple.
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
    """Yield the frames of a piece, which may be on disk, in float32 blocks."""
    n_frames = max(1, _VALUES_AT_ONCE // max(1, piece.shape[1]))
    for start in range(0, len(piece), n_frames):
        yield np.asarray(piece[start : start + n_frames], np.float32)


@dataclass
class Values:
    """Range and other properties of the values in pieces."""

    lowest: float = np.inf
    highest: float = -np.inf
    are_whole: bool = True
    loudest_are_one: bool = True
    """Whether the maximum of every frame is 0 or 1, and at least one maximum is 1."""

    @classmethod
    def of(cls, pieces: Sequence[np.ndarray]) -> Self:
        """Summarize all values in one pass, block by block."""
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
    """Return whether `X` is a collection rather than a single piece."""
    if isinstance(X, np.ndarray):
        # A 2-D object array is a table of mixed columns; only a 1-D one contains pieces.
        return X.ndim == 3 or (X.ndim == 1 and X.dtype == object and _holds_tables(X))
    return isinstance(X, (list, tuple)) and (len(X) == 0 or _holds_tables(X))


def _holds_tables(items: Any) -> bool:
    # A list of rows is one piece, as in scikit-learn; a list of tables is a collection.
    return len(items) > 0 and _count_dimensions(items[0]) >= 2


def _count_dimensions(items: Any) -> int:
    """Return the number of dimensions of nested lists, even if their lengths differ."""
    try:
        return np.ndim(items)
    except ValueError:
        return 1 + max(map(_count_dimensions, items))


def _refuse_paths(X: Any, name: str) -> None:
    first = X[0] if isinstance(X, (list, tuple)) and len(X) > 0 else X
    if isinstance(first, PATH_TYPES):
        raise TypeError(
            f"{name} contains a path, {first!r}, where arrays of frames are expected: convert "
            "recordings to pieces first, with ChromaExtractor().transform([path, ...])"
        )


def _refuse_other_kinds(X: Any, name: str) -> None:
    # A sparse dok_matrix is a dict, but scikit-learn's check rejects it with a better message.
    if isinstance(X, (Iterator, Mapping, Set)) and not issparse(X):
        raise TypeError(
            f"{name} is a {type(X).__name__}, which cannot be read repeatedly and in order: pass a "
            "list of pieces"
        )
    if not isinstance(X, np.ndarray) and getattr(X, "ndim", 0) == 3:
        raise TypeError(
            f"{name} is a {type(X).__name__} of 3 dimensions; expected a list of pieces or a NumPy "
            f"array: pass list({name})"
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
        with np.errstate(over="ignore"):  # overflow becomes infinity, which is rejected
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
    """Return the reason why `X` is not a piece; None if scikit-learn's message is good enough.

    scikit-learn's estimator checks require some of the wording, such as "Reshape your data".
    """
    try:
        if np.iscomplexobj(X):
            return f"{name} has complex numbers. Complex data not supported"
        with np.errstate(over="ignore"):
            table = np.asarray(X, dtype=np.float32)
    except ValueError as error:
        return f"{name} is not a table of numbers ({error})"
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
        for i, result in enumerate(results):  # a slice assignment fails for pieces of equal shape
            packed[i] = result
        return packed

    return pack
