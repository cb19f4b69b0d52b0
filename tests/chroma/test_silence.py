"""Frames far below the loud parts of a recording are silent and all zeros."""

import warnings

import numpy as np
import pytest

from musicai import ChromaExtractor
from musicai.render import chroma_to_midi, recognize_chords

SR = 22050
HOP = 2048
REACH = {"cqt": 8192, "stft": 1024, "cens": 8192 + 5 * HOP}
"""Number of samples on either side of a frame's center that affect its chroma."""

every_kind = pytest.mark.parametrize("kind", REACH)


def chord(seconds, *, decibels=-15.0):
    """Return a C major chord that repeats every 0.6 s."""
    time = np.arange(int(seconds * SR)) / SR
    waves = sum(np.sin(2 * np.pi * f * time) for f in (261.63, 329.63, 392.0))
    waves *= np.exp(-2 * (time % 0.6))
    return waves * 10 ** (decibels / 20) / np.sqrt(np.mean(waves**2))


def noise(seconds, decibels):
    rng = np.random.default_rng(0)
    return 10 ** (decibels / 20) * rng.standard_normal(int(seconds * SR))


def dither(seconds):
    """Return triangular dither, rounded to 16 bits."""
    rng = np.random.default_rng(0)
    n_samples = int(seconds * SR)
    return np.rint(rng.random(n_samples) - rng.random(n_samples)) / 2**15


def rumble(seconds):
    return 0.001 * np.sin(2 * np.pi * 12 * np.arange(int(seconds * SR)) / SR) + dither(seconds)


PAUSES = {
    "nothing": lambda seconds: np.zeros(int(seconds * SR)),
    "dither": dither,
    "hiss": lambda seconds: noise(seconds, -80),
    "a hum 65 dB below": lambda seconds: noise(seconds, -90) + chord(seconds, decibels=-80),
    "an offset": lambda seconds: 0.001 + dither(seconds),
    "rumble": rumble,
}
every_pause = pytest.mark.parametrize("pause", PAUSES)


def piece_of(samples, **parameters):
    (piece,) = ChromaExtractor(**parameters).transform([samples.astype(np.float32)])
    return piece


def is_zero(piece):
    return ~piece.any(axis=1)


@every_kind
@every_pause
def test_chroma_is_zero_only_in_pauses(kind, pause):
    lengths = (3, 5, 4, 6, 3)  # in seconds; music and pauses alternate
    parts = [PAUSES[pause](s) if i % 2 else chord(s) for i, s in enumerate(lengths)]
    borders = np.cumsum([len(part) for part in parts])
    silent = is_zero(piece_of(np.concatenate(parts), kind=kind))
    centers = np.arange(len(silent)) * HOP
    part = np.searchsorted(borders, centers, side="right")
    # Select the frames whose analysis depends on a single part.
    first, last = np.append(0, borders)[part], np.append(borders, np.inf)[part]
    whole = (centers - REACH[kind] >= first) & (centers + REACH[kind] <= last)
    assert silent[whole & (part % 2 == 1)].all()
    assert not silent[part % 2 == 0].any()
    # Nearly the same frames are zero if the pauses are digital silence.
    digital = [np.zeros(len(p)) if i % 2 else p for i, p in enumerate(parts)]
    nothing = is_zero(piece_of(np.concatenate(digital), kind=kind))
    assert (silent != nothing).mean() < 0.02


@every_kind
def test_a_single_chord_in_minutes_of_dither_is_found(kind):
    samples = np.concatenate([dither(100), chord(1), dither(20)])
    sounding = np.flatnonzero(~is_zero(piece_of(samples, kind=kind)))
    assert 10 <= len(sounding) <= 30
    assert abs(np.median(sounding) * HOP / SR - 100.5) < 0.2


@every_kind
def test_a_fade_out_ends_in_silence(kind):
    seconds = 40
    fade = np.linspace(0, -100, seconds * SR)  # in decibels
    samples = np.rint(chord(seconds) * 10 ** (fade / 20) * 2**15) / 2**15 + dither(seconds)
    silent = is_zero(piece_of(samples, kind=kind))
    (changes,) = np.diff(silent.astype(int)).nonzero()
    assert silent[-1]
    # The fade reaches -60 dB at 24 s.
    assert 22 < changes[0] * HOP / SR <= changes[-1] * HOP / SR < 29


@every_kind
@pytest.mark.parametrize("loudness", [2.0**-20, 2.0**-8, 1.0, 2.0**6])
def test_silence_is_relative_to_the_loudness_of_the_recording(kind, loudness):
    samples = np.concatenate([chord(4), dither(4), chord(4, decibels=-60)])
    expected = is_zero(piece_of(samples, kind=kind))
    np.testing.assert_array_equal(is_zero(piece_of(loudness * samples, kind=kind)), expected)
    assert 0.1 < expected.mean() < 0.34


@every_kind
def test_noise_alone_and_soft_passages_do_not_count_as_silence(kind):
    assert not is_zero(piece_of(dither(5), kind=kind)).any()
    soft = np.concatenate([chord(4), chord(4, decibels=-65), chord(4)])
    assert not is_zero(piece_of(soft, kind=kind)).any()


@every_kind
def test_clicks_do_not_make_soft_music_silent(kind):
    samples = chord(30, decibels=-65)
    for second in (3, 17):
        samples[second * SR : second * SR + 500] = np.random.default_rng(0).uniform(-1, 1, 500)
    assert not is_zero(piece_of(samples, kind=kind)).any()


def test_a_recording_of_zeros_gives_zero_chroma():
    assert is_zero(piece_of(np.zeros(3 * SR))).all()
    assert is_zero(piece_of(np.zeros(1))).all()


@pytest.mark.parametrize("pause", ["dither", "hiss"])
def test_there_are_no_beats_in_silence(pause):
    seconds = 15
    samples = np.concatenate([PAUSES[pause](8), chord(seconds), PAUSES[pause](6)])
    (analysis,) = ChromaExtractor(sync="beat").analyze([samples.astype(np.float32)])
    beats = analysis.timing.borders()[1:-1]
    assert analysis.tempo == pytest.approx(100, rel=0.02)
    assert 7.9 < beats[0] < 8.3
    assert beats[-1] < 8 + seconds
    assert is_zero(analysis.chroma[:1]).all()


def test_a_pause_has_no_chords():
    samples = np.concatenate([dither(6), chord(4)])
    extractor = ChromaExtractor()
    piece = piece_of(samples)
    (first, *others) = recognize_chords(piece, timing=extractor)
    assert first.label == "N.C."
    assert first.end > 5.6
    assert {found.label for found in others if found.end - found.start > 0.3} == {"C"}
    (part,) = chroma_to_midi(piece, timing=extractor).instruments
    assert min(note.start for note in part.notes) > 5.6


def test_sounding_frames_match_librosa(librosa):
    samples = np.concatenate([dither(2), chord(3), dither(3), chord(2)]).astype(np.float32)
    (analysis,) = ChromaExtractor(kind="stft").analyze([samples])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = librosa.feature.chroma_stft(y=samples, sr=SR, hop_length=HOP).T
        power = np.abs(librosa.stft(samples, hop_length=HOP)) ** 2
    sounding = ~is_zero(analysis.chroma)
    assert 0.4 < sounding.mean() < 0.6
    np.testing.assert_allclose(analysis.chroma[sounding], theirs[sounding], atol=1e-5)
    assert power.sum(axis=0)[~sounding].max() < 1e-5 * np.median(power.sum(axis=0)[sounding])
    assert analysis.tuning == librosa.estimate_tuning(S=power, sr=SR)
