"""Samples kept in a temporary file while more is to be done with them."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import FileIO

import numpy as np

_BYTES = 4


class Spool:
    """Values in a file, of which slices are read like those of an array.

    A map of the file would do as well, but what was read of it counts as memory in use.
    """

    def __init__(self, file: FileIO, n_values: int) -> None:
        self._file = file
        self._n_values = n_values

    def __len__(self) -> int:
        return self._n_values

    def __getitem__(self, values: slice) -> np.ndarray:
        start, stop, _ = values.indices(self._n_values)
        self._file.seek(start * _BYTES)
        return np.fromfile(self._file, np.float32, max(0, stop - start))

    def blocks(self, n_values: int) -> Iterator[np.ndarray]:
        """Yield the values in order, so many at a time."""
        for start in range(0, self._n_values, n_values):
            yield self[start : start + n_values]


@contextmanager
def spooled(blocks: Iterable[np.ndarray]) -> Iterator[Spool]:
    """Keep blocks of values, as float32, as long as the context lasts.

    They lie in a file without a name, where :mod:`tempfile` puts it.
    """
    # Without a buffer, which would be written once more after an error, with another error.
    with tempfile.TemporaryFile(buffering=0) as file:
        for block in blocks:
            _keep(file, block)
        yield Spool(file, file.tell() // _BYTES)


def _keep(file: FileIO, block: np.ndarray) -> None:
    try:
        left = np.ravel(block).astype(np.float32).view(np.uint8).data
        while len(left) > 0:
            left = left[file.write(left) :]
    except OSError as error:
        raise OSError(
            error.errno,
            f"audio is kept in a temporary file until all is there, and that failed "
            f"({error.strerror}): make room, or set TMPDIR to a folder with some",
            tempfile.gettempdir(),
        ) from error
