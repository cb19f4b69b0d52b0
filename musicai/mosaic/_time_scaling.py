"""Time scaling: sound is stretched so that its beats fall at given times, at its own pitch.

This is WSOLA (W. Verhelst and M. Roelands, "An overlap-add technique based on waveform similarity
(WSOLA) for high quality time-scale modification of speech", ICASSP 1993). Overlapping windows of
the sound are added. The beats say where in the sound each window should be taken from. If the
continuation of the window before lies within a tolerance of that place, it is taken; otherwise the
place within the tolerance whose waveform is most similar to the continuation. So sound that keeps
its own tempo passes unchanged. The tolerance is smaller at beats, so that attacks stay on the grid.
"""

from collections.abc import Callable, Iterator

import numpy as np
import scipy.fft

WINDOW_SECONDS = 0.0465
"""Length of a window: two periods of a 43 Hz tone, about the lowest note of a bass."""

TOLERANCE, AT_BEATS = 0.012, 0.003
"""Most seconds by which a window may be off its wanted place: `AT_BEATS` if it contains a beat,
and `TOLERANCE` otherwise."""

WINDOWS_AT_ONCE = 256
"""Number of windows whose sound is read at once: about 6 seconds."""

ReadSamples = Callable[[int, int], np.ndarray]
"""Takes two positions in samples. Returns the samples from the first position up to the second,
shape (n_samples, n_channels). Positions may lie before or after the recording."""


def stretch(
    read: ReadSamples, source: np.ndarray, target: np.ndarray, *, start: int, stop: int, sr: float
) -> Iterator[np.ndarray]:
    """Stretch sound so that its beats fall at given positions.

    Parameters
    ----------
    read : callable
        Returns samples of the sound.
    source, target : ndarray of shape (n_beats,)
        Positions of the beats in the sound and in the result, in samples, possibly fractional. Both
        increase; before the first and after the last beat the sound keeps its own speed.
    start, stop : int
        The first sample of the result, and the sample after its last one.
    sr : float
        Samples per second.

    Yields
    ------
    block : ndarray of shape (n_samples, n_channels), dtype float32
        The next samples.

    Examples
    --------
    >>> import numpy as np
    >>> sound = np.random.RandomState(0).uniform(-1, 1, (44100, 1)).astype(np.float32)
    >>> beats = np.array([0.0, 22050.0, 44100.0])
    >>> def read(first, last):
    ...     return sound[np.clip(np.arange(first, last), 0, len(sound) - 1)]
    >>> slower = list(stretch(read, beats, 1.1 * beats, start=0, stop=48510, sr=44100))
    >>> sum(map(len, slower))
    48510
    """
    hop = round(WINDOW_SECONDS * sr / 2)
    # Centers of the windows; each sample lies in two of them, whose weights add up to 1.
    centers = np.arange(start, stop + hop, hop)
    wanted, tolerance = _places(centers, source, target, hop=hop, sr=sr)
    window = (0.5 - 0.5 * np.cos(np.pi * np.arange(2 * hop) / hop)).astype(np.float32)[:, None]
    before: int | None = None  # the place of the previous window
    tail: np.ndarray | float = 0.0  # its second half, to which the next window is added
    left = stop - start
    for first in range(0, len(centers), WINDOWS_AT_ONCE):
        part = slice(first, first + WINDOWS_AT_ONCE)
        # The pattern of a window is at most a hop and a tolerance from its place.
        margin = int(tolerance.max()) + hop
        begin = int(wanted[part].min()) - hop - margin
        sound = read(begin, int(wanted[part].max()) + hop + margin)
        places = []
        for place, most in zip(wanted[part], tolerance[part], strict=True):
            if before is not None:
                place = _best_place(sound, begin, before + hop, place, most=most, hop=hop)
            before = int(place)
            places.append(before - hop - begin)
        blocks = []
        for place in places:
            weighted = sound[place : place + 2 * hop] * window
            blocks.append(tail + weighted[:hop])
            tail = weighted[hop:]
        if first == 0:
            blocks[0] = blocks[0][:0]  # it would lie before the result begins
        made = np.concatenate(blocks)[:left]
        left -= len(made)
        yield made


def _places(
    centers: np.ndarray, source: np.ndarray, target: np.ndarray, *, hop: int, sr: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the wanted center of each window in the sound, and its tolerance, in samples."""
    beat = np.searchsorted((target[:-1] + target[1:]) / 2, centers)  # the nearest beat
    offset = centers - target[beat]
    at_beat = np.abs(offset) <= hop
    outside = np.minimum(centers - target[0], 0) + np.maximum(centers - target[-1], 0)
    wanted = np.interp(centers, target, source) + outside
    # Around a beat the sound keeps its speed, so that the attack itself is not stretched.
    wanted[at_beat] = source[beat[at_beat]] + offset[at_beat]
    tolerance = np.where(at_beat, round(AT_BEATS * sr), round(TOLERANCE * sr))
    return np.rint(wanted).astype(int), tolerance


def _best_place(
    sound: np.ndarray, begin: int, natural: int, wanted: int, *, most: int, hop: int
) -> int:
    """Return the center of the next window, at most `most` samples from `wanted`.

    `natural` is the center at which it would continue the window before.
    """
    if abs(natural - wanted) <= most:
        return natural
    pattern = sound[natural - hop - begin : natural + hop - begin]
    first = wanted - most - hop - begin
    return wanted + best_lag(sound[first : first + 2 * (hop + most)], pattern)


def best_lag(candidates: np.ndarray, pattern: np.ndarray) -> int:
    """Return the lag, in samples from the middle, at which a sound is most similar to a pattern.

    Parameters
    ----------
    candidates, pattern : ndarray of shape (n_samples, n_channels)
        The sound that is searched, and the shorter pattern, which fits into it at an odd number of
        lags.
    """
    n_lags = len(candidates) - len(pattern) + 1
    n_fft = scipy.fft.next_fast_len(len(candidates), real=True)
    spectra = scipy.fft.rfft(candidates, n_fft, axis=0)
    spectra *= np.conj(scipy.fft.rfft(pattern, n_fft, axis=0))
    products = scipy.fft.irfft(spectra.sum(axis=1), n_fft)[:n_lags]
    energies = sliding_energy(candidates, len(pattern))
    likeness = products / np.sqrt(np.maximum(energies, 1e-9))
    # If lags are equally good, as in silence, the one nearest to the middle wins.
    lags = np.arange(n_lags) - n_lags // 2
    return int(lags[np.argmax(likeness - 1e-9 * np.abs(lags))])


def sliding_energy(samples: np.ndarray, n_window: int) -> np.ndarray:
    """Return the energy of every window of `n_window` samples, summed over channels."""
    energy = np.square(samples, dtype=np.float64).sum(axis=1)
    sums = np.cumsum(np.concatenate([[0.0], energy]))
    return sums[n_window:] - sums[: len(sums) - n_window]
