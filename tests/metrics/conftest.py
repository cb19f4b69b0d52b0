import numpy as np
import pytest

from musicai.metrics import report

RATE = 22050 / 2048

# Functional harmony in a major key: the chord on each degree, and the degrees that may follow it.
CHORDS = {1: [0, 4, 7], 2: [2, 5, 9], 4: [5, 9, 0], 5: [7, 11, 2], 6: [9, 0, 4]}
NEXT = {1: [4, 5, 5, 6, 2], 2: [5], 4: [5, 5, 1], 5: [1, 1, 1, 6], 6: [2, 4]}


def progression(rng, n_frames):
    """Return chroma of fading chords in one key over quiet noise; each frame peaks at 1."""
    degree, frames = 1, []
    while len(frames) < n_frames:
        loudness = rng.dirichlet(np.full(3, 5.0))
        for frame in range(rng.integers(8, 25)):
            chroma = 0.02 + 0.03 * rng.random(12)
            chroma[CHORDS[degree]] += loudness * np.exp(-0.05 * frame)
            frames.append(chroma / chroma.max())
        degree = rng.choice(NEXT[degree])
    return np.roll(frames[:n_frames], rng.integers(12), axis=1)


def as_chroma(frames):
    return frames / frames.max(axis=1, keepdims=True)


@pytest.fixture(scope="session")
def music():
    """Return pieces made of five different chords by rules of functional harmony."""
    rng = np.random.default_rng(0)
    return [progression(rng, 400) for _ in range(24)]


@pytest.fixture(scope="session")
def more_music():
    rng = np.random.default_rng(1)
    return [progression(rng, 400) for _ in range(24)]


@pytest.fixture(scope="session")
def composed():
    """Return other pieces made by the same rules as `music`, as if by a perfect composer."""
    rng = np.random.default_rng(7)
    return [progression(rng, 400) for _ in range(24)]


@pytest.fixture(scope="session")
def card(music, composed, more_music):
    return report(music, composed, more_music, timing=RATE)


@pytest.fixture(scope="session")
def shuffled(music):
    rng = np.random.default_rng(2)
    return [rng.permutation(piece) for piece in music]


@pytest.fixture(scope="session")
def frozen(music):
    return [np.repeat(piece[200:201], 400, axis=0) for piece in music]


@pytest.fixture(scope="session")
def noise():
    rng = np.random.default_rng(3)
    return [as_chroma(rng.random((400, 12))) for _ in range(24)]


@pytest.fixture(scope="session")
def wandering(music):
    """Return music that changes to a random key about every 4 seconds."""
    rng = np.random.default_rng(4)
    return [
        np.concatenate([np.roll(part, rng.integers(12), axis=1) for part in np.split(piece, 10)])
        for piece in music
    ]
