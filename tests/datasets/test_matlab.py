"""Laws of reading MATLAB files."""

import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.io import loadmat, savemat

from musicai.datasets._matlab import read_cells

from .conftest import as_cells

dtypes = st.sampled_from(["u1", "i2", "i4", "i8", "u4", "f4", "f8", "?"])
shapes = st.tuples(st.integers(0, 9), st.integers(0, 9))


@given(st.lists(dtypes.flatmap(lambda dtype: arrays(dtype, shapes)), max_size=4), st.booleans())
def test_matrices_are_those_that_scipy_writes_and_reads(matrices, compressed):
    file = io.BytesIO()
    content = {"other": np.eye(2), "found": as_cells(matrices), "struct": {"a": 1}}
    savemat(file, content, do_compression=compressed)
    read = read_cells(file.getvalue(), ["found", "missing"])
    assert list(read) == ["found"]
    for matrix, same in zip(loadmat(file)["found"].ravel(), read["found"], strict=True):
        np.testing.assert_array_equal(matrix, same)
        assert matrix.shape == same.shape


@given(st.data(), st.booleans())
def test_damage_is_found_or_does_no_harm(data, compressed):
    """Where scipy's reader crashes the process."""
    file = io.BytesIO()
    savemat(file, {"found": as_cells([np.eye(5), np.eye(3)])}, do_compression=compressed)
    content = bytearray(file.getvalue())
    place = st.integers(0, len(content) - 1)
    for i in data.draw(st.lists(place, max_size=8)):
        content[i] = data.draw(st.integers(0, 255))
    content = bytes(content[: data.draw(place)]) if data.draw(st.booleans()) else bytes(content)
    try:
        cells = read_cells(content, ["found"])
    except ValueError as error:
        assert str(error)  # noqa: PT017
    else:
        assert all(isinstance(cell, np.ndarray) for cell in cells.get("found", ()))


def element(kind, content):
    return struct.pack("<II", kind, len(content)) + content


def matrix_file(*contents, shape=(1, 1)):
    """A file of one compressed cell array, with what is to be in it."""
    header = [
        (6, struct.pack("<II", 1, 0)),
        (5, struct.pack("<ii", *shape)),
        (1, b"contents"),
    ]
    matrix = b"".join(element(*part) for part in header) + b"".join(contents)
    return compressed_file(element(14, matrix))


def compressed_file(content):
    return b"M".ljust(124) + b"\x00\x01IM" + element(15, zlib.compress(content))


MANY = 2**21
BOMBS = {
    "zeros": compressed_file(bytes(8 * MANY)),
    "zeros in a matrix": compressed_file(element(14, bytes(8 * MANY))),
    "cells beyond those it says": matrix_file(element(14, b"") * MANY),
    "cells beyond belief": matrix_file(element(14, b"") * MANY, shape=(MANY, 1)),
}


@pytest.mark.parametrize("content", BOMBS.values(), ids=BOMBS)
def test_a_small_file_takes_little_memory(content):
    """Its largest element, while it is unpacked, and no list of a million others."""
    assert len(content) < 10**5
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"damaged|cells"):
            read_cells(content, ["contents"])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * 8 * MANY
