"""Validation of ``timing=`` arguments: a timing, an object with one, or a frame rate.

A collection takes one timing for all pieces, or a list with one for each.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base.parameters import check_values, is_real
from ..base.pieces import is_collection, one_per_piece
from .timing import RATE_RULE, Timing

ASK_FOR_TIMING = (
    "timing is needed to know when frames sound: pass timing=extractor, the extractor of the "
    "pieces, or timing=analysis.timing, Timing.from_tempo(96), or a number of frames per second"
)


def as_timing(value: Any, name: str = "timing") -> Timing:
    """Convert a ``timing=`` argument to a timing.

    Parameters
    ----------
    value : Timing, object with a `timing`, or float
        Extractors and analyses have a `timing`; a number means frames per second.
    name : str, default="timing"
        Name of the argument in error messages.

    Raises
    ------
    TypeError
        If `value` is None or of an unsupported type.
    ValueError
        If `value` is a number but not a valid rate.
    """
    if value is None:
        raise TypeError(ASK_FOR_TIMING)
    if isinstance(value, Timing):
        return value
    own = None if isinstance(value, type) else getattr(value, "timing", None)
    if isinstance(own, Timing):
        return own
    if is_real(value) or isinstance(value, (bool, float)):
        check_values({name: value}, {name: RATE_RULE})
        return Timing.from_rate(value)
    advice = "pass an extractor, a Timing, or a number of frames per second"
    if isinstance(value, (list, tuple, np.ndarray)):
        advice = "pass seconds as Timing.from_borders(seconds), or Timing.from_beats(seconds)"
        advice += "; for a collection, a list may give one timing per piece"
    elif hasattr(value, "steps"):
        advice = "pass the step that has a timing, such as pipe[0]"
    raise TypeError(f"{name} must be a Timing, got {_described(value)}: {advice}")


def timings_of(
    timing: Any, X: Any, pieces: Sequence[np.ndarray], *, default: Timing | None = None
) -> list[Timing]:
    """Return the timing of each piece.

    Parameters
    ----------
    timing : Timing, object with a `timing`, float, a list of them, or None
        One timing for all pieces, or a list with one for each.
    X : array-like or collection
        Piece or collection that the user passed; only a collection takes a list of timings.
    pieces : list of ndarray of shape (n_frames, n_features)
        The pieces in `X`.
    default : Timing, default=None
        Timing if `timing` is None.

    Raises
    ------
    TypeError
        If `timing` is of an unsupported type, or is None without a default.
    ValueError
        If there are not as many timings as pieces, or a measured timing does not have as many
        frames as its piece.
    """
    if timing is None and default is not None:
        timing = default
    if is_collection(X) and isinstance(timing, (list, tuple)):
        some = one_per_piece(list(timing), X, list(pieces), "timing")
        found = [as_timing(each, f"timing[{i}]") for i, each in enumerate(some)]
    else:
        found = [as_timing(timing)] * len(pieces)
    for i, (each, piece) in enumerate(zip(found, pieces, strict=True)):
        if each.n_frames not in (None, len(piece)):
            where = f"X[{i}]" if is_collection(X) else "X"
            raise ValueError(
                f"timing has {each.n_frames} frames but {where} has {len(piece)}: for part of a "
                "piece, slice the timing too, as in timing[8:24]"
            )
    return found


def _described(value: Any) -> str:
    return repr(value) if isinstance(value, str) else f"an object of type {type(value).__name__}"
