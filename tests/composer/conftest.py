import numpy as np
import pytest

from musicai import LSTMComposer


def make_chroma(n_pieces, n_frames, seed):
    """Return noisy chroma of a major triad that moves up by fourths; each frame peaks at 1."""
    rng = np.random.RandomState(seed)
    pieces = []
    for i in range(n_pieces):
        roots = 5 * (np.arange(n_frames) // 4) + rng.randint(12)
        piece = 0.2 * rng.random_sample((n_frames + i, 12))
        for t in range(n_frames + i):
            piece[t, (roots[min(t, n_frames - 1)] + np.array([0, 4, 7])) % 12] += 0.7
        pieces.append((piece / piece.max(1, keepdims=True)).astype(np.float32))
    return pieces


def make_rolls(n_pieces, n_frames, seed):
    """Return binary pieces of 10 features: each note is followed by the next higher one.

    The highest note is followed by the lowest.
    """
    rng = np.random.RandomState(seed)
    steps = [rng.randint(10) + np.arange(n_frames + i) for i in range(n_pieces)]
    return [np.eye(10, dtype=np.float32)[step % 10] for step in steps]


@pytest.fixture(scope="session")
def chroma():
    return make_chroma(8, 40, seed=0)


@pytest.fixture(scope="session")
def rolls():
    return make_rolls(8, 30, seed=0)


@pytest.fixture(scope="session")
def styles():
    return ["folk", "jazz"] * 4


@pytest.fixture(scope="session")
def fitted(chroma, styles):
    """Return a composer fitted to two styles; tests must not change it."""
    return LSTMComposer(hidden_size=24, max_iter=4, random_state=0).fit(chroma, styles)
