"""Edit lists: the cuts and fades of a mosaic, for editing it in other programs."""

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..files.paths import is_path
from ..theory.timing import Timing
from ._corpus import speed
from ._joining import BEAT_FADE_SECONDS, END_SECONDS, find_joins, passage_joins
from ._playing import FADE_SECONDS, segment_reader
from ._segments import Passage, Segment
from ._sources import Source
from ._targets import Wanted


class Clip(NamedTuple):
    """A part of a recording that a mosaic plays, including its fade-in and fade-out.

    Attributes
    ----------
    recording : int
        Index of the recording in the list that the mosaic was fitted on.
    path : str or None
        Current path of the recording's file; None for a recording that was passed as samples.
    times, source_times : ndarray of shape (n_points,)
        Times in the mosaic, and the corresponding times in the recording, in seconds. Between
        points, interpolate linearly. The first and last points are the ends of the clip; the other
        points are beats.
    semitones : float
        Transposition of the recording, in semitones.
    keeps_pitch : bool
        If True, the clip is stretched in time without changing its pitch, apart from `semitones`.
        If False, the pitch follows the speed.
    gain : float
        Gain of the clip in decibels.
    fade_in, fade_out : float
        Lengths of the fades in seconds. Crossfades between clips keep the power about constant. The
        fades at the beginning and end of the mosaic are linear.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.mosaic import Clip
    >>> clip = Clip(
    ...     recording=3, path="c.wav", times=np.array([0.0, 2.0]),
    ...     source_times=np.array([12.0, 13.0]), semitones=0.0, keeps_pitch=True, gain=-2.0,
    ...     fade_in=0.0, fade_out=0.03,
    ... )
    >>> clip.rate
    0.5
    """

    recording: int
    path: str | None
    times: np.ndarray
    source_times: np.ndarray
    semitones: float
    keeps_pitch: bool
    gain: float
    fade_in: float
    fade_out: float

    @property
    def rate(self) -> float:
        """Average speed, in seconds of the recording per second of the mosaic."""
        source, played = np.ptp(self.source_times), np.ptp(self.times)
        return float(source / played)


class EditList(NamedTuple):
    """The clips of a mosaic.

    Attributes
    ----------
    clips : list of Clip
        Clips in playing order. Adjacent clips overlap where they are crossfaded.
    timing : Timing
        Timing of the frames of the piece, at the tempo at which they are played.
    tempo : float or None
        Tempo, in beats per minute, of the steady beats on which a piece without beats is played.
        None if `timing` has beats, or if the mosaic is by frames.
    seconds : float
        Length of the mosaic in seconds.
    levels : ndarray of shape (n_points, 2)
        Volume envelope, as pairs of a time in seconds and an amplitude: 1 where the piece sounds
        and 0 where it is silent. Between points, interpolate linearly. Empty if the piece is never
        silent.
    sr, n_channels : int
        Sampling rate in hertz and number of channels of the audio.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai import ChromaExtractor
    >>> from musicai.mosaic import EditList
    >>> silence = EditList(
    ...     clips=[], timing=ChromaExtractor().timing, tempo=None, seconds=2.0,
    ...     levels=np.zeros((2, 2)), sr=44100, n_channels=2,
    ... )
    >>> len(silence.clips)
    0
    """

    clips: list[Clip]
    timing: Timing
    tempo: float | None
    seconds: float
    levels: np.ndarray
    sr: int
    n_channels: int


Clip.__module__ = EditList.__module__ = "musicai.mosaic"


def make_edit_list(
    wanted: Wanted,
    parts: Sequence[Any],
    sources: Sequence[Source],
    *,
    tempo: float | None,
    frame_rate: float,
    sr: int,
    channels: int,
) -> EditList:
    """Return the edit list of a mosaic.

    Parameters
    ----------
    wanted : Wanted
        The piece.
    parts : sequence of Segment or Passage
        The parts of recordings to play: segments in a mosaic by frames, passages in a mosaic by
        beats.
    sources : sequence of Source
        The recordings.
    tempo : float or None
        Tempo, in beats per minute, at which a piece without beats is played; None in a mosaic by
        frames.
    frame_rate : float
        Frames per second of the extractor.
    sr, channels : int
        Sampling rate in hertz and number of channels of the audio.
    """
    settings: dict[str, Any] = {
        "sr": sr,
        "n_samples": round(wanted.seconds * sr),
        "fade_out": min(FADE_SECONDS, wanted.seconds / 2),
    }
    if parts and tempo is None:
        clips = _clips_of_segments(parts, sources, channels=channels, **settings)
    else:
        clips = _clips_of_passages(parts, sources, **settings)
    return EditList(
        clips=clips,
        timing=wanted.timing,
        tempo=None if wanted.timing.has_beats else tempo,
        seconds=wanted.seconds,
        levels=_levels_of(wanted.frames, frame_rate),
        sr=sr,
        n_channels=channels,
    )


def _clips_of_segments(
    segments: Sequence[Segment],
    sources: Sequence[Source],
    *,
    sr: int,
    n_samples: int,
    channels: int,
    fade_out: float,
) -> list[Clip]:
    """Read the recordings to find the joins, and return the clips that `play_segments` plays."""
    borders, read = segment_reader(segments, sources, sr=sr, channels=channels)
    joins = find_joins(borders, read, sr=sr)
    fades = [(join.stop - join.start) / sr for join in joins]
    fades[0] = min(END_SECONDS, (borders[1] - borders[0]) / sr)
    clips = []
    for number, (segment, join) in enumerate(zip(segments, joins, strict=True)):
        is_last = number == len(joins) - 1
        times = np.array([join.start, n_samples if is_last else joins[number + 1].stop]) / sr
        since = times - segment.start + join.lag / sr
        clips.append(
            _clip(
                segment,
                sources,
                times=times,
                source_times=segment.source_start + since * speed(segment.semitones),
                keeps_pitch=False,
                fade_in=fades[number],
                fade_out=fade_out if is_last else fades[number + 1],
            )
        )
    return clips


def _clips_of_passages(
    passages: Sequence[Passage],
    sources: Sequence[Source],
    *,
    sr: int,
    n_samples: int,
    fade_out: float,
) -> list[Clip]:
    """Return the clips that `play_passages` plays."""
    firsts = [0, *passage_joins(passages, sr=sr)]
    fade = round(BEAT_FADE_SECONDS * sr)
    clips = []
    for number, passage in enumerate(passages):
        is_last = number == len(passages) - 1
        begin = firsts[number] - fade if number else 0
        ends = np.array([begin, n_samples if is_last else firsts[number + 1]]) / sr
        beats = passage.target[(passage.target > ends[0]) & (passage.target < ends[1])]
        times = np.array([ends[0], *beats, ends[1]])
        # Before its first beat and after its last one, a passage is not stretched.
        outside = np.minimum(times - passage.target[0], 0)
        outside += np.maximum(times - passage.target[-1], 0)
        source = np.interp(times, passage.target, passage.source)
        clips.append(
            _clip(
                passage,
                sources,
                times=times,
                source_times=source + outside * passage.rate,
                keeps_pitch=True,
                fade_in=fade / sr if number else 0.0,
                fade_out=fade_out if is_last else fade / sr,
            )
        )
    return clips


def _clip(
    played: Segment | Passage,
    sources: Sequence[Source],
    *,
    times: np.ndarray,
    source_times: np.ndarray,
    keeps_pitch: bool,
    fade_in: float,
    fade_out: float,
) -> Clip:
    """Return the clip of a segment or passage, cut to begin at or after the recording's start."""
    if source_times[0] < 0 < source_times[-1]:
        begin = float(np.interp(0.0, source_times, times))
        fade_in = max(0.0, fade_in - (begin - float(times[0])))
        kept = source_times > 0
        times, source_times = np.array([begin, *times[kept]]), np.array([0.0, *source_times[kept]])
    recording = sources[played.recording].recording
    return Clip(
        recording=played.recording,
        path=os.fsdecode(recording) if is_path(recording) else None,
        times=times,
        source_times=source_times,
        semitones=played.semitones,
        keeps_pitch=keeps_pitch,
        gain=played.gain,
        fade_in=fade_in,
        fade_out=min(fade_out, float(np.ptp(times))),
    )


def _levels_of(piece: np.ndarray, frame_rate: float) -> np.ndarray:
    """Return `EditList.levels` for the chroma of a piece at the extractor's frames."""
    sounding = piece.any(axis=1).astype(float)
    if sounding.all():
        return np.zeros((0, 2))
    # Put points at the frames on both sides of each change between sound and silence, and at both
    # ends.
    changes = np.flatnonzero(np.diff(sounding))
    places = np.unique([0, *changes, *(changes + 1), len(sounding) - 1])
    return np.stack([places / frame_rate, sounding[places]], axis=1)
