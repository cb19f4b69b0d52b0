"""Laws of the metrics that hold for any chroma: music, noise, silence, ties and single frames."""

from functools import partial

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from musicai import metrics
from musicai.theory.keys import key_scores

# Each metric, with windows that fit into short pieces, and its documented range.
METRICS = {
    "dynamics": (partial(metrics.dynamics, n_frames=3), 0, np.inf),
    "falling_fifths": (metrics.falling_fifths, 0, 1),
    "flux": (metrics.flux, 0, 1),
    "frame_entropy": (metrics.frame_entropy, 0, np.log2(12)),
    "harmonic_change": (metrics.harmonic_change, 0, 8**0.5),
    "key_correlation": (metrics.key_correlation, 0, 1),
    "key_stability": (partial(metrics.key_stability, n_frames=4), 0, 1),
    "persistence": (metrics.persistence, 0, 1),
    "pitch_class_entropy": (metrics.pitch_class_entropy, 0, np.log2(12)),
    "quiet_share": (metrics.quiet_share, 0, 1),
    "recurrence": (
        partial(metrics.recurrence, n_frames=3, min_distance=4, similarity=0.4321),
        0,
        1,
    ),
    "scale_consistency": (metrics.scale_consistency, 7 / 12, 1),
    "triad_fit": (metrics.triad_fit, 0, 1),
}
# Metrics that depend on loudness: they grow with the values or compare them with a threshold.
OF_LOUDNESS = ["flux", "quiet_share"]

each_metric = pytest.mark.parametrize("name", METRICS)
few = settings(max_examples=25, deadline=None)


@st.composite
def chroma(draw, min_frames=0, max_frames=24):
    """Draw random chroma, sometimes with held frames, silence, or ties due to coarse rounding."""
    n_frames = draw(st.integers(min_frames, max_frames))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_levels = draw(st.sampled_from([2, 4, 255, 2**20]))
    piece = np.rint(n_levels * rng.random((n_frames, 12)) ** draw(st.sampled_from([1, 4])))
    piece /= n_levels
    piece[rng.random(n_frames) < draw(st.sampled_from([0.0, 0.3, 1.0]))] = 0
    return np.repeat(piece, draw(st.sampled_from([1, 1, 3])), axis=0).astype(np.float32)


collections = st.lists(chroma(), min_size=1, max_size=4)


def measure(name, X):
    """Return the value of the metric `name`, or NaN if it finds nothing to measure and raises."""
    try:
        return METRICS[name][0](X)
    except ValueError as error:
        assert " need" in str(error)  # noqa: PT017 (not every piece is refused)
        return np.nan


def assert_same(one, other):
    assert one == pytest.approx(other, rel=1e-5, abs=1e-6, nan_ok=True)


def has_a_key(X):
    """Return whether every piece's best key leads the second best by more than rounding errors."""
    best = [np.sort(key_scores(piece.sum(axis=0, dtype=float)))[-2:] for piece in X if piece.any()]
    return all(second < first - 1e-6 for second, first in best)


def windows(X):
    """Return every window of four frames, the length that key_stability uses here."""
    return [piece[i : i + 4] for piece in X for i in range(max(1, len(piece) - 3))]


def moved(X, semitones):
    return [np.roll(piece, semitones, axis=1) for piece in X]


@each_metric
@few
@given(X=collections)
def test_values_are_in_the_documented_range(name, X):
    value = measure(name, X)
    assert isinstance(value, float)
    _, low, high = METRICS[name]
    assert np.isnan(value) or low - 1e-9 <= value <= high + 1e-9


@each_metric
@settings(few, suppress_health_check=[HealthCheck.filter_too_much])
@given(X=collections, semitones=st.integers(1, 11))
def test_transposition_does_not_change_a_metric(name, X, semitones):
    assume(has_a_key(windows(X) if name == "key_stability" else X))
    assert_same(measure(name, moved(X, semitones)), measure(name, X))


@each_metric
@few
@given(X=collections, order=st.randoms(use_true_random=False))
def test_order_and_type_of_a_collection_do_not_matter(name, X, order):
    expected = measure(name, X)
    before = [piece.copy() for piece in X]
    others = list(X)
    order.shuffle(others)
    as_objects = np.empty(len(X), object)
    as_objects[:] = X
    for form in (others, tuple(X), as_objects, [piece.astype(float) for piece in X]):
        assert_same(measure(name, form), expected)
    for piece, copy in zip(X, before, strict=True):
        np.testing.assert_array_equal(piece, copy)


@pytest.mark.parametrize("name", [name for name in METRICS if name not in OF_LOUDNESS])
@few
@given(X=collections, loudness=st.sampled_from([2.0**-10, 0.25, 2.0**7]))
def test_loudness_does_not_change_most_metrics(name, X, loudness):
    # Factors other than powers of two would round the values, so that ties could be lost.
    louder = [piece.astype(float) * loudness for piece in X]
    assert_same(measure(name, louder), measure(name, X))


@few
@given(X=collections, semitones=st.integers(0, 11))
def test_transition_matrix_does_not_depend_on_the_key_or_the_order_of_pieces(X, semitones):
    assume(has_a_key(X))
    matrix = metrics.transition_matrix(X)
    assert matrix.min() >= 0
    assert not np.diag(matrix).any()
    assert matrix.sum() == pytest.approx(1) or not matrix.any()
    np.testing.assert_allclose(metrics.transition_matrix(X[::-1]), matrix, atol=1e-12)
    np.testing.assert_allclose(metrics.transition_matrix(moved(X, semitones)), matrix, atol=1e-12)


@few
@given(X=collections, Y=collections, semitones=st.integers(0, 11))
def test_transition_overlap_is_symmetric_and_does_not_depend_on_the_key(X, Y, semitones):
    assume(has_a_key(Y))
    overlap = metrics.transition_overlap(X, Y)
    assert 0 <= overlap <= 1 + 1e-9
    assert metrics.transition_overlap(Y, X) == pytest.approx(overlap)
    assert metrics.transition_overlap(X, moved(Y, semitones)) == pytest.approx(overlap)
    moves = metrics.transition_matrix(X).any()
    assert metrics.transition_overlap(X, X) == pytest.approx(1 if moves else 0)


@few
@given(X=chroma(min_frames=1), seed=st.integers(0, 99), semitones=st.integers(0, 11))
def test_correlation_is_symmetric_and_unchanged_if_both_are_transposed(X, seed, semitones):
    Y = np.random.default_rng(seed).permutation(X)
    correlation = metrics.frame_correlation(X, Y)
    assert -1 - 1e-6 <= correlation <= 1 + 1e-6
    assert_same(metrics.frame_correlation(Y, X), correlation)
    assert_same(metrics.frame_correlation(*moved([X, Y], semitones)), correlation)
    assert_same(metrics.frame_correlation([X, X], [Y, Y]), correlation)
    assert metrics.frame_correlation(X, X) == pytest.approx(1)


@few
@given(
    X=st.lists(chroma(min_frames=4), min_size=1, max_size=3),
    training=st.lists(chroma(min_frames=4), min_size=1, max_size=3),
    semitones=st.integers(0, 11),
)
def test_memorization_does_not_depend_on_key_or_order(X, training, semitones):
    def share(X, training):
        try:
            return metrics.memorization(X, training, n_frames=4)
        except ValueError as error:
            assert " need" in str(error)  # noqa: PT017 (not every piece is refused)
            return np.nan

    expected = share(X, training)
    assert np.isnan(expected) or 0 <= expected <= 1
    assert_same(share(X[::-1], training[::-1]), expected)
    assert_same(share(moved(X, semitones), training), expected)
    assert_same(share(X, moved(training, semitones)), expected)
    assert share(X, X) in (1, pytest.approx(np.nan, nan_ok=True))


@few
@given(
    X=chroma(min_frames=2),
    Y=chroma(min_frames=2),
    semitones=st.integers(0, 11),
    loudness=st.sampled_from([0.5, 2.0]),
)
def test_frechet_distance_grows_with_the_square_of_loudness(X, Y, semitones, loudness):
    distance = metrics.frechet_distance(X, Y)
    both = moved([X, Y], semitones)
    assert metrics.frechet_distance(*both) == pytest.approx(distance, rel=1e-5, abs=1e-6)
    louder = metrics.frechet_distance(loudness * X, loudness * Y)
    assert louder == pytest.approx(loudness**2 * distance, rel=1e-5, abs=1e-6)
