"""The key of a piece as a hidden variable: mixtures over twelve keys."""

import numpy as np
import pytest

from musicai import LSTMComposer


@pytest.fixture(scope="module")
def in_keys(chroma):
    return LSTMComposer(hidden_size=24, max_iter=4, random_state=0).fit(chroma)


def test_the_likelihood_is_the_mean_over_keys(in_keys, chroma):
    plain = LSTMComposer(hidden_size=24, max_iter=1, key_invariant=False).fit(chroma)
    plain.weights_ = in_keys.weights_  # the same network, but without averaging over keys
    piece = chroma[3][:30]
    turned = [np.roll(piece, shift, axis=1) for shift in range(12)]
    for n_frames in (1, 2, 30):
        alone = [plain.score_samples(t[:n_frames]).sum(dtype=float) for t in turned]
        expected = np.logaddexp.reduce(alone) - np.log(12)
        found = in_keys.score_samples(piece[:n_frames]).sum(dtype=float)
        assert found == pytest.approx(expected, abs=1e-5 * n_frames)


def test_the_prediction_is_the_weighted_mean_over_keys(in_keys, chroma):
    plain = LSTMComposer(hidden_size=24, max_iter=1, key_invariant=False).fit(chroma)
    plain.weights_ = in_keys.weights_
    piece = chroma[2][:25]
    turned = [np.roll(piece, shift, axis=1) for shift in range(12)]
    log_probs = np.stack([plain.score_samples(t).cumsum(dtype=float) for t in turned])
    weights = np.exp(log_probs - np.logaddexp.reduce(log_probs, 0))
    means = [np.roll(plain.predict(t), -shift, axis=1) for shift, t in enumerate(turned)]
    expected = np.einsum("kt,ktf->tf", weights, means)
    np.testing.assert_allclose(in_keys.predict(piece), expected, atol=1e-5)


@pytest.mark.parametrize("shift", [1, 5, 6, 11])
def test_transposed_music_has_the_same_scores_and_transposed_predictions(in_keys, chroma, shift):
    moved = [np.roll(piece, shift, axis=1) for piece in chroma]
    for one, other in zip(in_keys.score_samples(chroma), in_keys.score_samples(moved), strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5)
    for one, other in zip(in_keys.predict(chroma), in_keys.predict(moved), strict=True):
        np.testing.assert_allclose(np.roll(one, shift, axis=1), other, atol=1e-5)


def test_pieces_of_any_length_have_the_same_scores_alone_and_together(in_keys, chroma):
    long = np.concatenate(chroma)
    together = in_keys.score_samples([long, chroma[0], long[:77], long[:0]])
    assert [len(scores) for scores in together] == [len(long), len(chroma[0]), 77, 0]
    np.testing.assert_allclose(in_keys.score_samples(long), together[0], atol=2e-5)
    np.testing.assert_allclose(in_keys.predict(long[:60]), in_keys.predict(long)[:60], atol=1e-5)


def test_the_best_validation_score_equals_the_score_of_validation_pieces(chroma):
    composer = LSTMComposer(hidden_size=16, max_iter=3, random_state=0)
    composer.fit(chroma[2:], X_val=chroma[:2])
    assert composer.best_validation_score_ == pytest.approx(composer.score(chroma[:2]), rel=1e-6)
