"""Laws of the baselines that hold for any training music."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musicai.metrics import IndependentBaseline, MarkovBaseline, PersistenceBaseline

few = settings(max_examples=10, deadline=None)
seeds = st.integers(0, 2**32 - 1)
lengths = st.lists(st.integers(0, 12), min_size=1, max_size=4)


def make_pieces(lengths, seed, n_features=3):
    rng = np.random.default_rng(seed)
    return [rng.random((length, n_features)).astype(np.float32) for length in lengths]


@pytest.mark.parametrize("Baseline", [IndependentBaseline, PersistenceBaseline])
@few
@given(lengths=lengths, seed=seeds, n_levels=st.sampled_from([2, 7, 256]), past=st.floats(0, 1))
def test_likelihoods_of_all_possible_next_frames_sum_to_one(
    Baseline, lengths, seed, n_levels, past
):
    X = make_pieces([5, *lengths], seed, n_features=1)
    baseline = Baseline(n_levels=n_levels).fit(X)
    futures = [np.array([[past], [level]]) for level in np.linspace(0, 1, n_levels)]
    for moment in (0, 1):
        alone = [future[1 - moment :] for future in futures]
        total = sum(np.exp(score[moment]) for score in baseline.score_samples(alone))
        assert total == pytest.approx(1)


@pytest.mark.parametrize("Baseline", [IndependentBaseline, PersistenceBaseline])
@few
@given(lengths=lengths, seed=seeds)
def test_scores_do_not_depend_on_other_pieces_or_later_frames(Baseline, lengths, seed):
    X = make_pieces(lengths, seed)
    baseline = Baseline().fit(make_pieces([40, 30], 0))
    scores = baseline.score_samples(X)
    assert [len(score) for score in scores] == lengths
    for piece, score in zip(X, scores, strict=True):
        half = len(piece) // 2
        np.testing.assert_array_equal(baseline.score_samples([piece])[0], score)
        np.testing.assert_array_equal(baseline.score_samples([piece[:half]])[0], score[:half])
    copy = pickle.loads(pickle.dumps(baseline))
    for one, other in zip(copy.score_samples(X), scores, strict=True):
        np.testing.assert_array_equal(one, other)
    again = Baseline().fit(make_pieces([40, 30], 0)[::-1])
    np.testing.assert_allclose(again.mass_, baseline.mass_)


@few
@given(
    n_frames=st.integers(1, 20),
    n_pieces=st.integers(1, 4),
    seed=seeds,
    n_states=st.integers(1, 6),
)
def test_a_markov_chain_composes_frames_in_the_range_of_the_training_frames(
    n_frames, n_pieces, seed, n_states
):
    X = make_pieces([20, 15], seed)
    chain = MarkovBaseline(n_states, random_state=0).fit(X)
    for shares in (chain.start_, *chain.transitions_):
        assert shares.min() >= 0
        assert shares.sum() == pytest.approx(1)
    options = {"n_pieces": n_pieces, "random_state": seed}
    pieces = chain.sample(n_frames, **options)
    assert [piece.shape for piece in pieces] == [(n_frames, 3)] * n_pieces
    low, high = (bound(np.concatenate(X)) for bound in (np.min, np.max))
    for piece in pieces:
        assert low - 1e-6 <= piece.min() <= piece.max() <= high + 1e-6
    again = pickle.loads(pickle.dumps(chain)).sample(n_frames, **options)
    for one, other in zip(again, pieces, strict=True):
        np.testing.assert_array_equal(one, other)
