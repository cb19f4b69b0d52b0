"""Channels are averaged unless they cancel each other."""

import warnings

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from musicai import ChromaExtractor, MosaicSynthesizer
from musicai.audio import RecordingError, read_blocks, read_excerpt

SR = 22050


def chord(seconds, frequencies=(261.63, 329.63, 392.0)):
    time = np.arange(int(seconds * SR)) / SR
    return 0.2 * sum(np.sin(2 * np.pi * f * time) for f in frequencies)


def hiss(n_samples, n_channels, decibels=-80, seed=0):
    rng = np.random.default_rng(seed)
    return 10 ** (decibels / 20) * rng.standard_normal((n_samples, n_channels))


def read(recording, **options):
    return np.concatenate(list(read_blocks(recording, sr=SR, **options)))


def power(samples):
    return np.mean(np.square(samples, dtype=np.float64))


LEFT, OTHER = chord(4), chord(4, (440.0, 554.37))
CANCELING = {
    "turned": [LEFT, -LEFT],
    "turned and softer": [LEFT, -0.9 * LEFT],
    "with a little of another voice": [LEFT + 0.05 * OTHER, 0.05 * OTHER - LEFT],
    "three": [LEFT / 2, LEFT / 2, -LEFT],
    "two pairs": [LEFT, -LEFT, OTHER, -OTHER],
    "one voice in eight": [LEFT, -LEFT, *[0 * LEFT] * 6],
    "a silent channel in front": [0 * LEFT, LEFT, -LEFT],
}
NORMAL = {
    "the same": [LEFT, LEFT],
    "one side": [LEFT, 0 * LEFT],
    "different": [LEFT, OTHER],
    "wide": [LEFT + 0.3 * OTHER, LEFT - 0.3 * OTHER],
    "nearly turned": [LEFT, -0.7 * LEFT],
    "one of eight": [LEFT, *[0 * LEFT] * 7],
    "silence": [0 * LEFT, 0 * LEFT],
}


@pytest.mark.parametrize("case", CANCELING)
def test_canceling_channels_stay_audible_and_give_a_warning(case, write):
    channels = np.stack(CANCELING[case], axis=1)
    path = write("song.wav", channels + hiss(*channels.shape), SR)
    with pytest.warns(UserWarning, match=r"song\.wav: for 4\.0 s the channels cancel") as caught:
        mono = read(path)
    assert len(caught) == 1
    sounding = [channel for channel in channels.T if channel.any()]
    # The power is between that of uncorrelated channels and that of channels in phase.
    least = sum(map(power, sounding)) / len(channels.T) ** 2
    assert 0.5 * least < power(mono) < 1.01 * power(np.abs(channels).sum(axis=1) / len(channels.T))


@pytest.mark.parametrize("case", NORMAL)
def test_channels_that_do_not_cancel_are_averaged(case):
    channels = np.stack(NORMAL[case], axis=1).astype(np.float32)
    channels += hiss(*channels.shape).astype(np.float32)
    mono = read((channels, SR))
    if channels.shape[1] == 2:
        np.testing.assert_array_equal(mono, channels.mean(axis=1))
    np.testing.assert_allclose(mono, channels.mean(axis=1), atol=1e-7)


@pytest.mark.parametrize("sound", [chord(4), hiss(4 * SR, 1)[:, 0], np.zeros(4 * SR)])
def test_dc_offsets_do_not_count_as_cancellation(sound):
    channels = np.stack([sound + 0.3, sound - 0.3], axis=1).astype(np.float32)
    np.testing.assert_array_equal(read((channels, SR)), channels.mean(axis=1))


def test_cancellation_is_detected_despite_dc_offsets():
    channels = np.stack([LEFT + 0.01, -LEFT + 0.02], axis=1).astype(np.float32)
    with pytest.warns(UserWarning, match=r"for 4\.0 s the channels cancel"):
        mono = read((channels, SR))
    assert power(mono - mono.mean()) > 0.9 * power(LEFT)


@pytest.mark.parametrize("n_channels", [2, 6, 300])
@pytest.mark.parametrize("n_samples", [300, 2000, 5512, 5530, 9000])
def test_independent_noise_does_not_count_as_cancellation(n_channels, n_samples):
    noise = hiss(n_samples, n_channels, -10).astype(np.float32)
    np.testing.assert_allclose(read((noise, SR)), noise.mean(axis=1), atol=1e-7)


def test_channels_are_inverted_only_where_they_cancel():
    left, right = chord(10), chord(10)
    right[int(3.1 * SR) : int(6.1 * SR)] *= -1
    channels = np.stack([left, right], axis=1).astype(np.float32)
    with pytest.warns(UserWarning, match=r"the recording: for 2\.[5-9] s the channels cancel"):
        mono = read((channels, SR))
    mean = channels.mean(axis=1)
    for part in (slice(0, 3 * SR), slice(int(6.4 * SR), None)):
        np.testing.assert_array_equal(mono[part], mean[part])
    middle = slice(int(3.4 * SR), int(5.8 * SR))
    np.testing.assert_allclose(mono[middle], left[middle], atol=1e-6)
    # The signs change gradually, so there is no click.
    assert np.abs(np.diff(mono)).max() < 1.5 * np.abs(np.diff(left)).max()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 99), block_size=st.integers(50, 30000), channels=st.sampled_from([1, 2]))
def test_mixing_does_not_depend_on_block_size_or_output_channels(seed, block_size, channels):
    rng = np.random.default_rng(seed)
    signs = np.repeat(rng.choice([-1, 1], 8), rng.integers(1, SR, 8))
    left = chord(8)[: len(signs)]
    stereo = np.stack([left, left * signs], axis=1) + hiss(len(signs), 2, -60, seed)
    quiet = {"on_damage": lambda message: None}
    whole = read((stereo, SR), block_size=10**7, **quiet)
    found = read((stereo, SR), block_size=block_size, channels=channels, **quiet)
    np.testing.assert_array_equal(found if channels == 1 else found.mean(axis=1), whole)


@pytest.mark.parametrize("in_memory", [False, True])
@pytest.mark.parametrize("channels", [1, 2])
def test_excerpts_are_mixed_like_the_whole_recording(in_memory, channels, tmp_path):
    rng = np.random.default_rng(1)
    signs = np.repeat(rng.choice([-1, 1], 20), 8000)
    left = np.resize(chord(5), len(signs))
    stereo = np.stack([left, left * signs], axis=1).astype(np.float32)
    recording = (stereo, SR)
    if not in_memory:
        recording = tmp_path / "song.wav"
        soundfile.write(recording, stereo, SR, "FLOAT")
    whole = read(recording, channels=channels, on_damage=lambda message: None)
    for start in (0.0, 0.4, 2.3, 5.0, 7.1):
        found = read_excerpt(recording, start, 9000, sr=SR, channels=channels)
        first = round(start * SR)
        expected = whole[first : first + 9000]
        np.testing.assert_array_equal(found[: len(expected)], expected)


@pytest.mark.parametrize("kind", ["cqt", "stft", "cens"])
def test_chroma_of_canceling_channels_matches_that_of_one_channel(kind, write):
    stereo = np.stack([LEFT, -LEFT], axis=1)
    path = write("song.wav", stereo + hiss(len(stereo), 2), SR)
    extractor = ChromaExtractor(kind=kind)
    with pytest.warns(UserWarning, match=r"song\.wav: .*cancel"):
        (analysis,) = extractor.analyze([path])
    (expected,) = extractor.analyze([LEFT])
    assert len(analysis.warnings) == 1
    np.testing.assert_allclose(analysis.chroma, expected.chroma, atol=0.05)
    np.testing.assert_allclose(analysis.levels[1:-1], expected.levels[1:-1], atol=0.1)


def test_a_mosaic_of_a_recording_with_canceling_channels_is_audible(write):
    stereo = np.stack([LEFT, -LEFT], axis=1)
    path = write("song.wav", stereo + hiss(len(stereo), 2), SR)
    with pytest.warns(UserWarning, match="cancel"):
        mosaic = MosaicSynthesizer(sr=SR).fit([path, OTHER])
    (piece,) = ChromaExtractor().transform([LEFT])
    assert {segment.recording for segment in mosaic.segments(piece)} == {0}
    audio = mosaic.transform(piece)
    assert power(audio if audio.ndim == 1 else audio.mean(axis=1)) > 0.003


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_invalid_stereo_samples_give_an_error_but_no_warning(value):
    stereo = np.full((SR, 2), value, np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RecordingError, match="NaN, infinite or beyond"):
            read((stereo, SR))


def test_mono_recordings_give_no_warning(write):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(write("song.wav", LEFT, SR))
        read((LEFT, SR))
