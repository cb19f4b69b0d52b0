"""Tests of parts of benchmarks: splicing of recordings, and training sets of different sizes."""

import numpy as np
import pytest

from benchmarks.common import pulse
from benchmarks.composer.how_much import minutes_of, take
from benchmarks.metrics.peers import Recording, splice
from musicai import Timing
from musicai.audio import write_audio
from musicai.chroma import Analysis


@pytest.fixture
def recording(tmp_path):
    rng = np.random.RandomState(0)
    sound = rng.uniform(-0.5, 0.5, (2 * pulse.RATE, 2)).astype(np.float32)
    write_audio(tmp_path / "noise.wav", sound, pulse.RATE)
    borders = np.linspace(0, 2, 9)
    return Recording(tmp_path / "noise.wav", rng.rand(8, 12).astype(np.float32), borders), sound


def test_splicing_consecutive_frames_reproduces_the_recording(recording):
    one, sound = recording
    played = splice([(one, frame) for frame in range(2, 6)])
    expected = sound[pulse.RATE // 2 : 3 * pulse.RATE // 2]
    faded = pulse.RATE // 50  # number of samples of the first frame's fade-in
    assert len(played) == len(expected)
    np.testing.assert_allclose(played[faded:], expected[faded:], atol=1e-4)


def test_spliced_frames_that_are_not_consecutive_keep_their_duration(recording):
    one, _ = recording
    frames = [0, 5, 2, 7, 7, 1]
    assert len(splice([(one, frame) for frame in frames])) == len(frames) * pulse.RATE // 4


def analysis(n_frames):
    chroma = np.full((n_frames, 12), n_frames, np.float32)
    return Analysis(chroma, Timing.from_rate(2), np.zeros(n_frames, np.float32), None, ())


def test_a_larger_training_set_contains_the_smaller_one():
    analyses = [analysis(n) for n in (120, 240, 60)]
    assert [minutes_of(each) for each in analyses] == [1, 2, 0.5]
    less, more = (take(analyses, minutes) for minutes in (1.5, 3.25))
    assert [len(chroma) for chroma, _ in less] == [120, 60]
    assert [len(chroma) for chroma, _ in more] == [120, 240, 30]
    assert [len(chroma) for chroma, _ in take(analyses, 3.5)] == [120, 240, 60]
    assert take(analyses, 4) is None
