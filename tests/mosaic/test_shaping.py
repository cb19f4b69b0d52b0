import numpy as np
import pytest

from musicai import ChromaExtractor
from musicai.mosaic._shaping import corrected, gains_towards, shape, silence_between

RATE = 22050


@pytest.fixture
def sound():
    return 0.1 * np.random.default_rng(0).standard_normal(3 * RATE).astype(np.float32)


def shaped(sound, gains, frame_rate=10.0, **sizes):
    sound = sound.astype(np.float32)[:, np.newaxis] if sound.ndim == 1 else sound
    blocks = shape(sound, gains, frame_rate=frame_rate, sr=RATE, **sizes)
    return np.concatenate(list(blocks)).squeeze()


@pytest.mark.parametrize("n_samples", [1, 100, 5000, 3 * RATE])
def test_gains_of_zero_change_nothing(sound, n_samples):
    found = shaped(sound[:n_samples], np.zeros((30, 12)))
    np.testing.assert_allclose(found, sound[:n_samples], atol=1e-6)


def test_channels_get_the_same_gains(sound):
    gains = np.random.default_rng(1).uniform(-12, 0, (30, 12))
    both = np.stack([sound, sound[::-1]], axis=1)
    expected = np.stack([shaped(channel, gains) for channel in both.T], axis=1)
    np.testing.assert_allclose(shaped(both, gains), expected, atol=1e-6)


def test_boosting_pitch_classes_does_not_widen_stereo_sound(sound):
    gains = np.full((30, 12), 6.0)
    for balance in (1, 0.3, 0):  # equal on both channels, then louder on the left, then only left
        both = np.stack([sound, balance * sound], axis=1)
        expected = np.stack([shaped(channel, gains) for channel in both.T], axis=1)
        np.testing.assert_allclose(shaped(both, gains), expected, atol=1e-5)
    apart = np.stack([sound, -sound], axis=1)
    np.testing.assert_allclose(shaped(apart, gains), apart, atol=1e-6)


def test_the_block_size_does_not_change_the_result(sound):
    gains = np.random.default_rng(1).uniform(-12, 6, (30, 12))
    expected = shaped(sound, gains)
    np.testing.assert_allclose(shaped(sound, gains, seconds_at_once=0.5), expected, atol=1e-6)


@pytest.mark.parametrize("pitch_class", [0, 4, 11])
def test_attenuating_a_pitch_class_does_not_attenuate_others(pitch_class):
    time = np.arange(3 * RATE) / RATE
    tones = [
        np.sin(2 * np.pi * 440 * 2 ** ((pitch + 12 * octave - 9) / 12) * time)
        for pitch in (pitch_class, pitch_class + 3)
        for octave in (0, 1)
    ]
    gains = np.zeros((30, 12))
    gains[:, pitch_class] = -20
    found = shaped(np.sum(tones, axis=0).astype(np.float32), gains)[RATE : 2 * RATE]
    spectrum = np.abs(np.fft.rfft(found * np.hanning(RATE))) * 4 / RATE
    strengths = [
        spectrum[round(440 * 2 ** ((pitch + 12 * octave - 9) / 12))]
        for pitch in (pitch_class, pitch_class + 3)
        for octave in (0, 1)
    ]
    assert max(strengths[:2]) < 0.2
    assert min(strengths[2:]) > 0.7


def test_high_frequencies_are_unchanged():
    tone = np.sin(2 * np.pi * 5000 * np.arange(3 * RATE) / RATE).astype(np.float32)
    found = shaped(tone, np.full((30, 12), -18.0))
    np.testing.assert_allclose(found[4096:-4096], tone[4096:-4096], atol=1e-3)


def test_corrections_move_chroma_toward_the_piece():
    wanted, found = np.array([[1.0, 0.5, 0.0]]), np.array([[1.0, 1.0, 1.0]])
    gains = corrected(np.zeros((1, 3)), wanted, found, limit=18)
    assert gains[0, 0] == pytest.approx(0, abs=1e-6)
    assert -18 < gains[0, 1] < 0
    assert gains[0, 2] == -18
    raised = corrected(np.zeros((1, 1)), np.array([[1.0]]), np.array([[0.0]]), limit=18)
    assert raised[0, 0] == pytest.approx(12)


def test_sound_is_silenced_where_frames_are_all_zeros(sound):
    piece = np.ones((30, 12), dtype=np.float32)
    piece[10:20] = 0
    blocks = np.array_split(sound[:, np.newaxis], 7)
    found = np.concatenate(list(silence_between(piece, blocks, hop=RATE / 10)))[:, 0]
    np.testing.assert_array_equal(found[: 9 * RATE // 10], sound[: 9 * RATE // 10])
    assert not found[RATE : 19 * RATE // 10].any()


def test_analyzing_a_long_piece_in_parts_hardly_changes_the_gains():
    rng = np.random.default_rng(4)
    piece = np.repeat(rng.random((12, 12)), 10, axis=0).astype(np.float32)
    sound = 0.1 * rng.standard_normal((120 * 2048 - 1, 1)).astype(np.float32)
    expected = gains_towards(piece, sound, 22050, ChromaExtractor(), limit=18)
    found = gains_towards(piece, sound, 22050, ChromaExtractor(), limit=18, frames_at_once=50)
    # Sound outside a part and its context matters only through the tails of the analysis window.
    assert np.abs(found - expected).mean() < 0.1
    assert np.abs(found - expected).max() < 6
