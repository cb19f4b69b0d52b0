"""Filling of gaps between a prime and a passage."""

import numpy as np
import pytest

from musicai import LSTMComposer


def make_walks(n_pieces, n_frames, *, seed):
    """Return binary pieces of a single note that moves by steps and turns back at the edges."""
    rng = np.random.RandomState(seed)
    pieces = []
    for _ in range(n_pieces):
        notes = [rng.randint(16)]
        for step in rng.choice([-1, 1], n_frames):
            notes.append(notes[-1] + step if 0 <= notes[-1] + step < 16 else notes[-1] - step)
        pieces.append(np.eye(16, dtype=np.float32)[notes])
    return pieces


@pytest.fixture(scope="module")
def walker():
    styles = ["one", "other"] * 24
    composer = LSTMComposer(hidden_size=32, max_iter=40, batch_size=4, random_state=0)
    return composer.fit(make_walks(48, 60, seed=0), styles)


def seam(piece, passage):
    """Return the distance from the last note of a piece to the first note of a passage."""
    return abs(int(piece[-1].argmax()) - int(passage[0].argmax()))


@pytest.mark.parametrize("style", [None, {"one": 1, "other": 1}])
def test_a_filled_gap_leads_to_the_passage(walker, style):
    primes = make_walks(12, 30, seed=1)
    # Each passage begins 3 notes above the end of its prime or 13 below, within reach of 13 steps.
    passages = [np.roll(prime[::-1], 3, axis=1)[:10] for prime in primes]
    gaps = walker.sample(12, prime=primes, then=passages, style=style, random_state=0)
    free = walker.sample(12, prime=primes, style=style, random_state=0)
    assert [gap.shape for gap in gaps] == [(12, 16)] * 12
    close = lambda pieces: np.mean(  # noqa: E731
        [seam(*pair) <= 1 for pair in zip(pieces, passages, strict=True)]
    )
    assert close(gaps) >= 0.75
    assert close(gaps) > close(free) + 0.3

    def cost(pieces):
        whole = [np.concatenate(parts) for parts in zip(primes, pieces, passages, strict=True)]
        return np.mean([score[-10:].sum() for score in walker.score_samples(whole)])

    assert cost(gaps) > cost(free)


def test_a_filled_gap_continues_its_prime(walker):
    primes = make_walks(12, 30, seed=2)
    gaps = walker.sample(8, prime=primes, then=[prime[:6] for prime in primes], random_state=0)
    assert np.mean([seam(prime, gap) <= 1 for prime, gap in zip(primes, gaps, strict=True)]) > 0.8


def test_gaps_filled_together_equal_those_filled_alone(walker):
    primes = make_walks(2, 20, seed=3)
    together = walker.sample(9, prime=primes, then=primes[::-1], random_state=[5, 6])
    for i, seed in enumerate((5, 6)):
        alone = walker.sample(9, prime=primes[i], then=primes[1 - i], random_state=seed)
        np.testing.assert_array_equal(together[i], alone)


def test_a_gap_before_a_passage_can_be_filled_without_a_prime(walker):
    (passage,) = make_walks(1, 10, seed=4)
    openings = walker.sample(6, then=passage, n_pieces=3, random_state=0)
    assert len(openings) == 3
    assert len({opening.tobytes() for opening in openings}) > 1


@pytest.mark.parametrize("emission", ["logistic", "gaussian", "independent"])
def test_composers_with_other_emissions_can_fill_gaps(chroma, emission):
    composer = LSTMComposer(hidden_size=16, max_iter=3, emission=emission, random_state=0)
    composer.fit(chroma)
    gap = composer.sample(5, prime=chroma[0], then=chroma[1], random_state=0)
    assert gap.shape == (5, 12)
    assert np.isfinite(gap).all()


def test_then_and_ending_cannot_be_combined(walker):
    (prime,) = make_walks(1, 10, seed=4)
    with pytest.raises(ValueError, match="then continues the music, but ending=True ends it"):
        walker.sample(4, prime=prime, then=prime, ending=True)
    with pytest.raises(ValueError, match="then has 3 features"):
        walker.sample(4, prime=prime, then=prime[:, :3])
