import numpy as np
import pytest
import torch

from musicai import LSTMComposer
from musicai.composer._checks import choose_key_invariance, tie_pitches
from musicai.composer._data import (
    CHUNK_LENGTH,
    UNKNOWN_KEY,
    Collection,
    Span,
    collate,
    training_batches,
)


def pieces_of(*lengths):
    return [np.random.RandomState(n).random_sample((n, 3)).astype(np.float32) for n in lengths]


def collection_of(pieces, *, keys=None, shifts=(0,)):
    styles = [np.zeros(len(piece), int) for piece in pieces]
    return Collection(pieces, styles, keys or [0] * len(pieces), [np.array(shifts)] * len(pieces))


def test_every_frame_is_in_exactly_one_excerpt_per_epoch():
    pieces = pieces_of(1, 5, CHUNK_LENGTH, CHUNK_LENGTH + 1, 1000)
    met = [np.zeros(len(piece), int) for piece in pieces]
    for spans in training_batches(collection_of(pieces), 3, np.random.RandomState(0)):
        assert len(spans) <= 3
        for span in spans:
            assert 0 < len(span) <= CHUNK_LENGTH
            met[span.piece][span.start : span.stop] += 1
    assert all((count == 1).all() for count in met)


def test_excerpts_have_the_shift_and_the_transposed_key_of_their_piece():
    collection = collection_of(pieces_of(5, 6), keys=[1, 2], shifts=[3])
    (spans,) = training_batches(collection, 8, np.random.RandomState(0))
    assert sorted((span.key, span.shift) for span in spans) == [(4, 3), (5, 3)]


def test_excerpts_of_piano_rolls_are_not_transposed_and_some_have_no_key():
    rolls = [np.eye(20, dtype=np.float32)] * 200
    collection = Collection.of(rolls, [np.zeros(20, int)] * 200, "tied bernoulli", True)
    batches = training_batches(collection, 8, np.random.RandomState(0))
    spans = [span for batch in batches for span in batch]
    assert {span.shift for span in spans} == {0}
    assert {span.key for span in spans} == {collection.keys[0], UNKNOWN_KEY}
    assert 0.1 < np.mean([span.key == UNKNOWN_KEY for span in spans]) < 0.9


@pytest.mark.parametrize("start", [0, 4])
def test_previous_holds_the_frame_before_each_frame(start):
    pieces = pieces_of(10, 6)
    styles = [np.full(10, 2), np.full(6, 1)]
    spans = [Span(0, start, 9), Span(1, 0, 3)]
    collection = Collection(pieces, styles, [], [])
    batch = collate(spans, collection, torch.tensor([7.0, 8.0, 9.0]))
    np.testing.assert_array_equal(batch.frames[0], pieces[0][start:9])
    np.testing.assert_array_equal(batch.previous[0, 1:], pieces[0][start:8])
    before = pieces[0][start - 1] if start else [7, 8, 9]
    np.testing.assert_array_equal(batch.previous[0, 0], before)
    assert batch.start[0, 0] == (start == 0)
    assert batch.mask.sum(1).tolist() == [9 - start, 3]
    assert batch.styles[0, 0] == 2


def test_excerpts_are_transposed_together_with_the_frame_before_them():
    pieces = pieces_of(10)
    span = Span(0, 4, 9, shift=-1, key=7)
    batch = collate([span], collection_of(pieces), torch.zeros(3))
    np.testing.assert_array_equal(batch.frames[0], np.roll(pieces[0][4:9], -1, axis=1))
    np.testing.assert_array_equal(batch.previous[0], np.roll(pieces[0][3:8], -1, axis=1))
    assert (batch.keys == 7).all()


def test_a_split_leaves_a_training_piece_of_every_style():
    pieces = pieces_of(5, 6, 7, 8)
    styles = [np.full(5, 1), np.full(6, 2), np.full(7, 2), np.full(8, 3)]
    for seed in range(20):
        drawn, left = Collection(pieces, styles, [0] * 4, [np.zeros(1, int)] * 4).split(
            0.5, np.random.RandomState(seed)
        )
        assert len(drawn.pieces) == 1
        assert len(left.pieces) == 3
        assert {int(style[0]) for style in left.styles} == {1, 2, 3}


def test_no_validation_piece_is_set_aside_if_none_can_be_spared():
    pieces = pieces_of(5, 6)
    styles = [np.full(5, 1), np.full(6, 2)]
    collection = Collection(pieces, styles, [0] * 2, [np.zeros(1, int)] * 2)
    drawn, left = collection.split(0.5, np.random.RandomState(0))
    assert drawn is None
    assert len(left.pieces) == 2
    composer = LSTMComposer(hidden_size=4, max_iter=2, random_state=0)
    composer.fit(pieces, ["low", "high"])
    assert composer.best_validation_score_ is None
    assert composer.validation_curve_ is None


@pytest.mark.parametrize("seed", range(5))
def test_the_only_piece_with_enough_frames_is_not_set_aside(seed):
    pieces = pieces_of(28, 1)
    styles = [np.zeros(28, int), np.zeros(1, int)]
    collection = Collection(pieces, styles, [0] * 2, [np.zeros(1, int)] * 2)
    _, left = collection.split(0.5, np.random.RandomState(seed))
    assert sum(map(len, left.pieces)) >= 28


@pytest.mark.parametrize("n_frames", [1, 127, 128])
def test_a_piece_of_at_most_128_frames_is_not_cut(n_frames):
    piece = np.zeros((n_frames, 12), np.float32)
    collection = Collection([piece], [np.zeros(n_frames, int)], [0], [np.zeros(1, int)])
    for seed in range(20):
        ((span,),) = training_batches(collection, 4, np.random.RandomState(seed))
        assert (span.start, span.stop, span.key) == (0, n_frames, 0)


def test_excerpts_are_never_empty_and_all_offsets_occur():
    piece = np.zeros((129, 12), np.float32)
    collection = Collection([piece], [np.zeros(129, int)], [0], [np.zeros(1, int)])
    firsts = set()
    for seed in range(1500):
        spans = [
            span
            for batch in training_batches(collection, 1, np.random.RandomState(seed))
            for span in batch
        ]
        spans.sort(key=lambda span: span.start)
        assert [len(span) > 0 for span in spans] == [True, True]
        firsts.add(len(spans[0]))
    assert firsts == set(range(1, 129))


@pytest.mark.parametrize(("share", "n_drawn"), [(0.1, 2), (0.25, 5), (0.5, 10), (0.001, 1)])
def test_the_requested_share_of_pieces_is_set_aside(share, n_drawn):
    pieces = [np.full((3, 12), i, np.float32) for i in range(20)]
    styles, shifts = [np.zeros(3, int)] * 20, [np.zeros(1, int)] * 20
    collection = Collection(pieces, styles, list(range(20)), shifts)
    drawn, rest = collection.split(share, np.random.RandomState(0))
    assert len(drawn.pieces) == n_drawn
    assert sorted(drawn.keys + rest.keys) == list(range(20))


@pytest.mark.parametrize(
    ("emission", "n_features", "has_key"),
    [
        ("logistic", 12, True),
        ("bernoulli", 12, True),
        ("bernoulli", 88, True),
        ("independent bernoulli", 128, True),
        ("logistic", 88, False),
        ("bernoulli", 10, False),
        ("gaussian", 12, False),
    ],
)
def test_key_invariance_depends_on_the_emission_and_the_number_of_features(
    emission, n_features, has_key
):
    assert choose_key_invariance("auto", emission, n_features) is has_key


@pytest.mark.parametrize(
    ("emission", "key_invariant", "n_features", "expected"),
    [
        ("bernoulli", True, 88, "tied bernoulli"),
        ("independent bernoulli", True, 13, "independent tied bernoulli"),
        ("bernoulli", True, 12, "bernoulli"),
        ("bernoulli", False, 88, "bernoulli"),
        ("logistic", True, 88, "logistic"),
    ],
)
def test_key_invariant_piano_rolls_share_weights_over_pitch(
    emission, key_invariant, n_features, expected
):
    assert tie_pitches(emission, key_invariant, n_features) == expected
