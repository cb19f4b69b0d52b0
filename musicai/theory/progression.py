"""Conversion of chord progressions to one chord number per frame.

Users write a progression in bars, ``"C | Am | F G | C"``, as a list of :class:`Chord`, or as pairs
of a symbol and a number of frames.
"""

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, NamedTuple

import numpy as np

from ..base.parameters import TEMPO_RULE, is_integer, is_real
from .chord import Chord
from .chord_symbols import FREE, number_of, read_symbol
from .keys import common_tonic
from .timing import Timing
from .vocabulary import QUALITIES, templates

_TEMPO, _METER = 120.0, 4  # for frames without beats; charts and MIDI have the same defaults

_CHART_HEAD = re.compile(
    r"^[A-G][#b]? (?:major|minor), (\d+) beats a minute, (\d+)/4$", re.MULTILINE
)
_KINDS = (
    "text such as 'C | Am | F G | C', a list of Chord, or a list of pairs (symbol, number of "
    "frames)"
)


class _Span(NamedTuple):
    number: int  # chord number
    start: int  # first frame
    stop: int  # first frame after the chord
    place: str  # symbol and position, for error messages


def frames_of_chords(
    chords: Any, timing: Timing | None, n_frames: int | None = None, *, name: str = "chords"
) -> np.ndarray:
    """Return the chord number of every frame of a progression.

    Parameters
    ----------
    chords : str, or a list of Chord or of pairs
        A progression as in :meth:`musicai.LSTMComposer.sample`.
    timing : Timing or None
        Timing of the frames, if known. It is not needed for pairs.
    n_frames : int, default=None
        Maximum number of frames; a longer progression raises a ValueError. None for no maximum.
    name : str, default="chords"
        Name of the argument in error messages.

    Returns
    -------
    numbers : ndarray of int of shape (n_frames_of_progression,)
        Chord numbers as in :func:`musicai.theory.chord_symbols.read_symbol`; `FREE` where the
        progression leaves the chord open.

    Raises
    ------
    ValueError
        If a symbol, duration, tempo or meter is invalid, chords overlap, a bar has more chords than
        frames, the progression is empty or longer than `n_frames`, bars or seconds are given
        without a timing, or bars are given for measured frames.
    TypeError
        If `chords` is of an unsupported type.

    Examples
    --------
    >>> from musicai import Timing
    >>> from musicai.theory.progression import frames_of_chords
    >>> frames_of_chords("C | F G", Timing.from_tempo(120))
    array([0, 0, 0, 0, 5, 5, 7, 7])
    """
    if isinstance(chords, str):
        spans = _in_bars(chords, timing, name)
    else:
        spans = _in_list(chords, timing, name)
    if not spans:
        raise ValueError(f"{name} is empty: pass {_KINDS}")
    end = spans[-1].stop
    if n_frames is not None and end > n_frames:
        over = next(span for span in spans if span.stop > n_frames)
        raise ValueError(
            f"{name} lasts {end} frames but n_frames is {n_frames}, which ends before the end of "
            f"{over.place}: pass n_frames={end}, or fewer chords"
        )
    numbers = np.full(end, FREE)
    for span in spans:
        numbers[span.start : span.stop] = span.number
    return numbers


def has_progressions(chords: Any) -> bool:
    """Return whether `chords` is a list of progressions, one for each piece."""
    if not isinstance(chords, list) or not chords:
        return False
    first = chords[0]
    is_pair = isinstance(first, (tuple, list)) and len(first) == 2 and is_integer(first[1])
    return first is None or (isinstance(first, (str, list)) and not is_pair)


def key_of_progression(numbers: np.ndarray) -> int:
    """Return the key, 0 to 11, that fits the chords of a progression best."""
    asked = numbers[numbers != FREE]
    return int(common_tonic(templates(tuple(QUALITIES))[asked].sum(axis=0)))


def _in_bars(text: str, timing: Timing | None, name: str) -> list[_Span]:
    if timing is None or timing.n_frames is not None:
        raise ValueError(
            f"{name} is written in bars, but the timing of the frames is "
            f"{'unknown: fit with timing, or' if timing is None else f'measured, {timing}:'} "
            "pass pairs (symbol, number of frames)"
        )
    head = _CHART_HEAD.search(text)
    tempo, meter = _TEMPO, timing.beats_per_bar or _METER
    pickup: list[str] = []
    if head:
        tempo, meter = float(head[1]), int(head[2])
        fits, expected = TEMPO_RULE
        if not fits(tempo) or meter == 0:
            raise ValueError(
                f"{name} is a chart with {head[1]} beats a minute and {head[2]} beats per bar: "
                f"expected {expected}, and at least one beat per bar"
            )
        text = text[head.end() :]
        before, _, rest = text.strip().partition("|")
        pickup, text = before.split(), rest
    per_beat = timing.frames_per_beat or timing.frame_rate * 60 / tempo
    spans: list[_Span] = []
    chord, last_bar = "", ["%"]
    beat = 0.0
    for number, bar in enumerate([pickup, *_bars(text, name)]):
        n_beats = meter if number else len(bar)
        if bar == ["%"]:
            bar = last_bar
        elif number:
            last_bar = bar
        borders = np.rint((beat + np.linspace(0, n_beats, len(bar) + 1)) * per_beat).astype(int)
        for symbol, start, stop in zip(bar, borders[:-1], borders[1:], strict=True):
            place = f"{symbol!r} in bar {number}" if number else f"{symbol!r} in the pickup"
            chord = chord if symbol in ("/", "%") else symbol
            if start == stop:
                raise ValueError(
                    f"{name} has {len(bar)} chords in bar {number}, which has only "
                    f"{borders[-1] - borders[0]} frames: write fewer chords"
                )
            spans.append(_Span(_read(chord, place, name), int(start), int(stop), place))
        beat += n_beats
    return spans


def _bars(text: str, name: str) -> list[list[str]]:
    """Split text at bar lines and line breaks into bars of symbols."""
    bars: list[list[str]] = []
    for line in filter(None, map(str.strip, text.replace("||", "|").splitlines())):
        for bar in line.removeprefix("|").removesuffix("|").split("|"):
            if not bar.strip():
                raise ValueError(
                    f"{name} has nothing in bar {len(bars) + 1}: write % to repeat the bar before, "
                    "or * for any chord"
                )
            bars.append(bar.split())
    return bars


def _read(symbol: str, place: str, name: str) -> int:
    if symbol == "":
        raise ValueError(f"{name} has {place}, but no chord before it to repeat: write a chord")
    try:
        return read_symbol(symbol)
    except ValueError as error:
        raise ValueError(f"{name} has {place}: {error}") from None


def _in_list(chords: Any, timing: Timing | None, name: str) -> list[_Span]:
    wrong = isinstance(chords, (Chord, Mapping, Set, bytes)) or getattr(chords, "ndim", 1) == 0
    if wrong or not isinstance(chords, Iterable):
        raise TypeError(f"{name} is of type {type(chords).__name__}: pass {_KINDS}")
    entries = list(chords)
    if entries and all(isinstance(each, Chord) for each in entries):
        return _timed(entries, timing, name)
    spans: list[_Span] = []
    stop = 0
    for i, entry in enumerate(entries):
        if not isinstance(entry, Sequence) or isinstance(entry, (str, Chord)) or len(entry) != 2:
            raise TypeError(f"{name}[{i}] is {entry!r}: pass {_KINDS}")
        symbol, duration = entry
        if not is_integer(duration, 1):
            raise ValueError(
                f"{name}[{i}] lasts {duration!r} frames: expected an integer of at least 1"
            )
        place = f"{symbol!r} at index {i}"
        start, stop = stop, stop + int(duration)
        spans.append(_Span(_read(symbol, place, name), start, stop, place))
    return spans


def _timed(chords: Sequence[Chord], timing: Timing | None, name: str) -> list[_Span]:
    if timing is None:
        raise ValueError(
            f"{name} is timed in seconds, but the timing of the frames is unknown: fit with "
            "timing, or pass pairs (symbol, number of frames)"
        )
    spans = []
    stop = 0
    for i, chord in enumerate(chords):
        if not (is_real(chord.start) and is_real(chord.end)):
            raise ValueError(
                f"{name}[{i}] lasts from {chord.start!r} to {chord.end!r}: expected seconds, two "
                "finite numbers"
            )
        # A chord gets the frames that are mostly within it.
        start, end = (int(_nearest_border(timing, second)) for second in (chord.start, chord.end))
        place = f"{chord.label!r} at index {i}"
        if not stop <= start or chord.end < chord.start:
            raise ValueError(
                f"{name} has {place}, which begins before the previous chord ends, or ends before "
                "it begins: pass chords in order that do not overlap"
            )
        if start < end:
            spans.append(_Span(number_of(chord), start, end, place))
            stop = end
    return spans


def _nearest_border(timing: Timing, second: float) -> int:
    frame = timing.frames_at(second)
    begin, end = timing.seconds_at([frame, frame + 1])
    return frame + (second - begin > end - second)
