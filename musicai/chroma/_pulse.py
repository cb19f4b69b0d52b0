"""Beats of a recording, their clarity, and bars."""

import numpy as np

from ._bars import find_bars
from ._beats import Beats, onsets_of_beats, pulse_clarity, track_beats
from ._onsets import Onsets
from ._sync import frames_between, median_chroma
from ._tracker import Tracker, call_tracker

ON_BEAT = slice(4)
"""Points of `onsets_of_beats` that count as on the beat."""


class PulseFinder:
    """Find the beats of a recording that is read block by block.

    Parameters
    ----------
    tracker : callable or None
        Custom tracker, for which the whole recording is kept in memory; None for the built-in
        tracker.
    sr : float
        Sampling rate in hertz.
    """

    def __init__(self, tracker: Tracker | None, sr: float) -> None:
        self._tracker, self._sr = tracker, sr
        self._blocks: list[np.ndarray] = []

    def add(self, block: np.ndarray) -> None:
        """Add samples; they are kept only for a custom tracker."""
        if self._tracker is not None:
            self._blocks.append(block.copy())

    def find(
        self, onsets: Onsets, chroma: np.ndarray, frame_rate: float, end: float
    ) -> Beats | None:
        """Return the beats and bars, or None if fewer than two beats are found.

        Parameters
        ----------
        onsets : Onsets
            Onset strength of the recording.
        chroma : ndarray of shape (n_frames, 12)
            Chroma of the recording.
        frame_rate : float
            Frames of chroma per second.
        end : float
            End of the recording in seconds.
        """
        times, bars = self._track(onsets)
        times = times[times < end]
        if len(times) < 2:
            return None
        strength = onsets_of_beats(onsets.strength, onsets.rate, times)
        if bars is None:
            borders = np.append(times, min(end, 2 * times[-1] - times[-2]))
            middles = (borders[:-1] + borders[1:]) / 2
            beats, halves = (
                median_chroma(chroma, frames_between(each, frame_rate, len(chroma)))
                for each in (borders, np.sort(np.append(borders, middles)))
            )
            bass = onsets_of_beats(onsets.bass, onsets.rate, times)[:, ON_BEAT].max(axis=1)
            beats_per_bar, downbeat, margin = find_bars(beats, halves, strength, bass)
        else:
            (beats_per_bar, downbeat), margin = bars, np.inf
        return Beats(times, pulse_clarity(strength), beats_per_bar, downbeat, margin)

    def _track(self, onsets: Onsets) -> tuple[np.ndarray, tuple[int, int] | None]:
        """Return the times of beats and, if a custom tracker returns downbeats, the bars."""
        if self._tracker is None:
            return track_beats(onsets.strength, onsets.rate), None
        samples = np.concatenate([np.zeros(0, np.float32), *self._blocks])
        self._blocks.clear()
        return call_tracker(self._tracker, samples, self._sr)
