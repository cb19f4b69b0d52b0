"""Chroma from a constant-Q transform with one FFT per frame.

A constant-Q transform analyzes each pitch with a window of a fixed number of periods (J. C.
Brown, "Calculation of a constant Q spectral transform", 1991). Its windowed sinusoids are
narrow in frequency, so they are applied as a sparse matrix to one spectrum per frame (Brown and
M. S. Puckette, "An efficient algorithm for the calculation of a constant Q transform", 1992).
There are three bins per semitone. As nothing above the highest note is looked at, samples are
first brought to a lower rate.

Magnitudes are compressed, as hearing does, so that a quiet voice counts beside a loud one. The
mean of the surrounding bins is taken off as background: drums, noise and the skirts of loud tones.
So is what the third partial of a tone would be, which is no octave of it. The rest is added over
the octaves, which gives a fine chroma of 36 values per frame; from its sum over the recording the
tuning is estimated, and with the tuning the 36 values are folded to 12. The fine chroma is small,
so one reading suffices. ``benchmarks/chroma/quality.py`` measures how well it names what sounds.
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
"""C1 in hertz, the lowest note that is analyzed."""

N_OCTAVES = 6
"""To B6; notes above are rare, and overtones there are mostly of other pitch classes."""

BINS_PER_OCTAVE = 36
Q = 1.0 / (2.0 ** (1.0 / BINS_PER_OCTAVE) - 1.0)
SHORTEST = 0.45
"""The frame must hold this share of the window that the lowest note of an octave asks for."""

LEAST_SECONDS = 4096 / 22050
"""No window is shorter: high notes last as long as low ones, and longer windows hear less noise."""

LOBES = 4.0
"""Half the width of a sinusoid's spectrum, in reciprocals of its length; beyond is below -50 dB."""

HIGHEST = LOWEST * 2.0**N_OCTAVES + LOBES / LEAST_SECONDS
"""The highest frequency that matters, in hertz."""

LEAST_OVERSAMPLING = 2.5
"""The sampling rate is divided by powers of two while it is above this times `HIGHEST`."""

COMPRESSION = 0.6
"""Power of the magnitudes, about that with which loudness grows; quiet voices count for more."""

SURROUNDINGS = 13
"""Bins whose mean is the background: up to two semitones on either side."""

TWELFTH = 57
"""Bins from a fundamental to its third partial, an octave and a fifth above."""

THIRD_PARTIAL = 0.25
"""How strong the third partial of a tone is taken to be, as a share of the fundamental."""


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
        Samples from a frame to the next.
    n_fft : int or None
        Samples per frame; None for the power of two that is nearest to 0.74 seconds.
    tuning : float or None
        Deviation from A440 in semitones; None to estimate it.

    Returns
    -------
    chroma : ndarray of shape (n_frames, 12), dtype float32
        Strength per pitch class, from C, not normalized: a magnitude to the power of
        `COMPRESSION`, above the background. Frames of silence are zeros.
    tuning : float
        The tuning that was given or estimated.
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
    fewer: Iterable[np.ndarray] = map(count, blocks)
    if divisor > 1:
        fewer = resample_blocks(fewer, sr, low_rate)
    frames = cut_frames(fewer, frame_length=n_fft // divisor, hop_length=hop_length // divisor)
    parts = [fine_chroma(batch, low_rate) for batch in frames]
    # Rounded up, the last samples may give one frame more.
    fine, power = (
        np.concatenate(part)[: 1 + n_samples // hop_length] for part in zip(*parts, strict=True)
    )
    fine[silent_frames(power, sr / hop_length)] = 0
    if tuning is None:
        tuning = estimate_tuning(fine)
    return fine @ folding(tuning), tuning


def rate_divisor(sr: float, hop_length: int, n_fft: int) -> int:
    """Return the power of two by which the sampling rate can be divided before the analysis."""
    divisor = 1
    while (
        sr / (2 * divisor) > LEAST_OVERSAMPLING * HIGHEST
        and hop_length % (2 * divisor) == 0
        and n_fft % (4 * divisor) == 0  # or frames would have no sample at their center
    ):
        divisor *= 2
    return divisor


def fine_chroma(frames: np.ndarray, sr: float) -> tuple[np.ndarray, np.ndarray]:
    """Return strengths at three bins per semitone, and the power of each frame.

    Returns
    -------
    strengths : ndarray of shape (n_frames, 36), dtype float32
    power : ndarray of shape (n_frames,), dtype float32
        Of all notes that are analyzed, background included.
    """
    n_frames, n_fft = frames.shape
    weights = kernel(sr, n_fft)
    spectrum = scipy.fft.rfft(frames, axis=1)[:, : weights.shape[1]]
    # The kernel is real, so real and imaginary parts are columns of a real product.
    columns = np.ascontiguousarray(spectrum.T).view(np.float32)
    magnitude = np.abs((weights @ columns).view(np.complex64))
    power = np.einsum("bt,bt->t", magnitude, magnitude)
    strength = _stand_out(magnitude**COMPRESSION)
    return strength.reshape(-1, BINS_PER_OCTAVE, n_frames).sum(axis=0).T, power


def _stand_out(loudness: np.ndarray) -> np.ndarray:
    """Take off the background and the third partials; frequency is the first axis."""
    peaks = np.maximum(loudness - uniform_filter1d(loudness, SURROUNDINGS, axis=0), 0)
    notes = peaks.copy()
    notes[TWELFTH:] -= THIRD_PARTIAL * peaks[:-TWELFTH]
    return np.maximum(notes, 0, out=notes)


@lru_cache(maxsize=8)
def kernel(sr: float, n_fft: int) -> scipy.sparse.csr_array:
    """Return the spectra of the constant-Q sinusoids, shape (n_bins, n_frequencies), float32.

    They are centered in the frame, which makes them real but for an alternating sign. Frequencies
    above the highest sinusoid's are left out.
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
    """Return the centers of the bins in hertz, whole octaves of them."""
    highest = min(N_OCTAVES, int(np.log2(sr / 2 / LOWEST)))
    # Octaves for which the frame is far too short would not tell semitones apart.
    too_low = int(np.ceil(np.log2(SHORTEST * Q * sr / LOWEST / n_fft)))
    lowest = min(max(0, too_low), highest - 1)
    bins = np.arange(lowest * BINS_PER_OCTAVE, highest * BINS_PER_OCTAVE)
    return LOWEST * 2.0 ** (bins / BINS_PER_OCTAVE)


def estimate_tuning(fine: np.ndarray) -> float:
    """Estimate the tuning in semitones, in [-0.5, 0.5), from chroma at three bins per semitone.

    The three bins, summed over time and pitch classes, are samples of a bump on the circle of one
    semitone; its circular mean is the tuning.
    """
    bump = np.sum(fine, axis=0, dtype=np.float64).reshape(12, 3).sum(axis=0)
    mean = np.sum(bump * np.exp(2j * np.pi * np.arange(3) / 3))
    if np.abs(mean) < 1e-9 * np.sum(bump) or not np.any(bump):
        return 0.0
    tuning = np.angle(mean) / (2 * np.pi)
    return float(tuning) if tuning < 0.5 else -0.5


def folding(tuning: float) -> np.ndarray:
    """Return the weights with which 36 bins make up 12 pitch classes, shape (36, 12), float32.

    A pitch class takes what lies within half a semitone of it. A bin stands for a third of a
    semitone, so a bin on the border is shared in proportion.
    """
    centers = 3 * (np.arange(12) + tuning)
    distances = np.subtract.outer(np.arange(BINS_PER_OCTAVE), centers)
    distances = np.abs(np.remainder(distances + 18, BINS_PER_OCTAVE) - 18)
    return np.clip(2.0 - distances, 0, 1).astype(np.float32)
