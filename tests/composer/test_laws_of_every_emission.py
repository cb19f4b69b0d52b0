"""Laws that hold for composers with any emission, and for any pieces."""

import pickle
from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from musicai import LSTMComposer

WIDTHS = {
    "chroma": 12,
    "logistic": 12,
    "bernoulli": 12,
    "gaussian": 3,
    "independent": 12,
    "mse": 12,
}
TRANSPOSED = ["chroma", "logistic", "bernoulli", "independent"]
METHODS = ["predict", "score_samples"]

every_emission = pytest.mark.parametrize("emission", WIDTHS)
few = settings(max_examples=10, deadline=None)
lengths = st.lists(st.integers(0, 20), min_size=1, max_size=5)
seeds = st.integers(0, 2**32 - 1)


def make_pieces(emission, lengths, seed, width=None):
    rng = np.random.default_rng(seed)
    pieces = [rng.random((length, width or WIDTHS[emission])) for length in lengths]
    if emission == "bernoulli":
        pieces = [piece < 0.3 for piece in pieces]
    elif emission == "chroma":
        pieces = [piece / piece.max(axis=1, keepdims=True) for piece in pieces]
    elif emission == "gaussian":
        pieces = [5 * piece - 20 for piece in pieces]
    return [piece.astype(np.float32) for piece in pieces]


@cache
def fitted(emission, width=None):
    """Return a briefly trained composer, which all tests share."""
    pieces = make_pieces(emission, [30, 20, 25], 0, width)
    return LSTMComposer(hidden_size=8, max_iter=2, emission=emission, random_state=0).fit(pieces)


def assert_alike(one, other):
    assert len(one) == len(other)
    for x, y in zip(one, other, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-5, atol=5e-5)


@every_emission
@few
@given(lengths=lengths, seed=seeds)
def test_every_frame_has_a_prediction_and_a_score(emission, lengths, seed):
    X = make_pieces(emission, lengths, seed)
    assert [frames.shape for frames in fitted(emission).predict(X)] == [piece.shape for piece in X]
    scores = fitted(emission).score_samples(X)
    assert [score.shape for score in scores] == [(length,) for length in lengths]
    assert np.isfinite(np.concatenate(scores)).all()
    if sum(lengths):
        mean = np.concatenate(scores).mean(dtype=float)
        assert fitted(emission).score(X) == pytest.approx(mean, rel=1e-5)


@every_emission
@few
@given(lengths=lengths, seed=seeds, order=st.randoms(use_true_random=False))
def test_a_result_does_not_depend_on_the_other_pieces(emission, lengths, seed, order):
    X = make_pieces(emission, lengths, seed)
    turned = list(range(len(X)))
    order.shuffle(turned)
    for method in METHODS:
        call = getattr(fitted(emission), method)
        together = call(X)
        assert_alike([call([piece])[0] for piece in X], together)
        assert_alike(call([X[i] for i in turned]), [together[i] for i in turned])


@every_emission
@few
@given(length=st.integers(1, 20), n_past=st.integers(0, 20), seed=seeds)
def test_results_do_not_depend_on_later_frames(emission, length, n_past, seed):
    (piece,) = make_pieces(emission, [length], seed)
    for method in METHODS:
        call = getattr(fitted(emission), method)
        assert_alike(call([piece[:n_past]])[0], call(piece)[:n_past])


@pytest.mark.parametrize("emission", TRANSPOSED)
@few
@given(lengths=lengths, seed=seeds, semitones=st.integers(1, 11))
def test_transposed_music_has_the_same_score_and_transposed_predictions(
    emission, lengths, seed, semitones
):
    X = make_pieces(emission, lengths, seed)
    moved = [np.roll(piece, semitones, axis=1) for piece in X]
    composer = fitted(emission)
    assert_alike(composer.score_samples(moved), composer.score_samples(X))
    predicted = [np.roll(frames, semitones, axis=1) for frames in composer.predict(X)]
    assert_alike(composer.predict(moved), predicted)


@pytest.mark.parametrize("emission", TRANSPOSED)
@few
@given(length=st.integers(8, 20), seed=seeds, semitones=st.integers(1, 11))
def test_a_transposed_prime_has_a_transposed_continuation(emission, length, seed, semitones):
    (prime,) = make_pieces(emission, [length], seed)
    composed = fitted(emission).sample(6, prime=prime, random_state=seed)
    moved = fitted(emission).sample(6, prime=np.roll(prime, semitones, axis=1), random_state=seed)
    np.testing.assert_array_equal(np.roll(composed, semitones, axis=1), moved)


@every_emission
@few
@given(lengths=lengths, seed=seeds, temperature=st.floats(0.1, 3))
def test_an_unpickled_composer_gives_the_same_results(emission, lengths, seed, temperature):
    composer = fitted(emission)
    copy = pickle.loads(pickle.dumps(composer))
    X = make_pieces(emission, lengths, seed)
    for method in METHODS:
        for one, other in zip(getattr(copy, method)(X), getattr(composer, method)(X), strict=True):
            np.testing.assert_array_equal(one, other)
    options = {"prime": X, "temperature": temperature, "random_state": seed}
    for one, other in zip(copy.sample(4, **options), composer.sample(4, **options), strict=True):
        np.testing.assert_array_equal(one, other)


@every_emission
@few
@given(
    n_frames=st.integers(1, 12),
    n_pieces=st.integers(1, 4),
    seed=seeds,
    temperature=st.floats(0.01, 10),
)
def test_sampled_pieces_have_finite_scores(emission, n_frames, n_pieces, seed, temperature):
    composer = fitted(emission)
    options = {"n_pieces": n_pieces, "temperature": temperature, "random_state": seed}
    pieces = composer.sample(n_frames, **options)
    assert [piece.shape for piece in pieces] == [(n_frames, WIDTHS[emission])] * n_pieces
    assert {piece.dtype for piece in pieces} == {np.dtype(np.float32)}
    assert np.isfinite(composer.score(pieces))  # no value has probability 0
    for one, other in zip(pieces, composer.sample(n_frames, **options), strict=True):
        np.testing.assert_array_equal(one, other)


# For each emission and width, all possible frames and 1, or a grid of values and its spacing.
ALL_FRAMES = {
    ("chroma", 1): (np.arange(256)[:, None] / 255, 1.0),
    ("logistic", 1): (np.arange(256)[:, None] / 255, 1.0),
    ("independent", 1): (np.arange(256)[:, None] / 255, 1.0),
    ("bernoulli", 5): (np.array(list(product([0, 1], repeat=5))), 1.0),
    ("bernoulli", 12): (np.array(list(product([0, 1], repeat=12))), 1.0),  # a mixture over keys
    ("gaussian", 1): (np.linspace(-60, 20, 4001)[:, None], 0.02),
    ("mse", 1): (np.linspace(-10, 10, 4001)[:, None], 0.005),
}


@pytest.mark.parametrize(("emission", "width"), ALL_FRAMES)
@settings(max_examples=2, deadline=None)
@given(n_past=st.integers(0, 3), seed=seeds)
def test_probabilities_of_all_next_frames_sum_to_one(emission, width, n_past, seed):
    frames, weight = ALL_FRAMES[emission, width]
    (past,) = make_pieces(emission, [n_past], seed, width)
    futures = [np.vstack([past, frame]).astype(np.float32) for frame in frames]
    scores = fitted(emission, width).score_samples(futures)
    total = sum(np.exp(score[-1], dtype=float) for score in scores) * weight
    assert total == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("emission", ["gaussian", "mse"])
@few
@given(exponent=st.floats(-30, 30), offset=st.sampled_from([-100, -1, 0, 0.5]), seed=seeds)
@example(exponent=-30.0, offset=0, seed=0)
@example(exponent=30.0, offset=-1, seed=0)
def test_composers_trained_on_data_of_any_scale_can_be_unpickled(emission, exponent, offset, seed):
    pieces = [
        ((piece + offset) * 10**exponent).astype(np.float32)
        for piece in make_pieces("mse", [12, 9], seed, 3)
    ]
    composer = LSTMComposer(hidden_size=3, max_iter=1, emission=emission, random_state=0)
    for learn in (composer.fit, composer.partial_fit):  # `partial_fit` stores more state
        learn(pieces)
        again = pickle.loads(pickle.dumps(composer))
        np.testing.assert_array_equal(
            again.sample(5, random_state=0), composer.sample(5, random_state=0)
        )


@pytest.mark.parametrize("emission", WIDTHS)
def test_composers_with_huge_weights_can_be_unpickled(emission):
    composer = LSTMComposer(
        hidden_size=3, max_iter=1, learning_rate=1e9, emission=emission, random_state=0
    ).partial_fit(make_pieces(emission, [12, 9], 0))
    assert max(np.abs(weights).max() for weights in composer.weights_.values()) > 1e6
    again = pickle.loads(pickle.dumps(composer))
    for name, weights in composer.weights_.items():
        np.testing.assert_array_equal(again.weights_[name], weights)
