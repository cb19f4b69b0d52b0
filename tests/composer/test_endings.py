"""Endings of pieces and streams, and warnings about few endings and strange primes."""

import pickle
import warnings
from itertools import islice

import numpy as np
import pytest

from musicai import LSTMComposer
from musicai.composer._cues import find_ends


def make_endings(n_pieces, n_frames, *, seed, tail=6):
    """Return binary pieces of random notes that end with several frames of the highest note."""
    rng = np.random.RandomState(seed)
    pieces = []
    for _ in range(n_pieces):
        piece = np.eye(10, dtype=np.float32)[rng.randint(9, size=n_frames + rng.randint(20))]
        piece[-tail:] = np.eye(10)[9]
        pieces.append(piece)
    return pieces


def sharpness(pieces):
    """Return how much more often the highest note sounds in the last six frames than before."""
    return np.mean([piece[-6:, 9].mean() - piece[-12:-6, 9].mean() for piece in pieces])


@pytest.fixture(scope="module")
def closing():
    pieces = make_endings(40, 40, seed=0)
    return LSTMComposer(hidden_size=32, max_iter=60, batch_size=4, random_state=0).fit(pieces)


def test_sampled_endings_are_like_those_of_training_pieces(closing):
    ends = lambda pieces: np.mean([piece[-6:, 9].mean() for piece in pieces])  # noqa: E731
    before = lambda pieces: np.mean([piece[:-12, 9].mean() for piece in pieces])  # noqa: E731
    closed = closing.sample(40, n_pieces=20, ending=True, random_state=0)
    assert before(closed) < ends(closed) - 0.3


def test_a_continuation_of_a_prime_can_have_an_ending(closing):
    prime = make_endings(1, 30, seed=3)[0][:20]
    closed = closing.sample(12, prime=[prime] * 20, ending=True, random_state=0)
    assert np.mean([piece[-4:, 9].mean() for piece in closed]) > 0.7


def test_sampling_chooses_among_many_endings(closing):
    ended = []
    for seed in range(40):
        stream = closing.stream(random_state=seed)
        stream.end(40)
        ended.append(np.array(list(stream)))
    chosen = closing.sample(40, ending=True, random_state=list(range(40)))
    assert sharpness(chosen) > sharpness(ended)


def test_an_ending_does_not_change_what_comes_long_before_it(closing):
    ended = closing.sample(140, ending=True, random_state=[3, 4])
    for piece, endless in zip(ended, closing.sample(140, random_state=[3, 4]), strict=True):
        np.testing.assert_array_equal(piece[:11], endless[:11])


@pytest.mark.parametrize("n_frames", [1, 15, 60, 140])
def test_pieces_with_endings_sampled_together_equal_those_sampled_alone(closing, n_frames):
    primes = make_endings(2, 20, seed=2)
    together = closing.sample(n_frames, prime=primes, ending=True, random_state=[3, 4])
    for piece, prime, seed in zip(together, primes, (3, 4), strict=True):
        alone = closing.sample(n_frames, prime=prime, ending=True, random_state=seed)
        assert piece.shape == (n_frames, 10)
        np.testing.assert_array_equal(piece, alone)


def test_blends_and_chords_with_endings_sampled_together_equal_those_sampled_alone(chroma):
    composer = LSTMComposer(hidden_size=16, max_iter=2, random_state=0)
    composer.fit(chroma * 2, ["one", "other"] * len(chroma))
    blend = {"one": 0.5, "other": 0.5}
    asked = {
        "style": [blend, "one", None],
        "chords": [[("C", 4), ("G", 4)], None, [("F", 9)]],
        "key": [None, "D", None],
        "random_state": [5, 6, 7],
    }
    together = composer.sample(21, ending=True, **asked)
    for i, piece in enumerate(together):
        alone = composer.sample(21, ending=True, **{name: each[i] for name, each in asked.items()})
        np.testing.assert_array_equal(piece, alone)


@pytest.mark.parametrize("emission", ["auto", "logistic", "gaussian", "mse", "independent"])
@pytest.mark.parametrize("temperature", [1e-4, 1, 1e4])
def test_endings_are_finite_at_every_temperature(chroma, emission, temperature):
    composer = LSTMComposer(hidden_size=16, max_iter=1, emission=emission, random_state=0)
    composer.fit(chroma * 2)
    piece = composer.sample(9, ending=True, temperature=temperature, random_state=0)
    assert piece.shape == (9, 12)
    assert np.isfinite(piece).all()


def test_a_stream_ends_after_the_requested_number_of_frames(closing):
    closed = []
    for seed in range(10):
        stream = closing.stream(random_state=seed)
        np.testing.assert_array_equal(
            list(islice(stream, 25)), closing.sample(25, random_state=seed)
        )
        stream.end(15)
        rest = list(stream)
        assert len(rest) == 15
        assert list(stream) == []
        closed.append(np.mean(rest[-4:], axis=0)[9])
    assert np.mean(closed) > 0.7
    with pytest.raises(ValueError, match="n_frames"):
        closing.stream().end(0)
    with pytest.raises(ValueError, match="the piece has ended"):
        stream.end(15)


def test_the_end_of_a_piece_is_its_last_frame_that_is_not_silent():
    piece = np.zeros((3000, 12), np.float32)
    piece[:700, 3] = 1
    assert find_ends([piece, piece[:700], np.zeros((5, 12)), piece[:0]]) == [700, 700, 0, 0]


def test_sampling_an_ending_warns_if_there_were_few_training_pieces(chroma):
    composer = LSTMComposer(hidden_size=8, max_iter=1, random_state=0).fit(chroma[:3])
    with pytest.warns(UserWarning, match="trained on few endings"):
        composer.sample(4, ending=True)
    with pytest.warns(UserWarning, match="trained on few endings"):
        composer.stream().end(4)


def test_sampling_an_ending_warns_if_training_pieces_were_excerpts(closing):
    excerpts = [piece[:30] for piece in make_endings(20, 40, seed=0)]
    composer = LSTMComposer(hidden_size=8, max_iter=1, random_state=0).fit(excerpts)
    with pytest.warns(UserWarning, match="few endings: only 0 training pieces"):
        composer.sample(4, ending=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        closing.sample(4, ending=True)


def test_sampling_warns_about_a_prime_unlike_the_training_pieces(closing):
    usual = make_endings(1, 40, seed=5)[0][:30]
    strange = np.ones((30, 10), np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        closing.sample(3, prime=usual)
        closing.sample(3, prime=usual[:5])
    for opened in (closing, pickle.loads(pickle.dumps(closing))):
        with pytest.warns(UserWarning, match="prime is far from the training music: -"):
            opened.sample(3, prime=strange)
        with pytest.warns(UserWarning, match="prime 1 is far from the training music"):
            opened.sample(3, prime=[usual, strange])
