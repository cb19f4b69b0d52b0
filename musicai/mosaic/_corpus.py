"""The recordings that a mosaic is made of, as the search sees them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..theory.shapes import unit_shapes

HARDLY_AUDIBLE = -45.0
"""Frames so many decibels below the median of what sounds are never played: fades and noise."""

IN_TUNE = 0.1
"""A recording this many semitones from A440, or less, is played as it is; others are tuned."""

SILENT = -90.0
"""What is below so many decibels of full scale does not count as sound at all."""


class Corpus(NamedTuple):
    """Frames of all recordings one after the other, once for each transposition.

    Attributes
    ----------
    shapes : ndarray of shape (n_rows, 12), dtype float32
        Chroma, centered and of length 1, so that products are correlations; 0 where it is flat.
    recording : ndarray of shape (n_rows,), dtype int32
        Which recording a row is of.
    firsts : ndarray of shape (n_tracks + 1,)
        The first row of each track, and the number of rows: a track is a recording at one
        transposition.
    semitones : ndarray of shape (n_tracks,)
        How much higher each track sounds than its recording: by its transposition, less what the
        recording is out of tune.
    levels : ndarray of shape (n_rows,)
        In decibels.
    audible : ndarray of bool, of shape (n_rows,)
        Which rows may be played.
    """

    shapes: np.ndarray
    recording: np.ndarray
    firsts: np.ndarray
    semitones: np.ndarray
    levels: np.ndarray
    audible: np.ndarray

    def track(self, row: int) -> int:
        """Return the track that a row is in."""
        return int(np.searchsorted(self.firsts, row, side="right")) - 1

    def frame(self, row: int) -> float:
        """Return how many hops a row lies behind the beginning of its recording."""
        track = self.track(row)
        return float(row - self.firsts[track]) * speed(self.semitones[track])


def make_corpus(
    chroma: Sequence[np.ndarray],
    levels: Sequence[np.ndarray],
    tunings: np.ndarray,
    *,
    transpose: int,
) -> Corpus:
    """Put recordings together.

    Parameters
    ----------
    chroma : sequence of ndarray of shape (n_frames, 12)
        Of each recording.
    levels : sequence of ndarray of shape (n_frames,)
        In decibels, of each recording.
    tunings : ndarray of shape (n_recordings,)
        Deviation of each recording from A440, in semitones.
    transpose : int
        Up to how many semitones recordings are moved, upwards and downwards.
    """
    quietest = usual_level(levels) + HARDLY_AUDIBLE
    tracks, track_levels, recordings, semitones = [], [], [], []
    for shift in range(-transpose, transpose + 1):
        for number, frames in enumerate(chroma):
            higher = shift - (tunings[number] if abs(tunings[number]) > IN_TUNE else 0.0)
            moved, moved_levels = _play_faster(frames, levels[number], speed(higher))
            shapes = unit_shapes(np.roll(moved, shift, axis=1))
            if not shapes[moved_levels >= quietest].any():  # nothing to play, no place to go
                continue
            tracks.append(shapes)
            track_levels.append(moved_levels)
            recordings.append(np.full(len(shapes), number, dtype=np.int32))
            semitones.append(higher)
    if not tracks:
        raise ValueError(
            "no recording has a frame that is both loud enough and more than noise or a hum: fit "
            "on recordings of music"
        )
    together = np.concatenate(track_levels)
    return Corpus(
        shapes=np.concatenate(tracks),
        recording=np.concatenate(recordings),
        firsts=np.concatenate([[0], np.cumsum([len(track) for track in tracks])]),
        semitones=np.array(semitones),
        levels=together,
        audible=together >= quietest,
    )


def speed(semitones: float) -> float:
    """Return how much faster a recording is played so that it sounds so much higher."""
    return 2.0 ** (semitones / 12)


def usual_level(levels: Sequence[np.ndarray]) -> float:
    """Return the median level of what sounds, in decibels, or of everything if nothing does."""
    together = np.concatenate(levels)
    sounding = together[together > SILENT]
    return float(np.median(sounding if len(sounding) else together))


def _play_faster(
    frames: np.ndarray, levels: np.ndarray, rate: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the chroma and levels, a frame every hop, of a recording played at another speed."""
    if rate == 1.0 or len(frames) == 0:
        return frames.astype(np.float32), levels
    places = np.arange(0, len(frames) - 0.5, rate)
    return rows_at(frames, places), rows_at(levels[:, np.newaxis], places)[:, 0]


def rows_at(table: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return float32 rows between the rows of a table, at fractional places."""
    places = np.clip(places, 0, len(table) - 1)
    before = places.astype(int)
    after = np.minimum(before + 1, len(table) - 1)
    weight = (places - before)[:, np.newaxis]
    return ((1 - weight) * table[before] + weight * table[after]).astype(np.float32)
