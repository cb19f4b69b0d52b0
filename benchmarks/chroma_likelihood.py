"""Likelihood of held-out chroma under LSTMComposer and simpler models, in bits per frame.

    python benchmarks/chroma_likelihood.py [FILE_OR_FOLDER ...] [--minutes 2] [--states 48]

Without files it takes the chorales that the demo learns from.

Every model gives a probability to frames of 12 values rounded to 256 levels; 96 bits would mean
that all frames are equally likely. LSTMComposer and the two histograms give it exactly. The
Gaussian models give a density: they are trained and scored on values spread evenly over the cell
of their level, which bounds their probability from below (Theis et al. 2016, section 3.1). With
ten recordings or more every fifth is held out, with fewer the last fifth of each.
"""

import argparse
from pathlib import Path
from time import perf_counter

import numpy as np
from hmmlearn.hmm import GaussianHMM

from musicai import ChromaExtractor, LSTMComposer
from musicai.datasets import load_chorales, load_recordings
from musicai.metrics import IndependentBaseline, PersistenceBaseline

N_LEVELS = 256
EXCERPT = 60  # seconds
ORDER = 8


class GaussianAutoregression:
    """Vector autoregression of a given order with Gaussian residuals; VAR(p).

    With ``persistence=True`` the coefficients are not learned: each frame is expected to be the
    one before it.
    """

    def __init__(self, order, *, persistence=False):
        self.order = order
        self.persistence = persistence

    def fit(self, pieces):
        """Learn coefficients by least squares, and the covariance of the residuals."""
        inputs = np.concatenate([self._lags(piece) for piece in pieces])
        targets = np.concatenate(pieces)
        if self.persistence:
            self.coefficients = np.eye(inputs.shape[1], targets.shape[1])
        else:
            ridge = 1e-3 * len(inputs) * np.eye(inputs.shape[1])
            self.coefficients = np.linalg.solve(inputs.T @ inputs + ridge, inputs.T @ targets)
        self.covariance = np.cov((targets - inputs @ self.coefficients).T)
        return self

    def score(self, pieces):
        """Mean log-density per frame, in nats."""
        residuals = np.concatenate([p - self._lags(p) @ self.coefficients for p in pieces])
        distance = (residuals @ np.linalg.inv(self.covariance) * residuals).sum(1)
        _, log_determinant = np.linalg.slogdet(2 * np.pi * self.covariance)
        return -0.5 * (distance.mean() + log_determinant)

    def _lags(self, piece):
        # Before a piece there is silence; the last column is the constant.
        padded = np.concatenate([np.zeros((self.order, piece.shape[1])), piece])
        past = [padded[self.order - lag : len(padded) - lag] for lag in range(1, self.order + 1)]
        return np.hstack([*past, np.ones((len(piece), 1))])


class HiddenMarkov:
    """hmmlearn's GaussianHMM with full covariances, over a collection."""

    def __init__(self, n_states):
        self.model = GaussianHMM(
            n_states, covariance_type="full", min_covar=1e-5, n_iter=30, random_state=0
        )

    def fit(self, pieces):
        """Learn by expectation-maximisation."""
        self.model.fit(np.concatenate(pieces), [len(piece) for piece in pieces])
        return self

    def score(self, pieces):
        """Mean log-density per frame, in nats."""
        log_density = self.model.score(np.concatenate(pieces), [len(piece) for piece in pieces])
        return log_density / sum(map(len, pieces))


def spread(pieces, rng):
    """Round to levels, then spread each value evenly over the cell of its level."""
    return [
        (np.round(p * (N_LEVELS - 1)) + rng.uniform(-0.5, 0.5, p.shape)) / (N_LEVELS - 1)
        for p in pieces
    ]


def excerpts(piece, length):
    """Cut a piece into excerpts of about `length` frames."""
    return np.array_split(piece, max(1, round(len(piece) / length)))


def split(pieces, length):
    """Hold out recordings where there are enough, else the end of each."""
    if len(pieces) >= 10:
        test = pieces[::5]
        training = [piece for i, piece in enumerate(pieces) if i % 5]
    else:
        training = [piece[: int(0.8 * len(piece))] for piece in pieces]
        test = [piece[int(0.8 * len(piece)) :] for piece in pieces]
    return [[part for p in group for part in excerpts(p, length)] for group in (training, test)]


def main():
    """Print one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recordings", nargs="*", type=Path, help="audio files or folders of them")
    parser.add_argument("--minutes", type=float, default=2, help="training time of each composer")
    parser.add_argument("--states", type=int, default=48, help="states of the hidden Markov model")
    arguments = parser.parse_args()
    files = []
    for path in arguments.recordings:
        files += load_recordings(path).recordings if path.is_dir() else [path]
    files = files or load_chorales(80, n_jobs=-1, verbose=1).recordings

    extractor = ChromaExtractor(n_jobs=-1, verbose=1)
    pieces = [piece for piece in extractor.transform(files) if len(piece)]
    training, test = split(pieces, round(EXCERPT * extractor.frame_rate))
    rng = np.random.RandomState(0)
    spread_training, spread_test = spread(training, rng), spread(test, rng)
    to_mass = 12 * np.log2(N_LEVELS - 1)  # a cell is 1 / (N_LEVELS - 1) wide

    def composer(**changes):
        return LSTMComposer(
            max_iter=2000, max_time=60 * arguments.minutes, random_state=0, verbose=1, **changes
        )

    histograms = {
        "each pitch class by itself (histogram)": IndependentBaseline(),
        "each pitch class given its last value (histogram)": PersistenceBaseline(),
    }
    densities = {
        "persistence, Gaussian residuals": GaussianAutoregression(1, persistence=True),
        f"VAR({ORDER}), Gaussian residuals": GaussianAutoregression(ORDER),
        f"GaussianHMM, {arguments.states} states (hmmlearn)": HiddenMarkov(arguments.states),
        'LSTMComposer(emission="mse")': composer(emission="mse"),
        'LSTMComposer(emission="gaussian")': composer(emission="gaussian"),
    }
    composers = {
        'LSTMComposer(emission="independent")': composer(emission="independent"),
        "LSTMComposer()": composer(),
    }
    rows = [("all frames equally likely", 12 * np.log2(N_LEVELS), 0.0)]
    for name, model in (histograms | densities | composers).items():
        started = perf_counter()
        if name in densities:
            bits = to_mass - model.fit(spread_training).score(spread_test) / np.log(2)
        else:
            bits = -model.fit(training).score(test) / np.log(2)
        rows.append((name, bits, perf_counter() - started))
    best = rows[-1][1]
    print(
        f"{len(files)} recordings, {extractor.frame_rate:.1f} frames a second; "
        f"{sum(map(len, training))} frames to learn, {sum(map(len, test))} held out\n"
    )
    print("| model | bits per frame | LSTMComposer against it | seconds |")
    print("| --- | --- | --- | --- |")
    for name, bits, seconds in rows:
        print(f"| {name} | {bits:.2f} | {100 * (best / bits - 1):+.1f} % | {seconds:.0f} |")


if __name__ == "__main__":
    main()
