import numpy as np
import pytest

from musicai import ChromaExtractor
from musicai.chroma._constant_q import (
    COMPRESSION,
    constant_q_chroma,
    estimate_tuning,
    fine_chroma,
    folding,
    kernel,
    rate_divisor,
)
from musicai.chroma._frames import cut_frames


def tone(note: float, *, sr: float = 22050, seconds: float = 2.0) -> np.ndarray:
    """Return a sine at a MIDI note number, which may be fractional."""
    time = np.arange(int(seconds * sr)) / sr
    return 0.3 * np.sin(2 * np.pi * 440 * 2 ** ((note - 69) / 12) * time)


def fine(samples: np.ndarray, *, sr: float = 22050, hop_length: int = 2048) -> np.ndarray:
    frames = cut_frames([samples], frame_length=16384, hop_length=hop_length)
    return np.concatenate([fine_chroma(batch, sr)[0] for batch in frames])


@pytest.mark.parametrize("cents", [-40, -25, -10, 0, 10, 25, 40])
def test_tones_of_any_tuning_have_one_pitch_class(cents):
    notes = range(36, 96)
    pieces = ChromaExtractor().transform([tone(note + cents / 100) for note in notes])
    for note, piece in zip(notes, pieces, strict=True):
        middle = np.sort(piece[8:14], axis=1)
        assert (piece[8:14].argmax(axis=1) == note % 12).all()
        assert (middle[:, -1] == 1).all()
        assert middle[:, -2].mean() < 0.1


@pytest.mark.parametrize("cents", [-45, -33, -20, -5, 0, 8, 17, 30, 45])
def test_tuning_is_found_within_one_cent(cents):
    chord = sum(tone(note + cents / 100) for note in (48, 55, 64, 72))
    assert abs(100 * estimate_tuning(fine(chord)) - cents) < 1


def test_a_given_tuning_replaces_the_estimate():
    sharp = tone(69.4)
    extractor = ChromaExtractor(tuning=0.4)
    (tuned,) = extractor.transform([sharp])
    (untuned,) = extractor.set_params(tuning=0.0).transform([sharp])
    assert np.sort(tuned[10])[-2] < 0.1
    assert np.sort(untuned[10])[-2] > 0.3


@pytest.mark.parametrize("tuning", [-0.5, -1 / 6, 0, 0.1, 1 / 3])
def test_folding_to_pitch_classes_preserves_the_total(tuning):
    np.testing.assert_allclose(folding(tuning).sum(axis=1), 1, atol=1e-6)


def test_the_tuning_of_silence_is_zero():
    assert estimate_tuning(np.zeros((5, 36), np.float32)) == 0


@pytest.mark.parametrize("sr", [8000, 22050, 44100, 48000, 96000])
def test_chroma_hardly_depends_on_the_sampling_rate(make_music, sr):
    music = make_music(48000)
    reference, piece = (
        ChromaExtractor(sr=rate, hop_length=rate // 10).transform([(music, 48000)])[0]
        for rate in (24000, sr)
    )
    n_frames = min(len(reference), len(piece))
    assert np.corrcoef(reference[:n_frames].ravel(), piece[:n_frames].ravel())[0, 1] > 0.95


def test_short_frames_omit_low_octaves():
    assert kernel(22050, 16384).shape[0] == 6 * 36
    assert kernel(22050, 2048).shape[0] == 3 * 36
    assert kernel(22050, 64).shape[0] == 36


def test_chroma_resembles_that_of_librosa(librosa, make_music):
    music = make_music(22050)
    theirs = librosa.feature.chroma_cqt(y=music, sr=22050, hop_length=2048).T
    (ours,) = ChromaExtractor().transform([music])
    assert ours.shape == theirs.shape
    centered = [chroma - chroma.mean(axis=1, keepdims=True) for chroma in (ours, theirs)]
    norms = [np.linalg.norm(chroma, axis=1) for chroma in centered]
    assert np.mean(np.sum(centered[0] * centered[1], axis=1) / norms[0] / norms[1]) > 0.95


def rich_tone(note: float) -> np.ndarray:
    """Return a tone with eight partials."""
    return sum(tone(note + 12 * np.log2(k)) / k for k in range(1, 9))


def test_chords_stand_out_from_noise_and_overtones():
    noise = np.random.default_rng(0).standard_normal(2 * 22050)
    chord = 0.15 * rich_tone(48) + rich_tone(59) + 0.3 * rich_tone(64)
    (piece,) = ChromaExtractor().transform([chord + 0.1 * noise])
    assert {frozenset(frame.argsort()[-3:]) for frame in piece[4:18]} == {frozenset({0, 4, 11})}


@pytest.mark.parametrize("note", range(36, 72))
def test_overtones_are_much_weaker_than_their_note(note):
    (piece,) = ChromaExtractor().transform([rich_tone(note)])
    assert (piece[4:18].argmax(axis=1) == note % 12).all()
    assert np.sort(piece[4:18], axis=1)[:, -2].max() < 0.25


def test_level_differences_are_compressed(make_music):
    music = make_music(22050)
    expected = 0.01**COMPRESSION * fine(music)
    np.testing.assert_allclose(fine(0.01 * music), expected, rtol=1e-3, atol=1e-5)


def chroma_of(samples: np.ndarray, *, sr: float = 22050, hop_length: int = 2048) -> np.ndarray:
    setting = {"sr": sr, "hop_length": hop_length, "n_fft": 16384}
    chroma, _ = constant_q_chroma(np.array_split(samples, 5), **setting, tuning=0.0)
    return chroma


@pytest.mark.parametrize("sr", [22050, 44100])
def test_internal_resampling_hardly_changes_chroma(make_music, sr):
    noise = 0.1 * np.random.default_rng(0).standard_normal(6 * sr)
    noisy = make_music(sr) + noise.astype(np.float32)
    assert rate_divisor(sr, 625, 16384) == 1  # an odd hop length cannot be divided
    assert rate_divisor(sr, 5000, 16384) == round(sr / 5512.5)
    unresampled = chroma_of(noisy, sr=sr, hop_length=625)[::8]
    difference = np.abs(unresampled - chroma_of(noisy, sr=sr, hop_length=5000))
    assert difference.max() < 0.005 * unresampled.max()


@pytest.mark.parametrize("n_samples", [1, 2, 2047, 2048, 2049, 10 * 2048 - 1, 10 * 2048])
def test_internal_resampling_keeps_the_number_of_frames(make_music, n_samples):
    assert len(chroma_of(make_music(22050)[:n_samples])) == 1 + n_samples // 2048


def test_fine_chroma_of_digital_silence_is_zero():
    silent = fine(np.zeros(22050, np.float32))
    assert silent.dtype == np.float32
    assert silent.shape == (11, 36)
    assert not silent.any()
