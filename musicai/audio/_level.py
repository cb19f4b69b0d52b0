"""Making audio as loud as other music, whole or block by block."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from scipy.ndimage import minimum_filter1d
from scipy.signal.windows import hann

from ..base.parameters import Rule, check_values, is_real
from ..files.writing import Spool, spooled
from ._loudness import Profile, loudness, measure, part_length, true_peaks

LOUDNESS = -18.0
"""Of everything, in LUFS (ITU-R BS.1770), as players with ReplayGain play music.

It leaves 17 dB for peaks, as much as most recordings have.
"""

HIGHEST_PEAK = 10 ** (-1.2 / 20)
"""Full scale less 1.2 dB: other ways of oversampling find peaks a little higher or lower."""

MOST_LIMITING = 12.0
"""By how many decibels peaks are lowered at most; what has higher ones stays softer."""

FADE_PARTS = 1
"""Parts of 10 ms in which the gain falls before a peak, and rises after it.

Shorter is heard as distortion of low notes, longer as pumping.
"""

MOST_MAKE_UP = 10 ** (3 / 20)
"""What is limited loses loudness, which is made up for by no higher a gain than this."""

TRIALS = 8
"""How often the gain is corrected by the loudness that it leads to."""

RULES: dict[str, Rule] = {
    "sr": (lambda v: is_real(v) and v >= 1000, "a number of hertz from 1000"),
}
BLOCK_SIZE = 65536
"""About how many samples are measured at a time."""


def level_blocks(blocks: Iterable[np.ndarray], sr: float) -> Iterator[np.ndarray]:
    """Make audio as loud as other music, in constant memory.

    How loud it is, is known when all has come: until then it lies in a temporary file (Python's
    :mod:`tempfile` says where), 4 bytes a sample.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (n_samples,) or (n_samples, n_channels)
        The samples in order, on any scale; all mono, or all with the same channels.
    sr : float
        Samples per second, in hertz.

    Yields
    ------
    block : ndarray of shape (n_samples,) or (n_samples, n_channels), dtype float32
        The same samples at an integrated loudness of -18 LUFS (ITU-R BS.1770, one channel counted
        once), with true peaks below -1 dB of full scale. They are times one number, but within
        30 ms of higher peaks, which a limiter lowers, all channels alike and by 12 dB at most: what
        would need more stays softer. They do not depend on how they were cut into blocks. Silence
        stays silence.

    Raises
    ------
    ValueError
        If blocks have different channels, or `sr` has no possible value.
    OSError
        If the temporary file cannot be written, as where the disk is full.

    See Also
    --------
    write_audio : Takes the blocks.

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
    """Make audio as loud as `level_blocks` does, in place, and return it."""
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
    """Return the gain of each part of a sound."""
    highest = profile.peaks.max(initial=0.0)
    if highest == 0:
        return np.ones_like(profile.peaks)
    gain = _found_gain(HIGHEST_PEAK / highest, np.inf, lambda gain: loudness(profile, gain))
    most = min(MOST_MAKE_UP * gain, 10 ** (MOST_LIMITING / 20) * HIGHEST_PEAK / highest)
    peaks = true_peaks(sound, profile, HIGHEST_PEAK / most)
    gain = _found_gain(gain, most, lambda gain: loudness(profile, gain * _limiter(gain * peaks)))
    return gain * _limiter(gain * peaks)


def _found_gain(gain: float, most: float, loudness_at: Callable[[float], float]) -> float:
    """Return the gain, `most` at most, at which a sound is as loud as it should be."""
    gain = min(gain, most)
    for _ in range(TRIALS):
        found = loudness_at(gain)
        if not np.isfinite(found):  # nothing that ears hear, such as a constant
            return gain
        gain = min(gain * 10 ** ((LOUDNESS - found) / 20), most)
    return gain


def _limiter(peaks: np.ndarray) -> np.ndarray:
    """Return by what to multiply each part, so that no peak is too high."""
    needed = HIGHEST_PEAK / np.maximum(peaks, HIGHEST_PEAK)
    # One part more: gains glide from the center of a part to that of the next.
    held = minimum_filter1d(needed, 2 * FADE_PARTS + 3, mode="nearest")
    weights = hann(2 * FADE_PARTS + 3)[1:-1]
    return np.convolve(np.pad(held, FADE_PARTS, "edge"), weights / weights.sum(), "valid")
