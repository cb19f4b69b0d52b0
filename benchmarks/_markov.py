"""The plainest composer: a Markov chain over prototypes of frames."""

import numpy as np
from sklearn.cluster import MiniBatchKMeans

from musicai._krumhansl import common_tonic


class MarkovChain:
    """Frames as states of a chain for each style: prototypes by k-means, in a common key."""

    def __init__(self, n_states=64, *, seed=0):
        self.n_states = n_states
        self.seed = seed

    def fit(self, pieces, styles=None):
        """Learn prototypes and count moves."""
        styles = styles or [None] * len(pieces)
        pieces = [in_common_key(piece) for piece in pieces]
        self.learned = {
            name: self._learn([p for p, style in zip(pieces, styles, strict=True) if style == name])
            for name in set(styles)
        }
        return self

    def _learn(self, pieces):
        prototypes = MiniBatchKMeans(self.n_states, n_init=3, random_state=self.seed)
        prototypes.fit(np.concatenate(pieces))
        starts = np.zeros(self.n_states)
        moves = np.full((self.n_states, self.n_states), 1e-9)
        for piece in pieces:
            states = prototypes.predict(piece)
            starts[states[0]] += 1
            np.add.at(moves, (states[:-1], states[1:]), 1)
        return prototypes.cluster_centers_, starts, moves

    def sample(self, n_frames, *, n_pieces, style=None, random_state=0):
        """Compose, all pieces at once."""
        rng = np.random.default_rng(random_state)
        prototypes, starts, moves = self.learned[style]
        states = [draw(np.tile(starts, (n_pieces, 1)), rng)]
        while len(states) < n_frames:
            states.append(draw(moves[states[-1]], rng))
        return list(prototypes[np.transpose(states)])


def draw(weights, rng):
    edges = weights.cumsum(axis=1)
    return (rng.random((len(edges), 1)) * edges[:, -1:] > edges).sum(axis=1)


def in_common_key(piece):
    return np.roll(piece, -common_tonic(piece.sum(axis=0)), axis=1)
