"""Frames of the recordings that may be played, as arrays for the search by frames."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.ndimage import uniform_filter1d

from ..theory.shapes import unit_shapes

HARDLY_AUDIBLE = -45.0
"""Level below which a frame counts as noise or part of a fade, and is never played. It is in
decibels relative to the usual level of its recording or of all recordings, whichever is higher."""

GATE = -10.0
"""Level below which frames do not count toward the usual level, in decibels relative to the mean
level. The loudness of ITU-R BS.1770 is measured with a similar gate."""

USUAL = 3.0
"""Tolerance, in decibels. A join has no extra cost if the levels of the passages that it leaves and
enters differ by at most this much from the usual levels of their recordings."""

UNUSUAL = 0.05
"""Extra cost of a join per decibel beyond `USUAL`. The costs for the passage that the join leaves
and for the passage that it enters are added up.

This cost discourages joins in unusually quiet or loud passages. It applies only to joins: if it
applied to all frames, such passages would hardly be played, which would leave fewer passages to
choose from.
"""

PASSAGE_SECONDS = 1.0
"""Length, in seconds, of the passage around a join over which the level is averaged."""

IN_TUNE = 0.1
"""Largest deviation from A440, in semitones, that is not corrected by retuning."""

SILENT = -90.0
"""Level up to which a frame counts as silent, in decibels relative to full scale."""


class Corpus(NamedTuple):
    """Frames of the recordings that may be played, concatenated, once for each transposition.

    Attributes
    ----------
    shapes : ndarray of shape (n_rows, 12), dtype float32
        Chroma, centered and scaled to unit norm, so that dot products are correlations. Flat frames
        are 0.
    recording : ndarray of shape (n_rows,), dtype int32
        Index of each row's recording.
    firsts : ndarray of shape (n_tracks + 1,)
        Index of the first row of each track, followed by the number of rows. A track is a recording
        at one transposition.
    semitones : ndarray of shape (n_tracks,)
        Transposition of each track in semitones, including the retuning to A440.
    audible : ndarray of bool, of shape (n_rows,)
        Whether each row may be played.
    at_joins : ndarray of shape (n_rows,), dtype float32
        Extra cost of a join from or to each row. It is above 0 if the music around the row is
        unusually loud or quiet for its recording.
    gains : ndarray of shape (n_recordings,)
        Gain of each recording in decibels, including recordings that may not be played. The gains
        bring all recordings to the same usual level.
    """

    shapes: np.ndarray
    recording: np.ndarray
    firsts: np.ndarray
    semitones: np.ndarray
    audible: np.ndarray
    at_joins: np.ndarray
    gains: np.ndarray

    def track(self, row: int) -> int:
        """Return the index of the track that contains a row."""
        return int(np.searchsorted(self.firsts, row, side="right")) - 1

    def frame(self, row: int) -> float:
        """Return the position of a row in its recording, in hops, possibly fractional."""
        track = self.track(row)
        return float(row - self.firsts[track]) * speed(self.semitones[track])


def make_corpus(
    chroma: Sequence[np.ndarray],
    levels: Sequence[np.ndarray],
    tunings: np.ndarray,
    *,
    transpose: int,
    frame_rate: float,
    played: np.ndarray,
) -> Corpus:
    """Concatenate the frames of the recordings that may be played, in all transpositions.

    A recording is left out if all of its frames are inaudible or flat.

    Parameters
    ----------
    chroma : sequence of ndarray of shape (n_frames, 12)
        Chroma of each recording.
    levels : sequence of ndarray of shape (n_frames,)
        RMS level of the frames of each recording, in decibels.
    tunings : ndarray of shape (n_recordings,)
        Deviation of each recording from A440, in semitones.
    transpose : int
        Maximum transposition of recordings, up or down, in semitones.
    frame_rate : float
        Frames per second.
    played : ndarray of bool, of shape (n_recordings,)
        Whether each recording may be played.

    Raises
    ------
    ValueError
        If all frames of the recordings that may be played are inaudible or flat.
    """
    gains = gains_of(levels)
    n_around = max(1, round(PASSAGE_SECONDS * frame_rate))
    tracks, audible, at_joins, recordings, semitones = [], [], [], [], []
    for shift in range(-transpose, transpose + 1):
        for number, frames in enumerate(chroma):
            if not played[number]:
                continue
            higher = shift - (tunings[number] if abs(tunings[number]) > IN_TUNE else 0.0)
            moved, moved_levels = _play_faster(frames, levels[number], speed(higher))
            shapes = unit_shapes(np.roll(moved, shift, axis=1))
            usual = usual_level(levels[number])
            loud = moved_levels >= usual + max(0.0, gains[number]) + HARDLY_AUDIBLE
            if not shapes[loud].any():  # nothing to play
                continue
            tracks.append(shapes)
            audible.append(loud)
            at_joins.append(_costs_of_joins(moved_levels, usual, n_around))
            recordings.append(np.full(len(shapes), number, dtype=np.int32))
            semitones.append(higher)
    if not tracks:
        raise ValueError(
            "no recording has a frame that is both loud enough and more than noise or a hum: fit "
            "on recordings of music"
        )
    return Corpus(
        shapes=np.concatenate(tracks),
        recording=np.concatenate(recordings),
        firsts=np.concatenate([[0], np.cumsum([len(track) for track in tracks])]),
        semitones=np.array(semitones),
        audible=np.concatenate(audible),
        at_joins=np.concatenate(at_joins),
        gains=gains,
    )


def speed(semitones: float) -> float:
    """Return the factor by which to speed up a recording to transpose it by `semitones`."""
    return 2.0 ** (semitones / 12)


def usual_level(levels: np.ndarray) -> float:
    """Return the mean level, in decibels, of frames that are neither silent nor below `GATE`.

    If all frames are silent, return `SILENT`.
    """
    power = _power(levels[levels > SILENT])
    if len(power) == 0:
        return SILENT
    gate = 10 ** (GATE / 10) * power.mean()
    return float(10 * np.log10(power[power >= gate].mean()))


def gains_of(levels: Sequence[np.ndarray]) -> np.ndarray:
    """Return the gains, in decibels, that bring all recordings to the same usual level.

    Parameters
    ----------
    levels : sequence of ndarray of shape (n_frames,)
        RMS level of the frames of each recording, in decibels.
    """
    everywhere = usual_level(np.concatenate(levels))
    return np.array([everywhere - usual_level(each) for each in levels])


def _power(levels: np.ndarray) -> np.ndarray:
    return 10 ** (levels.astype(np.float64) / 10)


def _costs_of_joins(levels: np.ndarray, usual: float, n_around: int) -> np.ndarray:
    """Return the extra cost of a join from or to each frame of a recording, shape (n_frames,)."""
    passage = uniform_filter1d(_power(levels), n_around, mode="nearest")
    unusual = np.abs(10 * np.log10(np.maximum(passage, 1e-12)) - usual)
    return (UNUSUAL * np.maximum(unusual - USUAL, 0)).astype(np.float32)


def _play_faster(
    frames: np.ndarray, levels: np.ndarray, rate: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the chroma and level at each hop of a recording played at `rate` times its speed."""
    if rate == 1.0 or len(frames) == 0:
        return frames.astype(np.float32), levels
    places = np.arange(0, len(frames) - 0.5, rate)
    return rows_at(frames, places), rows_at(levels[:, np.newaxis], places)[:, 0]


def rows_at(table: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Interpolate linearly between the rows of a table at fractional indices, as float32."""
    places = np.clip(places, 0, len(table) - 1)
    before = places.astype(int)
    after = np.minimum(before + 1, len(table) - 1)
    weight = (places - before)[:, np.newaxis]
    return ((1 - weight) * table[before] + weight * table[after]).astype(np.float32)
