"""Pieces differ from each other, and so does what is composed; a network knows its own frames."""

import pickle

import numpy as np
import torch

from musicai import LSTMComposer
from musicai.composer._batches import Span, collate
from musicai.composer._characters import (
    describe,
    draw_characters,
    mean_and_spread,
    tell_characters,
    told_or_not,
)
from musicai.composer._network import empty_network
from musicai.composer._own_frames import hear_own_frames


def make_network(n_features=12, seed=0):
    network = empty_network(
        "logistic", n_features=n_features, n_styles=0, hidden_size=9, n_layers=1, dropout=0.0
    )
    network.reset_parameters(torch.Generator().manual_seed(seed))
    return network


def make_batch(pieces):
    spans = [Span(i, 0, len(piece)) for i, piece in enumerate(pieces)]
    styles = [np.zeros(len(piece), int) for piece in pieces]
    return collate(spans, pieces, styles, torch.zeros(pieces[0].shape[1]))


def test_traits_are_means_and_mean_changes(chroma):
    (traits,) = describe(chroma[0], 0)
    np.testing.assert_allclose(traits[:12], chroma[0].mean(0), rtol=1e-5)
    changes = np.abs(np.diff(chroma[0], axis=0)).sum(0) / len(chroma[0])
    np.testing.assert_allclose(traits[12:], changes, rtol=1e-5)


def test_traits_move_with_the_key(chroma):
    moved = describe(np.roll(chroma[0], 3, axis=1), -3)
    np.testing.assert_allclose(moved, describe(chroma[0], 0), rtol=1e-5)


def test_a_long_piece_has_many_characters(chroma):
    long = np.concatenate([*[chroma[0]] * 16, *[0.5 * chroma[0]] * 16])  # 1280 frames
    loud, soft = describe(long, 0)[:, :12]
    np.testing.assert_allclose(loud, 2 * soft, rtol=1e-5)
    spans = [Span(0, start, start + 128) for start in (0, 500, 600, 1152)]
    told = tell_characters(spans, [1280] * 4, [np.array([[3.0], [7.0]])])
    np.testing.assert_array_equal(told, [[3], [3], [7], [7]])


def test_what_never_differs_is_not_scaled():
    mean, spread = mean_and_spread([np.array([[0.5, 1.0]]), np.array([[0.5, 3.0]])])
    np.testing.assert_array_equal(mean, [0.5, 2])
    np.testing.assert_array_equal(spread, [1, 1])


def test_most_characters_are_told_blurred():
    told = told_or_not(torch.zeros(2000, 3), torch.Generator().manual_seed(0))
    known = told[:, -1] == 1
    assert 0.65 < known.float().mean() < 0.75
    assert 0.15 < told[known, :3].std() < 0.25
    assert not told[~known].any()


def test_characters_are_those_of_the_style():
    characters, styles = np.arange(6.0)[:, None], np.array([0, 1, 1, 2, 2, 2])
    draw = lambda *weights: set(  # noqa: E731
        draw_characters(characters, styles, np.array(weights), 200, np.random.RandomState(0))[:, 0]
    )
    assert draw(0, 1, 0) == {1, 2}
    assert draw(0, 0, 1) == {3, 4, 5}
    assert draw(1, 0, 0) == set(range(6))
    assert draw(0, 0.5, 0.5) == {2, 2.5, 3, 3.5}


def test_pieces_take_their_character_from_what_was_learned():
    rng = np.random.RandomState(0)
    pieces = [level + 0.1 * rng.standard_normal((60, 12)) for level in [0.25] * 8 + [0.6] * 8]
    composer = LSTMComposer(
        hidden_size=16, max_iter=60, batch_size=4, early_stopping=False, random_state=0
    )
    characters, styles = composer.fit(np.clip(pieces, 0, 1))._characters
    means = []
    for half in (slice(8), slice(8, 16)):
        composer._characters = characters[half], styles[half]
        means.append(np.mean(composer.sample(60, n_pieces=16, random_state=0)))
    soft, loud = means
    assert loud - soft > 0.2


def test_own_frames_keep_the_notes(chroma):
    batch = make_batch([np.rint(255 * piece[:40]) / np.float32(255) for piece in chroma])
    network, generator = make_network(), torch.Generator().manual_seed(0)
    untold = torch.zeros(len(chroma), 25)
    heard, drawn = hear_own_frames(network, batch, batch.styles, untold, generator)
    own = drawn.bool()
    assert 0.2 < drawn[batch.mask].mean() < 0.8
    assert not own[batch.start.bool()].any()
    assert torch.equal(heard[~own], batch.previous[~own])
    assert not torch.equal(heard[own], batch.previous[own])
    assert torch.equal(heard[own] == 1, batch.previous[own] == 1)
    assert heard.min() >= 0
    # from one frame on to the end
    assert (drawn.diff(dim=1) >= 0)[:, 1:].all()


def test_silence_is_heard_as_silence():
    silence = [np.zeros((30, 12), np.float32)] * 4
    batch = make_batch(silence)
    network, generator = make_network(), torch.Generator().manual_seed(0)
    heard, drawn = hear_own_frames(network, batch, batch.styles, torch.zeros(4, 25), generator)
    assert not heard.any()
    assert drawn.any()


def test_scores_are_told_of_no_character_and_samples_are(fitted, chroma):
    other = pickle.loads(pickle.dumps(fitted))
    other.weights_["character"] = 3 * other.weights_["character"]
    assert other.score(chroma) == fitted.score(chroma)
    assert not np.array_equal(other.sample(20, random_state=0), fitted.sample(20, random_state=0))
    primed = [each.sample(20, prime=chroma[0], random_state=0) for each in (other, fitted)]
    np.testing.assert_array_equal(*primed)


def test_passes_over_the_same_pieces_know_each_once(chroma, styles):
    composer = LSTMComposer(hidden_size=8, random_state=0)
    for _ in range(3):
        composer.partial_fit(chroma, styles)
    assert len(composer._characters[0]) == len(chroma)
    composer.partial_fit(chroma[:1], styles[1:2])
    assert len(composer._characters[0]) == len(chroma) + 1


def test_piano_rolls_are_told_of_no_character(rolls):
    composer = LSTMComposer(hidden_size=8, max_iter=1, random_state=0).fit(rolls)
    assert "character" not in composer.weights_


def test_a_composer_from_before_characters_goes_on_composing(fitted, chroma):
    old = LSTMComposer(hidden_size=24)
    vars(old).update(vars(fitted))
    columns = fitted.weights_["lstm.weight_ih_l0"]
    flag = 2 * 12 + 1
    old.weights_ = {k: v for k, v in fitted.weights_.items() if k not in ("character", "scaling")}
    old.weights_["lstm.weight_ih_l0"] = np.delete(columns, flag, axis=1)
    del old._characters
    np.testing.assert_allclose(old.score(chroma), fitted.score(chroma))
    assert old.sample(20, random_state=0).shape == (20, 12)
    assert np.isfinite(old.partial_fit(chroma).score(chroma))


def test_integers_are_described_as_numbers(chroma):
    piece = np.rint(chroma[0]).astype(np.uint8)
    np.testing.assert_array_equal(describe(piece, 1), describe(piece.astype(np.float32), 1))
