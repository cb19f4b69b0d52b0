"""Chroma as a score."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from ..base.extras import need
from ..base.parameters import Rule, check_values, is_integer
from ..base.pieces import as_chroma
from ..files.piece_files import piece_files
from ..theory.chord import Chord
from ..theory.spelling import (
    estimated_key,
    note_name,
    place_in_chord,
    place_in_key,
    root_place,
    signature,
)
from ..theory.vocabulary import QUALITIES
from ._arrangement import listen
from ._bars import chords_on_beats, pick_up
from ._chords import VOCABULARY_RULE
from ._collections import Titles, in_kind, titles_of, write_texts
from ._engraving import Symbol, Tone, engrave
from ._melody import find_melody
from ._notation import scientific_name
from ._timeline import Timeline, timelines
from ._voicing import Register, lead_line, lead_voices

RULES: dict[str, Rule] = {
    "grid": (lambda v: is_integer(v, 1) and v <= 4, "1, 2, 3 or 4"),
    "vocabulary": VOCABULARY_RULE,
}
_LEFT_HAND = Register(41, 65)  # F2 to F4: a bass staff, and few ledger lines
_LOWEST_MELODY = 65  # F4, the lowest space of a treble staff; above the left hand


def to_musicxml(
    X: Any,
    file: Any = None,
    *,
    vocabulary: str = "triads",
    timing: Any = None,
    notated_tempo: float | None = None,
    grid: int = 2,
    title: Titles = None,
) -> Any:
    """Write chroma as a score: a melody, and chords below it.

    The upper staff has a melody with the names of chords, the lower one the chords, whose voices
    move little and which change on beats. Needs the extra
    ``score`` (``pip install ".[score]"`` in a clone).

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma.
    file : str, PathLike or binary file object, or a list of them, default=None
        Where to write the score, as UTF-8; for a collection one file per piece. When None nothing
        is written.
    vocabulary : {"triads", "qualities"}, default="triads"
        Which chords there are, as for :func:`recognize_chords`.
    timing : Timing, object with a `timing`, or float, or a list of them
        When the frames sound: such as ``timing=extractor``, the one that made the pieces,
        ``timing=analysis.timing`` or ``Timing.from_tempo(96)``. A number is frames per second. For
        a collection one for all or a list with one for each piece.
    notated_tempo : float, default=None
        Beats per minute at which frames that are no beats are written down, from the first one on;
        None for 120. It does not change when they sound. Beats have a tempo of their own.
    grid : int, default=2
        Steps per beat on which notes of the melody begin and end: 1 for crotchets, 2 for quavers,
        3 for triplets, 4 for semiquavers.
    title : str, or a list of them, default=None
        Written above; for a collection one per piece.

    Returns
    -------
    score : str, or a list of them
        MusicXML 4.0. The same piece gives the same score to the last character.

    Raises
    ------
    ImportError
        If music21 is missing.
    ValueError
        If `X` is not chroma, a parameter has no possible value, beats have no tempo, or there are
        not as many files, titles or timings as needed.
    TypeError
        If `X` holds paths, there is no `timing`, `file` or `title` is no list where `X` is a
        collection, or a title is no str.
    FileNotFoundError
        If the folder of a file does not exist.

    See Also
    --------
    chord_chart : The chords alone, as text.
    chroma_to_midi : What to listen to; closer to the frames.

    Notes
    -----
    The melody is, on each step, the tone which added to the chord makes it most like the frames;
    it rests or stays where a change does not gain enough. The key is estimated from the whole
    piece, by the algorithm of Krumhansl and Schmuckler; names of notes are those of the key, and
    in a chord thirds above its root. Bars begin on the downbeat of `timing`, or if that is not
    known where chords change most often; the first and the last one are filled with rests. Frames
    that are no beats are written in bars of four.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.render import to_musicxml
    >>> piece = np.zeros((40, 12))
    >>> piece[:, [5, 9, 0]] = 1
    >>> score = to_musicxml(piece, timing=10, title="One chord")  # frames a second
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
    scores = [
        _score(piece, line, vocabulary=vocabulary, grid=grid, title=name)
        for piece, line, name in zip(pieces, lines, titles, strict=True)
    ]
    write_texts(files, scores)
    return in_kind(X, scores)


def _score(
    piece: np.ndarray, timeline: Timeline, *, vocabulary: str, grid: int, title: str | None
) -> str:
    key = estimated_key(piece)
    chords = chords_on_beats(piece, timeline, vocabulary=vocabulary, key=key)
    return engrave(
        _melody(piece, timeline, chords, key, grid),
        _left_hand(chords, key),
        [_symbol(chord, key) for chord in chords],
        beats_per_bar=timeline.beats_per_bar,
        pick_up=pick_up(chords, timeline),
        sharps=signature(key),
        tempo=round(timeline.tempo),
        title=title,
    )


def _melody(
    piece: np.ndarray, timeline: Timeline, chords: list[Chord], key: int, grid: int
) -> list[Tone]:
    borders = timeline.cells(grid)
    music = listen(piece, timeline, borders)
    under = np.zeros((len(music.seconds), 12))
    over: dict[int, Chord] = {}  # which chord a step is in
    for chord in chords:
        steps = range(round(chord.start * grid), min(round(chord.end * grid), len(under)))
        under[np.ix_(steps, chord.pitch_classes)] = 1
        over.update(dict.fromkeys(steps, chord))
    melody = find_melody(music.shapes, music.silence, under, music.seconds)
    changes = np.flatnonzero(np.diff(melody, prepend=-2, append=-2)).tolist()
    pitches = lead_line(melody[changes[:-1]], _LOWEST_MELODY)
    return [
        Tone(
            Fraction(start, grid),
            Fraction(end, grid),
            (_name(int(pitch), over[start], key),) if pitch >= 0 else (),
        )
        for (start, end), pitch in zip(pairwise(changes), pitches, strict=True)
    ]


def _left_hand(chords: list[Chord], key: int) -> list[Tone]:
    voicings = lead_voices(
        [chord.pitch_classes for chord in chords], [chord.root or 0 for chord in chords], _LEFT_HAND
    )
    return [
        Tone(
            Fraction(chord.start),
            Fraction(chord.end),
            tuple(_name(pitch, chord, key) for pitch in voicing),
        )
        for chord, voicing in zip(chords, voicings, strict=True)
    ]


def _name(pitch: int, chord: Chord, key: int) -> str:
    if chord.root is not None and chord.quality and pitch % 12 in chord.pitch_classes:
        root = root_place(chord.root, chord.quality, key)
        return scientific_name(pitch, note_name(place_in_chord(pitch % 12, root, key)))
    return scientific_name(pitch, note_name(place_in_key(pitch % 12, key, leading=True)))


def _symbol(chord: Chord, key: int) -> Symbol:
    if chord.root is None or chord.quality is None:
        return Symbol(int(chord.start), "", "none")
    root = note_name(root_place(chord.root, chord.quality, key)).replace("b", "-")
    return Symbol(int(chord.start), root, QUALITIES[chord.quality].kind)
