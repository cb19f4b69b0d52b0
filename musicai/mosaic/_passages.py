"""Passages: which beats of a recording are played when."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ._beat_corpus import BeatCorpus
from ._beat_targets import Target
from ._corpus import speed
from ._search import Run
from ._stretches import Stretch


class Passage(NamedTuple):
    """Some beats of a recording, and when a mosaic plays them.

    Attributes
    ----------
    source : ndarray of shape (n_beats + 1,)
        When the beats begin in the recording, and the last one ends, in seconds.
    target : ndarray of shape (n_beats + 1,)
        The same in the mosaic.
    recording : int
        Which of the recordings.
    semitones : float
        How much higher than it was recorded it is played.
    gain : float
        By how many decibels it is made louder.
    """

    source: np.ndarray
    target: np.ndarray
    recording: int
    semitones: float
    gain: float

    @property
    def rate(self) -> float:
        """How much faster it would be played for that alone."""
        return speed(self.semitones)

    def stretch(self, end: float) -> Stretch:
        """Return it as a stretch of a mosaic that begins at 0 and ends at `end`."""
        played = np.clip(self.target[[0, -1]], 0.0, end)
        source = np.interp(played, self.target, self.source)
        return Stretch(
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
    """Return what runs of beats mean in seconds.

    Parameters
    ----------
    runs : sequence of Run
        What is played.
    target : Target
        The piece.
    corpus : BeatCorpus
        The recordings.
    gains : ndarray of shape (n_recordings,)
        By how many decibels each recording is made louder.
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
