"""The beats of a recording, found while it streams by, and frames taken together by beats.

This is beat tracking by dynamic programming (D. P. W. Ellis, "Beat tracking by dynamic
programming", Journal of New Music Research 36, 2007), as ``librosa.beat.beat_track`` does it:
how strongly something begins at each moment is measured (:class:`OnsetStrength`); how far apart
the beats usually are is estimated from that, and the moments about that far apart with the
strongest onsets are the beats (:func:`track_beats`). Of the recording only the onset strength is
kept, 43 values a second.

Onset strength is the rise of a logarithmic spectrum; in silence it is 0. The spectrum here has
quarter-tone bands and rises are measured against the loudest of three neighboring bands, which is
the SuperFlux of S. Boeck and G. Widmer ("Maximum filter vibrato suppression for onset detection",
DAFx 2013): where voices change pitch without an attack, as strings, choirs and organs do, mel bands
see nothing.
"""

from functools import lru_cache

import numpy as np
import scipy.fft
import scipy.sparse
from numpy.lib.stride_tricks import sliding_window_view

from ..theory.timing import Timing
from ._frames import FrameBuffer, hann_window, silent_frames

SECONDS_PER_FRAME = 512 / 22050
"""About the time from an onset frame to the next."""

FRAME_HOPS = 8
"""Hops per frame: 0.19 seconds, which tell most neighboring notes apart."""

LAG = 3
"""Rises are measured over this many hops: a soft attack takes as long."""

LOWEST, HIGHEST = 27.5, 10000.0
"""The bands lie between these frequencies, in hertz."""

BANDS_PER_OCTAVE = 24

DYNAMIC_RANGE = 50.0
"""What is more decibels than this below the loudest band so far counts as silent."""

TEMPO_WINDOW = 8.0
"""Seconds of onset strength that are compared with themselves to find the tempo."""

WINDOWS_PER_STEP = 64
"""Windows that are analyzed together, so that memory does not grow with the recording."""

USUAL_TEMPO, FASTEST_TEMPO = 110.0, 320.0
"""In beats per minute; a tempo an octave from the usual one has exp(-1/2) of its prior.

Ellis and librosa have 120, with which eighth notes become beats in chorales and slow game music.
"""

STRONGEST = 0.99
"""Onsets above this quantile count as if they were at it.

The first sound after silence rises in all bands at once and would outweigh a minute of music.
"""

TIGHTNESS = 100.0
"""How much an onset counts less for a beat that comes too early or too late."""

WEAK = 0.5
"""Beats at the ends whose onsets have less than this share of the usual strength are dropped."""

FEWEST = 3
"""Fewer beats than this are no pulse, only where a sound begins or ends."""


class OnsetStrength:
    """Measures how strongly something begins at each moment of a recording.

    Parameters
    ----------
    sr : float
        Sampling rate in hertz, at least 1000.

    Attributes
    ----------
    rate : float
        Values per second, about 43.

    Examples
    --------
    >>> import numpy as np
    >>> clicks = np.zeros(10 * 22050, dtype=np.float32)
    >>> clicks[::11025] = 1
    >>> onsets = OnsetStrength(22050)
    >>> for block in np.split(clicks, 10):
    ...     onsets.add(block)
    >>> tempo, beats = track_beats(onsets.finish(), onsets.rate)
    >>> round(tempo)
    120
    """

    def __init__(self, sr: float) -> None:
        # A length that the FFT likes; the frame is a multiple of it and so is liked as well.
        hop_length = scipy.fft.next_fast_len(round(sr * SECONDS_PER_FRAME), real=True)
        self.rate = sr / hop_length
        self._bands = _bands(sr, FRAME_HOPS * hop_length)
        self._frames = FrameBuffer(frame_length=FRAME_HOPS * hop_length, hop_length=hop_length)
        self._loudest = float(_decibels(np.zeros(1))[0])
        self._before = _decibels(np.zeros((LAG, self._bands.shape[0]), dtype=np.float32))
        self._strengths: list[np.ndarray] = []
        self._powers: list[np.ndarray] = []

    def add(self, block: np.ndarray) -> None:
        """Take the next samples, a float32 array of any length."""
        for frames in self._frames.add(block):
            self._measure(frames)

    def finish(self) -> np.ndarray:
        """Return the onset strength, one float32 value per frame; nothing can be added then."""
        for frames in self._frames.finish():
            self._measure(frames)
        if not self._strengths:
            return np.zeros(0, dtype=np.float32)
        strength = np.concatenate(self._strengths)
        strength[silent_frames(np.concatenate(self._powers), self.rate)] = 0
        return strength

    def _measure(self, frames: np.ndarray) -> None:
        """Find how much the bands rise on average, in decibels."""
        level = np.concatenate([self._before, _band_levels(frames, self._bands)])
        self._before = level[-LAG:]
        level, before = level[LAG:], _louder_neighbor(level[:-LAG])
        loudest = level.max(axis=1)
        self._powers.append(10.0 ** (loudest.astype(np.float64) / 10))
        peak = np.maximum.accumulate(np.append(self._loudest, loudest))[1:]
        self._loudest = peak[-1]
        silent = (peak - DYNAMIC_RANGE).astype(np.float32)[:, np.newaxis]
        rise = np.maximum(level, silent) - np.maximum(before, silent)
        self._strengths.append(np.maximum(rise, 0).mean(axis=1))


def _band_levels(frames: np.ndarray, bands: scipy.sparse.csr_array) -> np.ndarray:
    """Return the level of each band in decibels, shape (n_frames, n_bands), float32."""
    window = hann_window(frames.shape[1], np.float32)
    spectrum = scipy.fft.rfft(frames * window, axis=1)[:, : bands.shape[1]]
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    return _decibels((bands @ power.T).T)


def _decibels(power: np.ndarray) -> np.ndarray:
    return 10 * np.log10(np.maximum(power, np.finfo(np.float32).tiny))


def _louder_neighbor(level: np.ndarray) -> np.ndarray:
    """Return for each band the level of the loudest among it and its two neighbors."""
    loudest = level.copy()
    np.maximum(loudest[:, 1:], level[:, :-1], out=loudest[:, 1:])
    np.maximum(loudest[:, :-1], level[:, 1:], out=loudest[:, :-1])
    return loudest


@lru_cache(maxsize=8)
def _bands(sr: float, n_fft: int) -> scipy.sparse.csr_array:
    """Return triangular bands, shape (n_bands, n_frequencies), float32.

    They are a quarter tone apart, and below the pitch where the FFT is coarser, one of its bins.
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
    return scipy.sparse.csr_array(np.maximum(0, np.minimum(rising, falling)), dtype=np.float32)


def track_beats(
    envelope: np.ndarray, rate: float, *, usual_tempo: float = USUAL_TEMPO
) -> tuple[float, np.ndarray]:
    """Find the beats in an onset strength.

    Parameters
    ----------
    envelope : ndarray of shape (n_frames,)
        Onset strength, not negative.
    rate : float
        Frames per second.
    usual_tempo : float, default=110.0
        Center of the prior of the tempo, in beats per minute; librosa's `start_bpm`.

    Returns
    -------
    tempo : float
        In beats per minute, the mean over the beats; 0 if there is none.
    beats : ndarray of shape (n_beats,), dtype float64
        Times in seconds, ascending.
    """
    if not np.any(envelope):
        return 0.0, np.zeros(0)
    envelope = np.minimum(envelope, np.quantile(envelope[envelope > 0], STRONGEST))
    period = _estimate_period(envelope, rate, usual_tempo)
    score = _smooth(envelope, period)
    beats = _trim(_best_path(score, period), score)
    if len(beats) < FEWEST:
        return 0.0, np.zeros(0)
    # The mean distance between beats is finer than whole frames.
    mean_period = (beats[-1] - beats[0]) / (len(beats) - 1)
    return float(60 * rate / mean_period), beats / rate


def _estimate_period(envelope: np.ndarray, rate: float, usual_tempo: float) -> int:
    """Estimate the usual distance between beats, in frames.

    It is the most likely lag of the autocorrelation in windows of 8 seconds, averaged over the
    recording, with a log-normal prior, as in ``librosa.feature.tempo``.
    """
    similarity = _autocorrelation(envelope, round(TEMPO_WINDOW * rate))[1:]
    lags = np.arange(1, len(similarity) + 1)
    tempi = 60 * rate / lags
    likelihood = np.log1p(1e6 * np.maximum(similarity, 0)) - 0.5 * np.log2(tempi / usual_tempo) ** 2
    likelihood[tempi >= FASTEST_TEMPO] = -np.inf
    return int(lags[np.argmax(likelihood)])


def _autocorrelation(envelope: np.ndarray, length: int) -> np.ndarray:
    """Return the autocorrelation in windows of this length, each scaled to 1 at lag 0, averaged.

    Windows that hold no onset count as zero.
    """
    window = hann_window(length, np.float64)
    padded = np.pad(envelope.astype(np.float64), length // 2)
    windows = sliding_window_view(padded, length)[:: length // 16]
    n_fft = scipy.fft.next_fast_len(2 * length, real=True)
    total = np.zeros(length)
    for start in range(0, len(windows), WINDOWS_PER_STEP):
        spectrum = scipy.fft.rfft(windows[start : start + WINDOWS_PER_STEP] * window, n_fft, axis=1)
        products = scipy.fft.irfft(np.abs(spectrum) ** 2, n_fft, axis=1)[:, :length]
        sounding = products[products[:, 0] > 0]
        total += np.sum(sounding / sounding[:, :1], axis=0)
    return total / len(windows)


def _smooth(envelope: np.ndarray, period: int) -> np.ndarray:
    """Scale the onset strength to unit variance and smooth it over a small part of a beat."""
    scaled = envelope.astype(np.float64)
    scaled /= np.std(scaled) or 1.0
    reach = 1 + period // 4  # beyond is below 1e-13
    offsets = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (32 * offsets / period) ** 2)
    return np.convolve(scaled, kernel)[reach : reach + len(scaled)]


def _best_path(score: np.ndarray, period: int) -> np.ndarray:
    """Return the frames whose scores are highest in sum while they are about a period apart.

    This is the dynamic program of Ellis's paper: the best path to a frame comes from a frame
    between half a period and two periods earlier, and a step costs the more, the further the
    logarithm of its length is from that of the period.
    """
    steps = np.arange(2 * period, (period + 1) // 2 - 1, -1)
    longest, shortest = steps[0], steps[-1]
    penalty = TIGHTNESS * np.log(steps / period) ** 2
    total = np.zeros(longest + len(score))  # what is before the first frame is worth nothing
    before = sliding_window_view(total, len(steps))
    origin = np.full(len(score), -1)
    # Predecessors are at least the shortest step away: as many frames can be done at once.
    for start in range(0, len(score), shortest):
        frames = np.arange(start, min(start + shortest, len(score)))
        paths = before[frames] - penalty
        choice = np.argmax(paths, axis=1)
        best = paths[np.arange(len(frames)), choice]
        # A path may also start here, which pays at the first onsets only.
        total[longest + frames] = score[frames] + np.maximum(best, 0)
        origin[frames] = np.where(best > 0, frames - steps[choice], -1)
    path = [_last_beat(total[longest:])]
    while origin[path[-1]] >= 0:
        path.append(origin[path[-1]])
    return np.array(path[::-1])


def _last_beat(total: np.ndarray) -> int:
    """Return the last peak that is at least half as high as peaks usually are."""
    rising = np.append(-np.inf, total[:-1]) < total
    peaks = np.flatnonzero(rising & (total >= np.append(total[1:], -np.inf)))
    return int(peaks[total[peaks] >= 0.5 * np.median(total[peaks])][-1])


def _trim(beats: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Drop beats before the first and after the last that has an onset of some strength."""
    strength = score[beats]
    strong = np.flatnonzero(strength > WEAK * np.sqrt(np.mean(strength**2)))
    return beats[strong[0] : strong[-1] + 1] if len(strong) else beats[:0]


def synchronize(
    chroma: np.ndarray, frame_rate: float, beats: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Take the median of the frames between one beat and the next.

    As in ``librosa.util.sync``, what is before the first beat and after the last has a frame
    too, so that nothing is lost. The median keeps out the few frames in which a chord changes or
    a drum sounds.

    Parameters
    ----------
    chroma : ndarray of shape (n_frames, 12)
        Frames, the one at ``t`` centered on ``t / frame_rate`` seconds.
    frame_rate : float
        Frames per second.
    beats : ndarray of shape (n_beats,)
        Times of the beats in seconds, rising.

    Returns
    -------
    chroma : ndarray of shape (n_intervals, 12), dtype float32
        One frame per interval; intervals that hold no frame's center are joined to the next.
    borders : ndarray of shape (n_intervals + 1,)
        The borders of the intervals in seconds; the first is 0, the last the end of the frames.
    """
    n_frames = len(chroma)
    # A beat on a frame's center belongs to that frame, however the product was rounded.
    firsts = np.ceil(np.concatenate([[0.0], beats]) * frame_rate - 1e-6).astype(int)
    # Of borders with no frame between them the last counts.
    last_of_equals = np.append(firsts[1:] != firsts[:-1], True) & (firsts < n_frames)
    firsts = firsts[last_of_equals]
    borders = np.concatenate([[0.0], beats])[last_of_equals]
    borders[0] = 0.0
    frames = [np.median(part, axis=0) for part in np.split(chroma, firsts[1:])]
    end = Timing.from_rate(frame_rate).duration(n_frames)
    return np.array(frames, dtype=np.float32), np.append(borders, end)
