import numpy as np
import pytest

from musicai.mosaic._joining import join_segments

RATE = 22050


def play(borders, sounds):
    """Join segments of endless sounds, which are functions of the sample number."""
    (mono,) = play_channels(borders, [sounds])
    return mono


def play_channels(borders, channels):
    """Join segments like `play`, with a list of sounds for each channel."""

    def read(number, first, last):
        places = np.arange(first, last)
        return np.stack([sounds[number](places) for sounds in channels], axis=1).astype(np.float32)

    return np.concatenate(list(join_segments(borders, read, sr=RATE))).T


def tone(frequency, phase=0.0, loudness=0.5):
    return lambda n: loudness * np.sin(2 * np.pi * (frequency * n / RATE + phase))


def noise(seed):
    samples = np.random.default_rng(seed).standard_normal(20 * RATE)
    return lambda n: 0.1 * samples[n + RATE]


@pytest.mark.parametrize(
    "borders", [[0, 50000], [0, 1, 2], [0, 700, 1500, 90000], [0, 30000, 30010, 60000]]
)
def test_the_borders_determine_the_length_of_joined_segments(borders):
    sounds = [tone(220 + 10 * i) for i in range(len(borders) - 1)]
    assert play(borders, sounds).shape == (borders[-1],)


def test_a_sound_that_continues_across_joins_is_unchanged():
    sound = noise(0)
    joined = play([0, 20000, 21000, 60000], [sound] * 3)
    n = np.arange(60000)
    inner = slice(300, -300)
    np.testing.assert_allclose(joined[inner], sound(n)[inner], atol=1e-5)


@pytest.mark.parametrize("phase", [0.1, 0.25, 0.5, 0.9])
def test_a_tone_continues_smoothly_despite_a_phase_jump(phase):
    joined = play([0, 40000, 80000], [tone(220), tone(220, phase)])
    windows = joined[2000:-2000].reshape(-1, 400)  # four periods in each window
    level = np.sqrt(np.mean(windows**2, axis=1))
    np.testing.assert_allclose(level, 0.5 / np.sqrt(2), rtol=0.03)
    bend = np.abs(np.diff(joined[2000:-2000], n=2))
    assert bend.max() < 1.1 * 0.5 * (2 * np.pi * 220 / RATE) ** 2


def test_different_sounds_crossfade_at_equal_power():
    joined = play([0, 40000, 80000], [noise(1), noise(2)])
    level = np.sqrt(np.mean(joined[2000:-2000].reshape(-1, 500) ** 2, axis=1))
    assert level.min() > 0.08
    assert level.max() < 0.125


def test_crossfades_are_placed_where_the_sound_is_quietest():
    def with_gap(n):
        loud = 0.3 * np.sin(2 * np.pi * 300 * n / RATE)
        return np.where((n > 40200) & (n < 42000), 0.0, loud)

    def other(n):
        loud = 0.3 * np.sin(2 * np.pi * 417 * n / RATE)
        return np.where((n > 40200) & (n < 42000), 0.0, loud)

    joined = play([0, 40700, 80000], [with_gap, other])
    assert np.abs(joined[40600:41600]).max() < 1e-3


def test_all_channels_are_joined_alike():
    borders, sounds = [0, 30000, 60000], [noise(3), noise(4)]
    expected = play(borders, sounds)

    def scaled(gain):
        return [lambda n, sound=sound: gain * sound(n) for sound in sounds]

    left, right = play_channels(borders, [sounds, scaled(-0.25)])
    np.testing.assert_allclose(left, expected, atol=1e-6)
    np.testing.assert_allclose(right, -0.25 * expected, atol=1e-6)
    left, right = play_channels(borders, [[tone(220)] * 2, [tone(330), tone(330, 0.5)]])
    bend = np.abs(np.diff(right[2000:-2000], n=2))
    assert bend.max() < 1.1 * 0.5 * (2 * np.pi * 330 / RATE) ** 2


def test_joined_segments_begin_and_end_without_a_click():
    joined = play([0, 40000], [tone(440, 0.25)])
    assert abs(joined[0]) < 1e-3
    assert abs(joined[-1]) < 1e-3
