"""Mixing of the channels of a recording down to one or two.

Like librosa, this module averages the channels. In a few recordings, however, a cable or an effect
has inverted one channel, and the average cancels nearly all of the music. Where channels cancel,
some of them are therefore inverted first. This is decided separately for each cell of about a
quarter of a second, so that an excerpt is mixed like the whole recording.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

CELL_SECONDS = 0.25
"""Approximate length in seconds of a cell, within which the signs of the channels are constant.

In 300 stereo files (16 hours), channels never canceled by chance in a cell of this length.
"""

SHORTEST_CELL = 4096
"""Smallest number of samples in a cell; in shorter cells, channels may cancel by chance."""

STRIDE = 64
"""Channels are compared at one of every 64 samples.

Comparing all samples would take as long as mixing them. The position of the sample in each group
of 64 varies, so that no tone is always sampled at the same phase.
"""

LEAST_SHARE = 0.02
"""Channels cancel if the power of their sum is below this share of the sum of their powers.

At this share, the mean of two equally loud channels is 20 dB below each of them. For unrelated
channels, the share is about 1.
"""

FADE_SECONDS = 0.01
"""Duration in seconds of the fade from the signs of one cell to those of the next."""


def mix_blocks(
    blocks: Iterable[np.ndarray],
    native_rate: float,
    channels: int,
    *,
    report: Callable[[float], object],
) -> Iterator[np.ndarray]:
    """Mix blocks of samples of shape (n_samples, n_channels) to one channel or two.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (n_samples, n_channels), dtype float32
        The samples in order. They are not modified.
    native_rate : float
        Sampling rate in hertz.
    channels : {1, 2}
        Number of output channels.
    report : callable
        Called at the end with the number of seconds in which channels cancel, if any do.

    Yields
    ------
    block : ndarray of shape (n_samples,), or (n_samples, 2) with two channels, dtype float32
        Mixed samples. They do not depend on the block sizes.
    """
    mixer = _Mixer(native_rate, channels)
    rest = None
    for block in blocks:
        if block.shape[1] == 1:
            yield mix_down(block, channels)
            continue
        if rest is not None:
            block = np.concatenate([rest, block])
        whole = len(block) - len(block) % mixer.cell
        rest = block[whole:] if whole < len(block) else None
        if whole:
            yield mixer.mix(block[:whole])
    if rest is not None:
        yield mixer.mix(rest)
    if mixer.n_cancelling:
        report(mixer.n_cancelling / native_rate)


def mix_excerpt(samples: np.ndarray, native_rate: float, channels: int) -> np.ndarray:
    """Mix samples of shape (n_samples, n_channels), from a range that `whole_cells` returned."""
    blocks = mix_blocks([samples], native_rate, channels, report=lambda seconds: None)
    return np.concatenate([mix_down(samples[:0], channels), *blocks])


def whole_cells(first: int, last: int, n_channels: int, native_rate: float) -> tuple[int, int]:
    """Extend the range of an excerpt, so that the excerpt is mixed like the whole recording.

    Return the start and stop indices. With several channels, the range consists of all cells that
    the excerpt overlaps and the cell before them. With one channel, the range is not extended.
    """
    if n_channels == 1:
        return first, last
    cell = cell_length(native_rate)
    return max(0, first // cell - 1) * cell, -(-last // cell) * cell


def cell_length(native_rate: float) -> int:
    """Return the number of samples in a cell, a power of two."""
    return max(SHORTEST_CELL, int(2 ** np.rint(np.log2(native_rate * CELL_SECONDS))))


def mix_down(block: np.ndarray, channels: int) -> np.ndarray:
    """Mix samples of shape (n_samples, n_channels) to `channels` channels.

    The channels are averaged, unless both input and output are stereo.
    """
    n_channels = block.shape[1]
    if channels == 2:
        return block if n_channels == 2 else np.stack(2 * [mix_down(block, 1)], axis=1)
    if n_channels == 1:
        return block[:, 0]
    # For few channels, this is several times faster than np.mean(axis=1), with the same result.
    mono: np.ndarray = block[:, 0] + block[:, 1]
    if n_channels == 2:
        mono *= np.float32(0.5)  # equal to division by 2, and faster
        return mono
    for channel in range(2, n_channels):
        mono += block[:, channel]
    mono /= np.float32(n_channels)
    return mono


class _Mixer:
    """Mixer that works cell by cell."""

    def __init__(self, native_rate: float, channels: int) -> None:
        self.cell = cell_length(native_rate)
        self.n_cancelling = 0
        self._channels = channels
        self._plain = np.ones(1, np.float32)
        self._signs: np.ndarray | None = None  # signs of the channels in the previous cell
        number = np.arange(self.cell // STRIDE)
        self._in_cell = STRIDE * number + 37 * number % STRIDE
        self._places = np.empty((0, len(number)), int)  # indices of samples to compare, per cell
        n_fade = min(self.cell, 1 + round(native_rate * FADE_SECONDS))
        self._ramp = np.linspace(0, 1, n_fade, dtype=np.float32)[:, np.newaxis]

    def mix(self, samples: np.ndarray) -> np.ndarray:
        """Mix whole cells; the last cell of a recording may be shorter."""
        mixed = mix_down(samples, self._channels)  # first, to bring the samples into the cache
        cancels = self._cancels(samples)
        if not cancels.any() and (self._signs is None or self._signs is self._plain):
            self._signs = self._plain
            return mixed
        samples = samples.copy()
        for first, cell_cancels in zip(range(0, len(samples), self.cell), cancels, strict=True):
            self._apply_signs(samples[first : first + self.cell], cancels=bool(cell_cancels))
        return mix_down(samples, self._channels)

    def _cancels(self, samples: np.ndarray) -> np.ndarray:
        """Return for each cell whether its channels cancel, shape (n_cells,)."""
        n_samples, n_channels = samples.shape
        n_cells = -(-n_samples // self.cell)
        if n_cells != len(self._places):
            starts = np.arange(0, n_samples, self.cell)
            self._places = np.add.outer(starts, self._in_cell)
        places = self._places.ravel()
        few = samples.take(places, axis=0, mode="clip")
        if n_samples % self.cell:
            few[places >= n_samples] = 0
        mean = mix_down(few, 1)
        with np.errstate(over="ignore", invalid="ignore"):  # NaN and infinity are rejected later
            mean *= mean
            few *= few
            power, of_mean = (np.add.reduce(each.reshape(n_cells, -1), 1) for each in (few, mean))
            cancels: np.ndarray = of_mean < LEAST_SHARE / n_channels**2 * power
        return cancels

    def _apply_signs(self, samples: np.ndarray, *, cancels: bool) -> None:
        """Multiply the channels of a cell by their signs in place.

        The first samples fade from the signs of the previous cell.
        """
        signs = self._plain
        if 2 * len(samples) < self.cell:  # a short cell at the end may cancel by chance
            signs = signs if self._signs is None else self._signs
        elif cancels:
            sound = samples - samples.mean(axis=0, dtype=np.float64)  # remove DC offsets
            signs = _opposing_signs(sound) if self._cancels(sound).all() else signs
        self.n_cancelling += 0 if signs is self._plain else len(samples)
        before = signs if self._signs is None else self._signs
        ramp = self._ramp[: len(samples)]
        samples[: len(ramp)] *= before + (signs - before) * ramp
        samples[len(ramp) :] *= signs
        self._signs = signs


def _opposing_signs(samples: np.ndarray) -> np.ndarray:
    """Return a sign per channel, so that no channel cancels the sum of the channels before it."""
    signs = np.ones(samples.shape[1], np.float32)
    total = samples[:, 0].copy()
    for channel in range(1, len(signs)):
        if total @ samples[:, channel] < 0:
            signs[channel] = -1
        total += signs[channel] * samples[:, channel]
    return signs
