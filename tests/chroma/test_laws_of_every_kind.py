"""Laws that hold for every kind of chroma, per hop or per beat, and for any recording."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musicai import ChromaExtractor
from musicai.chroma._analysis import Settings, analyze

SR = 8000
KINDS = {
    "cqt": {"kind": "cqt"},
    "stft": {"kind": "stft", "n_fft": 2048},
    "cens": {"kind": "cens"},
    "cqt per beat": {"kind": "cqt", "sync": "beat"},
    "stft per beat": {"kind": "stft", "n_fft": 2048, "sync": "beat"},
}

every_kind = pytest.mark.parametrize("kind", KINDS)
few = settings(max_examples=8, deadline=None)
seeds = st.integers(0, 2**32 - 1)
lengths = st.integers(1, 3 * SR)


def extractor(kind):
    return ChromaExtractor(sr=SR, hop_length=1024, **KINDS[kind])


def make_recording(n_samples, seed):
    """Synthesize repeated decaying tones with noise and sometimes a pause."""
    rng = np.random.default_rng(seed)
    time = np.arange(n_samples) / SR
    tones = sum(np.sin(2 * np.pi * f * time) for f in 220 * 2 ** (rng.integers(0, 24, 3) / 12))
    sound = 0.2 * tones * np.exp(-4 * (time % rng.uniform(0.3, 0.7)))
    sound += 0.01 * rng.standard_normal(n_samples)
    if rng.random() < 0.3:
        sound[n_samples // 3 : n_samples // 2] = 0
    return sound.astype(np.float32)


@every_kind
@few
@given(n_samples=lengths, seed=seeds)
def test_every_recording_gives_valid_chroma(kind, n_samples, seed):
    (piece,) = extractor(kind).transform([make_recording(n_samples, seed)])
    assert piece.dtype == np.float32
    n_frames = 1 + n_samples // 1024
    assert piece.shape[1] == 12
    assert 1 <= len(piece) <= n_frames if "beat" in kind else len(piece) == n_frames
    assert np.isfinite(piece).all()
    assert 0 <= piece.min() <= piece.max() <= 1
    if kind in ("cqt", "stft"):
        assert set(piece.max(axis=1)) <= {0, 1}


@every_kind
@few
@given(
    n_samples=st.lists(lengths, min_size=1, max_size=3),
    seed=seeds,
    order=st.randoms(use_true_random=False),
)
def test_pieces_do_not_depend_on_other_recordings(kind, n_samples, seed, order):
    recordings = [make_recording(n, seed + i) for i, n in enumerate(n_samples)]
    together = extractor(kind).transform(recordings)
    shuffled = list(range(len(recordings)))
    order.shuffle(shuffled)
    copy = pickle.loads(pickle.dumps(extractor(kind).fit(recordings)))
    for i, piece in zip(shuffled, copy.transform([recordings[i] for i in shuffled]), strict=True):
        np.testing.assert_array_equal(piece, together[i])


@every_kind
@few
@given(n_samples=lengths, seed=seeds, block_size=st.integers(16, SR))
def test_the_analysis_does_not_depend_on_block_sizes(kind, n_samples, seed, block_size):
    recording = make_recording(n_samples, seed)
    (expected,) = extractor(kind).analyze([recording])
    parameters = extractor(kind).get_params()
    settings = Settings(*(parameters[name] for name in Settings._fields))
    found = analyze(recording, "music", settings, block_size=block_size)
    np.testing.assert_array_equal(found.chroma, expected.chroma)
    np.testing.assert_array_equal(found.levels, expected.levels)
    assert found.timing == expected.timing


@every_kind
@few
@given(n_samples=lengths, seed=seeds, loudness=st.sampled_from([2.0**-6, 0.5]))
def test_loudness_does_not_change_normalized_chroma(kind, n_samples, seed, loudness):
    recording = make_recording(n_samples, seed)
    quiet, plain = extractor(kind).transform([loudness * recording, recording])
    np.testing.assert_allclose(quiet, plain, atol=1e-3)


@pytest.mark.parametrize("kind", ["cqt", "stft", "cens"])
@few
@given(pitch_class=st.integers(0, 11), semitones=st.integers(1, 11), octave=st.integers(0, 1))
def test_a_transposed_tone_has_transposed_chroma(kind, pitch_class, semitones, octave):
    time = np.arange(2 * SR) / SR
    tones = [
        np.sin(2 * np.pi * 261.6256 * 2 ** (octave + pitch / 12) * time)
        for pitch in (pitch_class, pitch_class + semitones)
    ]
    plain, moved = extractor(kind).set_params(tuning=0.0).transform(tones)
    loudest = plain[4:-4].argmax(axis=1)
    assert set(loudest) == {pitch_class}
    assert set(moved[4:-4].argmax(axis=1)) == {(pitch_class + semitones) % 12}
