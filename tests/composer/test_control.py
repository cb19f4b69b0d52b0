"""Sampling by style, by blend of styles and by key, and the most likely next frames."""

import numpy as np
import pytest

from musicai import LSTMComposer
from musicai.theory.keys import estimate_keys

MAJOR = [0, 2, 4, 5, 7, 9, 11]


def make_tunes(n_pieces, n_frames, *, seed, key=None):
    """Return major tunes that dwell on tonic and fifth, all in `key` or each in a random key."""
    rng = np.random.RandomState(seed)
    tunes = []
    for _ in range(n_pieces):
        degrees = rng.choice(7, n_frames, p=[0.3, 0.1, 0.15, 0.1, 0.2, 0.1, 0.05])
        tonic = rng.randint(12) if key is None else key
        tunes.append(np.eye(12, dtype=np.float32)[(np.array(MAJOR)[degrees] + tonic) % 12])
    return tunes


@pytest.fixture(scope="module")
def tuneful():
    tunes = make_tunes(24, 60, seed=0)
    return LSTMComposer(hidden_size=24, max_iter=40, batch_size=4, random_state=0).fit(tunes)


@pytest.mark.parametrize(("key", "number"), [("C", 0), ("Am", 0), ("F#", 6), ("Bb", 10)])
def test_pieces_are_in_the_requested_key(tuneful, key, number):
    pieces = tuneful.sample(60, n_pieces=10, key=key, random_state=0)
    assert np.mean([key == number for key in estimate_keys(pieces)]) >= 0.8


def test_a_composer_trained_in_one_key_composes_in_another():
    tunes = make_tunes(16, 60, seed=0, key=7)
    composer = LSTMComposer(hidden_size=24, max_iter=30, batch_size=4, random_state=0).fit(tunes)
    pieces = composer.sample(60, n_pieces=10, key="C", random_state=0)
    assert np.mean([key == 0 for key in estimate_keys(pieces)]) >= 0.8
    # Validation pieces score about as well as all pieces.
    assert composer.best_validation_score_ == pytest.approx(composer.score(tunes), abs=0.5)


def test_without_a_requested_key_pieces_are_in_many_keys(tuneful):
    pieces = tuneful.sample(60, n_pieces=60, random_state=0)
    assert len(set(estimate_keys(pieces))) > 8


def test_a_prime_is_continued_in_its_key(tuneful):
    primes = make_tunes(20, 40, seed=1)
    pieces = tuneful.sample(60, prime=primes, random_state=0)
    same = np.equal(estimate_keys(primes), estimate_keys(pieces))
    assert np.mean(same) >= 0.8


def test_with_the_same_seed_a_different_key_only_transposes_the_piece(tuneful):
    in_c = tuneful.sample(30, key="C", random_state=4)
    in_e = tuneful.sample(30, key="E", random_state=4)
    np.testing.assert_array_equal(np.roll(in_c, 4, axis=1), in_e)


def test_sampling_in_a_key_requires_key_invariant_training(chroma):
    composer = LSTMComposer(hidden_size=8, max_iter=1, key_invariant=False, random_state=0).fit(
        chroma
    )
    assert not composer.key_invariant_
    assert composer.sample(3).shape == (3, 12)
    with pytest.raises(ValueError, match=r"key='D' needs a composer with key_invariant_=True"):
        composer.sample(3, key="D")


def test_key_invariance_needs_at_least_twelve_features():
    narrow = [np.random.RandomState(0).random_sample((20, 5))] * 3
    with pytest.raises(ValueError, match="needs features that are pitches in semitones, at least"):
        LSTMComposer(hidden_size=8, max_iter=1, key_invariant=True).fit(narrow)


@pytest.fixture(scope="module")
def two_styles():
    """Return a composer fitted to two styles, each a single held note."""
    low, high = np.zeros((2, 30, 10), np.float32)
    low[:, 1], high[:, 8] = 1, 1
    composer = LSTMComposer(
        hidden_size=16, max_iter=60, batch_size=2, early_stopping=False, random_state=0
    )
    return composer.fit([low, high] * 6, ["low", "high"] * 6)


def test_samples_of_a_style_contain_the_note_of_that_style(two_styles):
    def share_of_high(style):
        pieces = two_styles.sample(1, n_pieces=400, style=style, random_state=0)
        return np.mean([piece[0, 8] for piece in pieces])

    assert share_of_high("low") < 0.1
    assert share_of_high({"high": 2.0}) > 0.9


def test_only_the_ratios_of_the_weights_of_a_blend_matter(two_styles):
    half = two_styles.predict(np.zeros((3, 10)), style={"low": 0.5, "high": 0.5})
    np.testing.assert_array_equal(
        half, two_styles.predict(np.zeros((3, 10)), style={"high": 3, "low": 3})
    )


def test_a_blend_of_a_single_style_equals_the_style(two_styles):
    alone = two_styles.sample(10, style="low", random_state=1)
    blend = two_styles.sample(10, style={"low": 3, "high": 0}, random_state=1)
    np.testing.assert_array_equal(alone, blend)
    np.testing.assert_allclose(
        two_styles.predict(alone, style="low"),
        two_styles.predict(alone, style={"low": 1}),
        atol=1e-6,
    )


@pytest.mark.parametrize(
    ("style", "message"),
    [
        ("jazz", r"unknown style 'jazz': known styles are \['high', 'low'\]"),
        ({"low": 1, "jazz": 1}, "unknown style 'jazz'"),
        ({"low": -1}, "weights must be numbers of at least 0, got -1"),
        ({"low": float("nan")}, "weights must be numbers of at least 0, got nan"),
        ({"low": "much"}, "weights must be numbers of at least 0, got 'much'"),
        ({"low": 0}, "no weight above 0"),
        ({}, "no weight above 0"),
        (("low", 0.5), "unknown style .*to blend, give a dict: {'high': 0.5, 'low': 0.5}"),
    ],
)
def test_unusable_styles_are_refused(two_styles, style, message):
    for ask in (
        lambda: two_styles.sample(3, style=style),
        lambda: two_styles.stream(style=style),
        lambda: two_styles.predict(np.zeros((3, 10)), style=style),
        lambda: two_styles.next_frames(np.zeros((3, 10)), style=style),
    ):
        with pytest.raises(ValueError, match=message):
            ask()


def test_next_frames_are_ranked_by_their_probabilities(two_styles):
    empty = np.zeros((0, 10), np.float32)
    held = np.zeros((5, 10), np.float32)
    held[:, 8] = 1
    (at_first, then) = two_styles.next_frames([empty, held], n_best=3)
    frames, probabilities = at_first
    assert sorted(frames[:2].argmax(1)) == [1, 8]
    assert probabilities[:2].min() > 0.2
    assert (np.diff(probabilities) <= 0).all()
    assert probabilities.sum() <= 1
    assert then[0].shape[1] == 10
    assert then[0][0].argmax() == 8
    assert then[1][0] > 0.9


def test_next_frames_of_transposed_music_are_transposed(tuneful):
    (tune,) = make_tunes(1, 40, seed=3)
    frames, probabilities = tuneful.next_frames(tune, n_draws=4000, random_state=0)
    moved, others = tuneful.next_frames(np.roll(tune, 3, axis=1), n_draws=4000, random_state=0)
    assert np.abs(probabilities[0] - others[0]) < 0.05
    assert (frames[0].argmax() + 3) % 12 == moved[0].argmax()


def test_probabilities_of_next_frames_agree_with_score_samples(two_styles):
    held = np.zeros((5, 10), np.float32)
    held[:, 8] = 1
    frames, probabilities = two_styles.next_frames(held, n_best=1, n_draws=5000, random_state=0)
    exact = np.exp(two_styles.score_samples(np.concatenate([held, frames]))[-1])
    assert probabilities[0] == pytest.approx(exact, abs=0.03)


def test_next_frames_needs_an_emission_of_values_from_0_to_1(chroma):
    composer = LSTMComposer(hidden_size=8, max_iter=1, emission="mse", random_state=0).fit(chroma)
    with pytest.raises(ValueError, match="emission_ is 'mse': use predict"):
        composer.next_frames(chroma[0])


def test_stream_refuses_invalid_arguments_before_the_first_frame(two_styles):
    with pytest.raises(ValueError, match="temperature must be"):
        two_styles.stream(temperature=0)
    with pytest.raises(ValueError, match="prime is a collection"):
        two_styles.stream(prime=[np.zeros((3, 10))])


def test_training_on_piano_rolls_with_velocities_warns():
    rolls = [90 * np.eye(88, dtype=np.float32)[:20]] * 3
    with pytest.warns(UserWarning, match=r"piano rolls with velocities.*\(roll > 0\)"):
        composer = LSTMComposer(hidden_size=8, max_iter=1, random_state=0).fit(rolls)
    assert composer.emission_ == "gaussian"
