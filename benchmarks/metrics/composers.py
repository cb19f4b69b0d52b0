"""Baseline composers: functions that return pieces of the given lengths in frames."""

import numpy as np
from hmmlearn.hmm import GaussianHMM

from musicai import LSTMComposer
from musicai.theory.keys import in_common_key

N_STATES = 48
PRIME = 64  # frames; primes differ, since a network without randomness only continues its prime
SMALLEST_TEMPERATURE = 1e-4


def hidden_markov_pieces(learned, lengths, seed):
    """Return samples of a hidden Markov model with Gaussian frames, fitted in the common key."""
    frames = [in_common_key(piece).astype(np.float64) for piece in learned]
    model = GaussianHMM(N_STATES, "diag", n_iter=20, min_covar=1e-4, random_state=seed)
    model.fit(np.concatenate(frames), [len(piece) for piece in frames])
    samples = [model.sample(n, random_state=seed + i)[0] for i, n in enumerate(lengths)]
    return [as_chroma(sample) for sample in samples]


def frozen_pieces(learned, lengths, seed, **options):
    """Return pieces of a network that is trained on squared error and reads its own predictions."""
    network = LSTMComposer(emission="mse", random_state=seed, **options).fit(learned)
    primes = [learned[i % len(learned)][:PRIME] for i in range(len(lengths))]
    pieces = network.sample(max(lengths), prime=primes, temperature=SMALLEST_TEMPERATURE)
    return [as_chroma(piece[:n]) for piece, n in zip(pieces, lengths, strict=True)]


def noise_pieces(lengths, seed):
    """Return pieces of independent uniform values, scaled so that each frame peaks at 1."""
    rng = np.random.default_rng(seed)
    return [as_chroma(rng.random((n, 12))) for n in lengths]


def as_chroma(frames):
    """Clip values at 0 and divide each frame by its loudest value."""
    frames = np.maximum(frames, 0)
    return (frames / np.maximum(frames.max(axis=1, keepdims=True), 1e-9)).astype(np.float32)
