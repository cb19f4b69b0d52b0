"""Cell arrays of matrices in MATLAB files of version 5, which is also that of versions 6 and 7.

Of the format [1]_ only this is read, and every length is checked: `scipy.io.loadmat` reads all of
it, but a damaged file can crash the process.

.. [1] The MathWorks, "MAT-File Format", chapter 1.
"""

import math
import struct
import zlib
from collections.abc import Collection, Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np

_HEADER_BYTES = 128
_VERSION = 0x0100
# A small file could claim to hold terabytes, or more cells than memory has room for.
_MOST_BYTES = 2**30  # of what is compressed
_MOST_CELLS = 2**20

_INT32, _MATRIX, _COMPRESSED = 5, 14, 15
_INTEGERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 12: "i8", 13: "u8"}
_NUMBERS = {**_INTEGERS, 7: "f4", 9: "f8"}
_CELL_CLASS, _FULL_CLASSES = 1, range(6, 16)
_COMPLEX = 0x0800


class _Matrix(NamedTuple):
    name: bytes
    array_class: int
    shape: tuple[int, ...]
    contents: Iterator[tuple[int, memoryview]]  # type and bytes of each element


def read_cells(content: bytes, names: Collection[str]) -> dict[str, list[np.ndarray]]:
    """Return the matrices in each cell array that is asked for and is there.

    Parameters
    ----------
    content : bytes
        A whole file.
    names : collection of str
        Names of variables.

    Raises
    ------
    ValueError
        If it is no such file, or damaged, or cells hold something else than matrices of numbers.
    """
    order = {b"IM": "<", b"MI": ">"}.get(content[_HEADER_BYTES - 2 : _HEADER_BYTES])
    if order is None:
        raise ValueError("it has no header of versions 5 to 7: save it with -v7")
    (version,) = struct.unpack_from(f"{order}H", content, _HEADER_BYTES - 4)
    if version != _VERSION:
        raise ValueError("it is one of version 7.3: save it with -v7")
    found = {}
    for element in _elements(memoryview(content)[_HEADER_BYTES:], order):
        kind, data = _inflate(element, order)
        if kind != _MATRIX or len(data) == 0:
            continue
        matrix = _read_matrix(data, order)
        name = matrix.name.decode("latin-1")
        if name in names and matrix.array_class == _CELL_CLASS:
            n_cells = math.prod(matrix.shape)
            if n_cells > _MOST_CELLS:
                raise ValueError(f"{name} has {n_cells} cells, more than {_MOST_CELLS}")
            cells = islice(matrix.contents, n_cells + 1)
            found[name] = [_read_numbers(cell, order) for cell in cells]
            if len(found[name]) != n_cells:
                raise ValueError(f"{name} has not as many cells as it says")
    return found


def _elements(data: memoryview, order: str) -> Iterator[tuple[int, memoryview]]:
    """Yield type and content of each element; a short one has its content in its own head."""
    place = 0
    while place < len(data):
        if place + 8 > len(data):
            raise ValueError("it ends too early")
        kind, size = struct.unpack_from(f"{order}II", data, place)
        if kind >> 16:
            kind, size, start, place = kind & 0xFFFF, kind >> 16, place + 4, place + 8
            end = start + size
            if size > 4:
                raise ValueError("a length in it is wrong")
        else:
            start, end = place + 8, place + 8 + size
            place = end if kind == _COMPRESSED else end + -size % 8
        if end > len(data):
            raise ValueError("it ends too early")
        yield kind, data[start:end]


def _inflate(element: tuple[int, memoryview], order: str) -> tuple[int, memoryview]:
    kind, data = element
    if kind != _COMPRESSED:
        return element
    inflater = zlib.decompressobj()
    try:
        head = inflater.decompress(data, 8)
        if len(head) < 8:
            raise ValueError("it ends too early")
        # No more is unpacked than this one element says that it has, and what fills it up.
        kind, size = struct.unpack(f"{order}II", head)
        if size > _MOST_BYTES:
            raise ValueError("it is damaged, or too large")
        inside = inflater.decompress(inflater.unconsumed_tail, size + 8)
    except zlib.error as error:
        raise ValueError(f"it is damaged ({error})") from None
    # At the end of what is compressed is its checksum.
    if not inflater.eof or not size <= len(inside) < size + 8:
        raise ValueError("it ends too early, or is damaged")
    return kind, memoryview(inside)[:size]


def _read_matrix(data: memoryview, order: str) -> _Matrix:
    contents = _elements(data, order)
    head = list(islice(contents, 3))
    if len(head) < 3 or len(head[0][1]) != 8:
        raise ValueError("it is damaged")
    (_, flags), (kind, sizes), (_, name) = head
    if kind != _INT32 or len(sizes) % 4:
        raise ValueError("it is damaged")
    (flag,) = struct.unpack_from(f"{order}I", flags)
    shape = tuple(np.frombuffer(sizes, f"{order}i4").tolist())
    if flag & _COMPLEX or min(shape, default=-1) < 0:
        raise ValueError("it holds complex numbers, or is damaged")
    return _Matrix(bytes(name), flag & 0xFF, shape, contents)


def _read_numbers(cell: tuple[int, memoryview], order: str) -> np.ndarray:
    kind, data = cell
    if kind != _MATRIX:
        raise ValueError("it is damaged")
    if len(data) == 0:  # how an empty cell is written
        return np.zeros((0, 0))
    matrix = _read_matrix(data, order)
    parts = list(islice(matrix.contents, 2))
    if matrix.array_class not in _FULL_CLASSES or len(parts) != 1:
        raise ValueError("a cell in it is no full matrix of numbers")
    ((kind, numbers),) = parts
    dtype = np.dtype(f"{order}{_NUMBERS[kind]}") if kind in _NUMBERS else None
    if dtype is None or math.prod(matrix.shape) * dtype.itemsize != len(numbers):
        raise ValueError("it is damaged")
    return np.frombuffer(numbers, dtype).reshape(matrix.shape, order="F")
