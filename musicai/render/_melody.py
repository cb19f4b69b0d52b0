"""A melody: on each step the note that, added to the chords, makes them most like the music."""

import numpy as np

from ..theory.shapes import unit_shapes
from ._cells import Cells
from ._viterbi import best_path

LOWEST, HIGHEST = 60, 79
"""C4 to G5, within which most songs are sung."""

_LOUDNESS = 0.8  # of a chord's loudest tone
_CHANGE_PRICE = 0.005  # seconds of full correlation, of a step on a beat
_OFF_BEAT, _BETWEEN = 3.0, 6.0  # times as much on halves and thirds of beats, and between
_LEAST_GAIN = -0.1  # in correlation: a tone that does little harm is better than none
_PITCHES = np.arange(LOWEST, HIGHEST + 1)


def find_melody(cells: Cells, chords: np.ndarray, bar_lines: np.ndarray) -> np.ndarray:
    """Choose a note or a rest for each cell.

    Parameters
    ----------
    cells : Cells
        The music.
    chords : ndarray of shape (n_cells, 12)
        Loudness of what else sounds.
    bar_lines : ndarray of int
        Cells on which bars begin. The melody of a bar depends on nothing that comes after it.

    Returns
    -------
    melody : ndarray of int of shape (n_cells,)
        MIDI numbers; -1 for a rest.
    """
    added = unit_shapes(chords[:, None] + _LOUDNESS * np.eye(12))
    gains = np.einsum("cd,cpd->cp", cells.shapes, added)[:, _PITCHES % 12]
    rest = np.einsum("cd,cd->c", cells.shapes, unit_shapes(chords))
    rest += _LEAST_GAIN * cells.seconds + cells.silence
    twelfths = np.rint(12 * cells.borders[:-1]).astype(int) % 12
    kinds = [twelfths == 0, np.isin(twelfths, (4, 6, 8))]
    price = _CHANGE_PRICE * np.select(kinds, [1, _OFF_BEAT], _BETWEEN)
    scores = np.column_stack([gains, rest]).round(9)
    path = best_path(scores, price, ends=bar_lines, distances=_DISTANCES)
    return np.where(path == len(_PITCHES), -1, LOWEST + path)


def _distances() -> np.ndarray:
    """Return what changes cost, in prices: steps and rests 1, leaps by how wide they are."""
    leaps = np.abs(np.subtract.outer(_PITCHES, _PITCHES))
    costs = np.where(leaps > 0, np.maximum(1, leaps / 2), 0)
    costs = np.pad(costs, (0, 1), constant_values=1)
    costs[-1, -1] = 0
    return costs


_DISTANCES = _distances()
