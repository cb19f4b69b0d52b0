"""Scores, predictions and key probabilities agree with Bayes' rule applied key by key."""

import numpy as np
import pytest

from musicai import LSTMComposer
from musicai.composer._data import Collection
from musicai.composer._inference import expect_next, mean_score, read_primes, score_frames
from musicai.composer._network import network_of_weights
from musicai.theory.keys import SHIFTS_TO_COMMON_KEY


@pytest.fixture(scope="module")
def learned(chroma, styles):
    composer = LSTMComposer(hidden_size=12, max_iter=3, random_state=0).fit(chroma, styles)
    return network_of_weights(composer.emission_, 12, composer.weights_), SHIFTS_TO_COMMON_KEY


@pytest.fixture
def heard(chroma):
    pieces = [chroma[0][:31], chroma[1][:0], chroma[2][:5], chroma[3][:18]]
    return pieces, [np.ones(len(piece), int) for piece in pieces]


def weigh_keys(*arguments, **sizes):
    return [odds for odds, _ in read_primes(*arguments, **sizes)]


def test_key_probabilities_are_proportional_to_the_likelihood_in_each_key(learned, heard):
    network, shifts = learned
    pieces, styles = heard
    in_each = np.array(
        [
            [frames.sum(dtype=float) for frames in score_frames(network, pieces, styles, each)]
            for each in ([[shift]] * len(pieces) for shift in shifts)
        ]
    )
    expected = np.exp(in_each - np.logaddexp.reduce(in_each, axis=0)).T
    found = weigh_keys(network, pieces, styles, [shifts] * len(pieces))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(
        found[1], 1 / 12
    )  # a piece without frames: all keys are equally likely


@pytest.mark.parametrize(("window", "at_once"), [(1, 1), (7, 100), (16, 10_000), (1000, 13)])
def test_results_do_not_depend_on_the_size_of_windows(learned, heard, window, at_once):
    network, shifts = learned
    pieces, styles = heard
    keys = [shifts] * len(pieces)
    expected = [ask(network, pieces, styles, keys) for ask in (score_frames, weigh_keys)]
    # A piece without frames has no predictions to compare.
    some = [0, 2, 3]
    sounding = [[part[i] for i in some] for part in (pieces, styles, keys)]
    following = expect_next(network, *sounding)
    assert all(frames.min() >= 0 and 0 < frames.max() <= 1 for frames in following)
    sizes = {"window": window, "frames_at_once": at_once}
    for ask, before in zip((score_frames, weigh_keys), expected, strict=True):
        for one, other in zip(ask(network, pieces, styles, keys, **sizes), before, strict=True):
            np.testing.assert_allclose(one, other, atol=2e-5)
    for one, other in zip(expect_next(network, *sounding, **sizes), following, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_mean_score_scores_each_piece_only_in_its_estimated_key(learned, heard, chroma):
    network, shifts = learned
    pieces, styles = [heard[0][0], heard[0][3]], [heard[1][0], heard[1][3]]
    collection = Collection(pieces, styles, [2, 7], [shifts[[2]], shifts[[7]]])
    alone = score_frames(network, pieces, styles, [shifts[[2]], shifts[[7]]])
    expected = np.concatenate(alone).mean(dtype=float)
    assert mean_score(network, collection) == pytest.approx(expected, rel=1e-6)
