"""Chroma from a short-time Fourier transform, as in ``librosa.feature.chroma_stft``.

The power spectrum of each frame is weighted by a bank of 12 filters. A filter is a sum of Gaussians
over pitch, one per octave, multiplied by a broad Gaussian around 880 Hz. The standard deviation of
the Gaussians in the sum is half a semitone or more. This is the method of D. Ellis, "Chroma feature
analysis and synthesis" (2007), as implemented in librosa 0.11 and 1.0. With ``exact=True``, the
transform is in double precision, and the power spectrum is bitwise identical to librosa's.

The filters are computed here rather than by ``librosa.filters.chroma``, and tests check that both
give the same filters. Importing ``librosa.filters`` of librosa 0.11 loads numba, which takes 1 s
and 130 MB, or 13 s if nothing has been compiled yet (see `benchmarks/chroma/cold_start.py`).
Once librosa 0.11 is no longer supported, ``librosa.filters.chroma`` can replace `chroma_filters`.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

import numpy as np
import scipy.fft

from ._frames import cut_frames, hann_window, silent_frames
from ._tuning import TuningEstimator

DEFAULT_FRAME_LENGTH = 2048
"""Default number of samples per frame, as in librosa."""

CACHED_SAMPLES = 2**16
"""Number of samples to transform at a time, so that the output stays in the processor's cache."""

KEPT_BYTES = 96 * 2**20
"""Largest number of bytes of power spectra to keep until the tuning is known."""

A4 = 440.0
CENTER_OCTAVE, OCTAVE_WIDTH = 5.0, 2.0
"""Center and standard deviation of the broad Gaussian, in octaves above A0 (27.5 Hz)."""


def stft_chroma(
    read: Callable[..., Iterator[np.ndarray]],
    *,
    sr: float,
    hop_length: int,
    n_fft: int | None,
    tuning: float | None,
    exact: bool,
    kept_bytes: int = KEPT_BYTES,
    n_guesses: int = 5,
) -> tuple[np.ndarray, float]:
    """Measure the power of each pitch class in each frame.

    Parameters
    ----------
    read : callable
        Function that starts reading the recording and returns its samples in blocks. It is called
        with ``again=True`` for a second pass.
    sr : float
        Sampling rate in hertz.
    hop_length : int
        Number of samples between frames.
    n_fft : int or None
        Samples per frame; None for 2048, as in librosa.
    tuning : float or None
        Deviation from A440 in semitones; None to estimate it.
    exact : bool
        Whether to transform in double precision.
    kept_bytes : int, default=96 * 2**20
        Largest number of bytes of power spectra to keep until the tuning is known. Larger spectra
        are folded for the most likely tunings.
    n_guesses : int, default=5
        Number of tunings for which to fold larger spectra.

    Returns
    -------
    chroma : ndarray of shape (n_frames, 12), dtype float32
        Power of each pitch class, starting with C, not normalized. Silent frames are zero.
    tuning : float
        The given or estimated tuning.
    """
    length = n_fft or DEFAULT_FRAME_LENGTH

    def spectra(*, again: bool = False) -> Iterator[np.ndarray]:
        frames = cut_frames(read(again=again), frame_length=length, hop_length=hop_length)
        return (power_spectrum(batch, exact=exact) for batch in frames)

    chroma, again = None, tuning is None
    if tuning is None:
        chroma, tuning = _chroma_and_tuning(
            spectra(), sr=sr, n_fft=length, kept_bytes=kept_bytes, n_guesses=n_guesses
        )
    if chroma is None:
        chroma = _fold(spectra(again=again), sr=sr, n_fft=length, tuning=tuning)
    chroma[silent_frames(chroma.sum(axis=1, dtype=np.float64), sr / hop_length)] = 0
    return chroma, tuning


def _chroma_and_tuning(
    spectra: Iterable[np.ndarray], *, sr: float, n_fft: int, kept_bytes: int, n_guesses: int
) -> tuple[np.ndarray | None, float]:
    """Return the chroma and the tuning; the chroma is None if a second pass is needed.

    The tuning is known only at the end of the recording. If the spectra exceed `kept_bytes` before
    that, they are folded for the `n_guesses` most likely tunings so far. The final tuning is nearly
    always one of these.
    """
    estimator = TuningEstimator(sr=sr, n_fft=n_fft)
    kept: list[np.ndarray] = []
    n_bytes = 0
    guesses: list[float] = []
    folded: list[np.ndarray] = []
    for spectrum in spectra:
        estimator.add(spectrum)
        kept.append(spectrum)
        n_bytes += spectrum.nbytes
        if not guesses and n_bytes > kept_bytes:
            guesses = estimator.likeliest(n_guesses)
            filters = np.vstack([chroma_filters(sr, n_fft, guess) for guess in guesses]).T
            filters = np.ascontiguousarray(filters)  # makes the products 10 percent faster
        if guesses:
            folded += [spectrum @ filters for spectrum in kept]
            kept.clear()
    tuning = estimator.estimate()
    if not guesses:
        return _fold(kept, sr=sr, n_fft=n_fft, tuning=tuning), tuning
    if tuning not in guesses:
        return None, tuning
    first = 12 * guesses.index(tuning)
    return np.concatenate([chroma[:, first : first + 12] for chroma in folded]), tuning


def _fold(spectra: Iterable[np.ndarray], *, sr: float, n_fft: int, tuning: float) -> np.ndarray:
    filters = chroma_filters(sr, n_fft, tuning).T
    return np.concatenate([spectrum @ filters for spectrum in spectra])


def stft_amplitudes(chroma: np.ndarray) -> np.ndarray:
    """Return the amplitudes of sines whose analysis approximates `chroma`, shape (n_frames, 12).

    Because the filters overlap, a share exp(-2) of a sine's power leaks into each neighboring
    pitch class. This function inverts the leakage and replaces negative powers with 0.
    """
    leak = np.exp(-2.0) * (np.roll(np.eye(12), 1, axis=0) + np.roll(np.eye(12), -1, axis=0))
    power = chroma @ np.linalg.inv(np.eye(12) + leak)
    return np.sqrt(np.maximum(power, 0.0))


def sine_center(sr: float, n_fft: int) -> float:
    """Return a center frequency for sines, in hertz, at which the analysis can resolve them.

    If possible, adjacent semitones at this frequency are six FFT bins apart. The frequency is at
    most an eighth of the sampling rate, to leave room for higher octaves, but never below C5, to
    sound natural.
    """
    clear = 6 * sr / n_fft / (2.0 ** (1 / 12) - 1)
    lowest = A4 * 2.0 ** (3 / 12)
    return max(lowest, min(clear, sr / 8))


def power_spectrum(frames: np.ndarray, *, exact: bool) -> np.ndarray:
    """Return the power of Hann-windowed frames, shape (n_frames, 1 + n_fft // 2), float32."""
    n_frames, n_fft = frames.shape
    window = hann_window(n_fft, np.float64 if exact else np.float32)
    power = np.empty((n_frames, 1 + n_fft // 2), dtype=np.float32)
    step = max(1, CACHED_SAMPLES // n_fft)
    for first in range(0, n_frames, step):
        spectrum = scipy.fft.rfft(frames[first : first + step] * window, axis=1)
        part = power[first : first + step]
        np.abs(spectrum.astype(np.complex64, copy=False), out=part)
        np.square(part, out=part)
    return power


@lru_cache(maxsize=32)
def chroma_filters(sr: float, n_fft: int, tuning: float) -> np.ndarray:
    """Return the filter bank of ``librosa.filters.chroma``, shape (12, 1 + n_fft // 2), float32."""
    frequencies = np.linspace(0, sr, n_fft, endpoint=False)[1:]
    pitches = 12 * np.log2(frequencies / (A4 * 2.0 ** (tuning / 12) / 16))
    # The bin at 0 Hz has no pitch; put it an octave and a half below the next bin.
    pitches = np.concatenate(([pitches[0] - 1.5 * 12], pitches))
    widths = np.concatenate((np.maximum(pitches[1:] - pitches[:-1], 1.0), [1]))
    distances = np.subtract.outer(np.arange(12.0), pitches)
    distances = np.remainder(-distances + 6 + 120, 12) - 6
    weights = np.exp(-0.5 * (2 * distances / widths) ** 2)
    weights /= np.sqrt(np.sum(weights**2, axis=0))
    weights *= np.exp(-0.5 * ((pitches / 12 - CENTER_OCTAVE) / OCTAVE_WIDTH) ** 2)
    weights = np.roll(weights, -3, axis=0)  # pitches start from A, pitch classes from C
    filters = np.ascontiguousarray(weights[:, : 1 + n_fft // 2], dtype=np.float32)
    filters.flags.writeable = False
    return filters
