"""Where draws come from."""

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_random_state


def as_rng(random_state: Any, *stream: int) -> np.random.RandomState:
    """Return a random state; None gives a fresh one, where NumPy would take its global one.

    An integer seed with a `stream` number gives independent draws for each number.
    """
    if random_state is None:
        return np.random.RandomState()
    if stream and isinstance(random_state, Integral):
        return np.random.RandomState([int(random_state), *stream])
    return check_random_state(random_state)
