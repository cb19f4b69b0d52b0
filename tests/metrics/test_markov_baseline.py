from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from threadpoolctl import threadpool_info, threadpool_limits

from musicai.metrics import MarkovBaseline, key_correlation


@pytest.fixture(scope="module")
def chain(music):
    return MarkovBaseline(16, random_state=0).fit(music, ["folk", "jazz"] * 12)


def test_sample_returns_one_piece_or_a_list_of_pieces(chain):
    assert chain.sample(30).shape == (30, 12)
    pieces = chain.sample(30, n_pieces=3)
    assert isinstance(pieces, list)
    assert [piece.shape for piece in pieces] == [(30, 12)] * 3
    assert pieces[0].dtype == np.float32


def test_a_seed_determines_the_piece(chain, music):
    np.testing.assert_array_equal(
        chain.sample(50, random_state=3), clone(chain).fit(music).sample(50, random_state=3)
    )
    np.testing.assert_array_equal(chain.sample(50), chain.sample(50))  # the chain's own seed
    assert (chain.sample(50, random_state=3) != chain.sample(50, random_state=4)).any()


def test_probabilities_sum_to_one(chain):
    np.testing.assert_allclose(chain.transitions_.sum(axis=1), 1)
    np.testing.assert_allclose(chain.style_transitions_.sum(axis=2), 1)
    assert chain.start_.sum() == pytest.approx(1)
    np.testing.assert_allclose(chain.style_starts_.sum(axis=1), 1)


def test_samples_follow_a_cycle_of_states():
    circle = np.eye(5)[np.tile([0, 1, 2, 3, 4], 20)]  # five features, so not chroma
    chain = MarkovBaseline(5, random_state=0).fit(circle)
    assert not chain.key_invariant_
    states = chain.sample(100).argmax(axis=1)
    np.testing.assert_array_equal(np.diff(states) % 5, 1)


def test_pieces_are_composed_in_many_keys(chain):
    pieces = chain.sample(200, n_pieces=60)
    loudest = {int(piece.sum(axis=0).argmax()) for piece in pieces}
    assert len(loudest) > 8
    assert key_correlation(pieces) > 0.6


def test_transposing_the_training_pieces_does_not_change_samples(music):
    moved = [np.roll(piece, 5, axis=1) for piece in music]
    np.testing.assert_array_equal(
        MarkovBaseline(random_state=0).fit(music).sample(40),
        MarkovBaseline(random_state=0).fit(moved).sample(40),
    )


def test_frames_peak_at_one_if_training_frames_do(chain, music):
    assert {piece.max() for piece in chain.sample(100)} == {1.0}
    quiet = MarkovBaseline(random_state=0).fit([0.5 * piece for piece in music])
    assert quiet.prototypes_.max() <= 0.5


def test_each_style_has_its_own_transitions_and_styles_can_be_blended():
    low, high = np.eye(4)[[0, 1] * 20], np.eye(4)[[2, 3] * 20]
    chain = MarkovBaseline(random_state=0).fit([low, high, low], ["a", "b", "a"])
    assert list(chain.styles_) == ["a", "b"]
    assert not chain.sample(50, style="a")[:, 2:].any()
    assert not chain.sample(50, style="b")[:, :2].any()
    blended = chain.sample(4, n_pieces=200, style={"a": 3, "b": 1})
    assert np.mean([piece[0, :2].any() for piece in blended]) == pytest.approx(0.75, abs=0.1)
    assert not chain.sample(50, style={"a": 1, "b": 0})[:, 2:].any()


def test_labels_are_checked_as_in_lstm_composer():
    pieces = [np.eye(4)[[i, (i + 1) % 4] * 20] for i in range(3)]
    chain = MarkovBaseline(random_state=0).fit(pieces, np.array(["a", "b", "b"]))
    assert [type(label) for label in chain.styles_] == [str, str]
    missing = MarkovBaseline(random_state=0).fit(pieces, ["a", None, float("nan")])
    assert list(missing.styles_) == ["a"]
    for style, message in [(["a"], r"unknown style \['a'\]"), ({"a": -1}, "at least 0, got -1")]:
        with pytest.raises(ValueError, match=message):
            chain.sample(10, style=style)
    with pytest.raises(ValueError, match="must all be of one kind"):
        MarkovBaseline().fit(pieces, ["a", 1, "b"])
    with pytest.raises(ValueError, match="40 style labels for piece 0: expected one label"):
        MarkovBaseline().fit(pieces[0], ["a", "b"] * 20)


def test_only_the_ratio_of_style_weights_matters():
    chain = MarkovBaseline(random_state=0).fit(
        list(np.eye(4)[[[0, 1] * 9, [2, 3] * 9]]), ["a", "b"]
    )
    np.testing.assert_array_equal(
        chain.sample(30, style={"a": 1e308, "b": 1e308}), chain.sample(30, style={"a": 1, "b": 1})
    )


def test_the_chain_continues_from_a_state_without_a_successor():
    piece = np.eye(4)[[0, 1, 0, 1, 2]]
    chain = MarkovBaseline(random_state=0).fit(piece)
    assert len(chain.sample(200)) == 200
    assert np.isfinite(chain.transitions_).all()


def test_there_are_at_most_as_many_prototypes_as_distinct_frames():
    assert len(MarkovBaseline().fit(np.eye(12)[[0, 4, 7] * 5]).prototypes_) == 3
    assert len(MarkovBaseline().fit([np.eye(12)[:1], np.empty((0, 12))]).prototypes_) == 1


def test_without_a_seed_the_global_random_state_is_not_used(music):
    before = np.random.get_state()[1].copy()
    chain = MarkovBaseline(4).fit(music[:2])
    assert (chain.sample(50) != chain.sample(50)).any()
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_concurrent_fits_leave_the_number_of_blas_threads_unchanged(music):
    def n_threads():
        return [lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"]

    chains = [MarkovBaseline(8, random_state=0) for _ in range(12)]
    with threadpool_limits(2, "blas"):
        before = n_threads()
        with ThreadPoolExecutor(4) as pool:
            fits = list(pool.map(lambda chain: chain.fit(music[:3]), chains))
        assert n_threads() == before
    for each in fits:
        np.testing.assert_array_equal(each.prototypes_, fits[0].prototypes_)


def test_errors_say_what_to_do(chain, music):
    with pytest.raises(ValueError, match="unknown style 'rock'.*'folk', 'jazz'"):
        chain.sample(10, style="rock")
    with pytest.raises(ValueError, match="no weight above 0"):
        chain.sample(10, style={"folk": 0.0})
    with pytest.raises(ValueError, match="n_frames must be an integer of at least 1, got 0"):
        chain.sample(0)
    with pytest.raises(ValueError, match="n_pieces must be an integer of at least 1, or None"):
        chain.sample(10, n_pieces=0)
    with pytest.raises(ValueError, match="2 style labels for 24 piece"):
        MarkovBaseline().fit(music, ["a", "b"])
    with pytest.raises(ValueError, match="n_states must be"):
        MarkovBaseline(0).fit(music)
    with pytest.raises(ValueError, match="no frames to learn from"):
        MarkovBaseline().fit([np.empty((0, 12))])
    with pytest.raises(NotFittedError):
        MarkovBaseline().sample(10)
