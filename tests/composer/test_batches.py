import numpy as np
import pytest
import torch

from musicai.composer._batches import (
    CHUNK_LENGTH,
    Collection,
    Span,
    collate,
    training_batches,
    whole_batches,
)


def pieces_of(*lengths):
    return [np.random.RandomState(n).random_sample((n, 3)).astype(np.float32) for n in lengths]


def test_one_pass_meets_every_frame_once():
    pieces = pieces_of(1, 5, CHUNK_LENGTH, CHUNK_LENGTH + 1, 1000)
    met = [np.zeros(len(piece), int) for piece in pieces]
    for spans in training_batches(pieces, 3, np.random.RandomState(0)):
        assert len(spans) <= 3
        for span in spans:
            assert 0 < len(span) <= CHUNK_LENGTH
            met[span.piece][span.start : span.stop] += 1
    assert all((count == 1).all() for count in met)


def test_whole_batches_hold_every_piece_and_stay_small():
    pieces = pieces_of(0, 700, 3, 40, 41, 0, 90)
    batches = list(whole_batches(pieces, max_frames=100))
    assert sorted(s.piece for batch in batches for s in batch) == [1, 2, 3, 4, 6]
    assert all(len(b) == 1 or len(b) * max(map(len, b)) <= 100 for b in batches)


@pytest.mark.parametrize("start", [0, 4])
def test_previous_is_the_frame_before(start):
    pieces = pieces_of(10, 6)
    styles = [np.full(10, 2), np.full(6, 1)]
    spans = [Span(0, start, 9), Span(1, 0, 3)]
    batch = collate(spans, pieces, styles, torch.tensor([7.0, 8.0, 9.0]))
    np.testing.assert_array_equal(batch.frames[0], pieces[0][start:9])
    np.testing.assert_array_equal(batch.previous[0, 1:], pieces[0][start:8])
    before = pieces[0][start - 1] if start else [7, 8, 9]
    np.testing.assert_array_equal(batch.previous[0, 0], before)
    assert batch.start[0, 0] == (start == 0)
    assert batch.mask.sum(1).tolist() == [9 - start, 3]
    assert batch.styles[0, 0] == 2


def test_no_style_loses_its_last_piece():
    pieces = pieces_of(5, 6, 7, 8)
    styles = [np.full(5, 1), np.full(6, 2), np.full(7, 2), np.full(8, 3)]
    for seed in range(20):
        drawn, left = Collection(pieces, styles).split(0.5, np.random.RandomState(seed))
        assert len(drawn.pieces) == 1
        assert len(left.pieces) == 3
        assert {int(style[0]) for style in left.styles} == {1, 2, 3}
