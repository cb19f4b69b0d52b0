"""The pulse of a recording: its beats, how clear they are, and its bars."""

from collections.abc import Sequence

import numpy as np

from ._bars import find_bars
from ._beats import Beats, onsets_of_beats, pulse_clarity, track_beats
from ._onsets import Onsets
from ._sync import frames_between, median_chroma
from ._tracker import Tracker, ask_tracker

ON_BEAT = slice(4)
"""Moments of a beat that count as on the beat."""


class PulseFinder:
    """Finds the beats of a recording that streams by.

    Parameters
    ----------
    tracker : callable or None
        A tracker of the user's own. It needs the whole recording, which is then kept.
    sr : float
        Sampling rate in hertz.
    """

    def __init__(self, tracker: Tracker | None, sr: float) -> None:
        self._tracker, self._sr = tracker, sr
        self._blocks: list[np.ndarray] = []

    def add(self, block: np.ndarray) -> None:
        """Take the next samples."""
        if self._tracker is not None:
            self._blocks.append(block.copy())

    def find(
        self, onsets: Onsets, chroma: np.ndarray, frame_rate: float, end: float
    ) -> Beats | None:
        """Return the beats, or None if there is no pulse.

        Parameters
        ----------
        onsets : Onsets
            Of the recording.
        chroma : ndarray of shape (n_frames, 12)
            Of the recording, at `frame_rate`.
        frame_rate : float
            Frames of chroma per second.
        end : float
            When the recording ends, in seconds.
        """
        bars: Sequence[int] | None = None
        if self._tracker is None:
            times = track_beats(onsets.strength, onsets.rate)
        else:
            samples = np.concatenate([np.zeros(0, np.float32), *self._blocks])
            self._blocks.clear()
            times, bars = ask_tracker(self._tracker, samples, self._sr)
        times = times[times < end]
        if len(times) < 2:
            return None
        onsets_of_each = onsets_of_beats(onsets.strength, onsets.rate, times)
        clarity, margin = pulse_clarity(onsets_of_each), np.inf
        if bars is None:
            borders = np.append(times, min(end, 2 * times[-1] - times[-2]))
            middles = (borders[:-1] + borders[1:]) / 2
            beats, halves = (
                median_chroma(chroma, frames_between(each, frame_rate, len(chroma)))
                for each in (borders, np.sort(np.append(borders, middles)))
            )
            bass = onsets_of_beats(onsets.bass, onsets.rate, times)[:, ON_BEAT].max(axis=1)
            *bars, margin = find_bars(beats, halves, onsets_of_each, bass)
        beats_per_bar, downbeat = bars
        return Beats(times, clarity, beats_per_bar, downbeat, float(margin))
