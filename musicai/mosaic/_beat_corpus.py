"""Beats of the recordings that can be played, as arrays for the search by beats.

A :class:`BeatCorpus` is made for one piece, at its tempo. Each recording is represented at the
metrical level (half-beats, beats, or groups of 2 or 4 beats) whose tempo is nearest to that of the
piece. Recordings that are too slow or too fast at every level are left out, and so are recordings
without beats.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..theory.shapes import unit_shapes
from ._beat_tracks import BeatTrack
from ._corpus import IN_TUNE, speed

LEVELS = (-2, -1, 0, 1)
"""Metrical levels at which a recording can be played, in octaves of tempo above its beats. A row of
the corpus is four beats at level -2, two beats at -1, one beat at 0, and a half-beat at 1."""

FARTHEST = 0.6
"""Largest allowed difference, in octaves, between the tempo of a piece and that of a recording at
the nearest metrical level."""

QUIET = -38.0
"""Level below which a beat counts as part of a fade, in decibels relative to the usual level of its
recording."""

UNKNOWN = -1
"""Code for an unknown place in the bar."""


class BeatCorpus(NamedTuple):
    """Beats of the recordings that can be played, concatenated, once for each transposition.

    Each row is a beat at the metrical level that was chosen for its recording.

    Attributes
    ----------
    shapes : ndarray of shape (n_rows, 24), dtype float32
        Chroma of the two halves of each beat. Each half is centered and scaled to a norm of
        ``sqrt(1/2)``, so that the dot product of two rows is the mean correlation of their halves.
        Flat halves are 0.
    timbre : ndarray of shape (n_rows, 26), dtype float32
        Cepstral coefficients of the two halves, scaled so that the distance between two random rows
        is about 1.
    levels : ndarray of shape (n_rows,), dtype float32
        RMS level in decibels relative to the usual level of the recording.
    clarity : ndarray of shape (n_rows,), dtype float32
        Clarity of the pulse, from 0 to 1.
    places : ndarray of shape (n_rows,), dtype int16
        Codes for the place in the bar; see `place_in_bar`.
    periods, usual : ndarray of shape (n_rows,), dtype float32
        Length of each beat, and median length of the beats in its track, in seconds. Both are
        measured in the transposed recording, before time scaling.
    shifts : ndarray of shape (n_rows,), dtype float32
        Number of semitones by which each row is transposed, up or down, not counting the retuning
        to A440.
    recording : ndarray of shape (n_rows,), dtype int32
        Index of each row's recording.
    firsts : ndarray of shape (n_tracks + 1,)
        Index of the first row of each track, followed by the number of rows. A track is a recording
        at one transposition.
    borders : list of ndarray of shape (n_beats + 1,)
        For each track, the times at which its beats begin in the recording, followed by the end of
        the last one, in seconds.
    semitones : ndarray of shape (n_tracks,)
        Transposition of each track in semitones, including the retuning to A440.
    """

    shapes: np.ndarray
    timbre: np.ndarray
    levels: np.ndarray
    clarity: np.ndarray
    places: np.ndarray
    periods: np.ndarray
    usual: np.ndarray
    shifts: np.ndarray
    recording: np.ndarray
    firsts: np.ndarray
    borders: list[np.ndarray]
    semitones: np.ndarray

    def track(self, row: int) -> int:
        """Return the index of the track that contains a row."""
        return int(np.searchsorted(self.firsts, row, side="right")) - 1

    def seconds(self, row: int, n_beats: int) -> np.ndarray:
        """Return the times at which `n_beats` beats, from `row` on, begin in their recording.

        The times are in seconds, and are followed by the end of the last beat.
        """
        track = self.track(row)
        index = row - int(self.firsts[track])
        return self.borders[track][index : index + n_beats + 1]


class _Rows(NamedTuple):
    """Beats of one recording at one metrical level, before scaling for `BeatCorpus`.

    `chroma` has shape (n_rows, 2, 12), and `clarity` may be negative.
    """

    borders: np.ndarray
    chroma: np.ndarray
    timbre: np.ndarray
    levels: np.ndarray
    clarity: np.ndarray
    places: np.ndarray


def make_beat_corpus(
    tracks: Sequence[BeatTrack | None], *, tempo: float, transpose: int = 0
) -> BeatCorpus:
    """Concatenate the beats of the recordings that can be played at the tempo of a piece.

    Parameters
    ----------
    tracks : sequence of BeatTrack or None
        The beats of each recording; None for a recording that has no beats or may not be played.
    tempo : float
        Tempo of the piece, in beats per minute.
    transpose : int, default=0
        Maximum transposition of recordings, up or down, in semitones.

    Raises
    ------
    ValueError
        If no recording can be played at the tempo of the piece at any metrical level.
    """
    near: list[tuple[int, float, _Rows]] = []
    for number, track in enumerate(tracks):
        octave = None if track is None else _nearest_level(tempo, track.tempo)
        if track is None or octave is None:
            continue
        rows = _at_level(track, octave)
        if len(rows.places):
            near.append((number, track.tuning if abs(track.tuning) > IN_TUNE else 0.0, rows))
    if not near:
        slowest, fastest = tempo_range([track.tempo for track in tracks if track is not None])
        raise ValueError(
            f"a tempo of {tempo:g} beats per minute is out of range: the recordings can be played "
            f"at {slowest:.0f} to {fastest:.0f}"
        )
    found = [
        (number, shift, shift - tuning, rows._replace(chroma=np.roll(rows.chroma, shift, axis=2)))
        for shift in range(-transpose, transpose + 1)
        for number, tuning, rows in near
    ]
    numbers, shifts, semitones, every = zip(*found, strict=True)
    speeds = [speed(higher) for higher in semitones]
    periods = [np.diff(rows.borders) / rate for rows, rate in zip(every, speeds, strict=True)]
    lengths = [len(rows.places) for rows in every]
    return BeatCorpus(
        shapes=as_shapes(_joined(every, "chroma")),
        timbre=_scaled_timbre(_joined(every, "timbre")),
        levels=_joined(every, "levels"),
        clarity=np.clip(_joined(every, "clarity"), 0, 1),
        places=_joined(every, "places"),
        periods=np.concatenate(periods).astype(np.float32),
        usual=np.repeat([np.median(each) for each in periods], lengths).astype(np.float32),
        shifts=np.repeat(np.abs(shifts), lengths).astype(np.float32),
        recording=np.repeat(numbers, lengths).astype(np.int32),
        firsts=np.concatenate([[0], np.cumsum(lengths)]),
        borders=[rows.borders for rows in every],
        semitones=np.array(semitones),
    )


def as_shapes(chroma: np.ndarray) -> np.ndarray:
    """Convert the chroma of half-beats, (n_beats, 2, 12), to the form of `BeatCorpus.shapes`."""
    return (unit_shapes(chroma) / np.sqrt(2)).reshape(len(chroma), -1).astype(np.float32)


def place_in_bar(beats: np.ndarray, beats_per_bar: float) -> np.ndarray:
    """Return a code for the place of each beat in its bar.

    Parameters
    ----------
    beats : ndarray of shape (n_beats,)
        Numbers of the beats, counted from a downbeat, which is 0. Earlier beats are negative.
    beats_per_bar : float
        Number of beats in a bar. While it is even and at least 6, it is halved, so that for
        instance a bar of 8 beats counts as two bars of 4. If it is not whole, all places are
        unknown.

    Returns
    -------
    places : ndarray of shape (n_beats,), dtype int16
        Codes, or `UNKNOWN`. Two beats have equal codes if they have the same place in bars of the
        same length, after halving.
    """
    if not float(beats_per_bar).is_integer():
        return np.full(len(beats), UNKNOWN, dtype=np.int16)
    length = int(beats_per_bar)
    while length >= 6 and length % 2 == 0:
        length //= 2
    return (16 * length + np.asarray(beats) % length).astype(np.int16)


def tempo_range(tempi: Sequence[float]) -> tuple[float, float]:
    """Return the slowest and fastest tempo at which recordings with these tempi can be played."""
    return (
        float(min(tempi) * 2 ** (LEVELS[0] - FARTHEST)),
        float(max(tempi) * 2 ** (LEVELS[-1] + FARTHEST)),
    )


def _nearest_level(tempo: float, own: float) -> int | None:
    """Return the metrical level at which the tempo of a recording, `own`, is nearest to `tempo`.

    If the difference at this level is more than `FARTHEST` octaves, return None.
    """
    octaves = float(np.log2(tempo / own))
    octave = int(np.clip(round(octaves), LEVELS[0], LEVELS[-1]))
    return octave if abs(octaves - octave) <= FARTHEST else None


def _at_level(track: BeatTrack, octave: int) -> _Rows:
    """Return the rows of a recording at the metrical level `octave`, one of `LEVELS`."""
    n_halves = round(2 / 2**octave)  # half-beats per row
    # Align rows of several beats with the first downbeat.
    per_row = max(1, n_halves // 2)
    first = 2 * (track.downbeat % per_row)
    n_rows = (2 * len(track.clarity) - first) // n_halves
    halves = slice(first, first + n_rows * n_halves)

    def in_rows(values: np.ndarray) -> np.ndarray:
        flat = values.reshape(-1, *values.shape[2:]).astype(np.float32)[halves]
        return flat.reshape(n_rows, n_halves, *flat.shape[1:])

    def in_two(values: np.ndarray) -> np.ndarray:
        each = in_rows(values)
        if n_halves == 1:
            return np.repeat(each, 2, axis=1)
        return each.reshape(n_rows, 2, n_halves // 2, *each.shape[2:]).mean(axis=2)

    n_beats = len(track.clarity)
    borders = np.interp(np.arange(2 * n_beats + 1) / 2, np.arange(n_beats + 1), track.beats)
    clarity = in_rows(np.repeat(track.clarity[:, np.newaxis], 2, axis=1))
    return _Rows(
        borders=borders[first : first + n_rows * n_halves + 1 : n_halves],
        chroma=in_two(track.chroma),
        timbre=in_two(track.timbre).reshape(n_rows, -1),
        levels=10 * np.log10(np.mean(10 ** (in_rows(track.levels) / 10), axis=1)),
        clarity=clarity.mean(axis=1),
        places=place_in_bar(
            np.arange(n_rows) - (2 * track.downbeat - first) // n_halves,
            track.beats_per_bar * 2.0**octave,
        ),
    )


def _joined(every: Sequence[_Rows], name: str) -> np.ndarray:
    return np.concatenate([getattr(rows, name) for rows in every])


def _scaled_timbre(timbre: np.ndarray) -> np.ndarray:
    deviation = timbre.std(axis=0)
    scaled = (timbre - timbre.mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    return (scaled / np.sqrt(2 * timbre.shape[1])).astype(np.float32)
