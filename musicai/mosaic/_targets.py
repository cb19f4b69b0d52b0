"""Conversion of pieces to the input of the searches: frames of the extractor, or beats."""

from typing import NamedTuple

import numpy as np

from ..chroma import ChromaExtractor
from ..theory.timing import Timing, length_in_samples
from ._beat_corpus import UNKNOWN, as_shapes, place_in_bar


class Wanted(NamedTuple):
    """A piece to play.

    Attributes
    ----------
    chroma : ndarray of shape (n_frames, 12)
        Chroma of the piece, scaled to a maximum of 1.
    timing : Timing
        Timing of the frames.
    seconds : float
        Length of the mosaic in seconds, rounded down to a whole number of samples.
    frames : ndarray of shape (n_analyzed, 12)
        Chroma of the piece at the center of each of the extractor's frames.
    """

    chroma: np.ndarray
    timing: Timing
    seconds: float
    frames: np.ndarray


def scaled(chroma: np.ndarray) -> np.ndarray:
    """Scale chroma to a maximum of 1, which does not change correlations; silence stays 0."""
    largest = float(np.max(chroma, initial=0.0))
    with np.errstate(under="ignore"):
        return (chroma / (largest or 1.0)).astype(np.float32)


def as_wanted(piece: np.ndarray, timing: Timing, extractor: ChromaExtractor, sr: int) -> Wanted:
    """Prepare a piece for the searches.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, 12)
        Chroma; negative values count as 0.
    timing : Timing
        Timing of the frames.
    extractor : ChromaExtractor
        Extractor of the recordings.
    sr : int
        Sampling rate of the mosaic in hertz.
    """
    borders = timing.borders(len(piece))
    borders = borders - borders[0]
    chroma = scaled(np.maximum(piece, 0))
    seconds = length_in_samples(borders[-1], sr) / sr
    return Wanted(chroma, timing, seconds, _at_frames(chroma, borders, seconds, extractor))


def _at_frames(
    piece: np.ndarray, borders: np.ndarray, seconds: float, extractor: ChromaExtractor
) -> np.ndarray:
    """Return the piece at the center of each of the extractor's frames."""
    # Despite rounding errors, a center on a border must belong to the frame that begins there.
    firsts = np.ceil(borders * extractor.frame_rate - 1e-6).astype(int)
    frames = np.repeat(piece, np.diff(firsts), axis=0)
    # Keep at most as many frames as an analysis of the mosaic will have.
    n_samples = np.ceil(seconds * extractor.sr)
    return frames[: int(n_samples // extractor.hop_length) + 1]


class Target(NamedTuple):
    """The beats of a piece.

    Attributes
    ----------
    shapes : ndarray of shape (n_beats, 24), dtype float32
        Chroma of the two halves of each beat. Each half is centered and scaled to a norm of
        ``sqrt(1/2)``; flat halves are 0.
    borders : ndarray of shape (n_beats + 1,)
        Times at which the beats begin, followed by the end of the last one, in seconds from the
        beginning of the piece. The first time is negative if the piece begins within a beat. The
        last time is after the end of the piece if the piece ends within a beat.
    places : ndarray of shape (n_beats,), dtype int16
        Codes for the place in the bar; see `place_in_bar`.
    """

    shapes: np.ndarray
    borders: np.ndarray
    places: np.ndarray

    @property
    def tempo(self) -> float:
        """Tempo in beats per minute, from the median beat length."""
        return 60 / float(np.median(np.diff(self.borders)))


def beat_target(piece: np.ndarray, timing: Timing, *, tempo: float) -> Target:
    """Divide a piece into beats.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, 12)
        Chroma of at least one frame.
    timing : Timing
        Timing of the frames.
    tempo : float
        Tempo, in beats per minute, of the steady beats that are used if the timing has no beats.

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
    # Extend incomplete beats at both ends, assuming the mean beat length.
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
    chroma = np.where(chroma < 1e-9, 0.0, chroma)
    places = np.full(last - first, UNKNOWN, dtype=np.int16)
    if has_beats and timing.downbeat is not None:
        assert timing.beats_per_bar is not None  # because the timing has beats
        places = place_in_bar(np.arange(first, last) - timing.downbeat, timing.beats_per_bar)
    return Target(as_shapes(chroma.reshape(last - first, 2, -1)), borders, places)
