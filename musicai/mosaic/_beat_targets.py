"""What a mosaic of beats is to sound like: the beats of a piece, on the grid of its timing."""

from typing import NamedTuple

import numpy as np

from ..theory.shapes import unit_shapes
from ..theory.timing import Timing
from ._beat_corpus import UNKNOWN, place_in_bar


class Target(NamedTuple):
    """The beats of a piece.

    Attributes
    ----------
    shapes : ndarray of shape (n_beats, 24), dtype float32
        Chroma of both halves of each beat, each centered and of length ``sqrt(1/2)``.
    borders : ndarray of shape (n_beats + 1,)
        Seconds from the beginning of the piece at which beats begin, and the last one ends. The
        piece may begin and end within beats.
    places : ndarray of shape (n_beats,), dtype int16
        Places in the bar, as `place_in_bar` has them.
    """

    shapes: np.ndarray
    borders: np.ndarray
    places: np.ndarray

    @property
    def tempo(self) -> float:
        """Beats per minute, of the median beat."""
        return 60 / float(np.median(np.diff(self.borders)))


def beat_target(piece: np.ndarray, timing: Timing, *, tempo: float) -> Target:
    """Return the beats of a piece.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, 12)
        Chroma, at least one frame.
    timing : Timing
        When its frames sound. The beats are its beats.
    tempo : float
        Beats per minute where it has none: they are steady then.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai import Timing
    >>> target = beat_target(np.eye(12)[:3], Timing.from_tempo(60, frames_per_beat=2), tempo=100)
    >>> target.borders
    array([0., 1., 2.])
    """
    seconds = timing.borders(len(piece))
    seconds = seconds - seconds[0]
    has_beats = timing.has_beats
    beats = timing.beats(len(piece)) if has_beats else seconds * (tempo / 60)
    first = int(np.floor(beats[0] + 1e-6))
    last = max(first + 1, int(np.ceil(beats[-1] - 1e-6)))
    # Whole beats at both ends, as long as beats are on average.
    average = (seconds[-1] - seconds[0]) / max(beats[-1] - beats[0], 1e-9)
    ends = np.array([beats[0] - first, last - beats[-1]]) * average
    borders = np.interp(
        np.arange(first, last + 1),
        np.concatenate([[first], beats, [last]]),
        np.concatenate([[-ends[0]], seconds, [seconds[-1] + ends[1]]]),
    )
    sums = np.concatenate([np.zeros((1, 12)), np.cumsum(piece * np.diff(beats)[:, None], axis=0)])
    halves = np.arange(2 * first, 2 * last + 1) / 2
    chroma = np.diff([np.interp(halves, beats, column) for column in sums.T], axis=1).T
    shapes = unit_shapes(np.where(chroma < 1e-9, 0.0, chroma)) / np.sqrt(2)
    places = np.full(last - first, UNKNOWN, dtype=np.int16)
    if has_beats and timing.downbeat is not None:
        assert timing.beats_per_bar is not None  # it has beats
        places = place_in_bar(np.arange(first, last) - timing.downbeat, timing.beats_per_bar)
    return Target(shapes.reshape(last - first, 24).astype(np.float32), borders, places)
