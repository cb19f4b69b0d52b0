"""Chord charts: the chords of a piece, written in bars."""

from collections.abc import Sequence
from typing import Any, overload

import numpy as np

from ..base.parameters import check_values
from ..base.pieces import as_chroma
from ..files.piece_files import piece_files
from ..theory.spelling import key_name
from ._chords import VOCABULARY_RULE
from ._collections import Titles, in_kind, titles_of, write_texts
from ._sheet import Sheet, keys_of, sheet_of
from ._timeline import timelines

_BARS_PER_LINE = 4
_PLACES = {"triads": 4, "qualities": 6}
"""Width of a beat in characters, by vocabulary: the length of the longest chord name."""

RULES = {"vocabulary": VOCABULARY_RULE}


@overload
def chord_chart(
    X: np.ndarray,
    file: Any = None,
    *,
    vocabulary: str = "triads",
    timing: Any = None,
    notated_tempo: float | None = None,
    key: Any = None,
    title: Titles = None,
) -> str: ...


@overload
def chord_chart(
    X: Sequence[Any],
    file: Any = None,
    *,
    vocabulary: str = "triads",
    timing: Any = None,
    notated_tempo: float | None = None,
    key: Any = None,
    title: Titles = None,
) -> list[str]: ...


def chord_chart(
    X: Any,
    file: Any = None,
    *,
    vocabulary: str = "triads",
    timing: Any = None,
    notated_tempo: float | None = None,
    key: Any = None,
    title: Titles = None,
) -> Any:
    """Write the chords of a piece as a chart in bars, for musicians to play from.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma.
    file : str, PathLike or file object, or a list of them, default=None
        File to write: a path that ends in .txt or has no suffix, or a file object for text or
        bytes. Bytes are encoded as UTF-8. For a collection, pass a list with one file per piece. If
        None, nothing is written.
    vocabulary : {"triads", "qualities"}, default="triads"
        Chords to choose from, as in :func:`recognize_chords`.
    timing : Timing, object with a `timing`, float, or list of these
        When the frames sound: for example ``timing=extractor`` with the extractor that made the
        pieces, ``timing=analysis.timing``, or ``Timing.from_tempo(96)``. A number is frames per
        second. For a collection, pass one timing for all pieces or a list with one for each.
    notated_tempo : float, default=None
        Tempo, in beats per minute, at which to notate frames that do not follow beats; None means
        120. The first frame begins on a beat. This tempo does not affect the times at which frames
        sound. It cannot be set for frames that follow beats.
    key : str, or a list of them, default=None
        Key of the piece, such as "G" or "F#m", if known, for example from ``sample(key=...)``. If
        None, the key is estimated from the first eight bars. For a collection, pass one key for all
        pieces or a list with one for each.
    title : str, or a list of them, default=None
        Title to print above the chart; for a collection, a list with one title per piece.

    Returns
    -------
    chart : str, or a list of them
        The title if there is one, a line with key, tempo and meter, and the bars, four per line. A
        single chord in a bar lasts for the whole bar. If chords change within a bar, every beat is
        written: as the name of a chord or, after the first beat, as ``/`` if the chord continues.
        ``%`` repeats the previous bar. ``N.C.`` means that there is no chord.

        Bars begin on the downbeats of `timing`. If these are unknown, bars are placed so that as
        many chord changes as possible in the first eight bars fall on downbeats. Beats before the
        first bar are a pickup, to the left of the first ``|``. The last chord is held to the end of
        its bar. Frames that do not follow beats are written in bars of four beats, from the first
        frame on. Apart from an estimated key or first bar line, which depend on the first eight
        bars, a bar does not depend on later music.

    Raises
    ------
    ValueError
        If `X` is not chroma, a parameter is out of range, beats have no tempo, a file has a suffix
        other than .txt, or the number of files, titles or timings is wrong.
    TypeError
        If `X` holds paths, `timing` is missing, a file is neither a path nor a file object, `X` is
        a collection but `file` or `title` is a single one, or a title is not a str.
    FileNotFoundError
        If the folder of a file does not exist.

    See Also
    --------
    recognize_chords : Returns chords with their times, which need not be on beats.
    to_musicxml : Writes a score with these chords and a melody.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai import Timing
    >>> from musicai.render import chord_chart
    >>> c, f, g = (np.isin(np.arange(12), tones) for tones in ([0, 4, 7], [5, 9, 0], [7, 11, 2]))
    >>> beats = np.array([c, c, c, c, c, c, c, c, f, f, g, g, c, c, c, c], dtype=float)
    >>> print(chord_chart(beats, timing=Timing.from_tempo(120), title="Cadence"))
    Cadence
    C major, 120 beats a minute, 4/4
    <BLANKLINE>
    | C               | %               | F   /   G   /   | C               |
    """
    check_values({"vocabulary": vocabulary}, RULES)
    pieces, _ = as_chroma(X)
    files = piece_files(file, X, pieces, suffixes=(".txt", ""), text=True)
    lines = timelines(timing, X, pieces, notated_tempo=notated_tempo)
    titles = titles_of(title, X, pieces)
    keys = keys_of(key, X, pieces)
    sheets = [
        sheet_of(piece, line, vocabulary=vocabulary, key=each)
        for piece, line, each in zip(pieces, lines, keys, strict=True)
    ]
    charts = [_chart(sheet, vocabulary, name) for sheet, name in zip(sheets, titles, strict=True)]
    write_texts(files, [f"{chart}\n" for chart in charts])
    return in_kind(X, charts)


def _chart(sheet: Sheet, vocabulary: str, title: str | None) -> str:
    meter, before = sheet.timeline.beats_per_bar, sheet.pickup
    head = f"{key_name(sheet.key)}, {sheet.timeline.tempo:.0f} beats a minute, {meter}/4\n"
    if title is not None:
        head = f"{title}\n{head}"
    beats = [
        (chord.label, first)
        for chord in sheet.chords
        for first in [True] + [False] * round(chord.end - chord.start - 1)
    ]
    beats += [(label, False) for label, _ in beats[-1:]] * ((before - len(beats)) % meter)
    place = _PLACES[vocabulary]
    bars = _bars(beats[before:], meter, place)
    width = meter * (place + 1) - 1
    rows = [bars[i : i + _BARS_PER_LINE] for i in range(0, len(bars), _BARS_PER_LINE)]
    lines = [f"| {' | '.join(bar.ljust(width) for bar in row)} |" for row in rows]
    if before and beats:
        first = _bar(beats[:before], meter, place)
        rest = lines or ["|"]  # a piece can end before its first bar line
        lines = [f"{first if i == 0 else ' ' * len(first)} {line}" for i, line in enumerate(rest)]
    return "\n".join([head, *lines]).rstrip()


def _bars(beats: list[tuple[str, bool]], beats_per_bar: int, place: int) -> list[str]:
    bars: list[str] = []
    last = None
    for at in range(0, len(beats), beats_per_bar):
        bar = beats[at : at + beats_per_bar]
        labels = [label for label, _ in bar]
        bars.append("%" if labels == last else _bar(bar, beats_per_bar, place))
        last = labels
    return bars


def _bar(beats: list[tuple[str, bool]], beats_per_bar: int, width: int) -> str:
    """Return the text of a bar, which is a single label if one chord fills the bar.

    `beats` holds, for each beat, the label of its chord and whether the chord begins there.
    """
    whole = len(beats) == beats_per_bar  # false for a pickup
    if whole and len({label for label, _ in beats}) == 1:
        return beats[0][0]
    places = [label if first or i == 0 else "/" for i, (label, first) in enumerate(beats)]
    return " ".join(place.ljust(width) for place in places)
