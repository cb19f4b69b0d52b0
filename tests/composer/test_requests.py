"""Sampling of several pieces at once, and blends of styles."""

import numpy as np
import pytest

from musicai import LSTMComposer
from tests.composer.conftest import make_chroma, make_rolls

EMISSIONS = ["logistic", "bernoulli", "gaussian", "independent", "mse"]


@pytest.fixture(scope="module", params=EMISSIONS)
def composer(request):
    """Return a composer fitted to two styles."""
    composer = LSTMComposer(hidden_size=20, max_iter=4, emission=request.param, random_state=0)
    return composer.fit(make_pieces(request.param), ["folk", "jazz"] * 4)


def make_pieces(emission):
    if emission == "bernoulli":
        return [np.pad(roll, ((0, 0), (0, 2))) for roll in make_rolls(8, 40, seed=0)]
    return make_chroma(8, 40, seed=0)


def test_pieces_sampled_together_equal_those_sampled_alone(composer):
    seeds = list(range(7))
    styles = ["folk", None, {"folk": 0.7, "jazz": 0.3}, "jazz", {"jazz": 1}, None, "folk"]
    keys = ["C", None, "F#", None, "Am", None, "Bb"] if composer.key_invariant_ else None
    lengths = (5, 12, 3, 40, 8, 1, 12)
    primes = [piece[:n] for piece, n in zip(make_pieces(composer.emission), lengths, strict=False)]
    for prime in (None, primes):
        together = composer.sample(
            20, prime=prime, style=styles, key=keys, temperature=0.9, random_state=seeds
        )
        for i, seed in enumerate(seeds):
            alone = composer.sample(
                20,
                prime=None if prime is None else prime[i],
                style=styles[i],
                key=keys and keys[i],
                temperature=0.9,
                random_state=seed,
            )
            np.testing.assert_array_equal(together[i], alone)


def test_a_single_value_applies_to_all_pieces(composer):
    together = composer.sample(9, n_pieces=3, style="folk", random_state=[4, 5, 6])
    for piece, seed in zip(together, (4, 5, 6), strict=True):
        alone = composer.sample(9, style="folk", random_state=seed)
        np.testing.assert_array_equal(piece, alone)
    assert len(composer.sample(9, style=["folk", "jazz"], random_state=0)) == 2


def test_an_array_of_styles_counts_as_a_list(fitted):
    styles = ["folk", "jazz"] * 8
    for piece, other in zip(
        fitted.sample(5, style=np.array(styles), random_state=0),
        fitted.sample(5, style=styles, random_state=0),
        strict=True,
    ):
        np.testing.assert_array_equal(piece, other)


@pytest.mark.parametrize(
    "wrong",
    [
        {"style": ["folk", "jazz"], "random_state": [1, 2, 3]},
        {"n_pieces": 3, "random_state": [1, 2]},
        {"prime": [np.zeros((3, 12))] * 2, "style": ["folk"] * 3},
        {"style": []},
    ],
)
def test_lists_of_different_lengths_are_refused(fitted, wrong):
    with pytest.raises(ValueError, match=r"the numbers of pieces differ \(.*a list with one for"):
        fitted.sample(3, **wrong)


def test_a_stream_refuses_arguments_for_several_pieces(fitted):
    with pytest.raises(ValueError, match="stream composes one piece"):
        fitted.stream(random_state=[1, 2])


def test_a_blend_is_a_mixture_of_next_frame_distributions(composer):
    """Check the equation in the Notes of `sample`.

    For key-invariant composers, it holds within each key, so only the first frame is compared.
    """
    piece = composer.sample(15, random_state=3)
    blend = {"folk": 3, "jazz": 1}
    scores = {style: composer.score_samples(piece, style) for style in ("folk", "jazz")}
    mixed = composer.score_samples([piece, piece], [blend, "folk"])
    np.testing.assert_allclose(mixed[1], scores["folk"], atol=1e-4)
    if not composer.key_invariant_:
        expected = np.logaddexp(scores["folk"] + np.log(0.75), scores["jazz"] + np.log(0.25))
        np.testing.assert_allclose(mixed[0], expected, rtol=1e-5, atol=1e-4)
    # Before the first frame, all keys are equally likely, so the equation holds over all keys too.
    first = np.log(0.75 * np.exp(scores["folk"][0]) + 0.25 * np.exp(scores["jazz"][0]))
    assert mixed[0][0] == pytest.approx(first, rel=1e-4)


def test_the_weights_of_a_blend_are_the_probabilities_of_its_styles():
    """If each style holds one note, the weights of the styles are the frequencies of the notes."""
    low, high = np.zeros((2, 30, 10), np.float32)
    low[:, 1], high[:, 8] = 1, 1
    composer = LSTMComposer(
        hidden_size=16, max_iter=60, batch_size=2, early_stopping=False, random_state=0
    )
    composer.fit([low, high] * 6, ["low", "high"] * 6)
    first = [
        piece[0]
        for piece in composer.sample(1, n_pieces=2000, style={"low": 3, "high": 1}, random_state=0)
    ]
    alone = {
        style: np.mean(composer.sample(1, n_pieces=2000, style=style, random_state=1), axis=0)[0]
        for style in ("low", "high")
    }
    expected = 0.75 * alone["low"] + 0.25 * alone["high"]
    np.testing.assert_allclose(np.mean(first, axis=0), expected, atol=0.05)


def test_a_blend_cannot_label_a_single_frame(fitted, chroma):
    with pytest.raises(ValueError, match="give one for a whole piece"):
        fitted.score(chroma[0], [{"folk": 1}] * len(chroma[0]))
