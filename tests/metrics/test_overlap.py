"""Overlap areas compared with textbook formulas; test_realism.py tests their laws."""

import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.stats import norm

from musicai.metrics import overlap_area, transition_matrix, transition_overlap


def density(values, grid):
    """Return the density of Gaussian kernels with the documented bandwidth, summed one by one."""
    deviation = np.mean([abs(value - np.median(values)) for value in values])
    width = 0.9 * min(np.std(values, ddof=1), np.sqrt(np.pi / 2) * deviation) * len(values) ** -0.2
    return sum(norm.pdf(grid, value, width) for value in values) / len(values)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([0, 1], [0.5, 1.5]),
        ([0, 1, 2, 5], [1, 2, 2.5]),
        ([-3, -1, 0, 0.5, 4], [2, 3, 3.5, 7, 9, 9.5]),
        (np.arange(20) ** 1.5, np.arange(30) * 2.0),
    ],
)
def test_overlap_area_is_the_area_under_both_densities(x, y):
    x, y = np.asarray(x, float), np.asarray(y, float)
    span = np.ptp(np.concatenate([x, y]))
    grid = np.linspace(min(x.min(), y.min()) - 3 * span, max(x.max(), y.max()) + 3 * span, 100_001)
    expected = trapezoid(np.minimum(density(x, grid), density(y, grid)), grid)
    assert overlap_area(x, y) == pytest.approx(expected, abs=2e-3)


def test_distant_sets_do_not_overlap():
    assert overlap_area([0, 1, 2], [1000, 1001, 1002]) == 0


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng, n: rng.normal(size=n),
        lambda rng, n: np.where(rng.random(n) < 0.75, 0, rng.exponential(size=n)),
        lambda rng, n: rng.binomial(2, 0.4, size=n) / 2,
    ],
    ids=["all different", "three of four are 0", "each is 0, 0.5 or 1"],
)
def test_the_overlap_area_varies_less_for_larger_samples(draw):
    rng = np.random.default_rng(0)
    few, many = (
        np.array([overlap_area(draw(rng, n), draw(rng, n)) for _ in range(60)]) for n in (15, 240)
    )
    assert many.std() < 0.6 * few.std()
    assert many.mean() > few.mean() + 0.1
    assert many.min() > 0.6


def test_sets_of_mostly_equal_values_overlap_almost_fully():
    wide = overlap_area([0, 0, 0, 0, 0, 0, 0, 10], [0, 0, 0, 0, 0, 0, 0, 10.001])
    assert wide == pytest.approx(1, abs=1e-3)


def test_transition_overlap_is_one_minus_half_the_absolute_difference(music, more_music):
    one, other = transition_matrix(music), transition_matrix(more_music)
    expected = 1 - np.abs(one - other).sum() / 2
    assert transition_overlap(music, more_music) == pytest.approx(expected)
    assert 0 < expected < 1


def test_sets_without_spread_overlap_only_if_they_are_equal():
    assert overlap_area([3, 3], [3, 3, 3]) == 1
    assert overlap_area([0, 0], [0, 0]) == 1
    assert overlap_area([3, 3], [3.001, 3.001]) == 0
    assert overlap_area([-0.5, -0.5], [0.5, 0.5]) == 0


@pytest.mark.parametrize("values", [[1.0], [], [[1, 2], [3, 4]], [1, np.nan], [np.inf, 2]])
def test_overlap_area_needs_at_least_two_finite_numbers(values):
    with pytest.raises(ValueError, match="y must hold a number for each of two or more"):
        overlap_area([1, 2], values)
    assert overlap_area([1, 2], [1, 2]) == pytest.approx(1, abs=1e-3)
