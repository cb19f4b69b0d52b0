"""Beat tracking from onset strength.

The method is dynamic programming (D. P. W. Ellis, "Beat tracking by dynamic programming", Journal
of New Music Research 36, 2007), as in ``librosa.beat.beat_track``, but with a different tempo
estimate. The beat period maximizes a weighted sum of the onset strength's autocorrelation at half,
one, two, three and four periods, multiplied by a prior that expects faster beats in music with
stronger onsets. The beats are the sequence of frames with the strongest onsets about one period
apart. Each beat is then refined to a fraction of a frame, by fitting a parabola to the onset
strength.
"""

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import uniform_filter1d

from ..theory.borders import mean_tempo
from ._frames import hann_window

TEMPO_WINDOW = 8.0
"""Length of the autocorrelation windows, in seconds."""

WINDOWS_PER_STEP = 64
"""Number of windows to analyze at a time, so that memory does not grow with the recording."""

SLOWEST_TEMPO, FASTEST_TEMPO = 40.0, 240.0
"""Range of the tempo in beats per minute."""

USUAL_TEMPO, USUAL_STRENGTH = 105.0, 0.85
"""A mean onset strength of 0.85 dB centers the tempo prior on 105 beats per minute."""

TEMPO_PER_STRENGTH = 0.4
"""Octaves by which the center of the prior rises when the mean onset strength doubles.

If the onsets of a choir and a band are equally far apart, the choir's beats are slower than the
band's. With the same center for both, the choir's tempo would be doubled or the band's halved (see
docs/experiments.md).
"""

CENTER_RANGE = 60.0, 150.0
"""Lowest and highest center of the prior, in beats per minute."""

TEETH = {0.5: 0.5, 1: 1.0, 2: 1.0, 3: 1.0, 4: 1.0}
"""Weights of the autocorrelation at multiples of the beat period; the keys are the multiples."""

TREND = 1.5
"""Length in seconds of the moving average that is subtracted from the autocorrelation."""

STRONGEST = 0.99
"""Quantile at which to clip onset strength.

At the first sound after silence, the levels of all bands rise. Without clipping, this rise would
outweigh a minute of music.
"""

TIGHTNESS = 100.0
"""Weight of the penalty for deviations from the beat period, as in librosa."""

WEAK = 0.5
"""Smallest strength of the first and last beat, as a share of the beats' RMS strength."""

FEWEST = 3
"""Smallest number of strong beats to accept; fewer only mark the start or end of a sound."""

SLOTS = 16
"""Number of points per beat at which to sample the onset strength, to compare beats."""

NEIGHBORS, SMOOTHED = 4, 5
"""Number of beats on each side with which to compare a beat, and number of beats to smooth over."""


@dataclass(frozen=True, eq=False)
class Beats:
    """Beats and bars of a recording, part of an `Analysis`.

    Attributes
    ----------
    times : ndarray of shape (n_beats,)
        Times of the beats in seconds, increasing; at least two.
    clarity : ndarray of shape (n_beats,)
        Correlation of the onset strength in each beat with that in the surrounding beats, smoothed
        over five beats; at most 1. A low value means that there is no pulse, or that the beats are
        wrong. Noise reaches about 0.3, because the tracker fits the beats to it.
    beats_per_bar : int
        3 or 4, or the number that a custom tracker found.
    downbeat : int
        Index of the first downbeat, from 0 to ``beats_per_bar - 1``.
    downbeat_margin : float
        Confidence in the downbeat, in standard errors. Harmonic changes and bass onsets on
        downbeats are compared with those on each of the bar's other beats. Harmonic changes on
        beats are compared with those between beats. The margin is the smallest of these
        differences; 2 or more is reliable. It is 0 for fewer than 12 beats, and infinite for
        downbeats from a custom tracker.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.chroma import Beats
    >>> times = np.arange(9) / 2
    >>> beats = Beats(times, np.ones(9), beats_per_bar=4, downbeat=1, downbeat_margin=1.0)
    >>> beats.downbeats
    array([0.5, 2.5])
    >>> beats.tempo
    120.0
    """

    __module__ = "musicai.chroma"

    times: np.ndarray
    clarity: np.ndarray
    beats_per_bar: int
    downbeat: int
    downbeat_margin: float

    @property
    def downbeats(self) -> np.ndarray:
        """Times of the downbeats in seconds."""
        return self.times[self.downbeat :: self.beats_per_bar]

    @property
    def tempo(self) -> float:
        """Mean tempo in beats per minute, over beats of about the median length."""
        tempo = mean_tempo(self.times, np.arange(len(self.times)))
        assert tempo is not None  # times are increasing
        return tempo


def track_beats(
    strength: np.ndarray, rate: float, *, usual_tempo: float = USUAL_TEMPO
) -> np.ndarray:
    """Find the beats in the onset strength of a recording.

    Parameters
    ----------
    strength : ndarray of shape (n_frames,)
        Nonnegative onset strength in decibels.
    rate : float
        Frames per second.
    usual_tempo : float, default=105.0
        Center of the tempo prior in beats per minute, for a mean onset strength of 0.85 dB. The
        center rises with the mean.

    Returns
    -------
    beats : ndarray of shape (n_beats,), dtype float64
        Increasing, nonnegative times in seconds: at least three, or none if there is no pulse.

    Examples
    --------
    >>> import numpy as np
    >>> strength = np.zeros(430)
    >>> strength[10::20] = 20.0  # a rise of 20 dB every half second
    >>> track_beats(strength, 40.0)[:3]
    array([0.25, 0.75, 1.25])
    """
    if not np.any(strength):
        return np.zeros(0)
    strength = np.minimum(strength, np.quantile(strength[strength > 0], STRONGEST))
    period = _estimate_period(strength, rate, usual_tempo)
    score = _smooth(strength, period)
    beats = _trim(_best_path(score, period), score)
    return np.maximum(beats + _peak_offsets(score, beats), 0) / rate


def _estimate_period(strength: np.ndarray, rate: float, usual_tempo: float) -> int:
    """Estimate the beat period, in frames."""
    similarity = _autocorrelation(strength, round(TEMPO_WINDOW * rate))
    similarity -= uniform_filter1d(similarity, round(TREND * rate))
    periods = np.arange(60 * rate / FASTEST_TEMPO, 60 * rate / SLOWEST_TEMPO, 0.25)
    lags = np.arange(len(similarity))
    comb = sum(
        weight * np.interp(periods * tooth, lags, similarity) for tooth, weight in TEETH.items()
    )
    begin, end = np.flatnonzero(strength)[[0, -1]]
    mean = strength[begin : end + 1].mean()
    center = usual_tempo * (mean / USUAL_STRENGTH) ** TEMPO_PER_STRENGTH
    center = np.clip(center, *CENTER_RANGE)
    prior = np.exp(-0.5 * np.log2(60 * rate / periods / center) ** 2)
    return max(1, round(float(periods[np.argmax(comb * prior)])))


def _autocorrelation(strength: np.ndarray, length: int) -> np.ndarray:
    """Return the mean autocorrelation of windows of `length` frames, each scaled to 1 at lag 0.

    Windows without an onset count as zero.
    """
    window = hann_window(length, np.float64)
    padded = np.pad(strength.astype(np.float64), length // 2)
    windows = sliding_window_view(padded, length)[:: length // 16]
    n_fft = scipy.fft.next_fast_len(2 * length, real=True)
    total = np.zeros(length)
    for start in range(0, len(windows), WINDOWS_PER_STEP):
        spectrum = scipy.fft.rfft(windows[start : start + WINDOWS_PER_STEP] * window, n_fft, axis=1)
        products = scipy.fft.irfft(np.abs(spectrum) ** 2, n_fft, axis=1)[:, :length]
        sounding = products[products[:, 0] > 0]
        total += np.sum(sounding / sounding[:, :1], axis=0)
    return total / len(windows)


def _smooth(strength: np.ndarray, period: int) -> np.ndarray:
    """Scale the onset strength to unit variance and smooth it over a fraction of a beat."""
    scaled = strength.astype(np.float64)
    scaled /= np.std(scaled) or 1.0
    reach = 1 + period // 4  # farther out, the kernel is below 1e-13
    offsets = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (32 * offsets / period) ** 2)
    return np.convolve(scaled, kernel)[reach : reach + len(scaled)]


def _best_path(score: np.ndarray, period: int) -> np.ndarray:
    """Return the path of frames, about a period apart, with the highest score minus penalties.

    This is the dynamic program of Ellis's paper. The path ends at the frame that `_last_beat`
    returns. The best path to a frame comes from a frame half a period to two periods earlier. The
    penalty of a step is proportional to the squared logarithm of its length in periods.
    """
    steps = np.arange(2 * period, (period + 1) // 2 - 1, -1)
    longest, shortest = steps[0], steps[-1]
    penalty = TIGHTNESS * np.log(steps / period) ** 2
    total = np.zeros(longest + len(score))  # zeros before the first frame
    before = sliding_window_view(total, len(steps))
    origin = np.full(len(score), -1)
    # Predecessors are at least `shortest` frames earlier, so compute this many frames at once.
    for start in range(0, len(score), shortest):
        frames = np.arange(start, min(start + shortest, len(score)))
        paths = before[frames] - penalty
        choice = np.argmax(paths, axis=1)
        best = paths[np.arange(len(frames)), choice]
        # A path may also start at any frame, but this scores higher only at the first onsets.
        total[longest + frames] = score[frames] + np.maximum(best, 0)
        origin[frames] = np.where(best > 0, frames - steps[choice], -1)
    path = [_last_beat(total[longest:])]
    while origin[path[-1]] >= 0:
        path.append(origin[path[-1]])
    return np.array(path[::-1])


def _last_beat(total: np.ndarray) -> int:
    """Return the last frame where `total` has a peak at least half as high as its median peak.

    `total` is the score of the best path to each frame.
    """
    rising = np.append(-np.inf, total[:-1]) < total
    peaks = np.flatnonzero(rising & (total >= np.append(total[1:], -np.inf)))
    return int(peaks[total[peaks] >= 0.5 * np.median(total[peaks])][-1])


def _trim(beats: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Drop weak beats at both ends; drop all beats if fewer than three of them are strong."""
    strength = score[beats]
    strong = np.flatnonzero(strength > WEAK * np.sqrt(np.mean(strength**2)))
    return beats[strong[0] : strong[-1] + 1] if len(strong) >= FEWEST else beats[:0]


def _peak_offsets(score: np.ndarray, beats: np.ndarray) -> np.ndarray:
    """Return the offset in frames from each beat to the maximum of the score between frames.

    The maximum is that of a parabola through the scores of the beat and of its two neighbors. The
    offset is 0 if the beat is not at a local maximum.
    """
    padded = np.pad(score, 1, mode="edge")
    before, at, after = padded[beats], padded[beats + 1], padded[beats + 2]
    curvature = before - 2 * at + after
    is_peak = (at >= before) & (at >= after) & (curvature < 0)
    return 0.5 * (before - after) / np.where(is_peak, curvature, np.inf)


def onsets_of_beats(strength: np.ndarray, rate: float, beats: np.ndarray) -> np.ndarray:
    """Sample the onset strength at 16 points of each beat.

    Parameters
    ----------
    strength : ndarray of shape (n_frames,)
        Onset strength.
    rate : float
        Frames per second.
    beats : ndarray of shape (n_beats,)
        Increasing times in seconds; at least two.

    Returns
    -------
    onsets : ndarray of shape (n_beats, 16)
        Maximum of the onset strength over three frames around each point. The first point is
        slightly before the beat.
    """
    lengths = np.append(np.diff(beats), beats[-1] - beats[-2])
    slots = (np.arange(SLOTS) - 1.5) / SLOTS  # the first four points surround the beat
    moments = (beats[:, np.newaxis] + lengths[:, np.newaxis] * slots) * rate
    padded = np.pad(strength, 1)
    widened = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])
    return np.interp(moments, np.arange(len(strength)), widened)


def pulse_clarity(onsets: np.ndarray) -> np.ndarray:
    """Measure the regularity of onsets around each beat.

    Parameters
    ----------
    onsets : ndarray of shape (n_beats, n_slots)
        Onset strength at `n_slots` points of each beat.

    Returns
    -------
    clarity : ndarray of shape (n_beats,), dtype float64
        Correlation of the onset strength in each beat with its mean over the four beats on each
        side, smoothed over five beats.
    """
    sums = np.cumsum(np.pad(onsets, ((NEIGHBORS + 1, NEIGHBORS), (0, 0))), axis=0)
    around = sums[2 * NEIGHBORS + 1 :] - sums[: -2 * NEIGHBORS - 1] - onsets
    onsets, around = (each - each.mean(axis=1, keepdims=True) for each in (onsets, around))
    product = np.linalg.norm(onsets, axis=1) * np.linalg.norm(around, axis=1)
    correlation = np.sum(onsets * around, axis=1) / np.where(product > 1e-9, product, np.inf)
    return uniform_filter1d(correlation, min(SMOOTHED, len(correlation)), mode="nearest")
