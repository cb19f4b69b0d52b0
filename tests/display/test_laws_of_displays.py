"""Laws of displays for any piece."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import pyplot

from musicai.display import ChromagramDisplay, SelfSimilarityDisplay, TransitionMatrixDisplay

few = settings(max_examples=6, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def make_piece(seed, n_frames):
    return np.random.default_rng(seed).random((n_frames, 12)).astype(np.float32)


@few
@given(seed=seeds, n_frames=st.integers(8, 40), semitones=st.integers(1, 11))
def test_transposition_does_not_change_self_similarity(seed, n_frames, semitones):
    piece = make_piece(seed, n_frames)
    before = piece.copy()
    plain = SelfSimilarityDisplay.from_piece(piece, n_frames=4).similarity
    moved = SelfSimilarityDisplay.from_piece(np.roll(piece, semitones, axis=1), n_frames=4)
    np.testing.assert_allclose(moved.similarity, plain, atol=1e-5)
    np.testing.assert_array_equal(plain, plain.T)
    assert np.abs(plain).max() <= 1 + 1e-5
    np.testing.assert_array_equal(piece, before)
    pyplot.close("all")


@few
@given(seed=seeds, n_frames=st.integers(1, 40), semitones=st.integers(1, 11))
def test_a_transposed_piece_is_drawn_transposed(seed, n_frames, semitones):
    piece = make_piece(seed, n_frames)
    plain = ChromagramDisplay.from_piece(piece).piece
    moved = ChromagramDisplay.from_piece(np.roll(piece, semitones, axis=1)).piece
    np.testing.assert_array_equal(plain, piece)
    np.testing.assert_array_equal(moved, np.roll(plain, semitones, axis=1))
    pyplot.close("all")


@few
@given(seed=seeds, n_pieces=st.integers(1, 3))
def test_the_order_of_pieces_does_not_change_transitions(seed, n_pieces):
    pieces = [np.repeat(make_piece(seed + i, 9), 3, axis=0) for i in range(n_pieces)]
    one = TransitionMatrixDisplay.from_pieces(pieces).matrix
    other = TransitionMatrixDisplay.from_pieces(pieces[::-1]).matrix
    np.testing.assert_allclose(one, other, atol=1e-12)
    pyplot.close("all")
