import tracemalloc

import numpy as np
import pytest

from musicai.display import SelfSimilarityDisplay
from musicai.metrics import recurrence

RNG = np.random.default_rng(0)


def test_a_repeated_passage_is_a_stripe():
    verse, chorus = RNG.random((2, 60, 12))
    song = np.concatenate([verse, chorus, verse])
    display = SelfSimilarityDisplay.from_piece(song, n_frames=20, timing=10)
    np.testing.assert_allclose(np.diag(display.similarity), 1, rtol=1e-5)
    np.testing.assert_allclose(np.diag(display.similarity, 120), 1, rtol=1e-5)
    assert np.diag(display.similarity, 60).max() < 0.95
    np.testing.assert_array_equal(display.similarity, display.similarity.T)
    image = display.ax_.images[0]
    np.testing.assert_array_equal(image.get_array(), display.similarity)
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("Time (s)", "Time (s)")
    assert display.times[-1] == pytest.approx((180 - 20 + 0.5) / 10)


def test_shares_of_similar_windows_match_the_recurrence_metric():
    piece = RNG.random((300, 12)).cumsum(axis=0) % 1
    display = SelfSimilarityDisplay.from_piece(piece, n_frames=5)
    rows = range(0, len(display.similarity) - 100, 5)
    pairs = np.concatenate([display.similarity[row, row + 100 :] for row in rows])
    shares = [recurrence(piece, n_frames=5, min_distance=100, similarity=s) for s in (0, 0.1, 0.3)]
    assert [np.mean(pairs > s) for s in (0, 0.1, 0.3)] == pytest.approx(shares, abs=1e-3)


def test_long_pieces_take_little_memory_and_are_drawn_to_the_end():
    hour = np.repeat(RNG.random((400, 12), dtype=np.float32), 97, axis=0)
    SelfSimilarityDisplay.from_piece(hour[:100])  # import everything before memory is measured
    tracemalloc.start()
    display = SelfSimilarityDisplay.from_piece(hour, timing=len(hour) / 3600)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6
    assert 900 < len(display.similarity) <= 1000
    assert display.times[-1] == pytest.approx(3600, rel=1e-4)


@pytest.mark.parametrize("n_frames", [1, 12])
def test_a_piece_of_one_window_can_be_drawn(n_frames):
    display = SelfSimilarityDisplay.from_piece(np.eye(12)[:n_frames], n_frames=n_frames)
    np.testing.assert_allclose(display.similarity, [[1]], rtol=1e-6)


@pytest.mark.parametrize("level", [0, 0.1, 0.3, 1])
def test_flat_frames_have_zero_similarity(level):
    display = SelfSimilarityDisplay.from_piece(np.full((30, 12), level), n_frames=10)
    assert not display.similarity.any()


def test_errors_describe_the_input():
    with pytest.raises(ValueError, match=r"n_frames=22, but the piece has 12: use fewer"):
        SelfSimilarityDisplay.from_piece(np.eye(12))
    with pytest.raises(ValueError, match=r"n_frames must be an integer of at least 1, got 0"):
        SelfSimilarityDisplay.from_piece(np.eye(12), n_frames=0)
    with pytest.raises(ValueError, match="draws one piece"):
        SelfSimilarityDisplay.from_piece([np.eye(12), np.eye(12)])
