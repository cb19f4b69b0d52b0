"""Loudness and peaks of a sound according to ITU-R BS.1770.

A sound is measured in parts of 10 milliseconds. The energy and the peak of each part suffice to
compute the loudness of the sound at any gain, and to find the parts that may need limiting.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from scipy.signal import firwin, sosfilt, upfirdn

from ..files.writing import Spool

PART_SECONDS = 0.01
STEP_PARTS = 10
"""Number of parts from the start of one loudness block to the start of the next: 100 ms."""

BLOCK_STEPS = 4
"""Number of steps of 100 ms in a loudness block, which lasts 400 ms."""

OFFSET = -0.691
"""Calibration in decibels: a full-scale sine of 997 Hz in one channel measures -3.01 LUFS."""

RELATIVE_GATE, ABSOLUTE_GATE = -10.0, -70.0
"""Levels below which blocks are ignored: relative to the mean power, in dB; absolute, in LUFS."""

MOST_PARTS = 100
"""Largest number of parts to oversample at a time: one second of audio."""

OVERSAMPLING = 4
TAPS = 12
"""Number of samples from which to interpolate a value; half of them are on either side of it."""

_PHASES = (OVERSAMPLING * firwin(OVERSAMPLING * TAPS + 1, 1 / OVERSAMPLING)).astype(np.float32)

OVERSHOOT = max(float(np.abs(_PHASES[i::OVERSAMPLING]).sum()) for i in range(OVERSAMPLING))
"""Upper bound on the ratio of an interpolated value to the largest sample near it."""


class Profile(NamedTuple):
    """Measurements of each part of a sound.

    Attributes
    ----------
    energies : ndarray of shape (n_parts,)
        Sum of the squared K-weighted samples of all channels.
    peaks : ndarray of shape (n_parts,)
        Largest absolute sample in any channel.
    n_samples, sr : int, float
        Number of samples per channel, and sampling rate in hertz.
    """

    energies: np.ndarray
    peaks: np.ndarray
    n_samples: int
    sr: float


def part_length(sr: float) -> int:
    """Return the number of samples in a part of 10 ms."""
    return max(1, round(PART_SECONDS * sr))


def measure(blocks: Iterable[np.ndarray], sr: float) -> Profile:
    """Measure the energy and the peak of each 10 ms part of a sound.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (n_samples,) or (n_samples, n_channels)
        The samples in order. Every block but the last must consist of whole parts.
    sr : float
        Sampling rate in hertz.
    """
    n_part = part_length(sr)
    sections = k_weighting(sr)
    energies, peaks = [np.zeros(0)], [np.zeros(0)]
    state, n_samples = None, 0
    for block in blocks:
        n_samples += len(block)
        samples = block.reshape(len(block), -1).astype(np.float64)
        if state is None:
            state = np.zeros((len(sections), 2, samples.shape[1]))
        weighted, state = sosfilt(sections, samples, axis=0, zi=state)
        missing = -len(samples) % n_part
        for found, values in ((energies, weighted**2), (peaks, np.abs(samples))):
            values = np.pad(values, ((0, missing), (0, 0))).reshape(-1, n_part * values.shape[1])
            found.append(values.sum(axis=1) if found is energies else values.max(axis=1))
    return Profile(np.concatenate(energies), np.concatenate(peaks), n_samples, sr)


def k_weighting(sr: float) -> np.ndarray:
    """Return the K-weighting filter as second-order sections.

    The standard gives coefficients only for a sampling rate of 48000 Hz. Here, coefficients for any
    rate are derived by the bilinear transform of the underlying analog filters, a shelf and a
    high-pass (B. De Man, "Evaluation of implementations of the EBU R128 loudness measurement", AES
    145, 2018).
    """
    w = np.tan(np.pi * 38.13547087602444 / sr)
    q = 0.5003270373238773
    poles = [1, 2 * (w**2 - 1) / (1 + w / q + w**2), (1 - w / q + w**2) / (1 + w / q + w**2)]
    sections = [[1, -2, 1, *poles]]
    corner = 1681.974450955533
    if corner < sr / 2:  # otherwise, all frequencies are below the corner of the shelf
        w, q = np.tan(np.pi * corner / sr), 0.7071752369554196
        high = 10 ** (3.999843853973347 / 20)
        middle = high**0.4996667741545416
        zeros = [
            high + middle * w / q + w**2,
            2 * (w**2 - high),
            high - middle * w / q + w**2,
        ]
        poles = [1 + w / q + w**2, 2 * (w**2 - 1), 1 - w / q + w**2]
        sections.insert(0, [value / poles[0] for value in (*zeros, *poles)])
    return np.array(sections, dtype=np.float64)


def loudness(profile: Profile, gains: np.ndarray | float = 1.0) -> float:
    """Return the integrated loudness of a sound with gains applied, in LUFS.

    Parameters
    ----------
    profile : Profile
        Measurements of the sound.
    gains : ndarray of shape (n_parts,), or float, default=1.0
        Gain of each part of the sound, or one gain for all parts.

    Returns
    -------
    loudness : float
        Loudness in LUFS; minus infinity if no block of 400 ms is louder than -70 LUFS. A sound
        shorter than 400 ms is measured as one block.
    """
    energies = profile.energies * np.square(gains)
    steps = energies[: len(energies) // STEP_PARTS * STEP_PARTS].reshape(-1, STEP_PARTS).sum(axis=1)
    n_steps = len(steps) - BLOCK_STEPS + 1
    if n_steps < 1:
        power = np.array([energies.sum() / max(1, profile.n_samples)])
    else:
        sums = np.sum([steps[i : i + n_steps] for i in range(BLOCK_STEPS)], axis=0)
        power = sums / (BLOCK_STEPS * STEP_PARTS * part_length(profile.sr))
    loud = power[power > 10 ** ((ABSOLUTE_GATE - OFFSET) / 10)]
    loud = loud[loud > 10 ** (RELATIVE_GATE / 10) * loud.mean()] if len(loud) else loud
    return float(OFFSET + 10 * np.log10(loud.mean())) if len(loud) else -np.inf


def true_peaks(sound: Spool | np.ndarray, profile: Profile, threshold: float) -> np.ndarray:
    """Return the peak of each part, shape (n_parts,), including values between samples.

    Parameters
    ----------
    sound : Spool or ndarray of shape (n_samples,) or (n_samples, n_channels)
        The sound.
    profile : Profile
        Measurements of the sound.
    threshold : float
        Peaks up to this value need not be exact: values between samples are computed only where
        they may exceed `threshold`.
    """
    n_part = part_length(profile.sr)
    near = max(1, -(-TAPS // n_part))
    around = np.pad(profile.peaks, near)
    around = np.lib.stride_tricks.sliding_window_view(around, 2 * near + 1).max(axis=1)
    peaks = profile.peaks.copy()
    for first, last in _runs(np.flatnonzero(OVERSHOOT * around > threshold)):
        start, stop = first * n_part, min(last * n_part, profile.n_samples)
        begin = max(0, start - TAPS)
        channels = np.ascontiguousarray(sound[begin : stop + TAPS].T)
        between = upfirdn(_PHASES, channels, OVERSAMPLING)
        # Keep only the values of these parts; the filter delays its output by half its length.
        skipped = OVERSAMPLING * (start - begin) + len(_PHASES) // 2
        values = np.abs(between[..., skipped : skipped + OVERSAMPLING * (stop - start)])
        values = values.reshape(-1, values.shape[-1]).max(axis=0)
        heights = np.maximum.reduceat(values, np.arange(0, len(values), OVERSAMPLING * n_part))
        peaks[first:last] = np.maximum(peaks[first:last], heights)
    return peaks


def _runs(parts: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield start and stop of each run of consecutive parts, cut after every `MOST_PARTS` parts."""
    for run in np.split(parts, np.flatnonzero(np.diff(parts) > 1) + 1):
        for some in np.split(run, range(MOST_PARTS, len(run), MOST_PARTS)):
            if len(some):
                yield int(some[0]), int(some[-1]) + 1
