import hashlib

import numpy as np
import pytest
from scipy.io import savemat


def as_cells(rolls):
    cells = np.empty((1, len(rolls)), object)
    for i, roll in enumerate(rolls):
        cells[0, i] = roll
    return cells


@pytest.fixture
def write_rolls():
    """Function that writes and returns 3 training, 2 validation and 1 test piano rolls."""

    def write(path, seed=0):
        rng = np.random.RandomState(seed)
        parts = {
            name: [(rng.random_sample((5 + i, 88)) < 0.1).astype(np.uint8) for i in range(n)]
            for name, n in (("traindata", 3), ("validdata", 2), ("testdata", 1))
        }
        savemat(path, {name: as_cells(rolls) for name, rolls in parts.items()})
        return parts

    return write


def sha256_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
