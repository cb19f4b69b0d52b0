"""File object that combines parts of a file with new bytes, such as a corrected header."""

import io
import os
from bisect import bisect_right
from itertools import accumulate
from typing import Any, BinaryIO

Part = bytes | range
"""New bytes, or a range of positions in the original file."""

ENDLESS = 2**40
"""Size to report for a file of unknown length, so that the decoder reads until the data ends."""

ZEROS_AT_THE_END = 128
"""Number of zeros to return before position `ENDLESS`, where libmpg123 looks for tags."""


class PartsFile(io.RawIOBase):
    """File that consists of new bytes and parts of another file.

    Parameters
    ----------
    content : binary file
        The other file. It must be seekable and stay open.
    parts : tuple of bytes or range
        The parts in order.
    endless : bool, default=False
        Whether to report `ENDLESS` as the size of the file.

    Attributes
    ----------
    error : OSError or None
        Error from a failed read, which the decoder mistakes for the end of the file; None if no
        read failed.
    """

    def __init__(
        self, content: BinaryIO, parts: tuple[Part, ...], *, endless: bool = False
    ) -> None:
        self._content = content
        self._parts = parts
        self._ends = list(accumulate(map(len, parts)))
        self._size = ENDLESS if endless else self._ends[-1]
        self._position = 0
        self.error: OSError | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        try:
            n_read = self._read(memoryview(buffer).cast("B"))
        except OSError as error:  # an exception cannot pass through libsndfile
            self.error = error
            n_read = 0
        self._position += n_read
        return n_read

    def _read(self, target: memoryview) -> int:
        which = bisect_right(self._ends, self._position)
        if which == len(self._parts):
            is_last = self._position >= self._size - ZEROS_AT_THE_END
            n_zeros = max(0, min(len(target), self._size - self._position)) if is_last else 0
            target[:n_zeros] = bytes(n_zeros)
            return n_zeros
        part = self._parts[which]
        rest = part[self._position - self._ends[which] + len(part) :][: len(target)]
        if isinstance(rest, bytes):
            target[: len(rest)] = rest
            return len(rest)
        self._content.seek(rest.start)
        found = self._content.read(len(rest))
        target[: len(found)] = found
        return len(found)
