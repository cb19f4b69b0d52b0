import tracemalloc

import numpy as np
import pytest

from musicai.audio import level_blocks, sine_bank, sine_blocks

RATE, HOP = 22050, 2048


def play(piece, **options) -> np.ndarray:
    return sine_bank(np.asarray(piece), **{"sr": RATE, "hop_length": HOP, **options})


@pytest.fixture
def piece() -> np.ndarray:
    """Forty random chords, one per frame."""
    chords = np.random.default_rng(0).random((40, 12)) > 0.7
    chords[np.arange(40), np.arange(40) % 12] = True
    return chords.astype(np.float32)


@pytest.mark.parametrize("n_frames", [0, 1, 2, 15, 16, 17, 33])
@pytest.mark.parametrize("hop_length", [1, 512, 2048])
def test_the_length_of_audio_follows_from_the_number_of_frames(n_frames, hop_length):
    audio = play(np.ones((n_frames, 12)), hop_length=hop_length)
    assert audio.dtype == np.float32
    assert len(audio) == max(0, n_frames * hop_length - 1)


def test_loudness_is_near_the_target(piece):
    for played in (play(piece), play(1e-3 * piece), play(np.ones((9, 12))), play(piece[:1])):
        decibels = 20 * np.log10(np.sqrt(np.mean(played.astype(float) ** 2)))
        assert -22 < decibels < -14
        assert np.abs(played).max() < 1


def test_there_is_no_click_at_frame_borders(piece):
    jump = np.abs(np.diff(play(piece), n=2))  # a click is a kink in the waveform
    near = np.zeros(len(jump), dtype=bool)
    for offset in range(-3, 4):
        near[np.arange(HOP, len(jump) - HOP, HOP) + offset] = True
    near[-HOP:] = False
    assert jump[near].max() <= jump[~near].max()


def test_audio_begins_and_ends_in_silence(piece):
    audio = play(piece)
    assert abs(audio[0]) < 1e-3
    assert np.abs(audio[-3:]).max() < 1e-2


def test_silence_stays_silent():
    assert not play(np.zeros((5, 12))).any()


def test_silent_frames_of_chroma_give_silent_audio(piece):
    piece[10:20] = 0
    audio = play(piece)
    assert not audio[10 * HOP : 19 * HOP].any()
    assert audio[:HOP].any()


@pytest.mark.parametrize("pitch_class", [0, 5, 11])
def test_each_pitch_class_sounds_at_its_frequencies(pitch_class):
    frames = np.zeros((22, 12))
    frames[:, pitch_class] = 1
    audio = play(frames)
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio))))
    loudest = np.argmax(spectrum) * RATE / len(audio)
    semitones = 12 * np.log2(loudest / 440) + 9
    assert abs((semitones - pitch_class + 6) % 12 - 6) < 0.05


def test_pitches_above_the_nyquist_frequency_give_finite_audio():
    audio = play(np.ones((20, 12)), sr=4000, center=2000)
    assert np.isfinite(audio).all()
    assert audio.any()


@pytest.mark.parametrize("scale", [1e-40, 1e-3, 3e38])
def test_the_scale_of_a_piece_does_not_matter(scale):
    piece = np.random.default_rng(0).random((5, 12)).astype(np.float32)
    expected = sine_bank(piece, sr=8000, hop_length=512)
    found = sine_bank(piece * np.float32(scale), sr=8000, hop_length=512)
    np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize("hop_length", [3, 220, 2048, 10001])
def test_blocks_match_the_whole_audio(piece, hop_length):
    blocks = sine_blocks(piece, sr=RATE, hop_length=hop_length)
    leveled = np.concatenate(list(level_blocks(blocks, RATE)))
    np.testing.assert_array_equal(leveled, play(piece, hop_length=hop_length))


@pytest.mark.parametrize("hop_length", [1, 2048, 10001])
def test_every_sample_is_a_sum_of_sines(hop_length):
    """Compare with a direct sum of sines with linearly interpolated amplitudes."""
    piece = np.zeros((7, 12))
    piece[:, 9] = [0.1, 1, 0, 0, 0.5, 0.2, 0.7]
    audio = play(piece, hop_length=hop_length).astype(float)
    time = np.arange(len(audio)) / RATE
    octaves = 55.0 * 2.0 ** np.arange(8)  # A1 to A8
    numbers = 9 + 12 * np.arange(8)
    gains = np.exp(-0.5 * np.log2(octaves / 523.2511306) ** 2)
    waves = np.sin(2 * np.pi * (np.outer(time, octaves) + 0.618034 * numbers)) @ gains
    frames = np.arange(len(audio)) / hop_length
    expected = waves * np.interp(frames, np.arange(8), [*piece[:, 9], 0])
    late = slice(int(0.005 * RATE), None)  # after the fade-in
    if hop_length > 1:
        scale = np.dot(audio[late], expected[late]) / np.dot(expected[late], expected[late])
        np.testing.assert_allclose(audio[late], scale * expected[late], atol=2e-4)
    else:
        assert len(audio) == 6


def test_later_frames_do_not_change_earlier_samples(piece):
    blocks = [
        np.concatenate(list(sine_blocks(part, sr=RATE, hop_length=HOP)))
        for part in (piece, piece[:21])
    ]
    np.testing.assert_array_equal(blocks[0][: 20 * HOP], blocks[1][: 20 * HOP])


def test_pitch_does_not_drift_in_an_hour():
    rate, hop_length = 8000, 4000
    piece = np.zeros((3600 * rate // hop_length, 12), dtype=np.float32)
    piece[-4:, 9] = 1
    blocks = list(sine_blocks(piece, sr=rate, hop_length=hop_length))
    last = np.concatenate(blocks[-4:])[-2 * rate :]
    time = 3600 - (1 + np.arange(len(last))[::-1]) / rate - 1 / rate
    tone = np.sum(np.hanning(len(last)) * last * np.exp(-2j * np.pi * 440 * time))
    phase = 0.618034 * 45 - 0.25  # in cycles; a sine lags a cosine by a quarter
    assert abs(np.angle(tone * np.exp(-2j * np.pi * phase))) < 1e-3


def test_memory_does_not_grow_with_length():
    piece = np.ones((20 * 60 * 4, 12), dtype=np.float32)  # 20 minutes
    tracemalloc.start()
    n_samples = sum(map(len, level_blocks(sine_blocks(piece, sr=8000, hop_length=2000), 8000)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n_samples == 20 * 60 * 8000 - 1  # 38 MB of float32
    assert peak < 8e6


@pytest.mark.parametrize(("name", "value"), [("sr", 0), ("sr", "fast"), ("hop_length", 2.5)])
def test_invalid_parameters_are_rejected(piece, name, value):
    with pytest.raises(ValueError, match=f"{name} must be"):
        play(piece, **{name: value})
