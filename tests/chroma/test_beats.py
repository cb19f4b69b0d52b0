"""Beats of synthetic music with known beats, and laws for any sound."""

import subprocess
import sys

import numpy as np
import pytest

from musicai.chroma._beats import track_beats
from musicai.chroma._onsets import Onsets, OnsetStrength


def onsets_of(samples: np.ndarray, sr: float = 22050) -> Onsets:
    onsets = OnsetStrength(sr)
    onsets.add(np.asarray(samples, dtype=np.float32))
    return onsets.finish()


def beats_of(samples: np.ndarray, sr: float = 22050) -> tuple[float, np.ndarray]:
    """Return the mean tempo (0 without beats) and the beats."""
    onsets = onsets_of(samples, sr)
    beats = track_beats(onsets.strength, onsets.rate)
    return 60 / np.mean(np.diff(beats)) if len(beats) else 0.0, beats


def metronome(times: np.ndarray, *, seconds: float, sr: float = 22050) -> np.ndarray:
    """Return short decaying notes at the given times."""
    samples = np.zeros(int(seconds * sr), dtype=np.float32)
    since = np.arange(int(0.1 * sr)) / sr
    note = np.exp(-40 * since) * np.sin(2 * np.pi * 0.11 * sr * since)
    for first in np.round(times * sr).astype(int):
        samples[first : first + len(note)] += note[: len(samples) - first]
    return samples


def chords(times: np.ndarray, *, seconds: float, sr: float = 22050) -> np.ndarray:
    """Return organ chords that change softly at the given times."""
    rng = np.random.default_rng(0)
    time = np.arange(int(seconds * sr)) / sr
    samples = np.zeros(len(time))
    for start, end in zip(times, np.append(times[1:], seconds), strict=True):
        here = slice(int(start * sr), int(end * sr))
        swell = np.minimum((time[here] - start) / 0.06, 1) * np.minimum(
            (end - time[here]) / 0.06, 1
        )
        for note in rng.choice(np.arange(48, 76), size=3, replace=False):
            phase = 2 * np.pi * 440 * 2 ** ((note - 69) / 12) * time[here]
            samples[here] += swell * sum(np.sin(k * phase) / k for k in range(1, 6))
    return (0.1 * samples).astype(np.float32)


def share_found(true: np.ndarray, found: np.ndarray, tolerance: float = 0.07) -> float:
    """Return the smaller of the precision and recall of beats."""
    near = np.abs(np.subtract.outer(true, found)) <= tolerance
    return min(near.any(axis=1).mean(), near.any(axis=0).mean())


@pytest.mark.parametrize("bpm", [60, 75, 90, 105, 120, 135, 150])
def test_beats_of_a_metronome_are_found(bpm):
    times = np.arange(0.5, 29, 60 / bpm)
    tempo, beats = beats_of(metronome(times, seconds=30))
    assert tempo == pytest.approx(bpm, rel=0.01)
    assert share_found(times[1:], beats[1:], 0.04) == 1
    assert np.std(np.diff(beats[3:-3])) < 0.003  # much finer than the hop of 23 ms


def test_a_beat_on_the_first_sample_is_found():
    times = np.arange(0, 29, 0.5)
    tempo, beats = beats_of(metronome(times, seconds=30))
    assert tempo == pytest.approx(120, rel=0.01)
    assert share_found(times[1:], beats) > 0.98


def test_beats_are_never_negative():
    rng = np.random.default_rng(0)
    for _ in range(50):
        strength = np.zeros(400)
        strength[:: rng.integers(15, 40)] = 10
        strength[:2] = 20, 20 * rng.random()
        beats = track_beats(strength, 43.0)
        assert beats[0] >= 0
        assert (np.diff(beats) > 0).all()


def test_beats_fall_on_soft_chord_changes():
    times = np.arange(0.3, 39, 0.64)
    tempo, beats = beats_of(chords(times, seconds=40))
    assert tempo == pytest.approx(60 / 0.64, rel=0.02)
    assert share_found(times, beats) > 0.9


def test_a_varying_tempo_is_tracked():
    periods = 0.6 * (1 + 0.1 * np.sin(np.arange(60) / 5))
    times = 0.5 + np.cumsum(periods)
    _, beats = beats_of(metronome(times, seconds=times[-1] + 1))
    assert share_found(times, beats) > 0.95


def test_silence_around_the_music_has_no_beats():
    times = np.arange(60.3, 90, 0.57)
    _, beats = beats_of(metronome(times, seconds=150))
    assert share_found(times, beats) > 0.95
    assert times[0] - 0.1 < beats[0] <= beats[-1] < times[-1] + 0.1


@pytest.mark.parametrize("sr", [1000, 1999.5, 8000, 44100, 192000])
def test_beats_are_found_at_any_sampling_rate(sr):
    times = np.arange(0.5, 19, 0.55)
    assert 39 < onsets_of(np.zeros(1), sr).rate < 47
    tempo, beats = beats_of(metronome(times, seconds=20, sr=sr), sr)
    assert tempo == pytest.approx(60 / 0.55, rel=0.02)
    assert share_found(times[1:], beats[1:]) == 1
    assert beats[0] == pytest.approx(times[0], abs=0.1)  # all bands rise at the first onset


def test_onsets_do_not_depend_on_block_sizes(make_music):
    music = make_music(22050)
    whole = onsets_of(music)
    assert {each.dtype for each in whole[1:]} == {np.dtype(np.float32)}
    assert {len(each) for each in whole[1:]} == {1 + len(music) // round(22050 / whole.rate)}
    for size in (1, 511, 4096, 65536):
        onsets = OnsetStrength(22050)
        for start in range(0, len(music) if size > 1 else 3000, size):
            onsets.add(music[start : start + size])
            onsets.add(music[:0])
        expected = whole if size > 1 else onsets_of(music[:3000])
        for found, correct in zip(onsets.finish(), expected, strict=True):
            np.testing.assert_array_equal(found, correct)


def test_beats_do_not_depend_on_loudness(make_music):
    music = make_music(22050)
    tempo, beats = beats_of(music)
    for factor in (2.0**-40, 2.0**40):
        other_tempo, other_beats = beats_of(music * np.float32(factor))
        assert other_tempo == pytest.approx(tempo)
        np.testing.assert_allclose(other_beats, beats)


@pytest.mark.parametrize("n_samples", [0, 1, 2, 700, 5000, 100000])
def test_silence_has_no_beats(n_samples):
    tempo, beats = beats_of(np.zeros(n_samples))
    assert tempo == 0
    assert beats.shape == (0,)
    assert beats.dtype == np.float64


@pytest.mark.parametrize("n_samples", [1, 2, 700, 5000, 30000])
@pytest.mark.parametrize("loudness", [1e-30, 1.0, 1e12])
def test_beats_of_short_recordings_are_within_the_recording(n_samples, loudness):
    noise = loudness * np.random.default_rng(n_samples).standard_normal(n_samples)
    tempo, beats = beats_of(noise)
    assert np.isfinite(tempo)
    assert (np.diff(beats) > 0).all()
    assert ((beats >= 0) & (beats <= n_samples / 22050 + 0.1)).all()


def test_a_constant_tone_is_tracked_without_error():
    tone = np.sin(2 * np.pi * 440 * np.arange(220500) / 22050)
    tempo, beats = beats_of(tone)
    assert np.isfinite(tempo)
    assert (np.diff(beats) > 0).all()


def test_beats_resemble_those_of_librosa_for_the_same_onsets(librosa, make_music):
    with np.errstate(all="ignore"):
        envelope = librosa.onset.onset_strength(y=make_music(22050, seconds=30.0), sr=22050)
        _, frames = librosa.beat.beat_track(onset_envelope=envelope, sr=22050)
    beats = track_beats(envelope, 22050 / 512)
    assert share_found(frames * 512 / 22050, beats) > 0.9


def test_chroma_and_beats_need_neither_librosa_nor_numba():
    code = """
import sys
sys.modules["librosa"] = sys.modules["numba"] = None
import numpy as np
from musicai import ChromaExtractor
for kind in ("cqt", "stft", "cens"):
    ChromaExtractor(kind=kind, sync="beat").transform([np.ones(22050, np.float32)])
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)
