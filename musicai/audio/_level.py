"""Normalization of the loudness of audio, given as an array or in blocks."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from scipy.ndimage import minimum_filter1d
from scipy.signal.windows import hann

from ..base.parameters import Rule, check_values, is_real
from ..files.writing import Spool, spooled
from ._loudness import Profile, loudness, measure, part_length, true_peaks

LOUDNESS = -18.0
"""Target loudness in LUFS (ITU-R BS.1770); players with ReplayGain use the same level.

Only peaks more than about 17 dB above this level need limiting.
"""

HIGHEST_PEAK = 10 ** (-1.2 / 20)
"""Largest peak amplitude of the output: 1.2 dB below full scale.

Meters with a different oversampling filter may measure peaks up to 0.2 dB higher.
"""

MOST_LIMITING = 12.0
"""Largest reduction of a peak in decibels; audio that would need more stays below `LOUDNESS`."""

FADE_PARTS = 1
"""Number of 10 ms parts on either side of each part over which the gain is smoothed.

Too few distort low notes; too many make the sound pump.
"""

MOST_MAKE_UP = 10 ** (3 / 20)
"""Largest factor by which to raise the gain to compensate for loudness lost to the limiter."""

TRIALS = 8
"""Number of times to correct the gain by the difference between target and actual loudness."""

RULES: dict[str, Rule] = {
    "sr": (lambda v: is_real(v) and v >= 1000, "a number of hertz from 1000"),
}
BLOCK_SIZE = 65536
"""Approximate number of samples to process at a time."""


def level_blocks(blocks: Iterable[np.ndarray], sr: float) -> Iterator[np.ndarray]:
    """Normalize the loudness of audio, in constant memory.

    The loudness is known only at the end, so the samples are stored in a temporary file, which
    takes 4 bytes per sample and channel. Python's :mod:`tempfile` determines its folder.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (n_samples,) or (n_samples, n_channels)
        The samples in order, on any scale. All blocks must be mono, or have the same number of
        channels.
    sr : float
        Sampling rate in hertz, at least 1000.

    Yields
    ------
    block : ndarray of shape (n_samples,) or (n_samples, n_channels), dtype float32
        The same samples at an integrated loudness of -18 LUFS (ITU-R BS.1770, with a mono channel
        counted once), with true peaks more than 1 dB below full scale. All samples get the same
        gain, except within 45 ms of peaks that would be too high. A limiter lowers these peaks
        equally in all channels, by at most 12 dB. Audio that would need more limiting, or that the
        limiter would make more than 3 dB softer, stays below -18 LUFS. The samples do not depend on
        the block sizes.

    Raises
    ------
    ValueError
        If blocks have different numbers of channels, or `sr` is out of range.
    OSError
        If the temporary file cannot be written, for instance because the disk is full.

    See Also
    --------
    write_audio : Write the blocks to a file.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.audio import level_blocks
    >>> quiet = (1e-3 * np.sin(2 * np.pi * np.arange(48000) * 997 / 48000) for _ in range(3))
    >>> audio = np.concatenate(list(level_blocks(quiet, 48000)))
    >>> audio.shape, round(20 * np.log10(np.sqrt(np.mean(audio**2))), 1)
    ((144000,), np.float32(-18.0))
    """
    check_values({"sr": sr}, RULES)
    with spooled(blocks) as sound:
        yield from _leveled(sound, sr)


def level(audio: np.ndarray, sr: float) -> np.ndarray:
    """Normalize the loudness of audio as `level_blocks` does, but in place; return the audio."""
    start = 0
    for block in _leveled(audio, sr):
        audio[start : start + len(block)] = block
        start += len(block)
    return audio


def _leveled(sound: Spool | np.ndarray, sr: float) -> Iterator[np.ndarray]:
    n_part = part_length(sr)
    n_block = n_part * max(1, BLOCK_SIZE // n_part)
    starts = range(0, len(sound), n_block)
    profile = measure((sound[start : start + n_block] for start in starts), sr)
    gains = _gains(sound, profile)
    centers = n_part * (np.arange(len(gains)) + 0.5) - 0.5
    for start in starts:
        block = sound[start : start + n_block]
        gain = np.interp(np.arange(start, start + len(block)), centers, gains)
        yield (block * gain.reshape(-1, *[1] * (block.ndim - 1))).astype(np.float32)


def _gains(sound: Spool | np.ndarray, profile: Profile) -> np.ndarray:
    """Return the gain of each 10 ms part of a sound, shape (n_parts,)."""
    highest = profile.peaks.max(initial=0.0)
    if highest == 0:
        return np.ones_like(profile.peaks)
    gain = _solve_gain(HIGHEST_PEAK / highest, np.inf, lambda gain: loudness(profile, gain))
    most = min(MOST_MAKE_UP * gain, 10 ** (MOST_LIMITING / 20) * HIGHEST_PEAK / highest)
    peaks = true_peaks(sound, profile, HIGHEST_PEAK / most)
    gain = _solve_gain(gain, most, lambda gain: loudness(profile, gain * _limiter(gain * peaks)))
    return gain * _limiter(gain * peaks)


def _solve_gain(gain: float, most: float, loudness_at: Callable[[float], float]) -> float:
    """Find the gain for the target loudness, starting from `gain`; return at most `most`."""
    gain = min(gain, most)
    for _ in range(TRIALS):
        found = loudness_at(gain)
        if not np.isfinite(found):  # the sound is inaudible, such as a constant signal
            return gain
        gain = min(gain * 10 ** ((LOUDNESS - found) / 20), most)
    return gain


def _limiter(peaks: np.ndarray) -> np.ndarray:
    """Return a gain of at most 1 for each 10 ms part, so that no peak exceeds `HIGHEST_PEAK`."""
    needed = HIGHEST_PEAK / np.maximum(peaks, HIGHEST_PEAK)
    # Hold each minimum for an extra part on either side, because gains are interpolated between
    # the centers of parts.
    held = minimum_filter1d(needed, 2 * FADE_PARTS + 3, mode="nearest")
    weights = hann(2 * FADE_PARTS + 3)[1:-1]
    return np.convolve(np.pad(held, FADE_PARTS, "edge"), weights / weights.sum(), "valid")
