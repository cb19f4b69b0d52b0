import numpy as np
import pytest

from musicai import LSTMComposer
from musicai.composer._keys import (
    estimate_key,
    is_pitched,
    key_number,
    learns_in_any_key,
    shifts_to_any_key,
    shifts_to_common_key,
)


def scale(tonic, *, minor=False, width=12, lowest=0):
    """A scale up and down, tonic and fifth held longer."""
    steps = [0, 0, 2, 3 if minor else 4, 5, 7, 7, 8 if minor else 9, 10 if minor else 11, 0]
    piece = np.zeros((len(steps), width), np.float32)
    octave = 0 if width == 12 else 36
    for frame, step in enumerate(steps):
        pitch = tonic - lowest + step
        piece[frame, pitch % 12 if width == 12 else pitch + octave] = 1
    return piece


@pytest.mark.parametrize("tonic", range(12))
def test_the_key_of_a_scale_is_found(tonic):
    assert estimate_key(scale(tonic)) == tonic
    assert estimate_key(scale(tonic, minor=True)) == (tonic + 3) % 12
    assert estimate_key(scale(tonic, width=88, lowest=9)) == tonic
    assert estimate_key(scale(tonic, width=128)) == tonic


def test_shifts_lead_to_the_common_key():
    for key, shift in enumerate(shifts_to_common_key()):
        assert estimate_key(np.roll(scale(key), shift, axis=1)) == 0
        assert -5 <= shift <= 6


def test_notes_stay_on_the_keyboard():
    roll = np.zeros((5, 88), np.float32)
    roll[:, [2, 40, 86]] = 1
    assert shifts_to_any_key(roll, 0).tolist() == [-2, -1, 0, 1]
    assert shifts_to_any_key(roll, 7).tolist() == [-2, -1, 0, 1, 5]  # the common key is always one
    roll[:] = 0
    assert shifts_to_any_key(roll, 3).tolist() == list(range(-5, 7))
    assert shifts_to_any_key(roll[:, :12], 3).tolist() == list(range(-5, 7))


@pytest.mark.parametrize(
    ("name", "number"),
    [("C", 0), ("Am", 0), ("a minor", 0), ("F#", 6), ("Gb major", 6), ("ebm", 6), ("B", 11),
     ("C# minor", 4), ("b", 2), ("b major", 11), ("Bb", 10), ("bm", 2), ("d", 5),
     ("C♯", 1), ("Cb", 11)],
)  # fmt: skip
def test_names_of_keys(name, number):
    assert key_number(name) == number


@pytest.mark.parametrize("name", ["", "H", "m", "C##", "C dorian", "Cmm", 3, None, " ", "Cm major"])
def test_what_is_no_key_is_refused(name):
    with pytest.raises(ValueError, match="key must be the name of a major or minor key"):
        key_number(name)


def test_music_is_told_by_width_and_values():
    assert is_pitched([np.zeros((2, 12))], "logistic")
    assert is_pitched([np.zeros((2, 88))], "bernoulli")
    assert is_pitched([np.zeros((2, 128))], "independent bernoulli")
    assert not is_pitched([np.zeros((2, 88))], "logistic")
    assert not is_pitched([np.zeros((2, 10))], "bernoulli")
    assert not is_pitched([np.zeros((2, 12))], "gaussian")


@pytest.fixture(scope="module")
def in_keys(chroma):
    return LSTMComposer(hidden_size=24, max_iter=4, random_state=0).fit(chroma)


def test_the_mixture_over_keys_is_exact(in_keys, chroma):
    plain = LSTMComposer(hidden_size=24, max_iter=1, transpose=False).fit(chroma)
    plain.weights_ = in_keys.weights_  # the same network, which hears every piece in one key
    piece = chroma[3][:30]
    turned = [np.roll(piece, shift, axis=1) for shift in range(12)]
    for n_frames in (1, 2, 30):
        alone = [plain.score_samples(t[:n_frames]).sum(dtype=float) for t in turned]
        expected = np.logaddexp.reduce(alone) - np.log(12)
        found = in_keys.score_samples(piece[:n_frames]).sum(dtype=float)
        assert found == pytest.approx(expected, abs=1e-5 * n_frames)


def test_prediction_is_the_mean_over_keys(in_keys, chroma):
    plain = LSTMComposer(hidden_size=24, max_iter=1, transpose=False).fit(chroma)
    plain.weights_ = in_keys.weights_
    piece = chroma[2][:25]
    turned = [np.roll(piece, shift, axis=1) for shift in range(12)]
    log_probs = np.stack([plain.score_samples(t).cumsum(dtype=float) for t in turned])
    weights = np.exp(log_probs - np.logaddexp.reduce(log_probs, 0))
    means = [np.roll(plain.predict(t), -shift, axis=1) for shift, t in enumerate(turned)]
    expected = np.einsum("kt,ktf->tf", weights, means)
    np.testing.assert_allclose(in_keys.predict(piece), expected, atol=1e-5)


@pytest.mark.parametrize("shift", [1, 5, 6, 11])
def test_transposed_music_is_transposed(in_keys, chroma, shift):
    moved = [np.roll(piece, shift, axis=1) for piece in chroma]
    for one, other in zip(in_keys.score_samples(chroma), in_keys.score_samples(moved), strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5)
    for one, other in zip(in_keys.predict(chroma), in_keys.predict(moved), strict=True):
        np.testing.assert_allclose(np.roll(one, shift, axis=1), other, atol=1e-5)


def test_long_pieces_are_heard_in_windows(in_keys, chroma, monkeypatch):
    long = np.concatenate(chroma)
    together = in_keys.score_samples([long, chroma[0], long[:77], long[:0]])
    assert [len(scores) for scores in together] == [len(long), len(chroma[0]), 77, 0]
    for window in (1, 50, 10_000):
        monkeypatch.setattr("musicai.composer._inference._WINDOW", window)
        np.testing.assert_allclose(in_keys.score_samples(long), together[0], atol=2e-5)
        np.testing.assert_allclose(
            in_keys.predict(long[:60]), in_keys.predict(long)[:60], atol=1e-5
        )


@pytest.mark.parametrize(
    ("emission", "n_features", "in_any_key"),
    [
        ("bernoulli", 88, True),
        ("independent bernoulli", 128, True),
        ("bernoulli", 12, False),
        ("logistic", 12, False),
        ("logistic", 88, False),
        ("gaussian", 88, False),
    ],
)
def test_piano_rolls_are_learned_in_any_key(emission, n_features, in_any_key):
    assert learns_in_any_key(emission, n_features) is in_any_key


def test_binary_chroma_is_pitched():
    assert is_pitched([np.zeros((2, 12))], "bernoulli")
