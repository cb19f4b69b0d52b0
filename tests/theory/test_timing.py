import numpy as np
import pytest
import soxr

from musicai import ChromaExtractor
from musicai.chroma._sync import synchronise
from musicai.theory.timing import (
    ANALYSIS_RATE,
    FRAME_RATE,
    frame_borders,
    length_in_samples,
    spread,
    typical_hop,
)


@pytest.fixture
def frames() -> np.ndarray:
    return np.random.default_rng(0).random((40, 12), dtype=np.float32)


def test_rates_are_those_of_the_extractor():
    assert ChromaExtractor().frame_rate == FRAME_RATE
    assert ChromaExtractor().sr == ANALYSIS_RATE


def test_borders_are_where_frames_begin_and_end(frames):
    pieces = [frames, frames[:3], frames[:0]]
    for borders, piece in zip(
        frame_borders(pieces, pieces, frame_rate=4, times=None), pieces, strict=True
    ):
        np.testing.assert_array_equal(borders, np.arange(len(piece) + 1) / 4)
    times = np.array([2.0, 2.5, 4.0, 4.0])
    (borders,) = frame_borders(frames[:3], [frames[:3]], frame_rate=4, times=times)
    np.testing.assert_array_equal(borders, [0, 0.5, 2, 2])
    (listed,) = frame_borders([frames[:3]], [frames[:3]], frame_rate=4, times=[times.tolist()])
    np.testing.assert_array_equal(listed, borders)
    with pytest.raises(ValueError, match="times are given for 1 pieces where X has 2"):
        frame_borders(pieces[:2], pieces[:2], frame_rate=4, times=[times])
    with pytest.raises(ValueError, match=r"times\[0\] do not rise"):
        frame_borders(frames[:3], [frames[:3]], frame_rate=4, times=times[::-1])


def test_a_typical_hop_is_the_median_within_limits():
    assert typical_hop(np.array([0.0, 0.5, 1.0, 9.0]), 1000) == 500
    assert typical_hop(np.array([0.0, 30.0]), 1000) == 2000
    assert typical_hop(np.array([0.0, 1e-5, 2e-5]), 1000) == 20
    assert typical_hop(np.array([0.0]), 1000) == 20


def test_spread_undoes_synchronise(frames):
    times = np.array([0.0, 0.4, 1.0, 4.0])
    piece = frames[:3]
    long = spread(piece, times, 10.0)
    np.testing.assert_array_equal(synchronise(long, 10.0, times[1:-1])[0], piece)
    np.testing.assert_array_equal(spread(piece, times + 7, 10.0), long)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 32000, 44100, 48000, 96000])
def test_a_sound_is_the_longest_of_so_many_frames(rate):
    for n_frames in range(1, 2000):
        n_samples = length_in_samples(n_frames / FRAME_RATE, rate)
        fits, too_long = (
            int(np.ceil(n * (ANALYSIS_RATE / rate))) // 2048 + 1 for n in (n_samples, n_samples + 1)
        )
        assert fits == n_frames
        assert too_long == n_frames + 1
    assert length_in_samples(0.0, rate) == 0


@pytest.mark.parametrize("rate", [16000, 32000, 44100, 48000])
@pytest.mark.parametrize("n_frames", [1, 23, 64])
def test_a_resampled_sound_has_as_many_frames(rate, n_frames):
    audio = np.zeros(length_in_samples(n_frames / FRAME_RATE, rate), np.float32)
    (heard,) = ChromaExtractor().transform([(audio, rate)])
    assert len(heard) == n_frames
    assert len(soxr.resample(audio, rate, ANALYSIS_RATE)) <= n_frames * 2048 - 1


@pytest.mark.parametrize("frame_rate", [2.0, 3.7, 10.0, 50.0])
@pytest.mark.parametrize("rate", [22050, 48000])
def test_other_frame_rates(frame_rate, rate):
    """The last sample is before the time at which a further frame would be centered."""
    for n_frames in (1, 7, 100):
        seconds = n_frames / frame_rate
        n_samples = length_in_samples(seconds, rate)
        in_analysis = np.ceil(n_samples * (ANALYSIS_RATE / rate))
        assert in_analysis / ANALYSIS_RATE < seconds + 1e-9
        assert n_samples / rate == pytest.approx(seconds, abs=2 / ANALYSIS_RATE)


def test_times_count_from_the_first_one():
    piece = np.eye(2, 12)
    np.testing.assert_array_equal(
        spread(piece, np.array([0.04, 0.30, 0.54]), 10.0), piece.repeat([3, 2], axis=0)
    )


def test_a_day_is_the_longest():
    piece = np.zeros((2, 12))
    day = 24 * 3600.0
    for given in (
        {"frame_rate": 2 / day, "times": None},
        {"frame_rate": 1, "times": [5, 9, 5 + day]},
    ):
        (borders,) = frame_borders(piece, [piece], **given)
        assert borders[-1] == day
    for given in (
        {"frame_rate": 1.999 / day, "times": None},
        {"frame_rate": 1, "times": [5, 9, 6 + day]},
    ):
        with pytest.raises(ValueError, match="more than a day"):
            frame_borders(piece, [piece], **given)


def test_small_unsigned_times_must_rise_too():
    piece = np.zeros((2, 12))
    with pytest.raises(ValueError, match="do not rise"):
        frame_borders(piece, [piece], frame_rate=1, times=np.array([3, 1, 5], np.uint8))


@pytest.mark.parametrize("times", ["1 2 3", 7, {0: 1}])
def test_times_of_pieces_are_arrays(times):
    pieces = [np.zeros((2, 12))]
    with pytest.raises(ValueError, match="where arrays of seconds are expected"):
        frame_borders(pieces, pieces, frame_rate=1, times=times)
