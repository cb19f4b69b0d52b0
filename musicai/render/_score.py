"""Conversion of chroma to a score in MusicXML."""

from fractions import Fraction
from typing import Any

import numpy as np

from ..base.extras import need
from ..base.parameters import Rule, check_values, is_integer
from ..base.pieces import as_chroma
from ..files.piece_files import piece_files
from ..theory.chord import Chord
from ..theory.spelling import (
    note_name,
    place_in_chord,
    place_in_key,
    root_place,
    signature,
)
from ..theory.vocabulary import QUALITIES
from ._chords import VOCABULARY_RULE
from ._collections import Titles, in_kind, titles_of, write_texts
from ._engraving import Symbol, Tone, engrave
from ._notation import scientific_name
from ._sheet import Sheet, keys_of, melody_of, sheet_of, voicings_of
from ._timeline import timelines
from ._voicing import Register

RULES: dict[str, Rule] = {
    "grid": (lambda v: is_integer(v, 1) and v <= 4, "1, 2, 3 or 4"),
    "vocabulary": VOCABULARY_RULE,
}
_LEFT_HAND = Register(41, 65)  # F2 to F4, which needs few ledger lines in the bass staff


def to_musicxml(
    X: Any,
    file: Any = None,
    *,
    vocabulary: str = "triads",
    timing: Any = None,
    notated_tempo: float | None = None,
    key: Any = None,
    grid: int = 4,
    title: Titles = None,
) -> Any:
    """Write chroma as a score with a melody and chords.

    The upper staff has a melody with chord symbols above it. The lower staff has the chords, which
    change on beats and move in small steps. This function requires the extra ``score``
    (``pip install ".[score]"`` in a clone).

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma.
    file : str, PathLike or binary file object, or a list of them, default=None
        File to write, encoded as UTF-8; for a collection, a list with one file per piece. If None,
        nothing is written.
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
    grid : int, default=4
        Number of steps per beat of the grid on which the melody's notes begin and end: 1 for
        quarter notes, 2 for eighths, 3 for triplets, 4 for sixteenths.
    title : str, or a list of them, default=None
        Title to print above the score; for a collection, a list with one title per piece.

    Returns
    -------
    score : str, or a list of them
        The score in MusicXML 4.0. The same piece always gives exactly the same text.

    Raises
    ------
    ImportError
        If music21 is missing.
    ValueError
        If `X` is not chroma, a parameter is out of range, beats have no tempo, a file has a suffix
        other than .musicxml or .xml, or the number of files, titles or timings is wrong.
    TypeError
        If `X` holds paths, `timing` is missing, `X` is a collection but `file` or `title` is a
        single one, or a title is not a str.
    FileNotFoundError
        If the folder of a file does not exist.

    See Also
    --------
    chord_chart : Writes only the chords, as text.
    chroma_to_midi : Returns the same music as MIDI, with ``instruments="band"``.

    Notes
    -----
    The melody consists of the notes from C4 to G5 that, added to the chords, correlate best with
    the frames. The melody moves to another note or a rest only if this raises the correlation
    enough; leaps and moves off the beat must raise it more. Notes are not held over bar lines.

    If `key` is None, the key is estimated with the Krumhansl-Schmuckler algorithm. The tones of a
    chord are spelled in thirds above its root, unless a note would need a double accidental. The
    spelling of other notes follows the key.

    Bars begin on the downbeats of `timing`. If these are unknown, bars are placed so that as many
    chord changes as possible in the first eight bars fall on downbeats. Incomplete first and last
    bars are filled with rests. Frames that do not follow beats are written in bars of four beats,
    from the first frame on. Apart from an estimated key or first bar line, which depend on the
    first eight bars, a bar does not depend on later music.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.render import to_musicxml
    >>> piece = np.zeros((40, 12))
    >>> piece[:, [5, 9, 0]] = 1
    >>> score = to_musicxml(piece, timing=10, title="One chord")  # 10 frames per second
    >>> score.count("<measure ")  # two bars of two staves
    4
    >>> "<fifths>-1</fifths>" in score  # F major
    True
    """
    check_values({"grid": grid, "vocabulary": vocabulary}, RULES)
    need("music21", extra="score", what="to_musicxml")
    pieces, _ = as_chroma(X)
    files = piece_files(file, X, pieces, suffixes=(".musicxml", ".xml"))
    lines = timelines(timing, X, pieces, notated_tempo=notated_tempo)
    titles = titles_of(title, X, pieces)
    keys = keys_of(key, X, pieces)
    sheets = [
        sheet_of(piece, line, vocabulary=vocabulary, key=each)
        for piece, line, each in zip(pieces, lines, keys, strict=True)
    ]
    scores = [
        _score(piece, sheet, grid=grid, title=name)
        for piece, sheet, name in zip(pieces, sheets, titles, strict=True)
    ]
    write_texts(files, scores)
    return in_kind(X, scores)


def _score(piece: np.ndarray, sheet: Sheet, *, grid: int, title: str | None) -> str:
    return engrave(
        _melody(piece, sheet, grid),
        _left_hand(sheet),
        [_symbol(chord, sheet.key) for chord in sheet.chords],
        beats_per_bar=sheet.timeline.beats_per_bar,
        pickup=sheet.pickup,
        sharps=signature(sheet.key),
        tempo=round(sheet.timeline.tempo),
        title=title,
    )


def _melody(piece: np.ndarray, sheet: Sheet, grid: int) -> list[Tone]:
    cells, lines = melody_of(piece, sheet, grid)
    starts = [chord.start for chord in sheet.chords]
    over = np.searchsorted(starts, cells.borders[:-1] + 1e-9, side="right") - 1
    return [
        Tone(
            Fraction(line.start, grid),
            Fraction(line.end, grid),
            () if line.pitch is None else (_name(line.pitch, sheet, int(over[line.start])),),
        )
        for line in lines
    ]


def _left_hand(sheet: Sheet) -> list[Tone]:
    return [
        Tone(
            Fraction(chord.start),
            Fraction(chord.end),
            tuple(_name(pitch, sheet, i) for pitch in voicing),
        )
        for i, (chord, voicing) in enumerate(
            zip(sheet.chords, voicings_of(sheet, _LEFT_HAND), strict=True)
        )
    ]


def _name(pitch: int, sheet: Sheet, i: int) -> str:
    """Return the name of a note, spelled for chord `i` of the sheet."""
    chord, key = sheet.chords[i], sheet.key
    if chord.root is not None and chord.quality and pitch % 12 in chord.pitch_classes:
        root = root_place(chord.root, chord.quality, key)
        return scientific_name(pitch, note_name(place_in_chord(pitch % 12, root, key)))
    return scientific_name(pitch, note_name(place_in_key(pitch % 12, key, leading=True)))


def _symbol(chord: Chord, key: int) -> Symbol:
    if chord.root is None or chord.quality is None:
        return Symbol(int(chord.start), "", "none")
    root = note_name(root_place(chord.root, chord.quality, key)).replace("b", "-")
    return Symbol(int(chord.start), root, QUALITIES[chord.quality].kind)
