"""Pulse and timbre of clips, measured without musicai."""

from functools import cache
from typing import Any

import librosa
import mir_eval
import numpy as np
import soxr

RATE = 44100
LOW = 22050
HOP = 256
WITHIN = 0.05  # seconds around a beat to search for its attack


def mono(audio: np.ndarray) -> np.ndarray:
    """Mix audio of shape (n_samples,) or (n_samples, n_channels) down to one channel."""
    return audio if audio.ndim == 1 else audio.mean(axis=1)


def at_low_rate(audio: np.ndarray) -> np.ndarray:
    """Return mono audio at 22050 Hz with a fixed RMS level."""
    low = soxr.resample(mono(audio).astype(np.float32), RATE, LOW)
    return low * np.float32(0.1 / max(1e-9, float(np.sqrt(np.mean(np.square(low))))))


class Onsets:
    """Onset strength of a clip at a fixed level, and librosa's beats."""

    def __init__(self, audio: np.ndarray) -> None:
        self.low = at_low_rate(audio)
        self.rate = LOW / HOP
        self.strength = librosa.onset.onset_strength(
            y=self.low, sr=LOW, hop_length=HOP, aggregate=np.median
        )
        _, self.beats = librosa.beat.beat_track(
            onset_envelope=self.strength, sr=LOW, hop_length=HOP, units="time"
        )

    def pulse(self, seconds: float) -> float:
        """Return the highest autocorrelation of onsets at periods of 40 to 200 beats per minute.

        It is averaged over windows of `seconds`. Short windows respond to a local beat, long ones
        to a steady tempo.
        """
        n = int(seconds * self.rate)
        second = int(self.rate)
        slowest, fastest = int(self.rate * 60 / 40), int(self.rate * 60 / 200)
        found = []
        for first in range(0, len(self.strength) - n + 1, n // 2):
            window = self.strength[first : first + n]
            window = window - np.convolve(window, np.ones(second) / second, "same")
            window = window - window.mean()
            spectrum = np.fft.rfft(window, 2 * n)
            products = np.fft.irfft(np.abs(spectrum) ** 2)[:n]
            if products[0] > 1e-9:
                alike = products / products[0] * n / (n - np.arange(n))
                found.append(alike[fastest : slowest + 1].max())
        return float(np.mean(found)) if found else float("nan")

    def clarity(self, slots: int = 16, around: int = 4) -> float:
        """Return the mean correlation of onsets in a librosa beat with those in its neighbors."""
        beats = self.beats
        if len(beats) < 2 * around + 2:
            return 0.0
        lengths = np.diff(beats)[:, np.newaxis]
        moments = beats[:-1, np.newaxis] + lengths * (np.arange(slots) - 1.5) / slots
        widened = np.maximum(
            self.strength, np.maximum(np.roll(self.strength, 1), np.roll(self.strength, -1))
        )
        patterns = np.interp(moments * self.rate, np.arange(len(widened)), widened)
        found = []
        for i, pattern in enumerate(patterns):
            near = [j for j in range(i - around, i + around + 1) if 0 <= j < len(patterns)]
            other = patterns[[j for j in near if j != i]].mean(axis=0)
            deviations = np.std(pattern) * np.std(other)
            covariance = np.mean((pattern - pattern.mean()) * (other - other.mean()))
            found.append(covariance / deviations if deviations > 1e-9 else 0.0)
        return float(np.mean(found))

    def attacks(self, times: np.ndarray) -> float:
        """Return the highest onset strength within 50 ms of a time, averaged over `times`."""
        reach = round(WITHIN * self.rate)
        frames = np.rint(times * self.rate).astype(int)
        frames = frames[(frames >= reach) & (frames < len(self.strength) - reach)]
        return float(np.mean([self.strength[i - reach : i + reach + 1].max() for i in frames]))


def other_levels(grid: np.ndarray) -> list[np.ndarray]:
    """Return a grid of beats, then those that trackers confuse with it: half, double, off-beat."""
    between = (grid[1:] + grid[:-1]) / 2
    return [grid, grid[::2], grid[1::2], np.sort(np.concatenate([grid, between])), between]


def agreement(grid: np.ndarray, beats: np.ndarray) -> dict[str, float]:
    """Return how a tracker's beats agree with a grid: F-measure, best F of any level, and AMLt."""
    if len(beats) < 3:
        return {"F": 0.0, "F any": 0.0, "AMLt": 0.0}
    at_levels = [mir_eval.beat.f_measure(each, beats) for each in other_levels(grid)]
    continuity = mir_eval.beat.continuity(grid, beats)
    return {"F": at_levels[0], "F any": max(at_levels), "AMLt": float(continuity[3])}


@cache
def madmom_tracker() -> Any:
    """Return madmom's beat tracker as a function of audio; None if madmom is not installed."""
    try:
        from madmom.audio.signal import Signal
        from madmom.features.beats import DBNBeatTrackingProcessor, RNNBeatProcessor
    except ImportError:
        return None
    network, decode = RNNBeatProcessor(), DBNBeatTrackingProcessor(fps=100)

    def track(audio: np.ndarray) -> np.ndarray:
        one = mono(audio)
        loud = one / max(1e-9, float(np.abs(one).max())) * 32000
        return np.asarray(decode(network(Signal(loud.astype(np.int16), sample_rate=RATE))))

    return track


def level_spread(audio: np.ndarray) -> float:
    """Return the range of 400 ms levels in decibels, from the 10th to the 95th percentile."""
    power = np.square(audio.reshape(len(audio), -1).astype(np.float64)).mean(axis=1)
    sums = np.cumsum(np.concatenate([[0.0], power]))
    n = int(0.4 * RATE)
    levels = 10 * np.log10((sums[n::4410] - sums[:-n:4410]) / n + 1e-10)
    levels = levels[levels > levels.max() - 50]
    return float(np.percentile(levels, 95) - np.percentile(levels, 10))


def side_energy(audio: np.ndarray) -> float:
    """Return the energy of the side relative to the mid channel in decibels; -60 for mono."""
    if audio.ndim == 1 or audio.shape[1] == 1:
        return -60.0
    middle, side = audio[:, 0] + audio[:, 1], audio[:, 0] - audio[:, 1]
    ratio = np.mean(np.square(side)) / max(1e-12, float(np.mean(np.square(middle))))
    return float(10 * np.log10(ratio + 1e-6))


def texture(low: np.ndarray) -> np.ndarray:
    """Return the mean and standard deviation of 20 log-mel bands, shape (n_seconds, 40).

    `low` is mono audio at 22050 Hz.
    """
    mel = librosa.feature.melspectrogram(y=low, sr=LOW, n_fft=1024, hop_length=HOP, n_mels=20)
    decibels = 10 * np.log10(np.maximum(mel.T, 1e-7))
    decibels = np.maximum(decibels, decibels.max() - 70)
    n = round(LOW / HOP)
    seconds = decibels[: len(decibels) // n * n].reshape(-1, n, decibels.shape[1])
    return np.concatenate([seconds.mean(axis=1), seconds.std(axis=1)], axis=1)
