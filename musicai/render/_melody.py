"""Melodies: in each cell, the note that correlates best with the frames when added to the chord."""

import numpy as np

from ..theory.shapes import unit_shapes
from ..theory.viterbi import best_path
from ._cells import Cells

LOWEST, HIGHEST = 60, 79
"""C4 to G5, the range of most songs."""

_LOUDNESS = 0.8  # loudness of the melody's note, relative to the chord's loudest tone
# How much the correlation, integrated over seconds, must gain from a step to another note on a
# beat. On halves and thirds of beats it must gain `_OFF_BEAT` times as much, and elsewhere
# `_BETWEEN` times as much.
_CHANGE_PRICE = 0.002
_OFF_BEAT, _BETWEEN = 1.5, 6.0
_LEAST_GAIN = -0.1  # a note is preferred to a rest unless its correlation is lower by more than 0.1
_PITCHES = np.arange(LOWEST, HIGHEST + 1)


def find_melody(cells: Cells, chords: np.ndarray, bar_lines: np.ndarray) -> np.ndarray:
    """Choose a note or a rest for each cell.

    Parameters
    ----------
    cells : Cells
        The piece.
    chords : ndarray of shape (n_cells, 12)
        Loudness of the chord's tones in each cell.
    bar_lines : ndarray of int
        Cells on which bars begin. The melody of a bar does not depend on later ones.

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
    """Return the cost of each change, in prices, from row to column; the last ones are a rest.

    Steps of up to two semitones, and changes to or from a rest, cost 1; a leap costs half of its
    semitones.
    """
    leaps = np.abs(np.subtract.outer(_PITCHES, _PITCHES))
    costs = np.where(leaps > 0, np.maximum(1, leaps / 2), 0)
    costs = np.pad(costs, (0, 1), constant_values=1)
    costs[-1, -1] = 0
    return costs


_DISTANCES = _distances()
