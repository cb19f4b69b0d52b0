"""Chord decoding: evidence for each chord in each frame, and the most likely sequence."""

from collections.abc import Iterable

import numpy as np

from .chord_symbols import FREE
from .shapes import unit_shapes
from .viterbi import best_path
from .vocabulary import VOCABULARIES, templates

# These values were tuned with benchmarks/render/chords.py, on chorales that are not in its table.
CERTAINTY = 20.0
"""Log-likelihood, in nats, of a frame given a chord, divided by the correlation of the two."""
_MEAN_SECONDS = 0.9  # expected duration of a chord, in seconds
_LEAST_CORRELATION = 0.25
"""Correlation assigned to "no chord" in every frame.

A single note and a triad that contains it correlate at 0.52.
"""

_UNIT_TEMPLATES = {name: unit_shapes(templates(kinds)) for name, kinds in VOCABULARIES.items()}


def unit_templates(vocabulary: str) -> np.ndarray:
    """Return centered chord templates of unit norm, (n_chords, 12), by chord number."""
    return _UNIT_TEMPLATES[vocabulary]


def correlations(chroma: np.ndarray, vocabulary: str) -> np.ndarray:
    """Return correlations of the square roots of frames with chords, (n_frames, n_chords)."""
    shapes = unit_shapes(np.sqrt(chroma.astype(np.float64)))
    # The last digits depend on the number of rows multiplied; without rounding, they would
    # decide between chords that fit equally well.
    return (shapes @ _UNIT_TEMPLATES[vocabulary].T).round(9)


def price_of_change(seconds: np.ndarray, vocabulary: str) -> np.ndarray:
    """Return the cost, in nats, of a chord change before each frame.

    Parameters
    ----------
    seconds : ndarray of shape (n_frames,)
        Length of each frame, in seconds.
    vocabulary : {"triads", "qualities"}
        Chords to choose from.
    """
    stay = np.exp(-np.maximum(seconds, 1e-3) / _MEAN_SECONDS)
    # The chord stays with probability `stay`. Other chords and "no chord" share the rest equally.
    return np.maximum(0, np.log(stay * len(_UNIT_TEMPLATES[vocabulary]) / (1 - stay)))


def decode_chords(
    chroma: np.ndarray, seconds: np.ndarray, vocabulary: str, *, ends: Iterable[int] = ()
) -> np.ndarray:
    """Return the number of the most likely chord in each frame, or `FREE` for no chord.

    Parameters
    ----------
    chroma : ndarray of shape (n_frames, 12)
        Chroma of one piece.
    seconds : ndarray of shape (n_frames,)
        Length of each frame, in seconds.
    vocabulary : {"triads", "qualities"}
        Chords to choose from.
    ends : iterable of int, default=()
        Frame indices in ascending order, such as those of bar lines. The chords before each index
        do not depend on frames from that index on.

    Returns
    -------
    numbers : ndarray of int of shape (n_frames,)
        Chord numbers as in :func:`musicai.theory.chord_symbols.read_symbol`.
    """
    path = best_path(_scores(chroma, vocabulary), price_of_change(seconds, vocabulary), ends=ends)
    return np.where(path == len(_UNIT_TEMPLATES[vocabulary]), FREE, path)


def decode_alike(chroma: np.ndarray, seconds: float, vocabulary: str) -> np.ndarray:
    """Decode many pieces of equal length at once, each as `decode_chords` does without `ends`.

    Parameters
    ----------
    chroma : ndarray of shape (n_pieces, n_frames, 12)
        Chroma of the pieces.
    seconds : float
        Length of each frame, in seconds.
    vocabulary : {"triads", "qualities"}
        Chords to choose from.

    Returns
    -------
    numbers : ndarray of int of shape (n_pieces, n_frames)
        Chord numbers as in :func:`musicai.theory.chord_symbols.read_symbol`.
    """
    n_pieces, n_frames, _ = chroma.shape
    scores = _scores(chroma.reshape(-1, 12), vocabulary).reshape(n_pieces, n_frames, -1)
    price = price_of_change(np.array([seconds]), vocabulary)[0]
    pieces = np.arange(n_pieces)
    changes = np.zeros((n_frames, *scores[:, 0].shape), bool)
    origins = np.zeros((n_frames, n_pieces), int)
    total = scores[:, 0]
    for t in range(1, n_frames):
        origins[t] = total.argmax(axis=1)  # every change comes from the best state
        changed = total[pieces, origins[t]][:, None] - price
        changes[t] = changed > total
        total = np.maximum(changed, total) + scores[:, t]
    path = np.empty((n_pieces, n_frames), int)
    path[:, -1] = total.argmax(axis=1)
    for t in range(n_frames - 1, 0, -1):
        state = path[:, t]
        path[:, t - 1] = np.where(changes[t, pieces, state], origins[t], state)
    return np.where(path == len(_UNIT_TEMPLATES[vocabulary]), FREE, path)


def _scores(chroma: np.ndarray, vocabulary: str) -> np.ndarray:
    none = np.full((len(chroma), 1), _LEAST_CORRELATION)
    return CERTAINTY * np.hstack([correlations(chroma, vocabulary), none])
