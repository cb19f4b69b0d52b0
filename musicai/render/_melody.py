"""Melodies: the notes and rests that, with the chords, correlate best with the frames.

Each change of note has a cost, which is higher for leaps and off the beat.
"""

import numpy as np

from ..theory.shapes import unit_shapes
from ..theory.viterbi import best_path
from ._cells import Cells

LOWEST, HIGHEST = 60, 79
"""MIDI numbers of C4 and G5, the range of most songs."""

_LOUDNESS = 0.8  # loudness of the melody's note, relative to the chord's loudest tone
# Cost of a step to another note on a beat, as a loss of correlation, integrated over seconds. The
# cost is `_OFF_BEAT` times as high on halves and thirds of beats, and `_BETWEEN` times as high
# elsewhere.
_CHANGE_PRICE = 0.002
_OFF_BEAT, _BETWEEN = 1.5, 6.0
_LEAST_GAIN = -0.1  # a note wins over a rest unless it lowers the correlation by more than 0.1
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
        Indices of the cells with which bars begin. The melody of a bar does not depend on later
        bars.

    Returns
    -------
    melody : ndarray of int of shape (n_cells,)
        MIDI number of each cell's note; -1 for a rest.
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
    """Return the cost of each change from a note (row) to a note (column), relative to a step.

    The last row and the last column are a rest. Steps of up to two semitones, and changes to or
    from a rest, cost 1. A leap costs half its number of semitones.
    """
    leaps = np.abs(np.subtract.outer(_PITCHES, _PITCHES))
    costs = np.where(leaps > 0, np.maximum(1, leaps / 2), 0)
    costs = np.pad(costs, (0, 1), constant_values=1)
    costs[-1, -1] = 0
    return costs


_DISTANCES = _distances()
