"""Beats of recordings, as `fit` stores them and as the search by beats takes them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ..chroma import Analysis
from ._corpus import usual_level

FEWEST = 16
"""Fewest beats that a recording needs to be played in a mosaic by beats."""

CLEAR = 0.3
"""Least mean clarity of a collection's beats; with less, the mosaic plays frames."""

NEIGHBORS = 4
"""Number of beats on each side in the moving average that smooths the times of beats."""

FARTHEST_MOVE = 0.025
"""Limit, in seconds, on how far smoothing moves a beat. A beat that would move farther stays in
place: it was played early or late, or the tempo changed. See docs/experiments.md for what smoothing
gains."""


class BeatTrack(NamedTuple):
    """The beats of a recording, from the first to the last.

    Attributes
    ----------
    beats : ndarray of shape (n_beats + 1,)
        When the beats begin, and the last one ends, in seconds.
    chroma : ndarray of shape (n_beats, 2, 12), dtype float16
        Chroma of both halves of each beat.
    levels : ndarray of shape (n_beats, 2), dtype float16
        Loudness of both halves in decibels relative to the usual level of the recording.
    timbre : ndarray of shape (n_beats, 2, 13), dtype float16
        Cepstral coefficients of both halves.
    clarity : ndarray of shape (n_beats,), dtype float16
        Clarity of the pulse at each beat, at most 1.
    beats_per_bar, downbeat : int
        Number of beats in a bar, and index of the first beat that begins a bar.
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
        """Tempo in beats per minute, from the median length of a beat."""
        return 60 / float(np.median(np.diff(self.beats)))


def beats_of(analysis: Analysis) -> tuple[Analysis, dict[str, Any] | None]:
    """Return the part of an analysis from its first beat to its last, and its beats.

    Parameters
    ----------
    analysis : Analysis
        Analysis by an extractor with ``sync="half-beat"``.

    Returns
    -------
    between : Analysis
        The frames from the first beat to the last; all frames if there are too few beats.
    beats : dict or None
        The beats as `make_track` takes them, in plain types; None if there are too few.
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
    """Return the times of beats, smoothed by a moving average.

    A beat that would move by `FARTHEST_MOVE` or more keeps its time. This removes errors of
    measurement, which would make the tempo waver from beat to beat, and keeps changes of tempo.
    """
    smooth = times.copy()
    for reach in range(1, NEIGHBORS + 1):  # fewer neighbors at the ends
        means = np.convolve(times, np.full(2 * reach + 1, 1 / (2 * reach + 1)), "valid")
        smooth[reach : len(times) - reach] = means
    return np.where(np.abs(smooth - times) < FARTHEST_MOVE, smooth, times)


def make_track(
    chroma: np.ndarray, levels: np.ndarray, tuning: float, beats: dict[str, Any]
) -> BeatTrack:
    """Return the beats of a recording, made from the fitted attributes of the mosaic.

    Parameters
    ----------
    chroma : ndarray of shape (2 * n_beats, 12)
        Chroma of half-beats.
    levels : ndarray of shape (2 * n_beats,)
        Levels of half-beats in decibels.
    tuning : float
        Deviation from A440 in semitones.
    beats : dict
        As `beats_of` returns it.
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
    """Return the mean clarity of all beats of a collection, 0 if there are none."""
    clarity = [each["clarity"].astype(np.float64) for each in beats if each is not None]
    return float(np.mean(np.concatenate(clarity))) if clarity else 0.0


def usual_tempo(beats: Sequence[dict[str, Any] | None]) -> float:
    """Return the usual tempo of a collection, in beats per minute.

    Every beat of every recording is given the median beat length of its recording. The tempo is
    that of the median of these lengths, so it is the tempo of one of the recordings. At least one
    recording must have beats.
    """
    periods = [np.diff(each["times"]) for each in beats if each is not None]
    usual = np.concatenate([np.full(len(each), np.median(each)) for each in periods])
    return float(60 / np.quantile(usual, 0.5, method="lower"))
