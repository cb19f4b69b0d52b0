"""Timing of the frames of a piece, in seconds, in beats, or both.

A piece is an array that does not store when its frames sound. A :class:`Timing` does, and functions
that play, write, plot or measure a piece take one. Seconds count from the beginning of the
recording, and beats from beat 0; positions in a pickup are negative. Frame ``t`` sounds from
boundary ``t`` to boundary ``t + 1``.
"""

import math
from collections.abc import Sequence
from typing import Any, NoReturn, Self, overload

import numpy as np

from ..base.parameters import TEMPO_RULE, Rule, check_values, is_integer, is_real
from .borders import LONGEST, check_beats, check_borders, count_beats
from .clocks import (
    Clock,
    MeasuredClock,
    RateClock,
    TempoClock,
    checked_meter,
    clock_from_state,
    clock_state,
)

FRAME_RATE = 22050 / 2048
"""Frames per second of a :class:`musicai.ChromaExtractor` with default parameters."""

RATE_RULE: Rule = (lambda v: is_real(v) and 0 < v <= 1e6, "a positive number of frames per second")


class Timing:
    """Start and end times of the frames of a piece, in seconds, in beats, or both.

    Make one with :meth:`from_rate`, :meth:`from_borders`, :meth:`from_beats` or
    :meth:`from_tempo`, or use the `timing` of an extractor or an `Analysis`. Timings are immutable.

    Functions that play, write, plot or measure a piece take a timing as ``timing=``. They also
    accept an object with a `timing`, such as an extractor, or a positive number of frames per
    second.

    Notes
    -----
    Frame ``t`` of an analysis at a fixed rate is centered on ``t / rate`` seconds. It sounds from
    ``(t - 1/2) / rate`` to ``(t + 1/2) / rate``, except that the first frame starts at 0. Thus `n`
    frames last ``(n - 1/2) / rate`` seconds, and a recording of that length is analyzed as `n`
    frames again. Frame ``t`` of a timing at a tempo starts ``t / frames_per_beat`` beats after the
    beginning.

    Examples
    --------
    >>> from musicai import Timing
    >>> frames = Timing.from_rate(10)
    >>> frames.borders(3)
    array([0.  , 0.05, 0.15, 0.25])
    >>> beats = Timing.from_tempo(120, beats_per_bar=3)
    >>> beats.borders(3)
    array([0. , 0.5, 1. , 1.5])
    >>> beats.frames_at([0.0, 0.7, 60.0])
    array([  0,   1, 120])
    >>> beats[2:]  # the timing of piece[2:]
    Timing.from_tempo(120, beats_per_bar=3)[2:]
    """

    __module__ = "musicai"
    __slots__ = ("_clock",)
    _clock: Clock

    def __init__(self) -> None:
        raise TypeError(
            "make a timing with Timing.from_rate, from_borders, from_beats or from_tempo"
        )

    @classmethod
    def from_rate(cls, frames_per_second: float) -> Self:
        """Return a timing at a fixed frame rate.

        Parameters
        ----------
        frames_per_second : float
            Frame rate.

        Returns
        -------
        timing : Timing
            Timing for any number of frames, with frame ``t`` centered on ``t / rate`` seconds.

        Raises
        ------
        ValueError
            If the rate is not a positive number of at most one million.
        """
        check_values({"frames_per_second": frames_per_second}, {"frames_per_second": RATE_RULE})
        return cls._of(RateClock(float(frames_per_second)))

    @classmethod
    def from_borders(cls, seconds: Any) -> Self:
        """Return the timing of frames between measured boundaries, without beats.

        Parameters
        ----------
        seconds : array-like of shape (n_frames + 1,)
            Start of each frame, and end of the last.

        Returns
        -------
        timing : Timing
            Timing of `n_frames` frames.

        Raises
        ------
        ValueError
            If the seconds are not numbers in ascending order, or span more than a day.

        See Also
        --------
        from_beats : Timing of measured beats.

        Examples
        --------
        >>> from musicai import Timing
        >>> Timing.from_borders([0.0, 0.5, 2.5]).frames_at(1.0)
        1
        """
        return cls._of(MeasuredClock(check_borders(seconds)))

    @classmethod
    def from_beats(
        cls,
        seconds: Any,
        *,
        beats: Any = None,
        frames_per_beat: float = 1,
        beats_per_bar: int = 4,
        downbeat: int | None = None,
    ) -> Self:
        """Return the timing of measured beats.

        Parameters
        ----------
        seconds : array-like of shape (n_frames + 1,)
            Start of each frame, and end of the last.
        beats : array-like of shape (n_frames + 1,), default=None
            Positions of the same boundaries in beats; positions in a pickup before beat 0 are
            negative. If None, beats are counted from the first boundary, and a frame at least 1.5
            times as long as the median, such as an intro before the first beat, counts as several
            frames.
        frames_per_beat : float, default=1
            Frames per beat; 2 for half-beats.
        beats_per_bar : int, default=4
            Beats per bar, from 1 to 16.
        downbeat : int, default=None
            A beat, counted from 0, on which a bar begins. None if unknown: bars are then placed so
            that as many chord changes as possible in the first eight bars fall on downbeats.

        Returns
        -------
        timing : Timing
            Timing of `n_frames` frames.

        Raises
        ------
        ValueError
            If the seconds or beats are not numbers in ascending order, the seconds span more than
            a day, there are not as many beats as seconds, seconds and beats do not increase
            together, beats are implausibly long or short, or a parameter is out of range.

        Examples
        --------
        >>> from musicai import Timing
        >>> timing = Timing.from_beats([0.0, 0.5, 1.0, 2.0, 2.5], downbeat=1)
        >>> timing.tempo
        120.0
        >>> timing.beats()  # the third frame lasts two beats
        array([0., 1., 2., 4., 5.])
        >>> Timing.from_beats([0.0, 0.25, 0.75, 1.25], beats=[-0.5, 0, 1, 2]).tempo
        120.0
        """
        meter = checked_meter(frames_per_beat, beats_per_bar, downbeat)
        borders = check_borders(seconds)
        if beats is None:
            beats = count_beats(borders, meter.frames_per_beat)
        positions = check_beats(beats, borders)
        return cls._of(MeasuredClock(borders, meter, positions))

    @classmethod
    def from_tempo(
        cls,
        beats_per_minute: float | None,
        *,
        frames_per_beat: float = 1,
        beats_per_bar: int = 4,
        downbeat: int | None = 0,
    ) -> Self:
        """Return the timing of beats at a tempo.

        Parameters
        ----------
        beats_per_minute : float or None
            Tempo from 4 to 1000. None if unknown: the timing then has beats and bars, but methods
            that take or return seconds raise an error.
        frames_per_beat : float, default=1
            Frames per beat; 2 for half-beats.
        beats_per_bar : int, default=4
            Beats per bar, from 1 to 16.
        downbeat : int or None, default=0
            A beat, counted from 0, on which a bar begins: 1 after a pickup of one beat. None if
            unknown: bars are then placed so that as many chord changes as possible in the first
            eight bars fall on downbeats.

        Returns
        -------
        timing : Timing
            Timing for any number of frames.

        Raises
        ------
        ValueError
            If a parameter is out of range.

        Examples
        --------
        >>> from musicai import Timing
        >>> Timing.from_tempo(96, frames_per_beat=2).borders(3)
        array([0.    , 0.3125, 0.625 , 0.9375])
        """
        if beats_per_minute is not None:
            check_values({"beats_per_minute": beats_per_minute}, {"beats_per_minute": TEMPO_RULE})
            beats_per_minute = float(beats_per_minute)
        meter = checked_meter(frames_per_beat, beats_per_bar, downbeat)
        return cls._of(TempoClock(beats_per_minute, meter))

    @property
    def has_beats(self) -> bool:
        """Whether the timing gives the positions of frames in beats."""
        return self._clock.meter is not None

    @property
    def n_frames(self) -> int | None:
        """Number of frames of a measured timing; None if the timing fits any number."""
        return self._clock.n_frames

    @property
    def frames_per_beat(self) -> float | None:
        """Frames per beat; None without beats."""
        return None if self._clock.meter is None else self._clock.meter.frames_per_beat

    @property
    def beats_per_bar(self) -> int | None:
        """Beats per bar; None without beats."""
        return None if self._clock.meter is None else self._clock.meter.beats_per_bar

    @property
    def downbeat(self) -> int | None:
        """A beat, counted from 0, on which a bar begins; None if unknown or without beats."""
        return None if self._clock.meter is None else self._clock.meter.downbeat

    @property
    def first_bar(self) -> int:
        """Index of the first frame that begins a bar, or a beat if the downbeat is unknown.

        Earlier frames are a pickup, or part of a beat. The index is 0 if there are no measured
        beats, or if no frame begins a bar.
        """
        if self.n_frames is None or not self.has_beats:
            return 0
        beats = self.beats()[:-1]
        step = 1 if self.downbeat is None else self.beats_per_bar
        return int(((beats >= 0) & ((beats - (self.downbeat or 0)) % step == 0)).argmax())

    @property
    def tempo(self) -> float | None:
        """Tempo in beats per minute; None if unknown.

        For measured beats, the mean tempo over beats of about the median length.
        """
        return self._clock.tempo

    @property
    def frame_rate(self) -> float:
        """Frames per second, on average.

        Raises
        ------
        ValueError
            If beats have no tempo, or the frames have no length.
        """
        return self._clock.frame_rate

    def borders(self, n_frames: int | None = None) -> np.ndarray:
        """Return the frame boundaries in seconds.

        Parameters
        ----------
        n_frames : int, default=None
            Number of frames. May be None for a measured timing.

        Returns
        -------
        seconds : ndarray of shape (n_frames + 1,)
            Start of each frame and end of the last, in ascending order.

        Raises
        ------
        ValueError
            If beats have no tempo, the frames last more than a day, or `n_frames` is missing,
            invalid or different from the number of measured frames.

        Examples
        --------
        >>> from musicai import Timing
        >>> Timing.from_rate(2).borders(3)
        array([0.  , 0.25, 0.75, 1.25])
        """
        number = self._number(n_frames)
        begin, end = self.seconds_at([0, number])
        if end - begin > LONGEST:
            raise ValueError(
                f"{number} frames of {self} last {end - begin:.3g} seconds, "
                "more than a day: pass the frame rate of the piece"
            )
        return self.seconds_at(np.arange(number + 1))

    def centers(self, n_frames: int | None = None) -> np.ndarray:
        """Return the centers of frames in seconds.

        Parameters
        ----------
        n_frames : int, default=None
            Number of frames. May be None for a measured timing.

        Returns
        -------
        seconds : ndarray of shape (n_frames,)
            Centers in ascending order. At a fixed rate, the recording's first frame is centered on
            0.

        Raises
        ------
        ValueError
            As in `borders`.
        """
        return self._clock.centers(len(self.borders(n_frames)) - 1)

    def duration(self, n_frames: int | None = None) -> float:
        """Return the duration of the frames in seconds.

        Parameters
        ----------
        n_frames : int, default=None
            Number of frames. May be None for a measured timing.

        Returns
        -------
        seconds : float
            Time from the start of the first frame to the end of the last.

        Raises
        ------
        ValueError
            As in `borders`.
        """
        seconds = self.borders(n_frames)
        return float(seconds[-1] - seconds[0])

    def beats(self, n_frames: int | None = None) -> np.ndarray:
        """Return the frame boundaries in beats.

        Parameters
        ----------
        n_frames : int, default=None
            Number of frames. May be None for a measured timing.

        Returns
        -------
        beats : ndarray of shape (n_frames + 1,)
            Positions in ascending order. They start at 0, unless frames were sliced off or
            positions were given; a pickup has negative positions.

        Raises
        ------
        ValueError
            If there are no beats, or `n_frames` is missing, invalid or different from the number of
            measured frames.

        Examples
        --------
        >>> from musicai import Timing
        >>> Timing.from_tempo(None, frames_per_beat=2).beats(3)
        array([0. , 0.5, 1. , 1.5])
        """
        return self._clock.beats(self._number(n_frames) if self.has_beats else 0)

    @overload
    def seconds_at(self, frames: float) -> float: ...

    @overload
    def seconds_at(self, frames: Sequence[float] | np.ndarray) -> np.ndarray: ...

    def seconds_at(self, frames: Any) -> Any:
        """Return the start times of frames in seconds.

        Parameters
        ----------
        frames : float or array-like
            Nonnegative frame indices; fractional indices are positions within a frame.

        Returns
        -------
        seconds : float or ndarray
            Times in the shape of `frames`.

        Raises
        ------
        ValueError
            If beats have no tempo, or an index is out of range.

        Examples
        --------
        >>> from musicai import Timing
        >>> Timing.from_rate(10).seconds_at([0, 1, 2])
        array([0.  , 0.05, 0.15])
        """
        places = np.asarray(frames, dtype=np.float64)
        end = self.n_frames
        if not np.all((places >= 0) & (places <= (np.inf if end is None else end))):
            most = "" if end is None else f" and at most {end}"
            raise ValueError(f"frames must be at least 0{most}, got {frames!r}")
        seconds = self._clock.seconds_at(places)
        return seconds if np.ndim(frames) else float(seconds)

    @overload
    def frames_at(self, seconds: float) -> int: ...

    @overload
    def frames_at(self, seconds: Sequence[float] | np.ndarray) -> np.ndarray: ...

    def frames_at(self, seconds: Any) -> Any:
        """Return the indices of the frames that sound at given times.

        Parameters
        ----------
        seconds : float or array-like
            Times. A time on a boundary belongs to the frame that begins there, and a time before
            the first frame belongs to the first frame.

        Returns
        -------
        frames : int or ndarray of int
            Indices in the shape of `seconds`; `n_frames` for times at or after the end of a
            measured timing. For example, ``piece[: timing.frames_at(30)]`` is about the first half
            minute.

        Raises
        ------
        ValueError
            If beats have no tempo, or `seconds` are not finite or more than a day after the start
            of the first frame.

        Examples
        --------
        >>> from musicai import Timing
        >>> Timing.from_tempo(120).frames_at([0.4, 0.5, 0.6])
        array([0, 1, 1])
        """
        times = np.asarray(seconds, dtype=np.float64)
        if not np.all(np.isfinite(times)):
            raise ValueError(f"seconds must be finite numbers, got {seconds!r}")
        if np.any(times - self.seconds_at(0) > LONGEST):
            raise ValueError(
                f"seconds must be at most {LONGEST:.0f}, a day, after the start of the first "
                f"frame, got {seconds!r}: give seconds, not samples or milliseconds"
            )
        frames = self._clock.frames_at(times)
        return frames if np.ndim(seconds) else int(frames)

    def at_tempo(self, beats_per_minute: float) -> Self:
        """Return a timing with the same beats and bars at a steady tempo.

        Parameters
        ----------
        beats_per_minute : float
            Tempo from 4 to 1000.

        Returns
        -------
        timing : Timing
            Timing of the same frames, each lasting as many beats as before.

        Raises
        ------
        ValueError
            If there are no beats, the frames would last more than a day, or the tempo is out of
            range.

        Examples
        --------
        >>> from musicai import ChromaExtractor
        >>> ChromaExtractor(sync="beat").timing.at_tempo(96)
        Timing.from_tempo(96)
        >>> from musicai import Timing
        >>> Timing.from_beats([0.0, 0.5, 1.0, 2.0, 2.5]).at_tempo(60).borders()
        array([0., 1., 2., 4., 5.])
        """
        check_values({"beats_per_minute": beats_per_minute}, {"beats_per_minute": TEMPO_RULE})
        return self._of(self._clock.at_tempo(float(beats_per_minute)))

    def __getitem__(self, frames: slice) -> Self:
        """Return the timing of ``piece[frames]``, whose frames keep their seconds and beats."""
        if not isinstance(frames, slice) or frames.step not in (None, 1):
            raise TypeError(
                f"index a timing with a slice without steps, such as timing[8:24], got {frames!r}"
            )
        if self.n_frames is not None:
            start, stop, _ = frames.indices(self.n_frames)
        else:
            start, stop = frames.start or 0, frames.stop or 0
            if not (is_integer(start, 0) and is_integer(stop, 0)):
                raise ValueError(
                    f"{self} has no last frame to count from: slice it with nonnegative integers, "
                    f"got {frames!r}"
                )
        return self._of(self._clock.sliced(int(start), max(int(start), int(stop))))

    def __repr__(self) -> str:
        return repr(self._clock)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timing) and self._clock == other._clock

    def __hash__(self) -> int:
        return hash(self._clock)

    def __setattr__(self, name: str, value: Any = None) -> NoReturn:
        raise AttributeError(f"cannot set or delete {name}: a Timing is immutable, make a new one")

    __delattr__ = __setattr__

    def __getstate__(self) -> dict[str, Any]:
        return clock_state(self._clock)

    def __setstate__(self, state: dict[str, Any]) -> None:
        object.__setattr__(self, "_clock", clock_from_state(state))

    @classmethod
    def _of(cls, clock: Clock) -> Self:
        timing = object.__new__(cls)
        object.__setattr__(timing, "_clock", clock)
        return timing

    def _number(self, n_frames: int | None) -> int:
        """Return `n_frames`, or the number of measured frames if `n_frames` is None.

        Raise a ValueError if both are None, or if both are given and differ.
        """
        measured = self.n_frames
        number = measured if n_frames is None else n_frames
        if number is None:
            raise ValueError(f"{self} fits any number of frames: pass n_frames")
        if not is_integer(number, 0):
            raise ValueError(f"n_frames must be an integer of at least 0, got {n_frames!r}")
        if measured is not None and number != measured:
            raise ValueError(f"timing has {measured} frames, not {n_frames}: {self}")
        return int(number)


def length_in_samples(seconds: float, sr: float) -> int:
    """Return the number of whole samples in a duration."""
    return math.floor(round(seconds * sr, 6))
