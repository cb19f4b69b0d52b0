import numpy as np
import pytest

from musicai.base.styles import (
    as_labels,
    encode_styles,
    known_styles,
    label_per_piece,
    labels_per_piece,
    style_weights,
)

PIECES = [np.zeros((3, 2)), np.zeros((5, 2))]


def test_labels_become_plain_python_objects():
    for y in (["a", "b"], np.array(["a", "b"]), np.array(["a", "b"], dtype=object)):
        assert [(type(label), label) for label in as_labels(y)] == [(str, "a"), (str, "b")]
    assert [type(label) for label in as_labels(np.array([1, 2]))] == [int, int]
    assert list(as_labels([1.0, float("nan"), None])) == [1.0, None, None]


def test_one_label_per_piece_or_none_at_all_is_accepted():
    for y in ("folk", ["folk"], np.array(["folk"])):
        assert label_per_piece(y, PIECES[:1], single=True) == ["folk"]
    assert label_per_piece(None, PIECES, single=False) == [None, None]
    assert label_per_piece(["a", None], PIECES, single=False) == ["a", None]
    for y, message in [(["a"], "1 style labels for 2 piece"), ("a", "one style label for 2 piece")]:
        with pytest.raises(ValueError, match=message):
            label_per_piece(y, PIECES, single=False)
    with pytest.raises(ValueError, match="3 style labels for piece 0: expected one"):
        label_per_piece(["a", "b", "a"], PIECES[:1], single=True)


def test_known_styles_are_sorted_and_have_one_type():
    assert list(known_styles([as_labels(["b", None]), as_labels(["a", "b"])])) == ["a", "b"]
    with pytest.raises(ValueError, match="must all be of one kind .*, got int, str"):
        known_styles([as_labels(["a", 1])])
    # Sets are only partially ordered, so sorting them would give an arbitrary order.
    tags = np.array([frozenset("ab"), frozenset("bc"), frozenset("c")])
    with pytest.raises(ValueError, match="one kind that has an order .*, got frozenset"):
        known_styles([as_labels(tags)])


def test_torch_labels_become_plain_python_objects():
    torch = pytest.importorskip("torch")
    labels = labels_per_piece(torch.tensor([1, 0]), PIECES, single=False)
    assert [type(label) for (label,) in labels] == [int, int]
    assert list(known_styles(labels)) == [0, 1]


def test_unknown_labels_count_as_no_style_with_a_warning():
    labels, styles = [as_labels("b"), as_labels("c")], as_labels(["a", "b"])
    with pytest.warns(UserWarning, match="unknown style 'c'.* no style"):
        numbers = encode_styles(labels, PIECES, styles)
    assert [list(each) for each in numbers] == [[2] * 3, [0] * 5]
    with pytest.raises(ValueError, match="unknown style 'c'"):
        encode_styles(labels, PIECES, styles, strict=True)


@pytest.mark.parametrize("size", [1e-300, 1, 1e308])
def test_weights_of_any_scale_sum_to_one(size):
    weights = style_weights({"b": size, "a": size}, as_labels(["a", "b"]))
    np.testing.assert_array_equal(weights, [0, 0.5, 0.5])
    np.testing.assert_array_equal(style_weights(None, as_labels(["a"])), [1, 0])
