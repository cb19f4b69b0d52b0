import numpy as np
import pytest

from musicai.theory.keys import key_scores
from musicai.theory.shapes import centered, is_flat, unit_shapes, unit_windows

RNG = np.random.default_rng(0)


def test_dot_products_of_windows_are_correlations_of_centered_frames():
    piece = RNG.random((30, 12))
    found = unit_windows(piece, 5)
    assert found.shape == (26, 60)
    centered = piece - piece.mean(axis=1, keepdims=True)
    expected = np.corrcoef(centered[3:8].ravel(), centered[20:25].ravel())[0, 1]
    assert found[3] @ found[20] == pytest.approx(expected, abs=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)


def test_windows_do_not_depend_on_the_scale_of_the_piece():
    piece = RNG.random((30, 12))
    np.testing.assert_allclose(unit_windows(0.1 * piece, 5), unit_windows(piece, 5), atol=1e-6)


@pytest.mark.parametrize(("deviation", "flat"), [(0, True), (1e-7, True), (1e-5, False)])
@pytest.mark.parametrize("level", [1e-20, 0.3, 1e10])
def test_every_function_treats_the_same_rows_as_flat(deviation, flat, level):
    row = np.full((1, 12), level)
    row[0, 3] *= 1 + deviation
    assert is_flat(row) == flat
    for shape in (centered(row), unit_shapes(row), key_scores(row), unit_windows(row, 1)):
        assert shape.any() != flat


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("level", [0, 1e-30, 0.1, 0.3, 0.7, 1])
@pytest.mark.parametrize("n_features", [12, 88])
def test_windows_of_flat_frames_are_zero(level, dtype, n_features):
    assert not unit_windows(np.full((20, n_features), level, dtype), 4).any()
