"""Chroma from a constant-Q transform with one FFT per frame.

A constant-Q transform analyzes each pitch with a window of a fixed number of periods (J. C. Brown,
"Calculation of a constant Q spectral transform", 1991). The spectra of the windowed sinusoids are
narrow, so they form a sparse matrix, which is multiplied by one spectrum per frame (Brown and M. S.
Puckette, "An efficient algorithm for the calculation of a constant Q transform", 1992). There are
three bins per semitone. Frequencies above the highest note are not needed, so samples are first
resampled to a lower rate if possible.

Magnitudes are compressed, as in hearing, to give more weight to quiet voices. The mean of the
surrounding bins is subtracted as background, to remove drums, noise and the spectral leakage of
loud tones. The expected third partial of each tone is also subtracted, because it sounds in another
pitch class. Summing over octaves gives a fine chroma of 36 values per frame. The tuning, if it is
not given, is estimated from the fine chroma of the whole recording. It determines how the 36 values
are folded to 12. The fine chroma is small enough to keep in memory, so one pass over the recording
suffices. ``benchmarks/chroma/quality.py`` measures the accuracy of the chroma.
"""

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import scipy.fft
import scipy.sparse
from scipy.ndimage import uniform_filter1d

from ..audio import resample_blocks
from ._frames import cut_frames, silent_frames

LOWEST = 440.0 * 2.0 ** (-45 / 12)
"""Lowest note in the analysis: C1, in hertz."""

N_OCTAVES = 6
"""Number of octaves, up to B6.

Higher notes are rare, and overtones above B6 mostly differ in pitch class from their notes.
"""

BINS_PER_OCTAVE = 36
Q = 1.0 / (2.0 ** (1.0 / BINS_PER_OCTAVE) - 1.0)
SHORTEST = 0.45
"""Shortest frame for analyzing an octave, as a share of the window of the octave's lowest note."""

LEAST_SECONDS = 4096 / 22050
"""Shortest window in seconds.

High notes do not need shorter windows, because they last as long as low notes. Long windows pick up
less noise.
"""

LOBES = 4.0
"""Half-width of a windowed sinusoid's spectrum, in units of 1 / (window length).

Values farther from the center are below -48 dB and are omitted.
"""

HIGHEST = LOWEST * 2.0**N_OCTAVES + LOBES / LEAST_SECONDS
"""Highest frequency that contributes, in hertz."""

LEAST_OVERSAMPLING = 2.5
"""Smallest ratio of the reduced sampling rate to `HIGHEST`."""

COMPRESSION = 0.6
"""Exponent applied to magnitudes, to give quiet voices more weight."""

SURROUNDINGS = 13
"""Number of bins to average as background: two semitones on either side."""

TWELFTH = 57
"""Number of bins from a fundamental to its third partial, an octave and a fifth above."""

THIRD_PARTIAL = 0.25
"""Assumed strength of the third partial, as a share of the fundamental's, after compression."""


def constant_q_chroma(
    blocks: Iterable[np.ndarray],
    *,
    sr: float,
    hop_length: int,
    n_fft: int | None,
    tuning: float | None,
) -> tuple[np.ndarray, float]:
    """Measure the strength of each pitch class in each frame.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (n_samples,)
        The samples in order.
    sr : float
        Sampling rate in hertz.
    hop_length : int
        Number of samples between frames.
    n_fft : int or None
        Samples per frame; None for the power of two nearest to 0.74 seconds.
    tuning : float or None
        Deviation from A440 in semitones; None to estimate it.

    Returns
    -------
    chroma : ndarray of shape (n_frames, 12), dtype float32
        Strength of each pitch class, starting with C, not normalized: compressed magnitudes without
        background and third partials. Silent frames are zero.
    tuning : float
        The given or estimated tuning.
    """
    n_samples = 0

    def count(block: np.ndarray) -> np.ndarray:
        nonlocal n_samples
        n_samples += len(block)
        return block

    if n_fft is None:
        n_fft = int(2 ** round(np.log2(16384 * sr / 22050)))
    divisor = rate_divisor(sr, hop_length, n_fft)
    low_rate = sr / divisor
    samples: Iterable[np.ndarray] = map(count, blocks)
    if divisor > 1:
        samples = resample_blocks(samples, sr, low_rate)
    frames = cut_frames(samples, frame_length=n_fft // divisor, hop_length=hop_length // divisor)
    parts = [fine_chroma(batch, low_rate) for batch in frames]
    # Because resampling rounds up, the last samples may give an extra frame.
    fine, power = (
        np.concatenate(part)[: 1 + n_samples // hop_length] for part in zip(*parts, strict=True)
    )
    fine[silent_frames(power, sr / hop_length)] = 0
    if tuning is None:
        tuning = estimate_tuning(fine)
    return fine @ folding(tuning), tuning


def rate_divisor(sr: float, hop_length: int, n_fft: int) -> int:
    """Return the largest power of two by which the analysis may divide the sampling rate."""
    divisor = 1
    while (
        sr / (2 * divisor) > LEAST_OVERSAMPLING * HIGHEST
        and hop_length % (2 * divisor) == 0
        and n_fft % (4 * divisor) == 0  # otherwise frames would have no central sample
    ):
        divisor *= 2
    return divisor


def fine_chroma(frames: np.ndarray, sr: float) -> tuple[np.ndarray, np.ndarray]:
    """Return chroma at three bins per semitone, and the power of each frame.

    Returns
    -------
    strengths : ndarray of shape (n_frames, 36), dtype float32
        Compressed magnitudes without background and third partials, summed over octaves.
    power : ndarray of shape (n_frames,), dtype float32
        Total power in the analyzed range, including the background.
    """
    n_frames, n_fft = frames.shape
    weights = kernel(sr, n_fft)
    spectrum = scipy.fft.rfft(frames, axis=1)[:, : weights.shape[1]]
    # The kernel is real, so real and imaginary parts can be separate columns of a real product.
    columns = np.ascontiguousarray(spectrum.T).view(np.float32)
    magnitude = np.abs((weights @ columns).view(np.complex64))
    power = np.einsum("bt,bt->t", magnitude, magnitude)
    strength = _subtract_background(magnitude**COMPRESSION)
    return strength.reshape(-1, BINS_PER_OCTAVE, n_frames).sum(axis=0).T, power


def _subtract_background(loudness: np.ndarray) -> np.ndarray:
    """Subtract background and third partials from magnitudes of shape (n_bins, n_frames)."""
    peaks = np.maximum(loudness - uniform_filter1d(loudness, SURROUNDINGS, axis=0), 0)
    notes = peaks.copy()
    notes[TWELFTH:] -= THIRD_PARTIAL * peaks[:-TWELFTH]
    return np.maximum(notes, 0, out=notes)


@lru_cache(maxsize=8)
def kernel(sr: float, n_fft: int) -> scipy.sparse.csr_array:
    """Return the spectra of the constant-Q sinusoids, shape (n_bins, n_frequencies), float32.

    The sinusoids are centered in the frame, which makes their spectra real, with alternating signs.
    Frequencies above the spectrum of the highest sinusoid are omitted.
    """
    pitches = _frequencies(sr, n_fft)[:, np.newaxis]
    lengths = np.minimum(n_fft, np.maximum(Q / pitches, LEAST_SECONDS) * sr)
    n_frequencies = int((pitches[-1, 0] + LOBES * sr / lengths[-1, 0]) * n_fft / sr) + 1
    index = np.arange(min(n_frequencies, 1 + n_fft // 2))
    offsets = (index * sr / n_fft - pitches) * lengths / sr
    # The Fourier transform of a Hann window of unit length and unit area.
    spectra = np.sinc(offsets) + 0.5 * np.sinc(offsets - 1) + 0.5 * np.sinc(offsets + 1)
    weights = spectra / n_fft * (1 - 2 * (index % 2))
    near = np.abs(offsets) < LOBES
    return scipy.sparse.csr_array(np.where(near, weights, 0), dtype=np.float32)


def _frequencies(sr: float, n_fft: int) -> np.ndarray:
    """Return the bins' center frequencies in hertz, for octaves that `sr` and `n_fft` resolve."""
    highest = min(N_OCTAVES, int(np.log2(sr / 2 / LOWEST)))
    # A frame that is far too short for an octave could not resolve its semitones.
    too_low = int(np.ceil(np.log2(SHORTEST * Q * sr / LOWEST / n_fft)))
    lowest = min(max(0, too_low), highest - 1)
    bins = np.arange(lowest * BINS_PER_OCTAVE, highest * BINS_PER_OCTAVE)
    return LOWEST * 2.0 ** (bins / BINS_PER_OCTAVE)


def estimate_tuning(fine: np.ndarray) -> float:
    """Estimate the tuning in semitones, in [-0.5, 0.5), from chroma at three bins per semitone.

    The three bins, summed over time and pitch classes, sample a circular distribution over one
    semitone. Its circular mean is the tuning. If all three are equal, the tuning is 0.
    """
    bump = np.sum(fine, axis=0, dtype=np.float64).reshape(12, 3).sum(axis=0)
    mean = np.sum(bump * np.exp(2j * np.pi * np.arange(3) / 3))
    if np.abs(mean) < 1e-9 * np.sum(bump) or not np.any(bump):
        return 0.0
    tuning = np.angle(mean) / (2 * np.pi)
    return float(tuning) if tuning < 0.5 else -0.5


def folding(tuning: float) -> np.ndarray:
    """Return the weights that fold 36 bins to 12 pitch classes, shape (36, 12), float32.

    A pitch class covers half a semitone on either side of its pitch, and a bin covers a third of a
    semitone. A bin on the border of two pitch classes is divided in proportion.
    """
    centers = 3 * (np.arange(12) + tuning)
    distances = np.subtract.outer(np.arange(BINS_PER_OCTAVE), centers)
    distances = np.abs(np.remainder(distances + 18, BINS_PER_OCTAVE) - 18)
    return np.clip(2.0 - distances, 0, 1).astype(np.float32)
