"""How loud a recording is, frame by frame, measured while it streams by."""

from itertools import pairwise

import numpy as np

QUIETEST = -120.0
"""The level of digital silence, in decibels of full scale."""


class FrameLevels:
    """Measures root mean squares; frame ``t`` is the hop about sample ``t * hop_length``.

    Parameters
    ----------
    hop_length : int
        Samples from a frame to the next.
    """

    def __init__(self, hop_length: int) -> None:
        self._hop_length = hop_length
        # Silence, so that the first frame is centered on sample 0.
        self._carried = np.zeros(hop_length // 2, dtype=np.float32)
        self._powers: list[np.ndarray] = []

    def add(self, block: np.ndarray) -> None:
        """Take the next samples. Sums are over whole hops, so the size of blocks is no matter."""
        samples = np.concatenate([self._carried, block])
        n_whole = len(samples) // self._hop_length * self._hop_length
        hops = samples[:n_whole].reshape(-1, self._hop_length)
        with np.errstate(under="ignore"):
            self._powers.append(np.einsum("th,th->t", hops, hops))
        self._carried = samples[n_whole:]

    def finish(self, n_frames: int) -> np.ndarray:
        """Return the level of each frame, shape (n_frames,), in decibels of full scale."""
        self.add(np.zeros(self._hop_length, dtype=np.float32))
        powers = np.concatenate(self._powers)[:n_frames].astype(np.float64) / self._hop_length
        return to_decibels(np.pad(powers, (0, n_frames - len(powers))))


def levels_between(levels: np.ndarray, frame_rate: float, times: np.ndarray) -> np.ndarray:
    """Return the level of each interval: the mean power of the frames that are centered in it."""
    # As frames are joined to intervals: one on a border is the later one's.
    borders = np.ceil(times * frame_rate - 1e-6).astype(int)
    return to_decibels(
        np.array([np.mean(10 ** (levels[first:last] / 10)) for first, last in pairwise(borders)])
    )


def to_decibels(power: np.ndarray) -> np.ndarray:
    """Return mean squares as decibels of full scale, float32."""
    return (10 * np.log10(np.maximum(power, 10 ** (QUIETEST / 10)))).astype(np.float32)
