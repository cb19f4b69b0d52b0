import numpy as np
import pytest

from musicai.base.pieces import as_collection, frame_blocks, one_per_piece

PIECES = [np.ones((n, 12)) for n in (3, 4, 4)]


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize(
    "nested", [PIECES, PIECES[1:]], ids=["of unequal lengths", "of one length"]
)
def test_a_list_nested_too_deeply_is_rejected(nested, number):
    X = [*PIECES[:number], nested]
    with pytest.raises(
        ValueError,
        match=rf"real\[{number}\] is a list of 3 dimensions; expected a piece of shape .*: "
        "one list of pieces is enough",
    ):
        as_collection(X, name="real")


@pytest.mark.parametrize("X", ["a.wav", b"a.wav", ["a.wav"], ("a.wav", "b.wav"), [PIECES[0], "b"]])
def test_paths_are_rejected(X):
    with pytest.raises(TypeError, match=r"music contains a path, b?'.*', where arrays of frames"):
        as_collection(X, name="music")


def test_an_empty_list_is_rejected():
    for X in ([], ()):
        with pytest.raises(ValueError, match="music is an empty list: expected at least one"):
            as_collection(X, name="music")


def test_advice_in_errors_fits_the_mistake():
    with pytest.raises(
        ValueError, match=r"of 1 dimensions; expected a piece of shape .*features\)$"
    ):
        as_collection([PIECES[0], [1.0, 2.0]])
    with pytest.raises(ValueError, match="all pieces must have the same width"):
        as_collection([PIECES[0], PIECES[0][:, :5]])


def test_a_piece_takes_one_value_and_a_collection_takes_a_list():
    one, many = PIECES[0], PIECES[:2]
    assert one_per_piece(None, many, many, "file") == [None, None]
    assert one_per_piece("a", one, [one], "file") == ["a"]
    assert one_per_piece(["a"], one, [one], "file") == [["a"]]  # the value itself may be a list
    assert one_per_piece(("a", "b"), many, many, "file") == ["a", "b"]
    with pytest.raises(TypeError, match="file is 'a' where X is a collection of 2 pieces"):
        one_per_piece("a", many, many, "file")
    with pytest.raises(ValueError, match="file"):
        one_per_piece(["a"], many, many, "file")


@pytest.mark.parametrize("shape", [(0, 12), (1, 12), (7, 3), (2**14 + 5, 128)])
def test_blocks_contain_all_frames_of_a_piece_in_order(shape):
    piece = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    blocks = list(frame_blocks(piece))
    np.testing.assert_array_equal(np.concatenate([piece[:0], *blocks]), piece)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((0, 12)), r"^music has no frames: a piece has shape \(n_frames, n_features\)"),
        (np.full((2, 12), 1j), "^music has complex numbers. .*: a piece has shape"),
        (np.full((2, 12), np.nan), "^music contains NaN: a piece has shape"),
        ([PIECES[0], np.full((2, 12), np.inf)], r"^music\[1\] contains infinity .*: a piece has"),
        (np.full((2, 12), 1e300), "^music contains infinity or a number too large for float32"),
        (
            np.zeros(12),
            r"^music has shape \(12,\)\. Reshape your data with music\.reshape\(1, -1\)",
        ),
        (np.zeros((2, 2, 2, 2)), r"^music has shape \(2, 2, 2, 2\): a piece has shape"),
        (np.zeros((3, 0)), r"^music has 0 feature\(s\) .*: a piece has shape"),
        (5, "^music is 5: a piece has shape"),
        (None, "^music is None: a piece has shape"),
        (np.array([["a", "b"]]), "^music is not a table of numbers .*'a'.*: a piece has shape"),
        ([[1, 2], [1]], "^music is not a table of numbers .*: a piece has shape"),
    ],
)
def test_errors_name_the_piece_and_the_expected_shape(X, message):
    with pytest.raises(ValueError, match=message) as caught:
        as_collection(X, name="music")
    assert "\n" not in str(caught.value)
