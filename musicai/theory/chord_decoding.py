"""The most likely chords of chroma: evidence for each chord, and the path through them."""

from collections.abc import Iterable

import numpy as np

from .chord_symbols import FREE
from .shapes import unit_shapes
from .viterbi import best_path
from .vocabulary import VOCABULARIES, templates

# Measured by benchmarks/render/chords.py on other chorales than those it reports.
CERTAINTY = 20.0
"""Nats of evidence in a frame for a correlation of 1 against one of 0."""
_MEAN_SECONDS = 0.9  # expected duration of a chord
_LEAST_CORRELATION = 0.25  # below it a frame has no chord; a single note has 0.52

_UNIT_TEMPLATES = {name: unit_shapes(templates(kinds)) for name, kinds in VOCABULARIES.items()}


def unit_templates(vocabulary: str) -> np.ndarray:
    """Return centered chords of length 1, (n_chords, 12), in the order of their numbers."""
    return _UNIT_TEMPLATES[vocabulary]


def correlations(chroma: np.ndarray, vocabulary: str) -> np.ndarray:
    """Return Pearson's correlation of the square roots of frames (n_frames, 12) with each chord."""
    shapes = unit_shapes(np.sqrt(chroma.astype(np.float64)))
    # Rounded, so that ties go to the same chord however many frames there are.
    return (shapes @ _UNIT_TEMPLATES[vocabulary].T).round(9)


def price_of_change(seconds: np.ndarray, vocabulary: str) -> np.ndarray:
    """Return the nats that another chord than that of the frame before costs.

    Parameters
    ----------
    seconds : ndarray of shape (n_frames,)
        Length of each frame.
    vocabulary : {"triads", "qualities"}
        Which chords there are.
    """
    stay = np.exp(-np.maximum(seconds, 1e-3) / _MEAN_SECONDS)
    # The probability of staying; all changes together have the rest.
    return np.maximum(0, np.log(stay * len(_UNIT_TEMPLATES[vocabulary]) / (1 - stay)))


def decode_chords(
    chroma: np.ndarray, seconds: np.ndarray, vocabulary: str, *, ends: Iterable[int] = ()
) -> np.ndarray:
    """Return the number of the most likely chord of each frame, `FREE` for none.

    Parameters
    ----------
    chroma : ndarray of shape (n_frames, 12)
        One piece.
    seconds : ndarray of shape (n_frames,)
        Length of each frame.
    vocabulary : {"triads", "qualities"}
        Which chords there are.
    ends : iterable of int, default=()
        Numbers of frames, such as those of bar lines; chords before each do not depend on later
        frames.

    Returns
    -------
    numbers : ndarray of int of shape (n_frames,)
        As :func:`musicai.theory.chord_symbols.read_symbol` numbers chords.
    """
    path = best_path(_scores(chroma, vocabulary), price_of_change(seconds, vocabulary), ends=ends)
    return np.where(path == len(_UNIT_TEMPLATES[vocabulary]), FREE, path)


def decode_alike(chroma: np.ndarray, seconds: float, vocabulary: str) -> np.ndarray:
    """Return what `decode_chords` does, of many pieces of one length at once.

    Parameters
    ----------
    chroma : ndarray of shape (n_pieces, n_frames, 12)
        The pieces.
    seconds : float
        Length of each frame.
    vocabulary : {"triads", "qualities"}
        Which chords there are.

    Returns
    -------
    numbers : ndarray of int of shape (n_pieces, n_frames)
        As :func:`musicai.theory.chord_symbols.read_symbol` numbers chords.
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
