"""Stretches: what is played when."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..theory.timing import Timing
from ._corpus import Corpus, speed
from ._joining import Read
from ._search import Run
from ._sources import Source


class Stretch(NamedTuple):
    """Some seconds of a recording, and when a mosaic plays them.

    Attributes
    ----------
    start, end : float
        When it is played, in seconds of the mosaic.
    recording : int
        Which of the recordings that the mosaic was fitted on.
    source_start, source_end : float
        Where it begins and ends in that recording, in seconds.
    semitones : float
        How much higher than it was recorded it is played, by playing it faster.
    gain : float
        How much louder it is played, in decibels; the same for all of a recording.

    Examples
    --------
    >>> from musicai.mosaic import Stretch
    >>> stretch = Stretch(
    ...     start=0.0, end=1.5, recording=3, source_start=12.0, source_end=13.5, semitones=0.0,
    ...     gain=-2.0,
    ... )
    >>> stretch.end - stretch.start
    1.5
    """

    start: float
    end: float
    recording: int
    source_start: float
    source_end: float
    semitones: float
    gain: float


Stretch.__module__ = "musicai.mosaic"


def as_stretches(
    runs: Sequence[Run], corpus: Corpus, *, timing: Timing, end: float
) -> list[Stretch]:
    """Return what runs of frames mean in seconds.

    Parameters
    ----------
    runs : sequence of Run
        What is played.
    corpus : Corpus
        The recordings.
    timing : Timing
        When the frames sound, at a rate.
    end : float
        When the last stretch ends, in seconds.
    """
    stretches: list[Stretch] = []
    starts = timing.seconds_at([run.frame for run in runs])
    for run, start, stop in zip(runs, starts, [*starts[1:], end], strict=True):
        semitones = float(corpus.semitones[corpus.track(run.row)])
        # The center of a frame is played at the center of its own in the recording.
        lead = run.frame / timing.frame_rate - start
        source = corpus.frame(run.row) / timing.frame_rate - lead * speed(semitones)
        recording = int(corpus.recording[run.row])
        stretches.append(
            Stretch(
                start=float(start),
                end=float(stop),
                recording=recording,
                source_start=float(source),
                source_end=float(source + (stop - start) * speed(semitones)),
                semitones=semitones,
                gain=float(corpus.gains[recording]),
            )
        )
    return stretches


def reader(
    stretches: Sequence[Stretch], sources: Sequence[Source], sr: float, channels: int
) -> Read:
    """Return the function that gives samples of a stretch, shape (n_samples, channels)."""

    def read(number: int, first: int, last: int) -> np.ndarray:
        stretch = stretches[number]
        rate = speed(stretch.semitones)
        begin = stretch.source_start + (first / sr - stretch.start) * rate
        # Fewer samples, played at the same rate, are faster and higher.
        samples = sources[stretch.recording].read(begin, last - first, sr / rate, channels)
        return samples.reshape(-1, channels) * np.float32(10 ** (stretch.gain / 20))

    return read
