"""Sound kept on a disk while more is to be done with it."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import FileIO

import numpy as np

_BYTES = 4


class Spool:
    """Samples in a file, of which slices are read like those of an array.

    A map of the file would do as well, but what was read of it counts as memory in use.
    """

    def __init__(self, file: FileIO, n_samples: int) -> None:
        self._file = file
        self._n_samples = n_samples

    def __len__(self) -> int:
        return self._n_samples

    def __getitem__(self, samples: slice) -> np.ndarray:
        start, stop, _ = samples.indices(self._n_samples)
        self._file.seek(start * _BYTES)
        return np.frombuffer(self._file.read(max(0, stop - start) * _BYTES), dtype=np.float32)


@contextmanager
def spooled(blocks: Iterable[np.ndarray]) -> Iterator[Spool]:
    """Keep blocks of samples in a temporary file without a name, as long as the context lasts."""
    with tempfile.TemporaryFile(buffering=0) as file:
        for block in blocks:
            data = memoryview(np.ascontiguousarray(block, dtype=np.float32)).cast("B")
            while data:  # a write may be cut short, as where the disk is nearly full
                data = data[os.write(file.fileno(), data) :]
        yield Spool(file, file.tell() // _BYTES)
