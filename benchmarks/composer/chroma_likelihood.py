"""Likelihood of held-out chroma under LSTMComposer and other models, in bits per frame.

    python -m benchmarks.composer.chroma_likelihood [FILE_OR_FOLDER ...] [--epochs 12]

Without files, the recordings are 80 chorales.

Every model gives a probability to frames of 12 values rounded to 256 levels; 96 bits would mean
that all frames are equally likely. LSTMComposer, the rivals and the two histograms compute it
exactly. The Gaussian models have a density instead: they are trained and scored on values spread
evenly over the cell of their level, which gives a lower bound of their probability (Theis et al.
2016, section 3.1).

Three fifths of the music are for training and one fifth is for early stopping; models without early
stopping are trained on both. One fifth is held out. With ten recordings or more, whole recordings
are divided; with fewer, a part of each recording is taken. Every rival trains for as many CPU
seconds as `LSTMComposer()` took. The rivals read and score pieces transposed to the common key;
LSTMComposer averages over keys.
"""

import argparse
from pathlib import Path
from time import process_time

import numpy as np
from hmmlearn.hmm import GaussianHMM

from benchmarks.common.music import find_recordings
from benchmarks.composer.chroma_rivals import Rival, rivals
from musicai import ChromaExtractor, LSTMComposer
from musicai.metrics import IndependentBaseline, PersistenceBaseline
from musicai.theory.keys import in_common_key

N_LEVELS = 256
EXCERPT = 60  # seconds
ORDER = 8  # number of past frames that the autoregression reads


class GaussianAutoregression:
    """Vector autoregression of a given order, VAR(p), with Gaussian residuals.

    With ``persistence=True`` the coefficients are not learned: each frame is expected to equal the
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
        """Return the mean log-density per frame, in nats."""
        residuals = np.concatenate([p - self._lags(p) @ self.coefficients for p in pieces])
        distance = (residuals @ np.linalg.inv(self.covariance) * residuals).sum(1)
        _, log_determinant = np.linalg.slogdet(2 * np.pi * self.covariance)
        return -0.5 * (distance.mean() + log_determinant)

    def _lags(self, piece):
        # A piece is preceded by silence. The last column is the constant term.
        padded = np.concatenate([np.zeros((self.order, piece.shape[1])), piece])
        past = [padded[self.order - lag : len(padded) - lag] for lag in range(1, self.order + 1)]
        return np.hstack([*past, np.ones((len(piece), 1))])


class HiddenMarkov:
    """hmmlearn's GaussianHMM with full covariances, for collections of pieces."""

    def __init__(self, n_states):
        self.model = GaussianHMM(
            n_states, covariance_type="full", min_covar=1e-5, n_iter=30, random_state=0
        )

    def fit(self, pieces):
        """Learn by expectation-maximization."""
        self.model.fit(np.concatenate(pieces), [len(piece) for piece in pieces])
        return self

    def score(self, pieces):
        """Return the mean log-density per frame, in nats."""
        log_density = self.model.score(np.concatenate(pieces), [len(piece) for piece in pieces])
        return log_density / sum(map(len, pieces))


def spread(pieces, rng):
    """Round values to levels, then replace each by a random one from the cell of its level."""
    return [
        (np.round(p * (N_LEVELS - 1)) + rng.uniform(-0.5, 0.5, p.shape)) / (N_LEVELS - 1)
        for p in pieces
    ]


def excerpts(piece, length):
    """Cut a piece into excerpts of about `length` frames."""
    return np.array_split(piece, max(1, round(len(piece) / length)))


def split(pieces, length):
    """Return excerpts of about `length` frames for training, early stopping and the test."""
    if len(pieces) >= 10:
        parts = [[p for i, p in enumerate(pieces) if i % 5 > 1], pieces[1::5], pieces[::5]]
    else:
        thirds = [np.split(p, [int(0.6 * len(p)), int(0.8 * len(p))]) for p in pieces]
        parts = zip(*thirds, strict=True)
    return [[excerpt for p in part for excerpt in excerpts(p, length)] for part in parts]


def extract(paths, n_chorales):
    """Return the chroma and frame rate of recordings, or of chorales if `paths` is empty."""
    extractor = ChromaExtractor(n_jobs=-1, verbose=1)
    pieces = extractor.transform(find_recordings(paths, n_chorales=n_chorales))
    return [piece for piece in pieces if len(piece)], extractor.frame_rate


def main():
    """Print one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recordings", nargs="*", type=Path, help="audio files or folders of them")
    parser.add_argument("--epochs", type=int, default=12, help="epochs of each composer")
    parser.add_argument("--states", type=int, default=48, help="states of the hidden Markov model")
    arguments = parser.parse_args()
    pieces, frame_rate = extract(arguments.recordings, n_chorales=80)
    parts = split(pieces, round(EXCERPT * frame_rate))
    training, validation, test = parts
    rng = np.random.RandomState(0)
    spread_parts = [spread(part, rng) for part in parts]
    to_mass = 12 * np.log2(N_LEVELS - 1)  # a cell is 1 / (N_LEVELS - 1) wide

    in_one_key = [[in_common_key(piece) for piece in part] for part in parts]
    n_epochs = arguments.epochs

    def composer(**changes):
        return LSTMComposer(
            max_iter=n_epochs, n_iter_no_change=n_epochs, random_state=0, verbose=1, **changes
        )

    densities = {
        "persistence, Gaussian residuals": GaussianAutoregression(1, persistence=True),
        f"VAR({ORDER}), Gaussian residuals": GaussianAutoregression(ORDER),
        f"GaussianHMM, {arguments.states} states (hmmlearn)": HiddenMarkov(arguments.states),
        'LSTMComposer(emission="mse")': composer(emission="mse"),
        'LSTMComposer(emission="gaussian")': composer(emission="gaussian"),
    }
    models = {
        "LSTMComposer()": composer(),
        **rivals(),
        'LSTMComposer(emission="independent")': composer(emission="independent"),
        "each pitch class given its last value (histogram)": PersistenceBaseline(),
        "each pitch class by itself (histogram)": IndependentBaseline(),
        **densities,
    }
    rows = [("all frames equally likely", 12 * np.log2(N_LEVELS), 0.0)]
    for name, model in models.items():
        started = process_time()
        learn, watch, held_out = parts
        if isinstance(model, LSTMComposer):
            learn, watch, held_out = spread_parts if name in densities else parts
            model.fit(learn, X_val=watch)
        elif isinstance(model, Rival):
            learn, watch, held_out = in_one_key
            model.fit(learn, watch, rows[1][2])
        else:
            learn, watch, held_out = spread_parts if name in densities else parts
            model.fit(learn + watch)
        seconds = process_time() - started
        bits = -model.score(held_out) / np.log(2) + (to_mass if name in densities else 0)
        rows.append((name, bits, seconds))
        print(f"{name}: {bits:.2f} bits, {seconds:.0f} s", flush=True)
    best = rows[1][1]
    print(
        f"{len(pieces)} recordings, {frame_rate:.1f} frames a second; "
        f"{sum(map(len, training))} frames to learn, "
        f"{sum(map(len, validation))} to stop by, {sum(map(len, test))} held out\n"
    )
    print("| model | bits per frame | LSTMComposer against it | CPU seconds |")
    print("| --- | --- | --- | --- |")
    for name, bits, seconds in sorted(rows, key=lambda row: row[1]):
        print(f"| {name} | {bits:.2f} | {100 * (best / bits - 1):+.1f} % | {seconds:.0f} |")


if __name__ == "__main__":
    main()
