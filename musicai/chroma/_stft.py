"""Chroma from a short-time Fourier transform, as ``librosa.feature.chroma_stft`` computes it.

The power spectrum of each frame is weighted by a bank of 12 filters. A filter is a sum of
Gaussians on the axis of pitch, one per octave, half a semitone wide, under a broad Gaussian that
favours the octaves about 880 Hz. The method is that of D. Ellis, "Chroma feature analysis and
synthesis" (2007), in the form that librosa 0.11 gives it; double precision in the transform makes
the spectrum equal to librosa's to the last bit, and so the tuning that is estimated from it.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

import numpy as np
import scipy.fft
from scipy.signal import get_window

from ._tuning import TuningEstimator

KEPT_BYTES = 128 * 2**20
"""Power spectra are kept up to this size; the frames of longer recordings are read twice."""

A4 = 440.0
CENTRE_OCTAVE, OCTAVE_WIDTH = 5.0, 2.0


def stft_chroma(
    read_frames: Callable[..., Iterator[np.ndarray]],
    *,
    sr: float,
    n_fft: int,
    tuning: float | None,
) -> np.ndarray:
    """Measure how much power each pitch class has in each frame.

    Parameters
    ----------
    read_frames : callable
        Starts reading the recording and returns its frames in batches of shape
        ``(n_frames, n_fft)``. A long recording is read a second time, because the tuning is
        known only at the end of the first reading, and then with ``on_truncated="ignore"``: one
        warning is enough.
    sr : float
        Sampling rate in hertz.
    n_fft : int
        Samples per frame.
    tuning : float or None
        Deviation from A440 in semitones; None to estimate it.

    Returns
    -------
    chroma : ndarray of shape (n_frames, 12), dtype float32
        Power per pitch class, from C, not normalised.
    """
    spectra: Iterable[np.ndarray] = map(power_spectrum, read_frames())
    if tuning is None:
        tuning, kept = _estimate_tuning(spectra, sr=sr, n_fft=n_fft)
        spectra = kept or map(power_spectrum, read_frames(on_truncated="ignore"))
    filters = chroma_filters(sr, n_fft, tuning)
    return np.concatenate([spectrum @ filters.T for spectrum in spectra])


def sine_amplitudes(chroma: np.ndarray) -> np.ndarray:
    """Return the amplitudes of sines whose chroma is `chroma`, as far as sines can have it.

    The filters are so wide that a sine also counts for its two neighbours, with exp(-2) of its
    power. This is undone, and what would have to be negative is left out.
    """
    leak = np.exp(-2.0) * (np.roll(np.eye(12), 1, axis=0) + np.roll(np.eye(12), -1, axis=0))
    power = chroma @ np.linalg.inv(np.eye(12) + leak)
    return np.sqrt(np.maximum(power, 0.0))


def sine_centre(sr: float, n_fft: int) -> float:
    """Return the frequency about which sines should be played to be told apart.

    Semitones there are six bins of the FFT apart. It is not lower than C5, for a natural sound,
    nor so high that octaves are lost beyond half the sampling rate.
    """
    clear = 6 * sr / n_fft / (2.0 ** (1 / 12) - 1)
    lowest = A4 * 2.0 ** (3 / 12)
    return max(lowest, min(clear, sr / 8))


def _estimate_tuning(
    spectra: Iterable[np.ndarray], *, sr: float, n_fft: int
) -> tuple[float, list[np.ndarray]]:
    """Return the tuning and the spectra, or none of them if they are too big to keep."""
    estimator = TuningEstimator(sr=sr, n_fft=n_fft)
    kept = []
    total_bytes = 0
    for spectrum in spectra:
        estimator.add(spectrum)
        total_bytes += spectrum.nbytes
        if total_bytes <= KEPT_BYTES:
            kept.append(spectrum)
        else:
            kept.clear()
    return estimator.estimate(), kept


def power_spectrum(frames: np.ndarray) -> np.ndarray:
    """Return the power of Hann-windowed frames, shape (n_frames, 1 + n_fft // 2), float32."""
    spectrum = scipy.fft.rfft(frames * _hann(frames.shape[1]), axis=1)
    power = np.abs(spectrum.astype(np.complex64))
    return np.square(power, out=power)


@lru_cache(maxsize=8)
def _hann(length: int) -> np.ndarray:
    window = get_window("hann", length)
    window.flags.writeable = False
    return window


@lru_cache(maxsize=32)
def chroma_filters(sr: float, n_fft: int, tuning: float) -> np.ndarray:
    """Return the filter bank of ``librosa.filters.chroma``, shape (12, 1 + n_fft // 2), float32."""
    frequencies = np.linspace(0, sr, n_fft, endpoint=False)[1:]
    pitches = 12 * np.log2(frequencies / (A4 * 2.0 ** (tuning / 12) / 16))
    # The bin at 0 Hz has no pitch: it is put half a circle away from the first, and lower.
    pitches = np.concatenate(([pitches[0] - 1.5 * 12], pitches))
    widths = np.concatenate((np.maximum(pitches[1:] - pitches[:-1], 1.0), [1]))
    distances = np.subtract.outer(np.arange(12.0), pitches)
    distances = np.remainder(-distances + 6 + 120, 12) - 6
    weights = np.exp(-0.5 * (2 * distances / widths) ** 2)
    weights /= np.sqrt(np.sum(weights**2, axis=0))
    weights *= np.exp(-0.5 * ((pitches / 12 - CENTRE_OCTAVE) / OCTAVE_WIDTH) ** 2)
    weights = np.roll(weights, -3, axis=0)  # pitches count from A, pitch classes from C
    filters = np.ascontiguousarray(weights[:, : 1 + n_fft // 2], dtype=np.float32)
    filters.flags.writeable = False
    return filters
