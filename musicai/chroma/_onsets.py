"""Onset strength and timbre of a stream of samples.

Onset strength is the mean rise in level over all frequency bands; in silence, it is 0. This module
uses quarter-tone bands and compares the level of each band with the highest level in the same band
and its two neighbors three hops earlier, as in SuperFlux (S. Böck and G. Widmer, "Maximum filter
vibrato suppression for onset detection", DAFx 2013). Mel bands would miss pitch changes without an
attack, as in strings, choirs and organs.

Timbre is described by cepstral coefficients, the cosine transform of the band levels. Only onset
strength and timbre are kept, at about 43 frames per second.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import scipy.fft
import scipy.sparse

from ._frames import FrameBuffer, hann_window, silent_frames

SECONDS_PER_FRAME = 512 / 22050
"""Approximate time between onset frames, in seconds."""

FRAME_HOPS = 8
"""Number of hops per frame; a frame of 0.19 seconds resolves most neighboring notes."""

LAG = 3
"""Number of hops over which to measure rises, about the duration of a soft attack."""

LOWEST, HIGHEST = 27.5, 10000.0
"""Frequency range of the bands, in hertz."""

BASS = 150.0
"""Upper limit of the bass range (bass and bass drum), in hertz."""

BANDS_PER_OCTAVE = 24

DYNAMIC_RANGE = 50.0
"""Levels are raised so that none is more than this many decibels below the loudest so far."""

N_COEFFICIENTS = 13
"""Number of cepstral coefficients per frame, excluding coefficient 0, the level."""


class Onsets(NamedTuple):
    """Onsets and timbre of a recording, one row per frame.

    Attributes
    ----------
    rate : float
        Frames per second, about 43; frame ``t`` is centered at ``t / rate`` seconds.
    strength, bass : ndarray of shape (n_frames,), dtype float32
        Mean rise in decibels, over all bands and over the bass bands.
    timbre : ndarray of shape (n_frames, 13), dtype float32
        Cepstral coefficients in decibels, from an orthonormal cosine transform.
    """

    rate: float
    strength: np.ndarray
    bass: np.ndarray
    timbre: np.ndarray


class OnsetStrength:
    """Measure onset strength and timbre block by block.

    Parameters
    ----------
    sr : float
        Sampling rate in hertz, at least 1000.

    Examples
    --------
    >>> import numpy as np
    >>> clicks = np.zeros(10 * 22050, dtype=np.float32)
    >>> clicks[::11025] = 1
    >>> onsets = OnsetStrength(22050)
    >>> for block in np.split(clicks, 10):
    ...     onsets.add(block)
    >>> found = onsets.finish()
    >>> found.strength.shape, found.timbre.shape  # 43 frames per second
    ((431,), (431, 13))
    """

    def __init__(self, sr: float) -> None:
        # The FFT is fast for this length and therefore also for a frame, which is 8 times as long.
        hop_length = scipy.fft.next_fast_len(round(sr * SECONDS_PER_FRAME), real=True)
        self._rate = sr / hop_length
        self._bands, centers = _bands(sr, FRAME_HOPS * hop_length)
        self._n_bass = max(1, int(np.searchsorted(centers, BASS)))
        self._cosines = _cosines(len(centers))
        self._frames = FrameBuffer(frame_length=FRAME_HOPS * hop_length, hop_length=hop_length)
        self._loudest = float(_decibels(np.zeros(1))[0])
        self._before = _decibels(np.zeros((LAG, len(centers)), dtype=np.float32))
        self._measured: list[tuple[np.ndarray, ...]] = []

    def add(self, block: np.ndarray) -> None:
        """Add samples, a float32 array of any length."""
        for frames in self._frames.add(block):
            self._measure(frames)

    def finish(self) -> Onsets:
        """Return the onset strength and timbre; no samples can be added afterwards."""
        for frames in self._frames.finish():
            self._measure(frames)
        strength, bass, timbre, loudest = map(np.concatenate, zip(*self._measured, strict=True))
        silent = silent_frames(10.0 ** (loudest.astype(np.float64) / 10), self._rate)
        strength[silent] = bass[silent] = 0
        return Onsets(self._rate, strength, bass, timbre)

    def _measure(self, frames: np.ndarray) -> None:
        """Measure the onset strength, timbre and loudest band of each frame."""
        level = np.concatenate([self._before, _band_levels(frames, self._bands)])
        self._before = level[-LAG:]
        level, before = level[LAG:], _louder_neighbor(level[:-LAG])
        loudest = level.max(axis=1)
        peak = np.maximum.accumulate(np.append(self._loudest, loudest))[1:]
        self._loudest = peak[-1]
        silent = (peak - DYNAMIC_RANGE).astype(np.float32)[:, np.newaxis]
        audible = np.maximum(level, silent)
        rise = np.maximum(audible - np.maximum(before, silent), 0)
        bass = rise[:, : self._n_bass].mean(axis=1)
        self._measured.append((rise.mean(axis=1), bass, audible @ self._cosines, loudest))


def _band_levels(frames: np.ndarray, bands: scipy.sparse.csr_array) -> np.ndarray:
    """Return the level of each band in decibels, shape (n_frames, n_bands), float32."""
    window = hann_window(frames.shape[1], np.float32)
    spectrum = scipy.fft.rfft(frames * window, axis=1)[:, : bands.shape[1]]
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    return _decibels((bands @ power.T).T)


def _decibels(power: np.ndarray) -> np.ndarray:
    return 10 * np.log10(np.maximum(power, np.finfo(np.float32).tiny))


def _louder_neighbor(level: np.ndarray) -> np.ndarray:
    """Return for each band the highest level among the band and its two neighbors."""
    loudest = level.copy()
    np.maximum(loudest[:, 1:], level[:, :-1], out=loudest[:, 1:])
    np.maximum(loudest[:, :-1], level[:, 1:], out=loudest[:, :-1])
    return loudest


@lru_cache(maxsize=8)
def _bands(sr: float, n_fft: int) -> tuple[scipy.sparse.csr_array, np.ndarray]:
    """Return triangular bands, shape (n_bands, n_frequencies), float32, and their centers in hertz.

    Bands are a quarter tone or one FFT bin apart, whichever is more.
    """
    width = sr / n_fft
    centers = [LOWEST]
    while centers[-1] < min(HIGHEST, sr / 2):
        centers.append(max(centers[-1] * 2 ** (1 / BANDS_PER_OCTAVE), centers[-1] + width))
    edges = np.array(centers)[:, np.newaxis]
    lower, middle, upper = edges[:-2], edges[1:-1], edges[2:]
    frequencies = np.arange(min(n_fft // 2, int(edges[-1, 0] / width)) + 1) * width
    rising, falling = (
        (frequencies - lower) / (middle - lower),
        (upper - frequencies) / (upper - middle),
    )
    bands = np.maximum(0, np.minimum(rising, falling))
    return scipy.sparse.csr_array(bands, dtype=np.float32), middle[:, 0]


@lru_cache(maxsize=8)
def _cosines(n_bands: int) -> np.ndarray:
    """Return the cosine transform of band levels to cepstral coefficients, shape (n_bands, 13)."""
    whole = scipy.fft.dct(np.eye(max(n_bands, N_COEFFICIENTS + 1)), axis=1, norm="ortho")
    return np.ascontiguousarray(whole[:n_bands, 1 : N_COEFFICIENTS + 1], dtype=np.float32)
