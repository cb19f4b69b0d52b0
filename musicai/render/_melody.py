"""A melody: the one tone that, added to the chords, makes them most like the music."""

import numpy as np

from ..theory.shapes import unit_shapes
from ._viterbi import best_path

_LOUDNESS = 0.8  # of a chord's loudest tone
_CHANGE_PRICE = 0.02  # seconds of full correlation; some two notes a second in recordings
_LEAST_GAIN = -0.1  # in correlation: a tone that does little harm is better than none


def find_melody(
    shapes: np.ndarray, silence: np.ndarray, chords: np.ndarray, seconds: np.ndarray
) -> np.ndarray:
    """Choose a pitch class or a rest for each cell.

    Parameters
    ----------
    shapes : ndarray of shape (n_cells, 12)
        As `cell_shapes` returns them.
    silence : ndarray of shape (n_cells,)
        As well.
    chords : ndarray of shape (n_cells, 12)
        Loudness of what else sounds.
    seconds : ndarray of shape (n_cells,)
        How long each cell is.

    Returns
    -------
    melody : ndarray of int of shape (n_cells,)
        Pitch classes; -1 for a rest.
    """
    added = unit_shapes(chords[:, None] + _LOUDNESS * np.eye(12))
    gains = np.einsum("cd,cpd->cp", shapes, added)
    rest = np.einsum("cd,cd->c", shapes, unit_shapes(chords)) + _LEAST_GAIN * seconds + silence
    path = best_path(np.column_stack([gains, rest]), np.full(len(gains), _CHANGE_PRICE))
    return np.where(path == gains.shape[1], -1, path)
