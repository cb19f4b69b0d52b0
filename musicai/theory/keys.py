"""Key profiles, key estimation, and transposition to a common key.

A key is a number from 0 (C major and A minor, the common key) to 11 (B major and G sharp minor): a
major key and its relative minor share a number.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from ..base.pieces import frame_blocks
from .shapes import unit_shapes

N_KEYS = 12
COMMON_KEY = 0

_FARTHEST_DOWN = 5  # semitones; keys farther above the common key are transposed up instead
# Pitch class of the first feature: a piano has 88 keys from A0 up, MIDI has 128 notes from C up.
_LOWEST_PITCH_CLASS = {88: 9, 128: 0}
PIANO_ROLL_WIDTHS = frozenset(_LOWEST_PITCH_CLASS)

# How well each pitch class, from the tonic up, fits an established key, as rated by listeners in
# the probe-tone experiments of Krumhansl and Kessler (1982).
_MAJOR = [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88]
_MINOR = [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17]
_A = 9  # semitones above C

KEY_PROFILES = np.array([np.roll(mode, tonic) for mode in (_MAJOR, _MINOR) for tonic in range(12)])
"""Key profiles, shape (24, 12): rows 0 to 11 for C to B major, rows 12 to 23 for C to B minor."""


def key_scores(mean_chroma: Any) -> np.ndarray:
    """Return the Pearson correlation of chroma with each key profile.

    Parameters
    ----------
    mean_chroma : array-like of shape (..., 12)
        Chroma from C to B, summed or averaged over frames.

    Returns
    -------
    scores : ndarray of shape (..., 24)
        Correlations between -1 and 1, in the order of `KEY_PROFILES`; all 0 if all pitch classes
        are equally strong, as in silence.

    References
    ----------
    .. [1] C. L. Krumhansl, E. J. Kessler, "Tracing the dynamic changes in perceived tonal
       organization in a spatial representation of musical keys", Psychological Review 89, 1982.
    .. [2] C. L. Krumhansl, "Cognitive Foundations of Musical Pitch", Oxford 1990, chapter 4: the
       key-finding algorithm of Krumhansl and Schmuckler.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.theory.keys import key_scores
    >>> a_minor_scale = np.array([1, 0, 1, 0, 2, 1, 0, 1, 0, 3, 0, 1])
    >>> int(key_scores(a_minor_scale).argmax()) == 12 + 9
    True
    """
    chroma = np.asarray(mean_chroma, dtype=np.float64)
    return unit_shapes(chroma) @ _UNIT_PROFILES.T


def common_tonic(mean_chroma: Any) -> np.ndarray:
    """Estimate how many semitones the key of chroma is above C major or A minor.

    Rolling chroma down by this number of semitones transposes it to the common key.

    Parameters
    ----------
    mean_chroma : array-like of shape (..., 12)
        Chroma from C to B, summed or averaged over frames.

    Returns
    -------
    semitones : ndarray of int, of shape (...)
        Numbers from 0 to 11.

    Examples
    --------
    >>> from musicai.theory.keys import KEY_PROFILES, common_tonic
    >>> common_tonic(KEY_PROFILES[[0, 2, 12 + 9, 12 + 11]])  # C and D major, A and B minor
    array([0, 2, 0, 2])
    """
    keys = key_scores(mean_chroma).argmax(axis=-1)
    return np.where(keys < 12, keys, (keys - _A) % 12)


def in_common_key(piece: np.ndarray) -> np.ndarray:
    """Transpose a piece of chroma, (n_frames, 12), to C major or A minor."""
    return np.roll(piece, -common_tonic(piece.sum(axis=0)), axis=1)


_UNIT_PROFILES = unit_shapes(KEY_PROFILES)


_KEYS = np.arange(N_KEYS)
SHIFTS_TO_COMMON_KEY = np.where(_KEYS <= _FARTHEST_DOWN, -_KEYS, N_KEYS - _KEYS)
"""Shortest transposition of each key to the common key, in semitones, shape (12,)."""


def classes_of_features(n_features: int) -> np.ndarray:
    """Return the pitch class of each feature: from A up for 88 features, otherwise from C up."""
    return (np.arange(n_features) + _LOWEST_PITCH_CLASS.get(n_features, 0)) % N_KEYS


@cache
def octave_fold(n_features: int) -> np.ndarray:
    """Return the matrix, (n_features, 12), that adds up the features of each pitch class."""
    fold = np.eye(N_KEYS, dtype=np.float32)[classes_of_features(n_features)]
    fold.setflags(write=False)  # all callers share it
    return fold


def estimate_keys(pieces: Sequence[np.ndarray]) -> list[int]:
    """Estimate the key, 0 to 11, of each piece.

    The pieces are chroma or piano rolls. Their features are successive semitones, from A0 up if
    there are 88 features, otherwise from a C up.
    """
    totals = []
    for piece in pieces:
        total = np.zeros(piece.shape[1])
        for block in frame_blocks(piece):
            total += block.sum(0, dtype=np.float64)
        totals.append(pitch_classes(total))
    return common_tonic(np.stack(totals)).tolist()


def pitch_classes(frames: np.ndarray) -> np.ndarray:
    """Sum the octaves of each pitch class: (..., n_features) to (..., 12). Chroma is unchanged."""
    n_features = frames.shape[-1]
    if n_features == N_KEYS:
        return frames
    return frames @ octave_fold(n_features).astype(frames.dtype, copy=False)
