"""The clock of a piece: when its frames sound, in seconds and in beats.

A piece is an array and holds no time. A :class:`Timing` says when its frames sound, and everything
that plays, writes, draws or measures a piece takes one. Seconds count from the beginning of the
recording, beats from its first beat; frame ``t`` sounds from border ``t`` to border ``t + 1``.
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
    """When the frames of a piece sound. Immutable.

    Make one with :meth:`from_rate`, :meth:`from_borders`, :meth:`from_beats` or
    :meth:`from_tempo`, or use the `timing` of an extractor or an `Analysis`.

    Whatever plays, writes, draws or measures a piece takes it as ``timing=``. There anything that
    has a `timing` stands for it, such as an extractor, and a positive number for frames per second.

    Notes
    -----
    Frame ``t`` of an analysis at a rate is centered on ``t / rate`` seconds. It sounds from
    ``(t - 1/2) / rate`` to ``(t + 1/2) / rate``, and the first frame from 0. So `n` frames last
    ``(n - 1/2) / rate`` seconds: sound of that length is analyzed as `n` frames again. Beats begin
    on their borders: frame ``t`` sounds from ``t / frames_per_beat`` beats on.

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
    >>> beats[2:]  # as piece[2:]
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
        """Return the timing of frames at a rate.

        Parameters
        ----------
        frames_per_second : float
            How many frames begin in a second.

        Returns
        -------
        timing : Timing
            Of any number of frames, each centered on its index divided by the rate.

        Raises
        ------
        ValueError
            If the rate is not a positive number of at most a million.
        """
        check_values({"frames_per_second": frames_per_second}, {"frames_per_second": RATE_RULE})
        return cls._of(RateClock(float(frames_per_second)))

    @classmethod
    def from_borders(cls, seconds: Any) -> Self:
        """Return the timing of frames between measured borders, which are no beats.

        Parameters
        ----------
        seconds : array-like of shape (n_frames + 1,)
            When each frame begins, and when the last one ends.

        Returns
        -------
        timing : Timing
            Of `n_frames` frames.

        Raises
        ------
        ValueError
            If the seconds are not numbers in rising order, or span more than a day.

        See Also
        --------
        from_beats : The same for frames that are beats.

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
        """Return the timing of beats that were measured, in a recording or by hand.

        Parameters
        ----------
        seconds : array-like of shape (n_frames + 1,)
            When each frame begins, and when the last one ends.
        beats : array-like of shape (n_frames + 1,), default=None
            Positions of the same borders in beats; negative ones lie before beat 0, as a pick-up
            does. None counts from the first border on: a frame several times as long as usual, as
            the one before the first beat may be, counts as several.
        frames_per_beat : float, default=1
            2 if frames are half-beats.
        beats_per_bar : int, default=4
            From 1 to 16.
        downbeat : int, default=None
            A beat, counted from 0, on which a bar begins. None if it is not known: bars then begin
            where chords change in the first eight of them.

        Returns
        -------
        timing : Timing
            Of `n_frames` frames.

        Raises
        ------
        ValueError
            If the seconds or beats are not numbers in rising order, or the seconds span more than
            a day, or there are not as many beats as seconds, or a parameter has no possible value.

        Examples
        --------
        >>> from musicai import Timing
        >>> timing = Timing.from_beats([0.0, 0.5, 1.0, 2.0, 2.5], downbeat=1)
        >>> timing.tempo
        120.0
        >>> timing.beats()  # the third frame lasts for two
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
            From 4 to 1000. None if it is not known: beats and bars can then be counted, and
            seconds raise an error.
        frames_per_beat : float, default=1
            2 if frames are half-beats.
        beats_per_bar : int, default=4
            From 1 to 16.
        downbeat : int or None, default=0
            A beat, counted from 0, on which a bar begins: 1 after a pick-up of one beat. None if it
            is not known: bars then begin where chords change in the first eight of them.

        Returns
        -------
        timing : Timing
            Of any number of frames.

        Raises
        ------
        ValueError
            If a parameter has no possible value.

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
        """Whether frames are beats or parts of beats, as was stated when the timing was made."""
        return self._clock.meter is not None

    @property
    def n_frames(self) -> int | None:
        """Number of frames where borders were measured; None where it may be any."""
        return self._clock.n_frames

    @property
    def frames_per_beat(self) -> float | None:
        """Frames per beat; None without beats."""
        return None if self._clock.meter is None else self._clock.meter.frames_per_beat

    @property
    def beats_per_bar(self) -> int | None:
        """Beats in a bar; None without beats."""
        return None if self._clock.meter is None else self._clock.meter.beats_per_bar

    @property
    def downbeat(self) -> int | None:
        """A beat, counted from 0, on which a bar begins; None where it is not known."""
        return None if self._clock.meter is None else self._clock.meter.downbeat

    @property
    def first_bar(self) -> int:
        """Number of the first frame that begins a bar, or a beat if bars are not known.

        What is before it is a pick-up, or part of a beat. 0 where there are no beats, where they
        were not measured, and where no frame begins a bar.
        """
        if self.n_frames is None or not self.has_beats:
            return 0
        beats = self.beats()[:-1]
        step = 1 if self.downbeat is None else self.beats_per_bar
        return int(((beats >= 0) & ((beats - (self.downbeat or 0)) % step == 0)).argmax())

    @property
    def tempo(self) -> float | None:
        """Beats per minute; None where it is not known.

        Where beats were measured it is the mean over those that are about as long as most.
        """
        return self._clock.tempo

    @property
    def frame_rate(self) -> float:
        """Frames per second, on average.

        Raises
        ------
        ValueError
            If beats have no tempo, or the frames no length.
        """
        return self._clock.frame_rate

    def borders(self, n_frames: int | None = None) -> np.ndarray:
        """Return when frames begin and the last one ends.

        Parameters
        ----------
        n_frames : int, default=None
            How many frames there are. None where they were measured.

        Returns
        -------
        seconds : ndarray of shape (n_frames + 1,)
            In rising order.

        Raises
        ------
        ValueError
            If beats have no tempo, if the frames are more than a day long, or if another number of
            frames was measured.

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
                "more than a day: pass the frames per second that the piece has"
            )
        return self.seconds_at(np.arange(number + 1))

    def centers(self, n_frames: int | None = None) -> np.ndarray:
        """Return the middles of frames.

        Parameters
        ----------
        n_frames : int, default=None
            How many frames there are. None where they were measured.

        Returns
        -------
        seconds : ndarray of shape (n_frames,)
            In rising order. That of the first frame at a rate is 0, where it begins.

        Raises
        ------
        ValueError
            As `borders`.
        """
        return self._clock.centers(len(self.borders(n_frames)) - 1)

    def duration(self, n_frames: int | None = None) -> float:
        """Return how many seconds the frames last.

        Parameters
        ----------
        n_frames : int, default=None
            How many frames there are. None where they were measured.

        Returns
        -------
        seconds : float
            From the beginning of the first frame to the end of the last.

        Raises
        ------
        ValueError
            As `borders`.
        """
        seconds = self.borders(n_frames)
        return float(seconds[-1] - seconds[0])

    def beats(self, n_frames: int | None = None) -> np.ndarray:
        """Return how many beats there are before each frame, and before the end.

        Parameters
        ----------
        n_frames : int, default=None
            How many frames there are. None where they were measured.

        Returns
        -------
        beats : ndarray of shape (n_frames + 1,)
            In rising order. 0 is the first border, unless frames were sliced off or positions
            were given; a pick-up to the first beat of a recording is negative.

        Raises
        ------
        ValueError
            If there are no beats, or another number of frames was measured.

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
        """Return when frames begin.

        Parameters
        ----------
        frames : float or array-like
            Indices of frames, at least 0; fractions lie within a frame.

        Returns
        -------
        seconds : float or ndarray
            In the shape of `frames`.

        Raises
        ------
        ValueError
            If beats have no tempo, or there are no such frames.

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
            raise ValueError(f"frames must be numbers of at least 0{most}, got {frames!r}")
        seconds = self._clock.seconds_at(places)
        return seconds if np.ndim(frames) else float(seconds)

    @overload
    def frames_at(self, seconds: float) -> int: ...

    @overload
    def frames_at(self, seconds: Sequence[float] | np.ndarray) -> np.ndarray: ...

    def frames_at(self, seconds: Any) -> Any:
        """Return which frames sound.

        Parameters
        ----------
        seconds : float or array-like
            On a border the frame counts that begins there. What lies before the first frame is
            counted to it.

        Returns
        -------
        frames : int or ndarray of int
            In the shape of `seconds`; `n_frames` behind the end of measured frames. So
            ``piece[: timing.frames_at(30)]`` is about the first half minute.

        Raises
        ------
        ValueError
            If beats have no tempo, or `seconds` are not finite or more than a day after the first
            frame begins.

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
                f"seconds must be at most {LONGEST:.0f}, a day, after the first frame begins, got "
                f"{seconds!r}: give seconds, not samples or milliseconds"
            )
        frames = self._clock.frames_at(times)
        return frames if np.ndim(seconds) else int(frames)

    def at_tempo(self, beats_per_minute: float) -> Self:
        """Return the same beats and bars at a tempo.

        Parameters
        ----------
        beats_per_minute : float
            From 4 to 1000.

        Returns
        -------
        timing : Timing
            Of as many frames: of measured ones the same, each with the beats it has, and else of
            any number.

        Raises
        ------
        ValueError
            If there are no beats, they would last more than a day, or the tempo is not from 4 to
            1000.

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
        """Return the timing of ``piece[frames]``, whose seconds and beats stay where they were."""
        if not isinstance(frames, slice) or frames.step not in (None, 1):
            raise TypeError(
                f"a timing is sliced without steps, as timing[8:24]; got timing[{frames!r}]"
            )
        if self.n_frames is not None:
            start, stop, _ = frames.indices(self.n_frames)
        else:
            start, stop = frames.start or 0, frames.stop or 0
            if not (is_integer(start, 0) and is_integer(stop, 0)):
                raise ValueError(
                    "a timing of any number of frames has no end to count from: slice it from 0 on"
                )
        return self._of(self._clock.sliced(int(start), max(int(start), int(stop))))

    def __repr__(self) -> str:
        return repr(self._clock)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timing) and self._clock == other._clock

    def __hash__(self) -> int:
        return hash(self._clock)

    def __setattr__(self, name: str, value: Any = None) -> NoReturn:
        raise AttributeError(f"a timing cannot be changed ({name}): make another one")

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
        """Return the number of frames, checked against those that were measured."""
        own = self.n_frames
        number = own if n_frames is None else n_frames
        if number is None:
            raise ValueError(f"{self} is for any number of frames: give n_frames")
        if not is_integer(number, 0):
            raise ValueError(f"n_frames must be an integer of at least 0, got {n_frames!r}")
        if own is not None and number != own:
            raise ValueError(f"timing is that of {own} frames, not of {n_frames}: {self}")
        return int(number)


def length_in_samples(seconds: float, sr: float) -> int:
    """Return the number of samples of a sound that lasts so many seconds, at most."""
    return math.floor(round(seconds * sr, 6))
