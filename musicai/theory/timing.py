"""The clock of a piece: when its frames sound, in seconds and in beats.

A piece is an array and holds no time. A :class:`Timing` says when its frames sound, and everything
that plays, writes, draws or measures a piece takes one. Seconds count from the beginning of the
recording, beats from its first beat; frame ``t`` sounds from border ``t`` to border ``t + 1``.
"""

import math
from typing import Any, NamedTuple, NoReturn, Self

import numpy as np

from ..base.parameters import TEMPO_RULE, Rule, check_values, is_integer, is_real
from .borders import LONGEST, check_borders, count_beats, mean_tempo

FRAME_RATE = 22050 / 2048
"""Frames per second of a :class:`musicai.ChromaExtractor` with default parameters."""

RATE_RULE: Rule = (lambda v: is_real(v) and 0 < v <= 1e6, "a positive number of frames per second")
BEAT_RULES: dict[str, Rule] = {
    "frames_per_beat": (
        lambda v: is_real(v) and 1 / 64 <= v <= 1000,
        "a number of frames per beat from 1/64 to 1000",
    ),
    "beats_per_bar": (lambda v: is_integer(v, 1) and v <= 16, "an integer from 1 to 16"),
    "downbeat": (
        lambda v: v is None or is_integer(v, 0),
        "None or an integer of at least 0, a beat on which a bar begins",
    ),
}


class _Known(NamedTuple):
    """What a timing knows.

    Frames at a rate have a `rate`, measured frames `borders`, measured beats `borders` and `beats`,
    beats at a tempo `frames_per_beat` and perhaps a `tempo`.
    """

    rate: float | None = None
    borders: np.ndarray | None = None  # (n_frames + 1,) in seconds
    beats: np.ndarray | None = None  # (n_frames + 1,) of borders in beats
    tempo: float | None = None
    frames_per_beat: float | None = None
    beats_per_bar: int | None = None
    downbeat: int | None = None
    first: int = 0  # frames before the first one, which were sliced off


class Timing:
    """When the frames of a piece sound. Immutable.

    Make one with :meth:`from_rate`, :meth:`from_borders`, :meth:`from_beats` or
    :meth:`from_tempo`, or take the one that knows: ``ChromaExtractor().timing``,
    ``PianoRollExtractor().timing`` or the `timing` of an :class:`musicai.chroma.Analysis`.

    Whatever plays, writes, draws or measures a piece takes it as ``timing=``. There anything that
    has a `timing` stands for it, such as an extractor, and a positive number for frames per second.

    Attributes
    ----------
    has_beats : bool
        Whether frames are beats or parts of beats. It is stated when a timing is made, and never
        guessed from how long frames are.
    n_frames : int or None
        Number of frames, where borders were measured. None where it may be any.
    frame_rate : float
        Frames per second, on average.
    tempo : float or None
        Beats per minute. None without beats, or where it is not known.
    frames_per_beat : float or None
        None without beats.
    beats_per_bar : int or None
        None without beats.
    downbeat : int or None
        A beat, counted from 0, on which a bar begins. None where it is not known or there are no
        beats.

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
    __slots__ = ("_known",)
    _known: "_Known"

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
        return cls._of(rate=float(frames_per_second))

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
        return cls._of(borders=check_borders(seconds))

    @classmethod
    def from_beats(
        cls,
        seconds: Any,
        *,
        frames_per_beat: float = 1,
        beats_per_bar: int = 4,
        downbeat: int | None = None,
    ) -> Self:
        """Return the timing of beats that were measured, in a recording or by hand.

        Parameters
        ----------
        seconds : array-like of shape (n_frames + 1,)
            When each frame begins, and when the last one ends.
        frames_per_beat : float, default=1
            2 if frames are half-beats.
        beats_per_bar : int, default=4
            From 1 to 16.
        downbeat : int, default=None
            A beat, counted from 0, on which a bar begins. None if it is not known: charts and
            scores then begin bars where chords change.

        Returns
        -------
        timing : Timing
            Of `n_frames` frames. A frame several times as long as usual, as the one before the
            first beat may be, counts as several.

        Raises
        ------
        ValueError
            If the seconds are not numbers in rising order, or span more than a day, or a parameter
            has no possible value.

        Examples
        --------
        >>> from musicai import Timing
        >>> timing = Timing.from_beats([0.0, 0.5, 1.0, 2.0, 2.5], downbeat=1)
        >>> timing.tempo
        120.0
        >>> timing.beats()  # the third frame lasts for two
        array([0., 1., 2., 4., 5.])
        """
        meter = _meter(frames_per_beat, beats_per_bar, downbeat)
        borders = check_borders(seconds)
        return cls._of(borders=borders, beats=count_beats(borders, frames_per_beat), **meter)

    @classmethod
    def from_tempo(
        cls,
        beats_per_minute: float | None,
        *,
        frames_per_beat: float = 1,
        beats_per_bar: int = 4,
        downbeat: int | None = None,
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
        downbeat : int, default=None
            A beat, counted from 0, on which a bar begins. None if it is not known: charts and
            scores then begin bars where chords change.

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
        meter = _meter(frames_per_beat, beats_per_bar, downbeat)
        return cls._of(tempo=beats_per_minute, **meter)

    @property
    def has_beats(self) -> bool:
        """Whether frames are beats or parts of beats."""
        return self._known.frames_per_beat is not None

    @property
    def n_frames(self) -> int | None:
        """Number of frames where borders were measured, else None."""
        return None if self._known.borders is None else len(self._known.borders) - 1

    @property
    def frames_per_beat(self) -> float | None:
        """Frames per beat; None without beats."""
        return self._known.frames_per_beat

    @property
    def beats_per_bar(self) -> int | None:
        """Beats in a bar; None without beats."""
        return self._known.beats_per_bar

    @property
    def downbeat(self) -> int | None:
        """A beat on which a bar begins; None where it is not known."""
        return self._known.downbeat

    @property
    def tempo(self) -> float | None:
        """Beats per minute; None where it is not known.

        Where beats were measured it is the mean over those that are about as long as most.
        """
        if self._known.beats is None or self._known.borders is None:
            return self._known.tempo
        return mean_tempo(self._known.borders, self._known.beats)

    @property
    def frame_rate(self) -> float:
        """Frames per second, on average.

        Raises
        ------
        ValueError
            If beats have no tempo, or the frames no length.
        """
        if self._known.rate is not None:
            return self._known.rate
        if self._known.borders is None:
            return self._known_tempo() / 60 * (self._known.frames_per_beat or 1)
        span = self._known.borders[-1] - self._known.borders[0]
        if span <= 0:
            raise ValueError("timing ends where it begins: its frames have no length")
        return float((len(self._known.borders) - 1) / span)

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
        seconds = self.seconds_at(np.arange(self._number(n_frames) + 1))
        if seconds[-1] - seconds[0] > LONGEST:
            raise ValueError(
                f"{len(seconds) - 1} frames of {self} last {seconds[-1] - seconds[0]:.3g} seconds, "
                "more than a day: pass the frames per second that the piece has"
            )
        return seconds

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
        if self._known.rate is not None:
            return (self._known.first + np.arange(self._number(n_frames))) / self._known.rate
        borders = self.borders(n_frames)
        return (borders[:-1] + borders[1:]) / 2

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
            In rising order; 0 is the first border, unless that was sliced off.

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
        if self._known.frames_per_beat is None:
            raise ValueError(
                f"{self} has no beats: pass Timing.from_beats(seconds) or Timing.from_tempo(96)"
            )
        number = self._number(n_frames)
        if self._known.beats is not None:
            return self._known.beats.copy()
        return (self._known.first + np.arange(number + 1)) / self._known.frames_per_beat

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

        See Also
        --------
        frames_at : The other way round.

        Examples
        --------
        >>> from musicai import Timing
        >>> Timing.from_rate(10).seconds_at([0, 1, 2])
        array([0.  , 0.05, 0.15])
        """
        places = np.asarray(frames, dtype=np.float64)
        end = np.inf if self._known.borders is None else len(self._known.borders) - 1
        if not np.all((places >= 0) & (places <= end)):
            most = "" if self._known.borders is None else f" and at most {end}"
            raise ValueError(f"frames must be numbers of at least 0{most}, got {frames!r}")
        if self._known.borders is not None:
            seconds = np.interp(places, np.arange(len(self._known.borders)), self._known.borders)
        elif self._known.rate is not None:
            places = self._known.first + places
            # A frame is the time around its center; the first one begins with the music.
            seconds = np.maximum(places - 0.5, 0.5 * np.minimum(places, 1)) / self._known.rate
        else:
            seconds = (self._known.first + places) / self.frame_rate
        return seconds if np.ndim(frames) else float(seconds)

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
            If beats have no tempo, or `seconds` are not finite.

        Examples
        --------
        >>> from musicai import Timing
        >>> Timing.from_tempo(120).frames_at([0.4, 0.5, 0.6])
        array([0, 1, 1])
        """
        times = np.asarray(seconds, dtype=np.float64)
        if not np.all(np.isfinite(times)):
            raise ValueError(f"seconds must be finite numbers, got {seconds!r}")
        if self._known.borders is not None:
            frames = np.searchsorted(self._known.borders, times + 1e-9, side="right") - 1
            frames = np.minimum(frames, len(self._known.borders) - 1)
        else:
            places = times * self.frame_rate
            if self._known.rate is not None:
                places = places + 0.5
            # A border belongs to what begins there, however the product was rounded.
            frames = np.floor(places + 1e-6).astype(int) - self._known.first
        frames = np.maximum(frames, 0)
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
            Of any number of frames.

        Raises
        ------
        ValueError
            If there are no beats, or the tempo is no possible one.

        Examples
        --------
        >>> from musicai import ChromaExtractor
        >>> ChromaExtractor(sync="beat").timing.at_tempo(96)
        Timing.from_tempo(96)
        """
        first_beat = self.beats(self.n_frames or 0)[0]
        frames_per_beat, beats_per_bar = (
            self._known.frames_per_beat or 1,
            self._known.beats_per_bar or 4,
        )
        timing = self.from_tempo(
            beats_per_minute,
            frames_per_beat=frames_per_beat,
            beats_per_bar=beats_per_bar,
            downbeat=self._known.downbeat,
        )
        return timing[round(first_beat * frames_per_beat) :]

    def __getitem__(self, frames: slice) -> Self:
        """Return the timing of ``piece[frames]``, whose seconds and beats stay where they were."""
        if not isinstance(frames, slice) or frames.step not in (None, 1):
            raise TypeError(
                f"a timing is sliced without steps, as timing[8:24]; got timing[{frames!r}]"
            )
        known = self._known._asdict()
        if self._known.borders is not None:
            start, stop, _ = frames.indices(len(self._known.borders) - 1)
            part = slice(start, max(start, stop) + 1)
            known["borders"] = self._known.borders[part]
            if self._known.beats is not None:
                known["beats"] = self._known.beats[part]
        else:
            bounds = [frames.start or 0, frames.stop or 0]
            if not all(is_integer(bound, 0) for bound in bounds):
                raise ValueError(
                    "a timing of any number of frames has no end to count from: slice it from 0 on"
                )
            known["first"] = self._known.first + int(bounds[0])
        return self._of(**known)

    def __repr__(self) -> str:
        meter = ""
        if self._known.frames_per_beat is not None:
            given = {
                "frames_per_beat": (self._known.frames_per_beat, 1),
                "beats_per_bar": (self._known.beats_per_bar, 4),
                "downbeat": (self._known.downbeat, None),
            }
            meter = "".join(
                f", {name}={_short(value)}"
                for name, (value, default) in given.items()
                if value != default
            )
        if self._known.rate is not None:
            text = f"from_rate({_short(self._known.rate)})"
        elif self._known.borders is None:
            text = f"from_tempo({_short(self._known.tempo)}{meter})"
        else:
            shown = [_short(border) for border in self._known.borders]
            if len(shown) > 5:
                shown[3:-1] = ["..."]
            name = "from_borders" if self._known.beats is None else "from_beats"
            text = f"{name}([{', '.join(shown)}]{meter})"
        if self._known.first:
            text += f"[{self._known.first}:]"
        elif self._known.beats is not None and self._known.beats[0]:
            text += f" from beat {_short(self._known.beats[0])}"
        return f"Timing.{text}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timing) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __setattr__(self, name: str, value: Any = None) -> NoReturn:
        raise AttributeError(f"a timing cannot be changed ({name}): make another one")

    __delattr__ = __setattr__

    def __getstate__(self) -> tuple[Any, ...]:
        return tuple(self._known)

    def __setstate__(self, known: tuple[Any, ...]) -> None:
        object.__setattr__(self, "_known", _Known(*map(_frozen, known)))

    @classmethod
    def _of(cls, **known: Any) -> Self:
        timing = object.__new__(cls)
        timing.__setstate__(_Known(**known))
        return timing

    def _key(self) -> tuple[Any, ...]:
        return tuple(
            value.tobytes() if isinstance(value, np.ndarray) else value for value in self._known
        )

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

    def _known_tempo(self) -> float:
        if self._known.tempo is None:
            extra = ""
            if self._known.frames_per_beat != 1:
                extra = f", frames_per_beat={_short(self._known.frames_per_beat)}"
            raise ValueError(
                f"beats have no tempo: pass timing=analysis.timing or Timing.from_tempo(96{extra})"
            )
        return self._known.tempo


def _frozen(value: Any) -> Any:
    """Return an array as a copy that cannot be written to, in which 0 has no sign."""
    if not isinstance(value, np.ndarray):
        return value
    copy = value + 0.0
    copy.flags.writeable = False
    return copy


def _meter(frames_per_beat: Any, beats_per_bar: Any, downbeat: Any) -> dict[str, Any]:
    """Check what a timing of beats knows of beats and bars, and return it in plain types."""
    meter = {
        "frames_per_beat": frames_per_beat,
        "beats_per_bar": beats_per_bar,
        "downbeat": downbeat,
    }
    check_values(meter, BEAT_RULES)
    return {
        "frames_per_beat": float(frames_per_beat),
        "beats_per_bar": int(beats_per_bar),
        "downbeat": None if downbeat is None else int(downbeat),
    }


def _short(value: float | None) -> str:
    return "None" if value is None else f"{value:.6g}"


def length_in_samples(seconds: float, sr: float) -> int:
    """Return the number of samples of a sound that lasts so many seconds, at most."""
    return math.floor(round(seconds * sr, 6))
