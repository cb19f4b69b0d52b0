"""Conversion of search results to segments of recordings or passages of beats, in seconds."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..theory.timing import Timing
from ._beat_corpus import BeatCorpus
from ._corpus import Corpus, speed
from ._search import Run
from ._targets import Target


class Segment(NamedTuple):
    """A part of a recording, and when a mosaic plays it.

    Attributes
    ----------
    start, end : float
        When the segment is played, in seconds from the beginning of the mosaic.
    recording : int
        Index of the recording in the list that the mosaic was fitted on.
    source_start, source_end : float
        Where the segment begins and ends in that recording, in seconds. Either can be slightly
        outside the recording.
    semitones : float
        Transposition in semitones. The recording is played faster to sound higher, or slower to
        sound lower. In a mosaic by beats, the beats are then stretched without changing the pitch.
    gain : float
        Gain of the recording in decibels, the same for all of its segments.

    Examples
    --------
    >>> from musicai.mosaic import Segment
    >>> segment = Segment(
    ...     start=0.0, end=1.5, recording=3, source_start=12.0, source_end=13.5, semitones=0.0,
    ...     gain=-2.0,
    ... )
    >>> segment.end - segment.start
    1.5
    """

    start: float
    end: float
    recording: int
    source_start: float
    source_end: float
    semitones: float
    gain: float


Segment.__module__ = "musicai.mosaic"


def as_segments(
    runs: Sequence[Run], corpus: Corpus, *, timing: Timing, end: float
) -> list[Segment]:
    """Convert runs of frames to segments, in seconds.

    Parameters
    ----------
    runs : sequence of Run
        The result of the search.
    corpus : Corpus
        The recordings.
    timing : Timing
        Timing of the frames; must be at a fixed rate.
    end : float
        When the last segment ends, in seconds.
    """
    segments: list[Segment] = []
    starts = timing.seconds_at([run.frame for run in runs])
    for run, start, stop in zip(runs, starts, [*starts[1:], end], strict=True):
        semitones = float(corpus.semitones[corpus.track(run.row)])
        # Align the centers of the recording's frames with the centers of the piece's frames.
        lead = run.frame / timing.frame_rate - start
        source = corpus.frame(run.row) / timing.frame_rate - lead * speed(semitones)
        recording = int(corpus.recording[run.row])
        segments.append(
            Segment(
                start=float(start),
                end=float(stop),
                recording=recording,
                source_start=float(source),
                source_end=float(source + (stop - start) * speed(semitones)),
                semitones=semitones,
                gain=float(corpus.gains[recording]),
            )
        )
    return segments


class Passage(NamedTuple):
    """Consecutive beats of a recording, and when a mosaic plays them.

    Attributes
    ----------
    source : ndarray of shape (n_beats + 1,)
        Times at which the beats begin in the recording, followed by the end of the last one, in
        seconds.
    target : ndarray of shape (n_beats + 1,)
        Times at which the beats begin in the mosaic, followed by the end of the last one, in
        seconds.
    recording : int
        Index of the recording.
    semitones : float
        Transposition of the recording in semitones.
    gain : float
        Gain of the recording in decibels.
    """

    source: np.ndarray
    target: np.ndarray
    recording: int
    semitones: float
    gain: float

    @property
    def rate(self) -> float:
        """Factor by which transposition speeds up the recording, before its beats are stretched."""
        return speed(self.semitones)

    def segment(self, end: float) -> Segment:
        """Return the passage as a segment, cut to the range of the mosaic, 0 to `end` seconds."""
        played = np.clip(self.target[[0, -1]], 0.0, end)
        source = np.interp(played, self.target, self.source)
        return Segment(
            start=float(played[0]),
            end=float(played[1]),
            recording=self.recording,
            source_start=float(source[0]),
            source_end=float(source[1]),
            semitones=self.semitones,
            gain=self.gain,
        )


def as_passages(
    runs: Sequence[Run], target: Target, corpus: BeatCorpus, *, gains: np.ndarray
) -> list[Passage]:
    """Convert runs of beats to passages, in seconds.

    Parameters
    ----------
    runs : sequence of Run
        The result of the search.
    target : Target
        The piece.
    corpus : BeatCorpus
        The recordings.
    gains : ndarray of shape (n_recordings,)
        Gain of each recording in decibels.
    """
    passages = []
    for run in runs:
        recording = int(corpus.recording[run.row])
        passages.append(
            Passage(
                source=corpus.seconds(run.row, run.n_frames),
                target=target.borders[run.frame : run.frame + run.n_frames + 1],
                recording=recording,
                semitones=float(corpus.semitones[corpus.track(run.row)]),
                gain=float(gains[recording]),
            )
        )
    return passages
