"""Overlap of two sets of pieces: the area that the distributions of a metric share."""

from typing import Any

import numpy as np

from ._progression import transition_matrix

_POINTS = 1000  # number of grid points at which densities are compared
_TAIL = 5  # number of standard deviations beyond which a Gaussian is negligible
_NARROWEST = 0.05  # minimum ratio of the narrower bandwidth to the wider one


def overlap_area(x: Any, y: Any) -> float:
    r"""Return the area that two distributions of a metric share, after smoothing.

    .. math:: \int \min\left(p_x(v), p_y(v)\right) dv, \qquad
        p_x(v) = \frac{1}{n_x} \sum_i \mathcal{N}(v;\, x_i,\, h_x^2)

    with a bandwidth that follows Silverman's rule, :math:`h_x = 0.9 \min\left(\mathrm{std}(x),
    \sqrt{\pi / 2}\; \overline{|x - \mathrm{median}(x)|}\right) n_x^{-1/5}`, which is robust to
    a few outliers. The bandwidth is at least a twentieth of the other set's bandwidth, and at least
    a thousandth of the range of all values. Silverman's original rule uses the interquartile range
    instead of the mean absolute deviation. The interquartile range is unstable if many values are
    equal: if three of four pieces have a `recurrence` of 0, for example, it is 0 in some samples
    but not in others.

    The area catches a wrong spread as well as a wrong mean. Two samples from one distribution
    overlap by less than 1, and the fewer values there are, the less they overlap. So compare the
    area with the area between two sets of real pieces of the same size. Compare one style at a
    time, because values that form groups are smoothed too much. If a metric takes only a few
    values, such as 0 and 1, compare its means instead, as :func:`realism` does for `key_stability`.

    Parameters
    ----------
    x, y : array-like of shape (n_pieces,)
        Values of a metric, one for each piece of a set; at least two values in each set.

    Returns
    -------
    area : float
        Between 0 and 1. If neither set has any spread, 1 if their values are equal, else 0.

    Raises
    ------
    ValueError
        If `x` or `y` is not one-dimensional, has fewer than two values, or has values that are not
        finite.

    References
    ----------
    .. [1] L.-C. Yang, A. Lerch, "On the evaluation of generative models in music", Neural
       Computing and Applications 32, 2020, which compares distributions of distances within a set
       and between sets. Here the values themselves are compared, which also detects a set with the
       right spread but the wrong mean.
    .. [2] B. W. Silverman, "Density estimation for statistics and data analysis", Chapman and Hall
       1986, section 3.4.2.

    Examples
    --------
    >>> from musicai.metrics import overlap_area
    >>> round(overlap_area([1, 2, 3, 4], [1, 2, 3, 4]), 3)
    1.0
    >>> round(overlap_area([1, 2, 3, 4], [11, 12, 13, 14]), 3)
    0.0
    """
    values = [_as_values(x, "x"), _as_values(y, "y")]
    largest = max(np.abs(each).max() for each in values)
    values = [each / (largest or 1.0) for each in values]  # densities of tiny values would overflow
    widths = np.array([_bandwidth(each) for each in values])
    if widths.max() <= 1e-12:
        return float(np.isclose(values[0][0], values[1][0], rtol=1e-9, atol=0))
    # Widen a bandwidth that is too narrow relative to the other one or to the grid.
    span = np.ptp(np.concatenate(values))
    widths = np.maximum(widths, max(_NARROWEST * widths.max(), span / _POINTS))
    ranges = [
        (x.min() - _TAIL * h, x.max() + _TAIL * h) for x, h in zip(values, widths, strict=True)
    ]
    lowest, highest = max(low for low, _ in ranges), min(high for _, high in ranges)
    if lowest >= highest:
        return 0.0
    grid, step = np.linspace(lowest, highest, _POINTS, retstep=True)
    densities = [_density(x, h, grid) for x, h in zip(values, widths, strict=True)]
    return float(min(1.0, step * np.minimum(*densities).sum()))


def transition_overlap(X: Any, Y: Any) -> float:
    r"""Return how far the distributions of root moves in two sets of pieces overlap.

    .. math:: \sum_{i,j} \min(P_{ij}, Q_{ij}) = 1 - \tfrac12 \|P - Q\|_1

    where :math:`P` and :math:`Q` are the transition matrices of the two sets: distributions over
    the 132 possible moves. Two sets of real music overlap by less than 1, and the fewer moves they
    have, the less they overlap. The metric catches wrong progressions, and is blind to the same
    aspects as :func:`transition_matrix`.

    Parameters
    ----------
    X, Y : array-like of shape (n_frames, 12), or collections of them
        Chroma.

    Returns
    -------
    overlap : float
        Between 0 and 1; 0 if the roots of one set never move.

    Raises
    ------
    ValueError
        If `X` or `Y` is not chroma.

    References
    ----------
    .. [1] S.-H. Cha, "Comprehensive survey on distance/similarity measures between probability
       density functions", International Journal of Mathematical Models and Methods in Applied
       Sciences 1, 2007, where this measure is called intersection.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import transition_overlap
    >>> notes = np.random.default_rng(0).permutation(np.repeat(np.eye(12), 20, axis=0))
    >>> transition_overlap(notes, notes)
    1.0
    >>> transition_overlap(notes, np.ones((240, 12)))  # nothing moves
    0.0
    """
    return float(np.minimum(transition_matrix(X), transition_matrix(Y)).sum())


def share_overlap(x: np.ndarray, y: np.ndarray) -> float:
    r"""Return the overlap of two Bernoulli distributions whose means are the means of `x` and `y`.

    .. math:: \min(p, q) + \min(1 - p, 1 - q) = 1 - |p - q|

    Unlike `overlap_area`, this estimate converges as the number of pieces grows, even if each value
    is a share of only a few cases.
    """
    return float(1 - abs(x.mean() - y.mean()))


def geometric_mean(areas: Any) -> float:
    """Return the geometric mean of areas, which is 0 if any of them is 0."""
    areas = np.asarray(areas, dtype=np.float64)
    return float(np.exp(np.log(areas).mean())) if areas.all() else 0.0


def _as_values(values: Any, name: str) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
        raise ValueError(
            f"{name} must hold a number for each of two or more pieces: got shape {values.shape}"
            + ", with values that are not finite" * (not np.isfinite(values).all())
        )
    return values


def _bandwidth(values: np.ndarray) -> float:
    deviation = np.sqrt(np.pi / 2) * np.abs(values - np.median(values)).mean()
    return float(0.9 * min(values.std(ddof=1), deviation) * len(values) ** -0.2)


def _density(values: np.ndarray, width: float, grid: np.ndarray) -> np.ndarray:
    distances = (grid[:, None] - values) / width
    return np.exp(-0.5 * distances**2).mean(axis=1) / (width * np.sqrt(2 * np.pi))
