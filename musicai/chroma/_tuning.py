"""Estimation of tuning (the deviation from A440) from power spectra.

This is ``librosa.estimate_tuning`` for batches of spectra. Peaks between 150 and 4000 Hz are
located by parabolic interpolation (J. O. Smith, "Spectral Audio Signal Processing", section
"Quadratic Interpolation of Spectral Peaks"). The tuning is the most frequent deviation from the
nearest semitone, in whole cents, among the louder half of the peaks. Operations have the same order
and precision as in librosa, so the estimate is identical.
"""

import numpy as np

LOWEST, HIGHEST = 150.0, 4000.0
"""Frequency range of the peaks, in hertz."""

THRESHOLD = np.float32(0.1)
"""Smallest power of a peak, as a share of the highest power in its frame."""

EDGES = np.linspace(-0.5, 0.5, 101)
"""Borders of histogram bins of one cent, in semitones from the nearest pitch."""


class TuningEstimator:
    """Estimator that stores a deviation and a height, in five bytes, for each spectral peak.

    Parameters
    ----------
    sr : float
        Sampling rate in hertz.
    n_fft : int
        Samples per frame.
    """

    def __init__(self, *, sr: float, n_fft: int) -> None:
        self._sr = sr
        self._n_fft = n_fft
        frequencies = np.fft.rfftfreq(n_fft, 1.0 / sr)
        audible = (frequencies >= LOWEST) & (frequencies < min(HIGHEST, float(sr) / 2))
        audible[-1] = False  # the Nyquist frequency, which rounding may put below sr / 2
        self._band = np.flatnonzero(audible)
        self._cents: list[np.ndarray] = []
        self._heights: list[np.ndarray] = []

    def add(self, power: np.ndarray) -> None:
        """Add the peaks of float32 power spectra of shape (n_frames, 1 + n_fft // 2)."""
        if len(self._band) == 0:
            return
        # The band has no gaps and excludes 0 Hz and the highest bin.
        low, high = self._band[0], self._band[-1] + 1
        below, here, above = (power[:, low + k : high + k] for k in (-1, 0, 1))
        loud = here > THRESHOLD * power.max(axis=1, keepdims=True)
        peaks = np.flatnonzero(loud & (here > below) & (here >= above))
        frame, bin_ = np.divmod(peaks, len(self._band))
        below, here, above = below[frame, bin_], here[frame, bin_], above[frame, bin_]
        shift = _parabolic_shift(below, here, above)
        slope = (above - below) / np.float32(2)
        pitch = ((bin_ + low + shift) * float(self._sr) / self._n_fft).astype(np.float32)
        self._cents.append(_cent(pitch))
        self._heights.append(here + np.float32(0.5) * slope * shift)

    def estimate(self) -> float:
        """Return the tuning in semitones, in [-0.5, 0.5); 0 if there are no peaks."""
        return self.likeliest(1)[0]

    def likeliest(self, n_tunings: int) -> list[float]:
        """Return up to `n_tunings` tunings in semitones, likeliest first; [0] without peaks."""
        heights = np.concatenate([*self._heights, np.zeros(0, np.float32)])
        if len(heights) == 0:
            return [0.0]
        cents = np.concatenate(self._cents)[heights >= np.median(heights)]
        counts = np.bincount(cents, minlength=len(EDGES) - 1)
        return [float(EDGES[cent]) for cent in np.argsort(-counts, kind="stable")[:n_tunings]]


def _parabolic_shift(below: np.ndarray, here: np.ndarray, above: np.ndarray) -> np.ndarray:
    """Return the peak of the parabola through three bins, in bins from the middle one.

    If the peak is at least one bin away, return 0.
    """
    curvature = (above + below).astype(np.float64) - 2.0 * here
    slope = (above - below).astype(np.float64) / 2.0
    outside = np.abs(slope) >= np.abs(curvature)
    curvature[outside] = 1.0
    return np.where(outside, 0.0, -slope / curvature).astype(np.float32)


def _cent(pitch: np.ndarray) -> np.ndarray:
    """Return the histogram bin, 0 to 99, of each frequency's deviation from a semitone."""
    residual = np.mod(12 * np.log2(pitch / 27.5), 1.0)
    residual[residual >= 0.5] -= 1.0
    cents = np.searchsorted(EDGES, residual, side="right") - 1
    return np.minimum(cents, len(EDGES) - 2).astype(np.uint8)
