"""How strongly each of the 24 major and minor keys is heard in a piece."""

from typing import Any

import numpy as np

from .shapes import unit_shapes

# Ratings of how well each pitch class, from the tonic upwards, fits a key that was just heard:
# the probe-tone experiments of Krumhansl and Kessler (1982).
_MAJOR = [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88]
_MINOR = [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17]
_A = 9  # semitones above C

KEY_PROFILES = np.array([np.roll(mode, tonic) for mode in (_MAJOR, _MINOR) for tonic in range(12)])
"""Profile (24, 12) of every key over C to B: rows 0 to 11 major on C to B, 12 to 23 minor."""


def key_scores(mean_chroma: Any) -> np.ndarray:
    """Pearson's correlation of chroma with the profile of each key.

    Parameters
    ----------
    mean_chroma : array-like of shape (..., 12)
        Chroma, C to B, summed or averaged over the frames whose key is asked for.

    Returns
    -------
    scores : ndarray of shape (..., 24)
        Between -1 and 1, in the order of `KEY_PROFILES`; 0 throughout where all pitch classes
        are alike (silence, noise), which have no key.

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
    """Semitones that music lies above C major or A minor, for the key that fits it best.

    Rolled down by so many semitones all music is in a common key: that of the white keys.

    Parameters
    ----------
    mean_chroma : array-like of shape (..., 12)
        Chroma, C to B, summed or averaged over the frames whose key is asked for.

    Returns
    -------
    semitones : ndarray of int, of shape (...)
        From 0 to 11.

    Examples
    --------
    >>> from musicai.theory.keys import KEY_PROFILES, common_tonic
    >>> common_tonic(KEY_PROFILES[[0, 2, 12 + 9, 12 + 11]])  # C and D major, A and B minor
    array([0, 2, 0, 2])
    """
    keys = key_scores(mean_chroma).argmax(axis=-1)
    return np.where(keys < 12, keys, (keys - _A) % 12)


def in_common_key(piece: np.ndarray) -> np.ndarray:
    """Return a piece of chroma, (n_frames, 12), in C major or A minor."""
    return np.roll(piece, -common_tonic(piece.sum(axis=0)), axis=1)


_UNIT_PROFILES = unit_shapes(KEY_PROFILES)
