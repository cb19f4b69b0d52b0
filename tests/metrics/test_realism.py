import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from musicai import Timing
from musicai.metrics import (
    REALISM_METRICS,
    MarkovBaseline,
    overlap_area,
    realism,
    report,
    transition_overlap,
)

from .conftest import RATE

VALUES = st.lists(st.floats(-10, 10), min_size=2, max_size=20)


@given(VALUES, VALUES)
def test_overlap_area_is_between_0_and_1_and_symmetric(x, y):
    area = overlap_area(x, y)
    assert 0 <= area <= 1
    assert overlap_area(y, x) == pytest.approx(area, abs=1e-9)


@given(VALUES)
@example([0.0, 0.0, 0.0, 2.0, 0.001953125])  # four values are close together, one is far away
def test_the_overlap_of_a_set_with_itself_is_one(x):
    assert overlap_area(x, x) == pytest.approx(1, abs=1e-3)


def test_overlap_area_does_not_depend_on_the_unit_of_the_values():
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 1, 30), rng.normal(1, 2, 40)
    assert overlap_area(1000 * x - 7, 1000 * y - 7) == pytest.approx(overlap_area(x, y))


def test_overlap_area_of_two_gaussians_equals_the_known_value():
    quantiles = np.random.default_rng(0).normal(size=4000)
    shifted = quantiles + 1  # the overlap of N(0, 1) and N(1, 1) is 2 Phi(-1/2)
    assert overlap_area(quantiles, shifted) == pytest.approx(0.617, abs=0.03)


def test_overlap_area_shrinks_if_means_or_spreads_differ():
    x = np.random.default_rng(0).normal(size=100)
    areas = [overlap_area(x, x + distance) for distance in (0, 1, 2, 4)]
    assert areas == sorted(areas, reverse=True)
    assert overlap_area(x, 0.2 * x) < 0.7


def test_sets_without_spread_overlap_only_if_they_are_equal():
    assert overlap_area([0.1, 0.1], [0.1, 0.1, 0.1]) == 1
    assert overlap_area([0.1, 0.1], [0.2, 0.2]) == 0


@pytest.mark.parametrize("values", [[1.0], [[1.0, 2.0]], [1.0, np.nan]])
def test_overlap_area_refuses_invalid_metric_values(values):
    with pytest.raises(ValueError, match="y must hold a number for each of two or more pieces"):
        overlap_area([1.0, 2.0], values)


def test_transition_overlap_is_higher_for_other_music_than_for_noise(
    music, more_music, noise, frozen
):
    assert transition_overlap(music, music) == pytest.approx(1)
    assert transition_overlap(music, noise) < transition_overlap(music, more_music)
    assert transition_overlap(music, frozen) == 0


def test_known_bad_music_ranks_below_real_music(
    music, more_music, shuffled, frozen, noise, wandering
):
    ceiling = realism(music, more_music, timing=RATE)
    assert ceiling > 0.7
    chain = MarkovBaseline(random_state=0).fit(more_music).sample(400, n_pieces=len(music))
    for bad in (shuffled, frozen, noise, wandering, chain):
        assert realism(bad, music, timing=RATE) < ceiling - 0.2


def test_windows_have_the_same_duration_at_any_frame_rate(music, more_music):
    twice = [[np.repeat(piece, 2, axis=0) for piece in pieces] for pieces in (music, more_music)]
    slow = realism(music, more_music, timing=10)
    # Every second step is now 0. This changes flux, for example, but equally in both sets.
    assert realism(*twice, timing=20) == pytest.approx(slow, abs=0.02)
    with pytest.raises(ValueError, match="timing must be a positive number"):
        realism(music, more_music, timing=0)
    with pytest.raises(TypeError, match="timing is needed to know when frames sound"):
        realism(music, more_music)
    assert realism(music, more_music, timing=Timing.from_tempo(600)) == slow


def test_realism_is_symmetric_and_at_most_one(music, wandering):
    assert realism(music, music, timing=RATE) == pytest.approx(1, abs=1e-3)
    assert realism(music, wandering, timing=RATE) == pytest.approx(
        realism(wandering, music, timing=RATE)
    )


def test_realism_needs_two_pieces(music):
    with pytest.raises(ValueError, match="two or more pieces"):
        realism(music[0], music, timing=RATE)


def test_keys_of_realism_metrics_are_the_names_of_the_functions():
    assert all(metric.__name__ == name for name, metric in REALISM_METRICS.items())


ONE_FOR_ALL = "metrics take one timing for all pieces"


@pytest.mark.parametrize("judge", [realism, report])
@pytest.mark.parametrize(
    ("timing", "error", "message"),
    [
        (
            Timing.from_borders([0, 1, 2]),
            ValueError,
            rf"2 frames where .*\[0\] has 400: {ONE_FOR_ALL}",
        ),
        (
            [Timing.from_rate(10)] * 24,
            TypeError,
            rf"timing is of type list where {ONE_FOR_ALL}: pass",
        ),
        ([10] * 24, TypeError, ONE_FOR_ALL),
        (
            1e-12,
            ValueError,
            r"frames of Timing\.from_rate\(1e-12\) last 1e\+12 s each, longer than",
        ),
    ],
)
def test_timings_that_do_not_fit_all_pieces_are_refused(
    judge, timing, error, message, music, more_music
):
    with pytest.raises(error, match=message):
        judge(music, more_music, timing=timing)


def test_a_measured_timing_is_accepted_if_its_length_fits_all_pieces(music, more_music):
    measured = Timing.from_borders(np.arange(401) / RATE)
    assert realism(music, more_music, timing=measured) == realism(music, more_music, timing=RATE)
