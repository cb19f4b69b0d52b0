"""Parsing of chord symbols such as "F#m7b5", "Bb-7", "C/E" and Harte's "C:min7".

The vocabulary has no bass notes, tensions or sixths: C9 is read as C7, and C6 as Am7.
"""

import re
from typing import Any

import numpy as np

from .chord import NO_CHORD, Chord
from .spelling import PITCH_CLASS_OF
from .vocabulary import QUALITIES

N_CHORDS = 12 * len(QUALITIES)
FREE = -1
"""Chord number that leaves the chord open: any chord, or none, may sound."""

_FREE_SYMBOLS = frozenset({NO_CHORD, "N.C.", "NC", "X", "*"})
_WRITTEN = {
    "maj": "maj major M ma add9 add2 2",
    "min": "m min minor mi - madd9 minmaj7 mmaj7 mM7 -maj7 mΔ mΔ7",
    "7": "7 dom7 9 11 13 7b9 7#9 7#11 7b13 7b5 7alt alt 9#11 13b9 13#11",
    "maj7": "maj7 major7 M7 ma7 Δ Δ7 ^ ^7 j7 maj9 M9 ma9 Δ9 maj11 maj13 M13 maj7#11 maj9#11",
    "m7": "m7 min7 minor7 mi7 -7 m9 min9 mi9 -9 m11 min11 mi11 -11 m13 min13",
    "dim": "dim o °",
    "dim7": "dim7 o7 °7",
    "m7b5": "m7b5 min7b5 mi7b5 -7b5 m9b5 ø ø7 h7 hdim hdim7",
    "aug": "aug + #5 aug7 +7 7#5 7+ maj7#5",
    "sus4": "sus4 sus 7sus4 7sus 9sus4 9sus 13sus4 13sus",
}
_INVERSIONS = {  # suffixes: (semitones up to the root of the equal chord, its quality)
    "6 maj6 M6 69 maj69": (9, "m7"),
    "m6 min6 mi6 -6": (9, "m7b5"),
    "sus2 9sus2 7sus2": (7, "sus4"),
}
_READINGS = {"": (0, "maj")} | {
    suffix: reading
    for table in ({w: (0, name) for name, w in _WRITTEN.items()}, _INVERSIONS)
    for written, reading in table.items()
    for suffix in written.split()
}
_SYMBOL = re.compile(r"(?P<root>[A-G][#b]*):?(?P<suffix>.*?)(/([A-G][#b]*|[#b]*\d+))?")
_SIGNS = str.maketrans({"♯": "#", "♭": "b", "∆": "Δ", "△": "Δ", "(": "", ")": ""})


def read_symbol(symbol: Any) -> int:
    """Return the chord number of a symbol.

    Parameters
    ----------
    symbol : str
        Symbol such as "Bbm7", "C:min7" or "F/A"; the bass note is ignored. "N", "N.C.", "NC", "X"
        and "*" leave the chord open.

    Returns
    -------
    number : int
        Twelve times the position of the quality in `QUALITIES`, plus the pitch class of the root.
        `FREE` if the symbol leaves the chord open.

    Raises
    ------
    ValueError
        If the symbol is unknown.

    Examples
    --------
    >>> from musicai.theory.chord_symbols import read_symbol
    >>> read_symbol("Am"), read_symbol("A:min"), read_symbol("*")
    (21, 21, -1)
    >>> read_symbol("C6") == read_symbol("Am7")
    True
    """
    if isinstance(symbol, str):
        if symbol in _FREE_SYMBOLS:
            return FREE
        found = _SYMBOL.fullmatch(symbol.translate(_SIGNS).replace("6/9", "69"))
        if found and found["root"] in PITCH_CLASS_OF and found["suffix"] in _READINGS:
            up, quality = _READINGS[found["suffix"]]
            root = (PITCH_CLASS_OF[found["root"]] + up) % 12
            return 12 * tuple(QUALITIES).index(quality) + root
    raise ValueError(
        f"{symbol!r} is not a known chord symbol: write one such as C, Am, Bb7, F#m7b5, Gsus4, "
        "C/E or A:min7, or * for any chord"
    )


def quality_and_root(number: int) -> tuple[str, int]:
    """Return the quality and root of a chord number."""
    return tuple(QUALITIES)[number // 12], number % 12


def moved(numbers: np.ndarray, semitones: Any) -> np.ndarray:
    """Return chord numbers transposed up by `semitones`; `FREE` stays `FREE`."""
    return np.where(numbers == FREE, FREE, numbers - numbers % 12 + (numbers + semitones) % 12)


def number_of(chord: Chord) -> int:
    """Return the number of a chord, or `FREE` for no chord."""
    if not chord.pitch_classes or chord.root is None:  # `pitch_classes` checks root and quality
        return FREE
    return 12 * list(QUALITIES).index(str(chord.quality)) + int(chord.root)
