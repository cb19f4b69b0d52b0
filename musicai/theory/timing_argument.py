"""What users pass as ``timing=``: a timing, something that has one, or a number.

For a collection it is one for all pieces, or a list with one for each.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base.parameters import check_values, is_real
from ..base.pieces import is_collection, one_per_piece
from .timing import RATE_RULE, Timing

ASK_FOR_TIMING = (
    "timing is needed to know when frames sound: pass timing=extractor, the one that made the "
    "pieces, or timing=analysis.timing, Timing.from_tempo(96), or a number of frames per second"
)


def as_timing(value: Any, name: str = "timing") -> Timing:
    """Return the timing that an argument stands for.

    Parameters
    ----------
    value : Timing, object with a `timing`, or float
        An extractor and an analysis have a `timing`; a number is frames per second.
    name : str, default="timing"
        What to call it in errors.

    Raises
    ------
    TypeError
        If it is something else, or None.
    ValueError
        If it is a number that is no rate.
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
        advice += "; where X is a collection, a list of timings has one for each piece"
    elif hasattr(value, "steps"):
        advice = "pass the step that has one, as pipe[0]"
    raise TypeError(f"{name} is {_described(value)} where a Timing is expected: {advice}")


def timings_of(
    timing: Any, X: Any, pieces: Sequence[np.ndarray], *, default: Timing | None = None
) -> list[Timing]:
    """Return the timing of each piece.

    Parameters
    ----------
    timing : Timing, object with a `timing`, float, a list of them, or None
        One for all pieces, or a list with one for each.
    X : array-like or collection
        What the user passed; tells whether a list may be given.
    pieces : list of ndarray of shape (n_frames, n_features)
        The pieces in `X`.
    default : Timing, default=None
        Stands for None.

    Raises
    ------
    TypeError
        If it is something else, or there is neither a timing nor a default.
    ValueError
        If there are not as many as pieces, or one has another number of frames than its piece.
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
                f"timing is that of {each.n_frames} frames where {where} has {len(piece)}; for a "
                "part of a piece slice it, as timing[8:24]"
            )
    return found


def _described(value: Any) -> str:
    return repr(value) if isinstance(value, str) else f"of type {type(value).__name__}"
