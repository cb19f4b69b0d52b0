"""Time scaling: stretching sound without changing its pitch, so that beats fall at given times.

This is WSOLA (W. Verhelst and M. Roelands, "An overlap-add technique based on waveform similarity
(WSOLA) for high quality time-scale modification of speech", ICASSP 1993). The result is a sum of
overlapping windows of the sound. The beats determine the wanted position of each window in the
sound. If the position that continues the previous window is within a tolerance of the wanted one,
the window is taken from that position. Otherwise, it is taken from the position within the
tolerance at which the waveform is most similar to the continuation. Sound that keeps its tempo is
therefore unchanged. The tolerance is smaller at beats, so that attacks stay on the beats.
"""

from collections.abc import Callable, Iterator

import numpy as np
import scipy.fft

WINDOW_SECONDS = 0.0465
"""Length of a window in seconds: two periods of a 43 Hz tone, about the lowest note of a bass."""

TOLERANCE, AT_BEATS = 0.012, 0.003
"""Maximum distance, in seconds, of a window from its wanted position: `AT_BEATS` if the window
contains a beat, and `TOLERANCE` otherwise."""

WINDOWS_AT_ONCE = 256
"""Number of windows to read at a time, about 6 seconds of sound."""

ReadSamples = Callable[[int, int], np.ndarray]
"""Reader of a sound. It takes two positions, in samples, and returns the samples from the first
position up to the second, shape (n_samples, n_channels). It accepts positions outside the sound."""


def stretch(
    read: ReadSamples, source: np.ndarray, target: np.ndarray, *, start: int, stop: int, sr: float
) -> Iterator[np.ndarray]:
    """Stretch a sound so that its beats fall at given positions.

    Parameters
    ----------
    read : callable
        Reader of the sound; see `ReadSamples`.
    source, target : ndarray of shape (n_beats,)
        Positions of the beats in the sound and in the result, in increasing order, in samples,
        possibly fractional. Before the first beat and after the last one, sound keeps its speed.
    start, stop : int
        Positions of the first sample to yield, and of the sample after the last one, on the scale
        of `target`.
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
    # Centers of the windows in the result. Each sample is in two windows, whose weights sum to 1.
    centers = np.arange(start, stop + hop, hop)
    wanted, tolerance = _places(centers, source, target, hop=hop, sr=sr)
    window = (0.5 - 0.5 * np.cos(np.pi * np.arange(2 * hop) / hop)).astype(np.float32)[:, None]
    before: int | None = None  # center of the previous window in the sound
    tail: np.ndarray | float = 0.0  # second half of the previous window, added to the next
    left = stop - start
    for first in range(0, len(centers), WINDOWS_AT_ONCE):
        part = slice(first, first + WINDOWS_AT_ONCE)
        # The margin leaves room for the tolerance, and for the continuation of the previous window.
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
            blocks[0] = blocks[0][:0]  # this half of the first window precedes the result
        made = np.concatenate(blocks)[:left]
        left -= len(made)
        yield made


def _places(
    centers: np.ndarray, source: np.ndarray, target: np.ndarray, *, hop: int, sr: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the wanted center of each window in the sound, and its tolerance, in samples."""
    beat = np.searchsorted((target[:-1] + target[1:]) / 2, centers)  # index of the nearest beat
    offset = centers - target[beat]
    at_beat = np.abs(offset) <= hop
    outside = np.minimum(centers - target[0], 0) + np.maximum(centers - target[-1], 0)
    wanted = np.interp(centers, target, source) + outside
    # Around a beat, the sound keeps its speed, so that the attack is not stretched.
    wanted[at_beat] = source[beat[at_beat]] + offset[at_beat]
    tolerance = np.where(at_beat, round(AT_BEATS * sr), round(TOLERANCE * sr))
    return np.rint(wanted).astype(int), tolerance


def _best_place(
    sound: np.ndarray, begin: int, natural: int, wanted: int, *, most: int, hop: int
) -> int:
    """Return the center of the next window, at most `most` samples from `wanted`.

    `natural` is the center at which the window would continue the previous one.
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
        The sound to search, and the shorter pattern to find in it. Their lengths must differ by an
        even number, so that the middle is a whole number of samples.
    """
    n_lags = len(candidates) - len(pattern) + 1
    n_fft = scipy.fft.next_fast_len(len(candidates), real=True)
    spectra = scipy.fft.rfft(candidates, n_fft, axis=0)
    spectra *= np.conj(scipy.fft.rfft(pattern, n_fft, axis=0))
    products = scipy.fft.irfft(spectra.sum(axis=1), n_fft)[:n_lags]
    energies = sliding_energy(candidates, len(pattern))
    likeness = products / np.sqrt(np.maximum(energies, 1e-9))
    # Among equally good lags, as in silence, choose the one nearest to the middle.
    lags = np.arange(n_lags) - n_lags // 2
    return int(lags[np.argmax(likeness - 1e-9 * np.abs(lags))])


def sliding_energy(samples: np.ndarray, n_window: int) -> np.ndarray:
    """Return the energy, summed over channels, of every window of `n_window` samples."""
    energy = np.square(samples, dtype=np.float64).sum(axis=1)
    sums = np.cumsum(np.concatenate([[0.0], energy]))
    return sums[n_window:] - sums[: len(sums) - n_window]
