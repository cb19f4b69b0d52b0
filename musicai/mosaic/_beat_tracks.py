"""Beats of recordings, in the form that `fit` stores and the form that `make_beat_corpus` takes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ..chroma import Analysis
from ._corpus import usual_level

FEWEST = 16
"""Minimum number of beats that a recording needs to be played in a mosaic by beats."""

CLEAR = 0.3
"""Minimum mean clarity of the beats of a collection. Below it, the mosaic plays frames."""

NEIGHBORS = 4
"""Number of neighboring beats on each side in the moving average that smooths beat times."""

FARTHEST_MOVE = 0.025
"""Limit, in seconds, on how far smoothing may move a beat. A beat that would move this far or
farther keeps its time: it was probably played early or late, or the tempo changed. See
docs/experiments.md for the effect of smoothing."""


class BeatTrack(NamedTuple):
    """The beats of a recording.

    Attributes
    ----------
    beats : ndarray of shape (n_beats + 1,)
        Times at which the beats begin, followed by the end of the last one, in seconds.
    chroma : ndarray of shape (n_beats, 2, 12), dtype float16
        Chroma of the two halves of each beat.
    levels : ndarray of shape (n_beats, 2), dtype float16
        RMS level of the two halves in decibels, relative to the usual level of the recording.
    timbre : ndarray of shape (n_beats, 2, 13), dtype float16
        Cepstral coefficients of the two halves.
    clarity : ndarray of shape (n_beats,), dtype float16
        Clarity of the pulse at each beat, at most 1.
    beats_per_bar, downbeat : int
        Number of beats in a bar, and index of the first downbeat.
    tuning : float
        Deviation from A440 in semitones.
    """

    beats: np.ndarray
    chroma: np.ndarray
    levels: np.ndarray
    timbre: np.ndarray
    clarity: np.ndarray
    beats_per_bar: int
    downbeat: int
    tuning: float

    @property
    def tempo(self) -> float:
        """Tempo in beats per minute, from the median beat length."""
        return 60 / float(np.median(np.diff(self.beats)))


def beats_of(analysis: Analysis) -> tuple[Analysis, dict[str, Any] | None]:
    """Cut the chroma and levels of an analysis to the frames between its first and last beats.

    Parameters
    ----------
    analysis : Analysis
        Analysis by an extractor with ``sync="half-beat"``.

    Returns
    -------
    between : Analysis
        The analysis with the cut chroma and levels; unchanged if `beats` is None.
    beats : dict or None
        The beats in the form that `make_track` takes; None if the analysis has fewer than `FEWEST`
        beats, or no timbre.
    """
    found = analysis.beats
    if found is None or len(found.times) <= FEWEST or analysis.timbre is None:
        return analysis, None
    n_beats = len(found.times) - 1
    first = int(np.searchsorted(analysis.timing.beats(), -1e-9))
    frames = slice(first, first + 2 * n_beats)
    between = replace(analysis, chroma=analysis.chroma[frames], levels=analysis.levels[frames])
    return between, {
        "times": np.asarray(found.times, dtype=np.float64),
        "timbre": analysis.timbre[frames].astype(np.float16),
        "clarity": found.clarity[:n_beats].astype(np.float16),
        "beats_per_bar": int(found.beats_per_bar),
        "downbeat": int(found.downbeat),
    }


def _smoothed(times: np.ndarray) -> np.ndarray:
    """Smooth beat times with a moving average.

    Smoothing removes measurement errors, which would make the tempo waver from beat to beat.
    """
    smooth = times.copy()
    for reach in range(1, NEIGHBORS + 1):  # beats near the ends have fewer neighbors
        means = np.convolve(times, np.full(2 * reach + 1, 1 / (2 * reach + 1)), "valid")
        smooth[reach : len(times) - reach] = means
    return np.where(np.abs(smooth - times) < FARTHEST_MOVE, smooth, times)


def make_track(
    chroma: np.ndarray, levels: np.ndarray, tuning: float, beats: dict[str, Any]
) -> BeatTrack:
    """Make the beat track of a recording from the fitted attributes of a mosaic.

    Parameters
    ----------
    chroma : ndarray of shape (2 * n_beats, 12)
        Chroma of half-beats.
    levels : ndarray of shape (2 * n_beats,)
        Levels of half-beats in decibels.
    tuning : float
        Deviation from A440 in semitones.
    beats : dict
        Beats as returned by `beats_of`.
    """
    n_beats = len(beats["clarity"])
    return BeatTrack(
        beats=_smoothed(beats["times"]),
        chroma=chroma.reshape(n_beats, 2, -1),
        levels=(levels - usual_level(levels)).reshape(n_beats, 2),
        timbre=beats["timbre"].reshape(n_beats, 2, -1),
        clarity=beats["clarity"],
        beats_per_bar=beats["beats_per_bar"],
        downbeat=beats["downbeat"],
        tuning=tuning,
    )


def pulse_of(beats: Sequence[dict[str, Any] | None]) -> float:
    """Return the mean clarity of all beats in a collection, or 0 if there are no beats."""
    clarity = [each["clarity"].astype(np.float64) for each in beats if each is not None]
    return float(np.mean(np.concatenate(clarity))) if clarity else 0.0


def usual_tempo(beats: Sequence[dict[str, Any] | None]) -> float:
    """Return the usual tempo of a collection, in beats per minute.

    It is the median of the recordings' tempi, weighted by their numbers of beats, and always equals
    the tempo of one recording. At least one recording must have beats.
    """
    periods = [np.diff(each["times"]) for each in beats if each is not None]
    usual = np.concatenate([np.full(len(each), np.median(each)) for each in periods])
    return float(60 / np.quantile(usual, 0.5, method="lower"))
