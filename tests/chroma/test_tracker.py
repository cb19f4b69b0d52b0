"""Beats from a custom tracker."""

import pickle
from functools import partial

import numpy as np
import pytest

from musicai import ChromaExtractor

SR = 22050
MUSIC = (0.1 * np.random.default_rng(0).standard_normal(12 * SR)).astype(np.float32)
BEATS = np.arange(0.4, 11, 0.6)


def known(y, sr, period=0.6):
    return np.arange(0.4, len(y) / sr - 1, period)


def waltz(y, sr):
    return known(y, sr), known(y, sr)[2::3]


def analysis_by(tracker, *, sync="beat", recording=MUSIC, **parameters):
    extractor = ChromaExtractor(sync=sync, tracker=tracker, **parameters)
    (analysis,) = extractor.analyze([recording])
    return analysis


def test_beats_come_from_the_tracker():
    analysis = analysis_by(known)
    np.testing.assert_array_equal(analysis.beats.times, BEATS)
    np.testing.assert_array_equal(analysis.timing.borders()[1:-1], BEATS)
    assert analysis.tempo == pytest.approx(100)
    assert analysis.beats.tempo == pytest.approx(100)
    assert analysis.beats.clarity.shape == BEATS.shape
    assert (np.abs(analysis.beats.clarity) <= 1).all()


def test_bars_come_from_the_tracker():
    beats = analysis_by(waltz).beats
    assert (beats.beats_per_bar, beats.downbeat, beats.downbeat_margin) == (3, 2, np.inf)
    np.testing.assert_array_equal(beats.downbeats, BEATS[2::3])
    timing = analysis_by(waltz, sync="half-beat").timing
    assert (timing.beats_per_bar, timing.downbeat, timing.frames_per_beat) == (3, 2, 2)


def test_the_tracker_gets_the_whole_recording_once():
    calls = []

    def tracker(y, sr):
        calls.append((y, sr))
        return known(y, sr)

    stereo = np.stack([MUSIC, -0.5 * MUSIC], axis=1)
    analysis_by(tracker, recording=(stereo, SR))
    ((y, sr),) = calls
    assert (y.dtype, sr) == (np.float32, SR)
    np.testing.assert_allclose(y, 0.25 * MUSIC, atol=1e-6)


def test_without_sync_the_tracker_is_not_called():
    assert analysis_by(pytest.fail, sync=None).beats is None


def test_a_tracker_may_find_no_beats():
    for nothing in ([], np.zeros(0), ([], []), [3.0]):
        analysis = analysis_by(lambda y, sr, nothing=nothing: nothing)
        assert analysis.beats is None
        assert len(analysis.chroma) == 1


def test_beats_after_the_end_of_the_recording_are_dropped():
    np.testing.assert_array_equal(
        analysis_by(lambda y, sr: [1, 2, 11, 12.5, 24]).beats.times, [1, 2, 11]
    )


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (None, r"an array of shape \(\)"),
        ("soon", "str"),
        (np.ones((4, 2)), r"an array of shape \(4, 2\)"),
        ([1, 3, 2], "times that are negative or do not increase"),
        ([1, 1, 2], "times that are negative or do not increase"),
        ([-1, 1, 2], "times that are negative or do not increase"),
        ([1, np.nan], "times that are negative or do not increase"),
        (([1, 2], [1], [0]), "a tuple of 3"),
        (([1, 2, 3, 4], [2.5]), "downbeats that are not beats"),
        (([1, 2, 3, 4], [9]), "downbeats that are not beats"),
        (
            (np.array([120.0]), np.arange(9)),
            "more downbeats than beats",
        ),  # tempo and beats, as librosa returns them
        (np.array([0.0, 0.5, 60.0, 60.5]), "a gap of 59.5 s after the beat at 0.50 s"),
        ([1.0, 1.0 + 1e-9], "a gap of 1e-09 s after the beat at 1.00 s"),
    ],
)
def test_invalid_results_of_a_tracker_are_rejected(answer, found):
    with pytest.raises(ValueError, match=f"tracker returned {found}; expected beats, or .*seconds"):
        analysis_by(lambda y, sr: answer)


def test_a_tracker_must_be_callable():
    with pytest.raises(ValueError, match="tracker must be None or a function of samples"):
        analysis_by("librosa")


def by_tempo(period):
    def tracker(y, sr):
        return known(y, sr, period)

    return tracker


class Counting:
    """Tracker that counts its calls in an attribute that does not affect its cache key."""

    calls = 0

    def __init__(self, period):
        self.period = period

    def __call__(self, y, sr):
        type(self).calls += 1
        return known(y, sr, self.period)


@pytest.mark.parametrize(
    ("tracker", "same", "other"),
    [
        (known, known, waltz),
        (partial(known, period=0.6), partial(known, period=0.6), partial(known, period=0.5)),
        (by_tempo(0.6), by_tempo(0.6), by_tempo(0.5)),
        (Counting(0.6), Counting(0.6), Counting(0.5)),
        (known, known, None),
    ],
)
def test_different_trackers_have_different_cache_keys(tracker, same, other, tmp_path):
    analysis_by(tracker, memory=tmp_path)
    analysis_by(same, memory=tmp_path)
    assert len(list(tmp_path.rglob("output.pkl"))) == 1
    analysis_by(other, memory=tmp_path)
    assert len(list(tmp_path.rglob("output.pkl"))) == 2


def test_cached_recordings_are_not_tracked_again(tmp_path):
    Counting.calls = 0
    first, second = (analysis_by(Counting(0.6), memory=tmp_path) for _ in range(2))
    assert Counting.calls == 1
    np.testing.assert_array_equal(first.beats.times, second.beats.times)


def test_analyses_by_a_tracker_that_cannot_be_pickled_cannot_be_cached(tmp_path):
    class Local:
        def __call__(self, y, sr):
            return known(y, sr)

    assert len(analysis_by(Local()).chroma) > 2
    with pytest.raises(ValueError, match="memory needs a tracker that can be pickled"):
        analysis_by(Local(), memory=tmp_path)


def test_an_extractor_is_pickled_with_its_tracker():
    extractor = pickle.loads(pickle.dumps(ChromaExtractor(sync="beat", tracker=known)))
    assert extractor.tracker is known


def test_librosa_can_be_the_tracker(librosa):
    clicks = np.zeros(20 * SR, np.float32)
    clicks[SR // 2 :: SR // 2] = 1

    def tracker(y, sr):
        return librosa.beat.beat_track(y=y, sr=sr, units="time")[1]

    analysis = analysis_by(tracker, recording=clicks)
    assert analysis.tempo == pytest.approx(120, rel=0.02)
    assert analysis.clarity > 0.9
