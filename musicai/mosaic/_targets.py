"""What a mosaic is to sound like: pieces as frames of the extractor."""

from typing import NamedTuple

import numpy as np

from ..chroma import ChromaExtractor
from ..theory.timing import Timing, length_in_samples


class Wanted(NamedTuple):
    """A piece that is to be played.

    Attributes
    ----------
    chroma : ndarray of shape (n_frames, 12)
        The piece, its largest value 1.
    timing : Timing
        When its frames sound.
    seconds : float
        For how long it is to be played, a whole number of samples.
    frames : ndarray of shape (n_analyzed, 12)
        What sounds at the center of each of the extractor's frames.
    """

    chroma: np.ndarray
    timing: Timing
    seconds: float
    frames: np.ndarray


def scaled(chroma: np.ndarray) -> np.ndarray:
    """Return chroma with 1 as the largest value of all; its scale does not matter."""
    largest = float(np.max(chroma, initial=0.0))
    with np.errstate(under="ignore"):
        return (chroma / (largest or 1.0)).astype(np.float32)


def as_wanted(piece: np.ndarray, timing: Timing, extractor: ChromaExtractor, sr: int) -> Wanted:
    """Return what is to be played for a piece.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, 12)
        Chroma; negative values count as 0.
    timing : Timing
        When its frames sound.
    extractor : ChromaExtractor
        How the recordings were analyzed.
    sr : int
        Samples per second of the mosaic.
    """
    borders = timing.borders(len(piece))
    borders = borders - borders[0]
    chroma = scaled(np.maximum(piece, 0))
    seconds = length_in_samples(borders[-1], sr) / sr
    return Wanted(chroma, timing, seconds, _at_frames(chroma, borders, seconds, extractor))


def _at_frames(
    piece: np.ndarray, borders: np.ndarray, seconds: float, extractor: ChromaExtractor
) -> np.ndarray:
    """Return what sounds at the center of each of the extractor's frames."""
    # A center on a border belongs to what begins there, however the product was rounded.
    firsts = np.ceil(borders * extractor.frame_rate - 1e-6).astype(int)
    frames = np.repeat(piece, np.diff(firsts), axis=0)
    # No more than are analyzed in a sound of that length.
    n_samples = np.ceil(seconds * extractor.sr)
    return frames[: int(n_samples // extractor.hop_length) + 1]
