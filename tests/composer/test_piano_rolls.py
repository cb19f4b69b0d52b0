"""Composers of piano rolls: weights shared over pitch, and matches within a piece."""

import pickle
from itertools import product

import numpy as np
import pytest
import torch

from musicai import LSTMComposer
from musicai.composer._data import NO_SHIFT
from musicai.composer._inference import score_frames
from musicai.composer._matches import LOOK_BACK, find_matches
from musicai.composer._network import network_to_train
from musicai.composer._roll_memory import RollMemory, known_before

WIDTH = 13  # smallest width of a roll with shared weights


def make_roll(n_frames, seed=0, width=WIDTH):
    """Return a random roll that repeats itself with variations."""
    rng = np.random.RandomState(seed)
    theme = rng.random_sample((n_frames // 3, width)) < 0.2
    piece = np.concatenate([theme, theme, theme])
    piece[rng.randint(len(piece), size=3)] ^= rng.random_sample((3, width)) < 0.1
    return np.repeat(piece, 2, axis=0)[:n_frames].astype(np.float32)


def fit(width=WIDTH, **options):
    rolls = [make_roll(40 + i, seed=i, width=width) for i in range(6)]
    composer = LSTMComposer(hidden_size=6, max_iter=3, key_invariant=True, random_state=0)
    return composer.set_params(**options).fit(rolls)


@pytest.fixture(scope="module")
def composer():
    """Return a composer with large random weights, so that all of them matter."""
    composer, rng = fit(), np.random.RandomState(0)
    for name, weights in composer.weights_.items():
        if name != "emission.compass":
            composer.weights_[name] = weights + 0.3 * rng.randn(*weights.shape).astype(np.float32)
    return composer


@pytest.mark.parametrize("emission", ["tied bernoulli", "independent tied bernoulli"])
@pytest.mark.parametrize("n_frames", [0, 1, 70])
def test_probabilities_of_all_frames_sum_to_one(emission, n_frames):
    network = network_to_train(
        emission,
        [make_roll(40, width=8)],
        weights=None,
        seed=0,
        n_styles=0,
        hidden_size=5,
        n_layers=1,
        dropout=0.0,
    )
    rng = torch.Generator().manual_seed(0)
    for weights in network.parameters():
        weights.data += 0.5 * torch.randn(weights.shape, generator=rng)
    past, frames = make_roll(70, width=8)[:n_frames], np.array(list(product([0, 1], repeat=8)))
    pieces = [np.vstack([past, frame]).astype(np.float32) for frame in frames]
    styles = [np.zeros(n_frames + 1, int)] * len(pieces)
    scores = score_frames(network, pieces, styles, [NO_SHIFT] * len(pieces))
    assert sum(np.exp(score[-1], dtype=float) for score in scores) == pytest.approx(1, abs=1e-5)


def test_results_do_not_depend_on_later_frames(composer):
    piece = make_roll(90)
    changed = piece.copy()
    changed[40:] = 1 - changed[40:]
    for method in ("score_samples", "predict"):
        before, after = (getattr(composer, method)(each)[:39] for each in (piece, changed))
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("width", [13, 88, 128])
def test_without_the_register_term_transposed_music_has_transposed_predictions(width):
    composer = fit(width)
    register = composer.weights_["emission.register"]
    register[:] = register.mean(0)
    composer.weights_["emission.compass"][:] = 0, width
    piece = make_roll(60, seed=9, width=width)
    piece[:, 8:] = 0
    moved = np.roll(piece, 4, axis=1)
    for one, other in zip(composer.predict(piece), composer.predict(moved), strict=True):
        np.testing.assert_allclose(one[:8], other[4:12], atol=1e-5)


def test_frequencies_of_draws_match_probabilities(composer):
    past = make_roll(30)
    drawn, shares = composer.next_frames(past, n_best=20, n_draws=20_000, random_state=0)
    futures = [np.vstack([past, frame]) for frame in drawn]
    expected = np.exp([scores[-1] for scores in composer.score_samples(futures)])
    error = 5 * np.sqrt(expected * (1 - expected) / 20_000)
    assert (np.abs(shares - expected) < error).all()


def test_predictions_are_closer_to_the_next_frame_than_the_mean_frame_is():
    piece = make_roll(40)
    expected = fit(max_iter=30, batch_size=1).predict(piece)[:-1]
    errors = [np.square(piece[1:] - guess).sum() for guess in (expected, piece.mean(0))]
    assert errors[0] < 0.8 * errors[1]


def match_by_definition(piece, t):
    """Return the lag of the match of frame t and its score, computed from the definition."""
    best = 0, 0.0
    for lag in range(1, min(t, LOOK_BACK)):
        score = np.float32(0)
        for fits in (piece[lag:t] == piece[: t - lag]).all(1):
            score = score + 1 if fits else score / 2
        if score > best[1]:
            best = lag, score
    return best if best[1] >= 0.5 else (t, 0.0)


@pytest.mark.parametrize("n_frames", [0, 1, 2, 100, 200])
def test_the_match_is_the_lag_with_the_highest_score(n_frames):
    piece = make_roll(200, seed=3)[:n_frames]
    lags, confidences = find_matches(piece)
    expected = [match_by_definition(piece, t) for t in range(len(piece))]
    assert lags.tolist() == [lag for lag, _ in expected]
    assert [bool(confidence) for confidence in confidences] == [score > 0 for _, score in expected]


def test_a_repeated_theme_matches_its_earlier_occurrence():
    assert find_matches(make_roll(100, seed=3)).lags[70] == 66


def test_matches_are_found_only_within_the_look_back_length():
    silence = np.zeros((2 * LOOK_BACK, WIDTH), np.float32)
    counted = np.arange(len(silence))[:, None] >> np.arange(WIDTH) & 1
    once = counted[:20].astype(np.float32)
    for n_between, lag in ((LOOK_BACK - 25, LOOK_BACK - 5), (LOOK_BACK, 0)):
        between = counted[100 : 100 + n_between].astype(np.float32)
        lags, confidences = find_matches(np.concatenate([once, between, once]))
        assert (lags[-1], confidences[-1] > 0) == (lag, lag > 0)


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (0, 50), (1, 2), (33, 90), (80, 208)])
def test_inputs_of_an_excerpt_equal_those_computed_for_the_whole_piece(start, stop):
    piece = make_roll(300)
    matches = find_matches(piece)
    whole = known_before(piece, matches, 0, len(piece))
    np.testing.assert_array_equal(known_before(piece, matches, start, stop), whole[start:stop])


def test_inputs_of_a_growing_piece_equal_those_of_the_finished_piece():
    pieces = [make_roll(700, seed=1), make_roll(300, seed=2)]
    memory = RollMemory(2, WIDTH)
    start = memory.take(np.arange(2))
    for t in range(700):
        frames = np.stack([pieces[0][t], pieces[1][max(t - 400, 0)]])
        memory.read(frames)
        if t < 400:  # the second piece has not begun
            memory.put(np.array([1]), start)
    for piece, known in zip(pieces, memory.known, strict=True):
        extended = np.vstack([piece, piece[:1]])
        expected = known_before(extended, find_matches(extended), len(piece), len(piece) + 1)
        np.testing.assert_array_equal(known, expected[0])


def test_the_same_seed_gives_the_same_composer_and_piece():
    one, other = fit(), fit()
    for name, weights in one.weights_.items():
        np.testing.assert_array_equal(weights, other.weights_[name])
    primes = [make_roll(20), make_roll(9)]
    for x, y in zip(
        one.sample(30, prime=primes, key="D", random_state=1),
        other.sample(30, prime=primes, key="D", random_state=1),
        strict=True,
    ):
        np.testing.assert_array_equal(x, y)


def test_a_sampled_piece_does_not_depend_on_the_others(composer):
    options = {"prime": [make_roll(20), make_roll(9), make_roll(6)], "key": ["C", "D", None]}
    together = composer.sample(25, random_state=[1, 2, 3], **options)
    for i, piece in enumerate(together):
        alone = composer.sample(
            25, prime=options["prime"][i], key=options["key"][i], random_state=i + 1
        )
        np.testing.assert_array_equal(piece, alone)


def test_notes_outside_the_range_of_training_notes_are_possible():
    rolls = [np.pad(make_roll(40, seed=i), ((0, 0), (30, 30))) for i in range(4)]
    composer = LSTMComposer(hidden_size=4, max_iter=1, key_invariant=True, random_state=0)
    composer.fit(rolls)
    piece = rolls[0].copy()
    piece[5, [0, 72]] = 1
    scores, before = composer.score_samples(piece), composer.score_samples(rolls[0])
    assert scores[5] == pytest.approx(before[5] - 20, abs=1e-3)
    assert composer.predict(piece)[3, 0] < 1e-3
    assert composer.sample(20, prime=piece, random_state=0).shape == (20, 73)


def test_piano_roll_composers_saved_by_earlier_versions_are_refused():
    composer = fit()
    composer.emission_ = "bernoulli"
    with pytest.raises(ValueError, match="fit again"):
        pickle.loads(pickle.dumps(composer))
