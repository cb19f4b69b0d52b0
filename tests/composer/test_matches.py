"""Laws of the match features: what followed the moments that are most like the last one."""

import pickle

import numpy as np
import pytest
import torch

from musicai import LSTMComposer, Timing
from musicai.composer._data import Collection, Span, collate
from musicai.composer._matches import Matcher, match_features

LONG = 2600  # frames: twice as far as features look back, and a few blocks


def make_piece(n_frames, seed=0, n_features=12):
    return np.random.RandomState(seed).random_sample((n_frames, n_features)).astype(np.float32)


@pytest.fixture(scope="module")
def long_piece():
    piece = make_piece(LONG)
    piece[300:400] = piece[100:200] + 0.02
    piece[500:560] = 0  # silence
    return piece


def read(matcher, piece):
    """Return the features of every frame, as a sampler meets them."""
    features = [matcher.features[0].copy()]
    for frame in piece[:-1]:
        matcher.read(frame[np.newaxis])
        features.append(matcher.features[0].copy())
    return np.array(features)


def test_a_passage_that_returns_is_guessed():
    passage = make_piece(40)
    features = match_features(np.concatenate([passage, make_piece(100, seed=1), passage]))
    guesses, alike = features[:, :-1], features[:, -1]
    np.testing.assert_allclose(guesses[-25:], passage[-25:], atol=0.02)
    assert alike[-25:].min() > 0.95
    assert alike[60:140].max() < 0.9


def test_of_two_passages_that_return_alike_the_mean_is_guessed():
    passage, ends = make_piece(40), make_piece(2, seed=2)
    piece = np.concatenate([passage, ends[:1], passage, ends[1:], passage, ends[:1]])
    np.testing.assert_allclose(match_features(piece)[-1, :-1], ends.mean(0), atol=0.02)


def test_features_are_of_the_past_alone(long_piece):
    other = long_piece.copy()
    other[700:] = make_piece(LONG - 700, seed=3)
    one, two = match_features(long_piece), match_features(other)
    np.testing.assert_allclose(one[:701], two[:701], atol=1e-6)
    assert np.abs(one[720:] - two[720:]).max() > 0.1


def test_they_reach_back_a_bounded_way(long_piece):
    other = long_piece.copy()
    other[:1000] = make_piece(1000, seed=3)
    one, two = match_features(long_piece), match_features(other)
    np.testing.assert_allclose(one[-400:], two[-400:], atol=1e-5)


def test_they_move_with_the_key(long_piece):
    features, moved = match_features(long_piece), match_features(np.roll(long_piece, 5, axis=1))
    np.testing.assert_allclose(moved[:, :-1], np.roll(features[:, :-1], 5, axis=1), atol=1e-5)
    np.testing.assert_allclose(moved[:, -1], features[:, -1], atol=1e-5)


@pytest.mark.parametrize("start", [1, 90, 1900])
def test_they_can_be_asked_for_from_any_frame_on(long_piece, start):
    whole = match_features(long_piece[: start + 200])
    np.testing.assert_allclose(
        match_features(long_piece[: start + 200], start), whole[start:], atol=1e-5
    )


@pytest.mark.parametrize("n_frames", [0, 1, 2, 17])
def test_pieces_without_a_past_have_none(n_frames):
    features = match_features(make_piece(n_frames))
    assert features.shape == (n_frames, 13)
    assert not features[:16].any()


def test_frame_by_frame_they_are_the_same(long_piece):
    np.testing.assert_allclose(
        read(Matcher(1, 12), long_piece), match_features(long_piece), atol=1e-4
    )


def test_continuations_of_one_piece_part():
    past, ways = make_piece(200), [make_piece(80, seed) for seed in (1, 2)]
    matcher = Matcher(1, 12)
    read(matcher, past)
    matcher.read(past[-1:])
    both = matcher.take(np.array([0, 0]))
    for frames in zip(*ways, strict=True):
        both.read(np.stack(frames))
    for row, way in enumerate(ways):
        expected = match_features(np.concatenate([past, way, way[:1]]))
        np.testing.assert_allclose(both.features[row], expected[-1], atol=1e-5)
    expected = match_features(np.concatenate([past, past[:1]]))
    np.testing.assert_allclose(matcher.features[0], expected[-1], atol=1e-5)


def test_excerpts_have_the_features_of_their_piece(long_piece):
    collection = Collection([long_piece], [np.zeros(LONG, int)], [0], [np.array([0])])
    spans = [Span(0, 1200, 1300), Span(0, 0, 60, shift=3)]
    for most_kept in (LONG, LONG - 1):  # kept, or computed for each excerpt
        batch = collate(spans, collection.with_matches(most_kept=most_kept), torch.zeros(12))
        whole = match_features(long_piece)
        np.testing.assert_allclose(batch.matches[0], whole[1200:1300], atol=1e-5)
        moved = match_features(np.roll(long_piece, 3, axis=1))[:60]
        np.testing.assert_allclose(batch.matches[1, :60], moved, atol=1e-5)


def make_twice(n_pieces, seed):
    """Passages of 40 random notes, played twice."""
    rng = np.random.RandomState(seed)
    return [
        np.tile(np.eye(12, dtype=np.float32)[rng.randint(12, size=40)], (2, 1))
        for _ in range(n_pieces)
    ]


BEATS = Timing.from_tempo(100, frames_per_beat=2)


def test_what_was_heard_before_is_foreseen():
    composer = LSTMComposer(hidden_size=24, max_iter=25, emission="logistic", random_state=0)
    composer.fit(make_twice(60, seed=0), timing=BEATS)
    scores = np.array(composer.score_samples(make_twice(10, seed=1)))
    assert scores[:, 50:].mean() > scores[:, :40].mean() + 1


@pytest.fixture(scope="module")
def by_beats(chroma):
    """A composer that reads match features; tests must not change it."""
    composer = LSTMComposer(hidden_size=8, max_iter=2, random_state=0)
    return composer.fit([np.tile(piece, (3, 1)) for piece in chroma], timing=BEATS)


def n_inputs(composer):
    return composer.weights_["lstm.weight_ih_l0"].shape[1]


def test_frames_at_a_rate_have_none(chroma, by_beats):
    small = LSTMComposer(hidden_size=8, max_iter=1, random_state=0)
    assert n_inputs(by_beats) == n_inputs(small.fit(chroma)) + 13
    assert n_inputs(by_beats) == n_inputs(small.fit(chroma, timing=10.8)) + 13


def test_learning_goes_on_with_what_was_read_before(chroma, by_beats):
    composer = pickle.loads(pickle.dumps(by_beats)).partial_fit(chroma)
    assert n_inputs(composer) == n_inputs(by_beats)
    assert np.isfinite(composer.score(chroma))


def test_files_hold_all_that_composing_needs(chroma, by_beats):
    again = pickle.loads(pickle.dumps(by_beats))
    for prime in (None, np.tile(chroma[0], (2, 1))):
        one, other = (each.sample(40, prime=prime, random_state=1) for each in (by_beats, again))
        np.testing.assert_array_equal(one, other)


def test_no_prediction_knows_the_future(chroma, by_beats):
    piece = np.tile(chroma[0], (3, 1))
    changed = np.concatenate([piece[:70], chroma[1][:30]])
    for ask in (by_beats.score_samples, by_beats.predict):
        np.testing.assert_allclose(ask(piece)[:70], ask(changed)[:70], atol=1e-4)


def test_transposed_music_is_foreseen_transposed(chroma, by_beats):
    piece = np.tile(chroma[0], (3, 1))
    moved = np.roll(piece, 5, axis=1)
    one, other = by_beats.score_samples(piece), by_beats.score_samples(moved)
    np.testing.assert_allclose(one, other, atol=1e-3)
    one, other = by_beats.predict(piece), by_beats.predict(moved)
    np.testing.assert_allclose(np.roll(one, 5, axis=1), other, atol=1e-4)
