"""Stream of composed frames, with a method that ends the piece."""

from collections.abc import Callable, Iterator

import numpy as np

from ..base.parameters import COUNT_RULE, check_values
from ._sampling import Sampler


class FrameStream(Iterator[np.ndarray]):
    """Iterator over the frames of a piece, which is endless until `end` is called.

    Parameters
    ----------
    frames : iterator of ndarray of shape (n_features,)
        Frames that `sampler` composes.
    sampler : Sampler
        Sampler of a single piece.
    before_end : callable
        Function without arguments that `end` calls before it ends the piece.
    """

    def __init__(
        self, frames: Iterator[np.ndarray], sampler: Sampler, *, before_end: Callable[[], None]
    ) -> None:
        self._frames = frames
        self._sampler = sampler
        self._before_end = before_end
        self._n_left: int | None = None

    def __next__(self) -> np.ndarray:
        if self._n_left is not None:
            if self._n_left == 0:
                raise StopIteration
            self._n_left -= 1
        return next(self._frames)

    def end(self, n_frames: int) -> None:
        """End the piece after `n_frames` more frames.

        The ending resembles those of the training pieces, though less often than with
        ``sample(ending=True)``, which chooses among many endings. If chords are requested, the
        progression repeats a whole number of times, and its last chord lasts until the end. A later
        call replaces an earlier one. A call after the last frame raises an error.

        Parameters
        ----------
        n_frames : int
            Number of frames still to be composed. Allow a few seconds for the music to close.
        """
        check_values({"n_frames": n_frames}, {"n_frames": COUNT_RULE})
        if self._n_left == 0:
            raise ValueError("the piece has ended: call stream for another one")
        self._before_end()
        self._sampler.end(n_frames)
        if self._sampler.following is not None:
            self._sampler.following.end(n_frames)
        self._n_left = n_frames
