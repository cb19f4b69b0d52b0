"""The three clocks behind :class:`musicai.Timing`.

Frames follow a fixed rate (`RateClock`), beats at a tempo (`TempoClock`) or measured boundaries
(`MeasuredClock`). The three classes share one interface. `Timing` checks the arguments, and passes
times and frame indices to a clock as arrays. Clocks are immutable.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, NoReturn

import numpy as np

from ..base.parameters import Rule, check_values, is_integer, is_real
from .borders import LONGEST, mean_tempo

BEAT_RULES: dict[str, Rule] = {
    "frames_per_beat": (
        lambda v: is_real(v) and 1 / 64 <= v <= 1000,
        "a number of frames per beat from 1/64 to 1000",
    ),
    "beats_per_bar": (lambda v: is_integer(v, 1) and v <= 16, "an integer from 1 to 16"),
    "downbeat": (
        lambda v: v is None or is_integer(v, 0),
        "None, or an integer of at least 0: a beat on which a bar begins",
    ),
}


@dataclass(frozen=True)
class Meter:
    """Frames per beat, beats per bar, and one beat on which a bar begins, if known."""

    frames_per_beat: float = 1.0
    beats_per_bar: int = 4
    downbeat: int | None = None

    def arguments(self, *, downbeat: int | None = None) -> str:
        """Return Python code for the keyword arguments that differ from their defaults.

        The parameter `downbeat` is the default with which the meter's downbeat is compared.
        """
        defaults = asdict(Meter(downbeat=downbeat))
        return "".join(
            f", {name}={as_code(value)}"
            for name, value in asdict(self).items()
            if value != defaults[name]
        )


def checked_meter(frames_per_beat: Any, beats_per_bar: Any, downbeat: Any) -> Meter:
    """Validate the arguments and return a `Meter` of Python numbers, or raise a ValueError."""
    values = {
        "frames_per_beat": frames_per_beat,
        "beats_per_bar": beats_per_bar,
        "downbeat": downbeat,
    }
    check_values(values, BEAT_RULES)
    downbeat = None if downbeat is None else int(downbeat)
    return Meter(float(frames_per_beat), int(beats_per_bar), downbeat)


@dataclass(frozen=True, repr=False)
class RateClock:
    """Frames at a fixed rate; frame ``t`` is centered on ``(first + t) / rate`` seconds."""

    kind: ClassVar[str] = "rate"
    n_frames: ClassVar[None] = None
    meter: ClassVar[None] = None
    tempo: ClassVar[None] = None

    rate: float
    first: int = 0  # number of frames sliced off the beginning

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.rate

    def seconds_at(self, frames: np.ndarray) -> np.ndarray:
        """Return the start times of frames; the recording's first frame starts at 0."""
        places = self.first + frames
        return np.maximum(places - 0.5, 0.5 * np.minimum(places, 1)) / self.rate

    def frames_at(self, seconds: np.ndarray) -> np.ndarray:
        """Return the indices of the frames that sound at given times."""
        return _whole_frames(seconds * self.rate + 0.5, self.first)

    def centers(self, n_frames: int) -> np.ndarray:
        """Return the centers of frames in seconds."""
        return (self.first + np.arange(n_frames)) / self.rate

    def beats(self, n_frames: int) -> NoReturn:
        """Raise a ValueError, because frames at a rate have no beats."""
        raise _no_beats(self)

    def at_tempo(self, tempo: float) -> NoReturn:
        """Raise a ValueError, because frames at a rate have no beats."""
        raise _no_beats(self)

    def sliced(self, start: int, stop: int) -> "RateClock":
        """Return the clock of the frames from `start` onward."""
        return replace(self, first=self.first + start)

    def __repr__(self) -> str:
        return f"Timing.from_rate({as_code(self.rate)}){_slice_from(self.first)}"


@dataclass(frozen=True, repr=False)
class TempoClock:
    """Frames of equal length in beats, at a known or unknown tempo."""

    kind: ClassVar[str] = "tempo"
    n_frames: ClassVar[None] = None

    tempo: float | None
    meter: Meter
    first: int = 0  # number of frames sliced off the beginning

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        if self.tempo is None:
            meter = Meter(frames_per_beat=self.meter.frames_per_beat)
            raise ValueError(
                "beats have no tempo: pass timing=analysis.timing or "
                f"Timing.from_tempo(96{meter.arguments()})"
            )
        return self.tempo / 60 * self.meter.frames_per_beat

    def seconds_at(self, frames: np.ndarray) -> np.ndarray:
        """Return the start times of frames."""
        return (self.first + frames) / self.frame_rate

    def frames_at(self, seconds: np.ndarray) -> np.ndarray:
        """Return the indices of the frames that sound at given times."""
        return _whole_frames(seconds * self.frame_rate, self.first)

    def centers(self, n_frames: int) -> np.ndarray:
        """Return the centers of frames in seconds."""
        return _middles(self.seconds_at(np.arange(n_frames + 1)))

    def beats(self, n_frames: int) -> np.ndarray:
        """Return the frame boundaries in beats."""
        return (self.first + np.arange(n_frames + 1)) / self.meter.frames_per_beat

    def at_tempo(self, tempo: float) -> "TempoClock":
        """Return a clock with the same beats at the given tempo."""
        return replace(self, tempo=tempo)

    def sliced(self, start: int, stop: int) -> "TempoClock":
        """Return the clock of the frames from `start` onward."""
        return replace(self, first=self.first + start)

    def __repr__(self) -> str:
        arguments = f"{as_code(self.tempo)}{self.meter.arguments(downbeat=0)}"
        return f"Timing.from_tempo({arguments}){_slice_from(self.first)}"


@dataclass(frozen=True, repr=False, eq=False)
class MeasuredClock:
    """Frames between measured boundaries, in seconds and, with a `meter`, also in beats.

    Attributes
    ----------
    borders : ndarray of shape (n_frames + 1,)
        Frame boundaries in seconds.
    meter : Meter or None
        None for frames without beats.
    beat_borders : ndarray of shape (n_frames + 1,), or None
        Frame boundaries in beats. They are stored because a slice cannot count the beats before its
        first frame.
    """

    kind: ClassVar[str] = "measured"

    borders: np.ndarray
    meter: Meter | None = None
    beat_borders: np.ndarray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "borders", _frozen(self.borders))
        if self.beat_borders is not None:
            object.__setattr__(self, "beat_borders", _frozen(self.beat_borders))

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self.borders) - 1

    @property
    def tempo(self) -> float | None:
        """Mean tempo in beats per minute over beats of about the median length; None if unknown."""
        return None if self.beat_borders is None else mean_tempo(self.borders, self.beat_borders)

    @property
    def frame_rate(self) -> float:
        """Frames per second, on average."""
        span = self.borders[-1] - self.borders[0]
        if span <= 0:
            raise ValueError("timing lasts 0 seconds, so it has no frame rate")
        return float(self.n_frames / span)

    def seconds_at(self, frames: np.ndarray) -> np.ndarray:
        """Return the start times of frames."""
        return np.interp(frames, np.arange(len(self.borders)), self.borders)

    def frames_at(self, seconds: np.ndarray) -> np.ndarray:
        """Return the indices of the frames at given times; `n_frames` at or after the end."""
        frames = np.searchsorted(self.borders, seconds + 1e-9, side="right") - 1
        return np.clip(frames, 0, self.n_frames)

    def centers(self, n_frames: int) -> np.ndarray:
        """Return the centers of frames in seconds."""
        return _middles(self.borders)

    def beats(self, n_frames: int) -> np.ndarray:
        """Return the frame boundaries in beats."""
        if self.beat_borders is None:
            raise _no_beats(self)
        return self.beat_borders.copy()

    def at_tempo(self, tempo: float) -> "MeasuredClock":
        """Return a clock with the same beats at the given tempo."""
        borders = self.beats(self.n_frames) * 60 / tempo
        if borders[-1] - borders[0] > LONGEST:
            raise ValueError(f"at a tempo of {tempo:g}, the beats of {self} last more than a day")
        return replace(self, borders=borders)

    def sliced(self, start: int, stop: int) -> "MeasuredClock":
        """Return the clock of the frames from `start` to `stop`."""
        part = slice(start, stop + 1)
        beats = None if self.beat_borders is None else self.beat_borders[part]
        return MeasuredClock(self.borders[part], self.meter, beats)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MeasuredClock) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[Any, ...]:
        beats = None if self.beat_borders is None else self.beat_borders.tobytes()
        return self.borders.tobytes(), beats, self.meter

    def __repr__(self) -> str:
        number = f"{self.n_frames} frame{'' if self.n_frames == 1 else 's'}"
        text = f"{number}, {self.borders[0]:.6g} to {self.borders[-1]:.6g} s"
        if self.beat_borders is not None and self.meter is not None:
            text += f", beats {self.beat_borders[0]:.6g} to {self.beat_borders[-1]:.6g}"
            text += self.meter.arguments()
        return f"<Timing of {text}>"


Clock = RateClock | TempoClock | MeasuredClock
CLOCKS: dict[str, Any] = {clock.kind: clock for clock in (RateClock, TempoClock, MeasuredClock)}


def clock_state(clock: Clock) -> dict[str, Any]:
    """Return the fields of a clock as a dict, for pickling."""
    return {"kind": clock.kind, **asdict(clock)}


def clock_from_state(state: dict[str, Any]) -> Clock:
    """Rebuild a clock from its `clock_state`."""
    values = {name: value for name, value in state.items() if name != "kind"}
    if values.get("meter") is not None:
        values["meter"] = Meter(**values["meter"])
    clock: Clock = CLOCKS[state["kind"]](**values)
    return clock


def as_code(value: float | None) -> str:
    """Return Python code for a number or None, as an integer if possible."""
    return repr(int(value) if isinstance(value, float) and value.is_integer() else value)


def _no_beats(clock: Clock) -> ValueError:
    return ValueError(
        f"{clock} has no beats: pass Timing.from_beats(seconds) or Timing.from_tempo(96)"
    )


def _slice_from(first: int) -> str:
    return f"[{first}:]" if first else ""


def _whole_frames(places: np.ndarray, first: int) -> np.ndarray:
    # The tolerance puts a time on a boundary into the frame that begins there.
    return np.maximum(np.floor(places + 1e-6) - first, 0).astype(int)


def _middles(borders: np.ndarray) -> np.ndarray:
    return (borders[:-1] + borders[1:]) / 2


def _frozen(array: np.ndarray) -> np.ndarray:
    """Return a read-only copy without negative zeros, so that equal values have equal bytes."""
    copy = array + 0.0
    copy.flags.writeable = False
    return copy
