"""Streams of composed frames, which can be led to an ending."""

from collections.abc import Callable, Iterator

import numpy as np

from ..base.parameters import COUNT_RULE, check_values
from ._cues import ending_cues
from ._sampling import Sampler


class FrameStream(Iterator[np.ndarray]):
    """Frames of an endless piece, until `end` is called.

    Parameters
    ----------
    frames : iterator of ndarray of shape (n_features,)
        Frames that `sampler` composes, one after the other.
    sampler : Sampler
        The sampler of a single piece.
    before_end : callable
        Function without arguments that `end` calls before it changes anything.
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
        """Lead the piece to an ending after `n_frames` more frames, as training pieces end.

        Parameters
        ----------
        n_frames : int
            Number of frames that are still to come. The music needs a few seconds to close. A later
            call replaces an earlier one. If chords are requested, the progression repeats as often
            as it fits, and its last chord lasts until the end. A call after the last frame raises
            an error.
        """
        check_values({"n_frames": n_frames}, {"n_frames": COUNT_RULE})
        if self._n_left == 0:
            raise ValueError("the piece has ended: call stream for another one")
        self._before_end()
        # The cues of the next frame were read with the frame before it.
        cues = ending_cues(np.arange(n_frames - 1, 0, -1))
        self._sampler.cues = np.repeat(cues[None], len(self._sampler.previous), axis=0)
        if self._sampler.following is not None:
            self._sampler.following.end(n_frames)
        self._n_left = n_frames
