"""Conditioning on traits, and redrawing of frames in training."""

import pickle

import numpy as np
import pytest
import torch

from musicai import LSTMComposer
from musicai.composer._conditioning import (
    NO_TRAITS,
    drop_and_blur,
    sample_traits,
    with_traits,
)
from musicai.composer._data import CHUNK_LENGTH, Collection, Span, collate
from musicai.composer._network import network_to_train


def make_network(n_features=12, seed=0):
    return network_to_train(
        "logistic",
        [np.full((2, n_features), 0.5)],
        weights=None,
        seed=seed,
        n_styles=0,
        hidden_size=9,
        n_layers=1,
        dropout=0.0,
    )


def collection_of(pieces, *, shift=0):
    styles = [np.zeros(len(piece), int) for piece in pieces]
    return Collection(pieces, styles, [0] * len(pieces), [np.array([shift])] * len(pieces))


def make_batch(pieces):
    spans = [Span(i, 0, len(piece)) for i, piece in enumerate(pieces)]
    return collate(spans, collection_of(pieces), torch.zeros(pieces[0].shape[1]))


def traits_of(piece, *, shift=0):
    _, (traits, _), _ = with_traits(collection_of([piece], shift=shift), before=NO_TRAITS)
    return traits


def test_traits_are_means_of_features_and_of_their_changes(chroma):
    (traits,) = traits_of(chroma[0])
    np.testing.assert_allclose(traits[:12], chroma[0].mean(0), rtol=1e-5)
    changes = np.abs(np.diff(chroma[0], axis=0)).sum(0) / len(chroma[0])
    np.testing.assert_allclose(traits[12:], changes, rtol=1e-5)


def test_traits_are_computed_in_the_common_key(chroma):
    moved = traits_of(np.roll(chroma[0], 3, axis=1), shift=-3)
    np.testing.assert_allclose(moved, traits_of(chroma[0]), rtol=1e-5)


def loud_and_soft(chroma):
    part = np.resize(chroma[0], (CHUNK_LENGTH, 12))
    return np.concatenate([part, 0.5 * part])


def test_a_long_piece_has_traits_for_each_part(chroma):
    loud, soft = traits_of(loud_and_soft(chroma))[:, :12]
    np.testing.assert_allclose(loud, 2 * soft, rtol=1e-5)


def test_each_frame_of_an_excerpt_has_the_traits_of_its_part(chroma):
    training, _, _ = with_traits(collection_of([loud_and_soft(chroma)]), before=NO_TRAITS)
    spans = [Span(0, start, start + 4) for start in (0, CHUNK_LENGTH - 2, CHUNK_LENGTH)]
    traits = collate(spans, training, torch.zeros(12)).traits[..., 0]
    np.testing.assert_allclose(traits, [[1, 1, 1, 1], [1, 1, -1, -1], [-1] * 4], rtol=1e-5)


def test_traits_of_a_frame_are_means_over_the_frames_that_share_them():
    piece = np.random.RandomState(0).rand(5001, 12).astype(np.float32)
    training, _, (mean, spread) = with_traits(collection_of([piece]), before=NO_TRAITS)
    traits = collate([Span(0, 0, len(piece))], training, torch.zeros(12)).traits[0].numpy()
    distinct, which = np.unique(traits, axis=0, return_inverse=True)
    assert len(distinct) == round(len(piece) / CHUNK_LENGTH)
    for number, values in enumerate(distinct * spread + mean):
        part = piece[which.ravel() == number]
        np.testing.assert_allclose(values[:12], part.mean(0), rtol=1e-4)


def test_constant_traits_are_not_scaled():
    pieces = [np.full((4, 2), (0.5, 1.0)), np.full((4, 2), (0.5, 3.0))]
    _, _, (mean, spread) = with_traits(collection_of(pieces), before=NO_TRAITS)
    np.testing.assert_array_equal(mean, [0.5, 2, 0, 0])
    np.testing.assert_array_equal(spread, [1, 1, 1, 1])


@pytest.mark.parametrize("order", [1, -1])
def test_traits_have_the_same_scale_if_pieces_are_passed_one_by_one(chroma, order):
    pieces = [(0.2 + 0.1 * i) * piece for i, piece in enumerate(chroma)]
    together = LSTMComposer(hidden_size=8, random_state=0).partial_fit(pieces)
    apart = LSTMComposer(hidden_size=8, random_state=0)
    for piece in pieces[::order]:
        apart.partial_fit([piece])
    one, other = (each.weights_["trait_scale"] for each in (together, apart))
    np.testing.assert_allclose(one, other, rtol=1e-5)


def test_a_warm_start_scales_traits_by_all_pieces_so_far(chroma):
    still = [np.full((40, 12), 0.5) + 1e-5 * i for i in range(4)]
    composer = LSTMComposer(hidden_size=8, max_iter=1, warm_start=True, random_state=0)
    composer.fit(still).fit(chroma)
    traits, _ = composer._traits
    mean, spread = composer.weights_["trait_scale"]
    assert np.abs((traits - mean) / spread).max() < len(traits) ** 0.5 + 1e-3


def test_most_excerpts_get_blurred_traits_and_the_others_get_none():
    given = drop_and_blur(torch.zeros(2000, 2, 3), torch.Generator().manual_seed(0))
    known = given[:, 0, -1] == 1
    assert 0.65 < known.float().mean() < 0.75
    assert 0.15 < given[known, 0, :3].std() < 0.25
    assert not given[~known].any()
    assert torch.equal(given[:, 0], given[:, 1])  # all frames of an excerpt are blurred alike


def test_traits_are_drawn_from_pieces_of_the_style():
    traits, styles = np.eye(6, dtype=np.float32), np.array([0, 1, 1, 2, 2, 2])
    rng = np.random.RandomState(0)

    def draw(style):
        rows = [sample_traits(traits, styles, style, rng) for _ in range(200)]
        assert all(row[-1] == 1 for row in rows)
        return {int(row[:-1].argmax()) for row in rows}

    assert draw(1) == {1, 2}
    assert draw(2) == {3, 4, 5}
    assert draw(0) == set(range(6))


def test_samples_of_a_loud_style_are_louder_than_those_of_a_soft_style():
    rng = np.random.RandomState(0)
    pieces = [level + 0.1 * rng.standard_normal((60, 12)) for level in [0.25] * 8 + [0.6] * 8]
    composer = LSTMComposer(
        hidden_size=16, max_iter=60, batch_size=4, early_stopping=False, random_state=0
    )
    composer.fit(np.clip(pieces, 0, 1), ["soft"] * 8 + ["loud"] * 8)
    sampled = {
        style: np.mean(composer.sample(60, n_pieces=16, style=style, random_state=0))
        for style in ("soft", "loud")
    }
    assert sampled["loud"] > sampled["soft"]


def redraw(pieces):
    network, generator = make_network(), torch.Generator().manual_seed(0)
    batch = make_batch(pieces)
    given = torch.zeros(len(pieces), 1, 25)
    previous, generated = network._with_redrawn_frames(batch, given, generator)
    return batch, previous, generated


def test_redrawn_frames_keep_the_notes(chroma):
    batch, previous, generated = redraw(
        [np.rint(255 * piece[:40]) / np.float32(255) for piece in chroma]
    )
    own = generated.bool()
    assert 0.2 < generated[batch.mask].mean() < 0.8
    assert not own[batch.start.bool()].any()
    assert torch.equal(previous[~own], batch.previous[~own])
    assert not torch.equal(previous[own], batch.previous[own])
    assert torch.equal(previous[own] == 1, batch.previous[own] == 1)
    assert previous.min() >= 0
    # Frames are redrawn from one frame on, up to the end.
    assert (generated.diff(dim=1) >= 0)[:, 1:].all()


def test_silent_frames_stay_silent_when_redrawn():
    _, previous, generated = redraw([np.zeros((30, 12), np.float32)] * 4)
    assert not previous.any()
    assert generated.any()


def test_traits_affect_samples_but_neither_scores_nor_continuations(fitted, chroma):
    other = pickle.loads(pickle.dumps(fitted))
    other.weights_["traits"] = 3 * other.weights_["traits"]
    assert other.score(chroma) == fitted.score(chroma)
    assert not np.array_equal(other.sample(20, random_state=0), fitted.sample(20, random_state=0))
    primed = [each.sample(20, prime=chroma[0], random_state=0) for each in (other, fitted)]
    np.testing.assert_array_equal(*primed)


def test_traits_of_repeated_pieces_are_stored_once(chroma, styles):
    composer = LSTMComposer(hidden_size=8, random_state=0)
    for _ in range(3):
        composer.partial_fit(chroma, styles)
    assert len(composer._traits[0]) == len(chroma)
    composer.partial_fit(chroma[:1], styles[1:2])
    assert len(composer._traits[0]) == len(chroma) + 1


def test_piano_rolls_have_no_traits(rolls):
    composer = LSTMComposer(hidden_size=8, max_iter=1, random_state=0).fit(rolls)
    assert "traits" not in composer.weights_


def test_pieces_of_integers_have_the_same_traits_as_pieces_of_floats(chroma):
    piece = np.rint(chroma[0]).astype(np.uint8)
    np.testing.assert_array_equal(
        traits_of(piece, shift=1), traits_of(piece.astype(np.float32), shift=1)
    )
