"""What counts as a piece and as a collection; every room asks here.

A piece is a 2-D array ``(n_frames, n_features)``, time first. A collection is a list, a tuple, a
1-D object array or a 3-D array of pieces. Whoever takes one or the other answers in kind.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_array

Pack = Callable[[Sequence[np.ndarray]], Any]


def is_collection(X: Any) -> bool:
    """Tell whether `X` holds several pieces (True) or is one piece itself (False)."""
    if isinstance(X, np.ndarray):
        return X.ndim == 3 or (X.ndim == 1 and X.dtype == object and _holds_pieces(X))
    return isinstance(X, (list, tuple)) and (len(X) == 0 or _holds_pieces(X))


def _holds_pieces(items: Any) -> bool:
    # A list of lists of numbers is one piece, a list of arrays or of tables several.
    return len(items) > 0 and (isinstance(items[0], np.ndarray) or np.ndim(items[0]) >= 2)
