"""Beats of recordings played on a grid, joined without a seam.

A join is a short fade that ends just before the attack of the beat on which the next recording
comes in: the attack is heard whole, and what comes before it is still the recording before.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ._passages import Passage
from ._time_scaling import stretch

FADE_SECONDS = 0.03
AHEAD = 0.02
"""Seconds before a beat at which a join has ended: attacks begin up to 15 ms before their beat."""


Read = Callable[[Passage, int, int], np.ndarray]
"""Takes a passage and the first and last sample of its recording, counted at the rate of the
passage; returns those samples in shape (n_samples, n_channels)."""


def play_beats(
    passages: Sequence[Passage], read: Read, *, start: int, stop: int, sr: int
) -> Iterator[np.ndarray]:
    """Play passages one after the other.

    Parameters
    ----------
    passages : sequence of Passage
        In order; each begins when the one before ends.
    read : callable
        Gives samples of a recording.
    start, stop : int
        Samples of the mosaic to begin with and to stop before.
    sr : int
        Samples per second.

    Yields
    ------
    block : ndarray of shape (n_samples, n_channels), dtype float32
        The next samples.
    """
    fade, ahead = round(FADE_SECONDS * sr), round(AHEAD * sr)
    joins = [
        max(start + fade, round(float(passage.target[0]) * sr) - ahead) for passage in passages[1:]
    ]
    held: np.ndarray | None = None  # the end of the passage before, which is to fade out
    for passage, first, last in zip(passages, [start, *joins], [*joins, stop], strict=True):
        begin = first if held is None else first - fade
        tail = held
        for number, block in enumerate(_stretched(passage, read, begin, last, sr)):
            if number == 0:
                if tail is not None:
                    block[:fade] = crossfade(tail, block[:fade])
                held = block
            else:
                held = np.concatenate([held, block])
            yield held[:-fade]
            held = held[-fade:]
    if held is not None:
        yield held


def crossfade(leaving: np.ndarray, coming: np.ndarray) -> np.ndarray:
    """Go from one sound to another of the same shape, (n_samples, n_channels)."""
    angle = np.linspace(0, np.pi / 2, len(leaving), dtype=np.float32)[:, np.newaxis]
    mixed = np.cos(angle) * leaving + np.sin(angle) * coming
    # Of equal power if the two have nothing in common; what they have in common adds up.
    product = max(float(np.linalg.norm(leaving) * np.linalg.norm(coming)), 1e-9)
    common = max(float(np.sum(leaving * coming)) / product, 0.0)
    mixed /= np.sqrt(1 + common * np.sin(2 * angle))
    return mixed


def _stretched(
    passage: Passage, read: Read, begin: int, last: int, sr: int
) -> Iterator[np.ndarray]:
    """Play one passage from a sample of the mosaic to another."""
    factor = np.float32(10 ** (passage.gain / 20))
    blocks = stretch(
        lambda first, stop: read(passage, first, stop),
        passage.source * (sr / passage.rate),
        passage.target * sr,
        start=begin,
        stop=last,
        sr=sr,
    )
    return (block * factor for block in blocks)
