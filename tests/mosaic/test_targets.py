import numpy as np
import pytest

from musicai import Timing
from musicai.mosaic._beat_corpus import UNKNOWN, place_in_bar
from musicai.mosaic._targets import beat_target
from musicai.theory.shapes import unit_shapes


@pytest.fixture
def piece():
    return np.random.default_rng(0).random((16, 12)).astype(np.float32)


def halves(target):
    return target.shapes.reshape(-1, 12) * np.sqrt(2)


def test_half_beat_frames_are_unchanged(piece):
    target = beat_target(piece, Timing.from_tempo(90, frames_per_beat=2), tempo=50)
    np.testing.assert_allclose(target.borders, np.arange(9) * 60 / 90)
    np.testing.assert_allclose(halves(target), unit_shapes(piece), atol=1e-5)
    assert target.tempo == pytest.approx(90)


def test_a_frame_as_long_as_a_beat_fills_two_half_beats(piece):
    target = beat_target(piece, Timing.from_tempo(90), tempo=50)
    np.testing.assert_allclose(halves(target), unit_shapes(np.repeat(piece, 2, axis=0)), atol=1e-5)


def test_pairs_of_quarter_beat_frames_are_averaged(piece):
    target = beat_target(piece, Timing.from_tempo(90, frames_per_beat=4), tempo=50)
    expected = piece.reshape(-1, 2, 12).mean(axis=1)
    np.testing.assert_allclose(halves(target), unit_shapes(expected), atol=1e-5)


def test_frames_without_beats_are_divided_into_beats_at_the_tempo(piece):
    target = beat_target(piece, Timing.from_rate(4), tempo=120)
    np.testing.assert_allclose(np.diff(target.borders), 0.5)
    assert target.borders[-2] < Timing.from_rate(4).duration(16) <= target.borders[-1]


def test_a_pickup_comes_before_the_first_beat(piece):
    seconds = np.concatenate([[1.0], 1.2 + 0.6 * np.arange(16)])
    beats = np.concatenate([[-1 / 3], np.arange(16)])
    timing = Timing.from_beats(seconds, beats=beats, downbeat=1)
    target = beat_target(piece, timing, tempo=50)
    np.testing.assert_allclose(target.borders[1:], seconds[1:] - 1)
    assert target.borders[0] < 0
    # The pickup is in beat -1.
    expected = place_in_bar(np.arange(-1, 15) - 1, 4)
    np.testing.assert_array_equal(target.places, expected)


def test_a_piece_may_end_within_a_beat(piece):
    timing = Timing.from_tempo(60, frames_per_beat=2, downbeat=None)
    target = beat_target(piece[:3], timing, tempo=50)
    np.testing.assert_allclose(target.borders, [0, 1, 2])
    assert (target.places == UNKNOWN).all()


def test_unequal_beats_keep_their_lengths(piece):
    seconds = np.cumsum(np.random.default_rng(1).uniform(0.4, 0.8, 17))
    target = beat_target(piece, Timing.from_beats(seconds), tempo=50)
    np.testing.assert_allclose(target.borders, seconds - seconds[0])


def test_shapes_of_silent_beats_are_zero(piece):
    piece[4:8] = 0
    target = beat_target(piece, Timing.from_tempo(90, frames_per_beat=2), tempo=50)
    np.testing.assert_array_equal(target.shapes.any(axis=1), np.arange(8) // 2 != 1)


def test_equal_places_in_bars_have_equal_codes():
    places = place_in_bar(np.arange(-1, 9), 4)
    assert len(set(places.tolist())) == 4
    np.testing.assert_array_equal(places[:4], places[4:8])
    np.testing.assert_array_equal(place_in_bar(np.arange(8), 8), place_in_bar(np.arange(8), 4))
    assert not set(place_in_bar(np.arange(3), 3).tolist()) & set(places.tolist())
    assert (place_in_bar(np.arange(3), 1.5) == UNKNOWN).all()
