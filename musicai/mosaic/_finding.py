"""Search for the parts of recordings with which to play a piece, by frames or by beats."""

from collections.abc import Sequence

import numpy as np

from ..theory.shapes import unit_shapes
from ..theory.timing import Timing
from ._beat_corpus import make_beat_corpus
from ._beat_search import find_beats
from ._beat_tracks import BeatTrack
from ._corpus import Corpus
from ._search import find_path
from ._segments import Passage, Segment, as_passages, as_segments
from ._targets import Wanted, beat_target
from ._turns import Turns

TRANSPOSE = 2
"""Maximum transposition, in semitones, in a mosaic by beats if `transpose` is None. See
docs/experiments.md for the effect of transposition."""


def find_segments(
    wanted: Wanted,
    corpus: Corpus,
    turns: Turns,
    *,
    timing: Timing,
    join_cost: float,
    max_segment: float,
) -> list[Segment]:
    """Find the segments to play for a piece in a mosaic by frames.

    Parameters
    ----------
    wanted : Wanted
        The piece.
    corpus : Corpus
        The recordings.
    turns : Turns
        Groups of recordings that take turns.
    timing : Timing
        Timing of the extractor's frames; must be at a fixed rate.
    join_cost, max_segment : float
        Parameters of :class:`MosaicSynthesizer`.
    """
    rate = timing.frame_rate
    runs = find_path(
        unit_shapes(wanted.frames),
        corpus,
        join_cost=join_cost,
        longest=max(1, int(max_segment * rate)),
        turns=turns.at(np.arange(len(wanted.frames)) / rate, wanted.seconds),
        groups=turns.groups,
    )
    return as_segments(runs, corpus, timing=timing, end=wanted.seconds) if runs else []


def find_passages(
    wanted: Wanted,
    tracks: Sequence[BeatTrack | None],
    turns: Turns,
    *,
    tempo: float,
    gains: np.ndarray,
    frame_rate: float,
    transpose: int | None,
    join_cost: float,
    clarity: float,
    max_segment: float,
) -> list[Passage]:
    """Find the passages to play for a piece in a mosaic by beats.

    Parameters
    ----------
    wanted : Wanted
        The piece.
    tracks : sequence of BeatTrack or None
        The beats of each recording; None for a recording without beats.
    turns : Turns
        Groups of recordings that take turns.
    tempo : float
        Tempo, in beats per minute, at which to play a piece whose timing has no beats.
    gains : ndarray of shape (n_recordings,)
        Gain of each recording in decibels.
    frame_rate : float
        Frames per second of the extractor, to convert `join_cost` from units of a frame's
        correlation to units of a beat's correlation.
    transpose, join_cost, clarity, max_segment
        Parameters of :class:`MosaicSynthesizer`.
    """
    if not wanted.seconds:
        return []
    target = beat_target(wanted.chroma, wanted.timing, tempo=tempo)
    played = zip(tracks, turns.played, strict=True)
    tracks = [track if may else None for track, may in played]
    most = TRANSPOSE if transpose is None else transpose
    corpus = make_beat_corpus(tracks, tempo=target.tempo, transpose=most)
    turns.check(corpus.recording, f"its tempo is too far from {target.tempo:g} beats per minute")
    runs = find_beats(
        target,
        corpus,
        join_cost=join_cost * target.tempo / 60 / frame_rate,
        clarity=clarity,
        longest=max_segment,
        turns=turns.at(target.borders[:-1], wanted.seconds),
        groups=turns.groups,
    )
    return as_passages(runs, target, corpus, gains=gains)
