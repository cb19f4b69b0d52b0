"""Sound kept on a disk while more is to be done with it."""

import tempfile
from collections.abc import Iterable

import numpy as np


def spool(blocks: Iterable[np.ndarray]) -> np.ndarray:
    """Return blocks of samples as one array that lies in a temporary file without a name.

    The file is gone with the last reference to the array.
    """
    with tempfile.TemporaryFile(buffering=0) as file:
        n_samples = 0
        for block in blocks:
            file.write(np.ascontiguousarray(block, dtype=np.float32).data)
            n_samples += len(block)
        if n_samples == 0:
            return np.zeros(0, dtype=np.float32)
        return np.memmap(file, dtype=np.float32, mode="r", shape=(n_samples,))
