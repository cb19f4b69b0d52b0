"""Enharmonic spelling of notes, chords and keys: B flat, not A sharp, in F major.

The name of a note is stored as its place on the line of fifths, ... Bb F C G D A E B F# ..., with C
at 0. A key is a number: 0 to 11 for C to B major, 12 to 23 for C to B minor.
"""

from typing import Any

import numpy as np

from .keys import N_KEYS, key_scores
from .vocabulary import QUALITIES

_LETTERS = "FCGDAEB"  # a fifth apart, from F at -1
# Steps on the line of fifths from a root to a chord tone, by the tone's semitones above the root.
_THIRDS_UP = {0: 0, 3: -3, 4: 4, 5: -1, 6: -6, 7: 1, 8: 8, 9: -9, 10: -2, 11: 5}
EASIEST = range(-8, 13)  # F flat to B sharp: no double accidentals
# In a key, the twelve pitch classes are spelled with twelve neighbors on the line of fifths, which
# start this many steps below the tonic of the major key with the same signature. They start lower
# for chord roots, which are often flat (bVI, bIII), than for leading tones, which are often sharp.
_BELOW_FOR_ROOTS, _BELOW_FOR_LEADING = 5, 2
_FLATTEST, _SHARPEST = -6, 10  # names of places beyond these limits are hard to read


def estimated_key(piece: np.ndarray) -> int:
    """Estimate the key, 0 to 23, of a piece of chroma; silence gives C major."""
    return int(key_scores(piece.sum(axis=0)).argmax())


def signature(key: int) -> int:
    """Return the number of sharps in a key signature, -5 to 6; flats are negative."""
    relative_major = key if key < 12 else (key + 3) % 12
    return (7 * relative_major + 5) % 12 - 5


def key_name(key: int) -> str:
    """Return the name of a key, such as "F# minor"."""
    tonic = signature(key) + (3 if key >= 12 else 0)
    return f"{note_name(tonic)} {'minor' if key >= 12 else 'major'}"


def place_in_key(pitch_class: int, key: int, *, leading: bool = False) -> int:
    """Return the place of a pitch class on the line of fifths.

    Parameters
    ----------
    pitch_class : int
        Pitch class from 0 for C to 11 for B.
    key : int
        Key that determines the spelling, 0 to 23.
    leading : bool, default=False
        Whether the note leads up by a semitone, like the root of a diminished chord. If so, more
        pitch classes are spelled with sharps: in C major, for example, G# instead of Ab.
    """
    first = signature(key) - (_BELOW_FOR_LEADING if leading else _BELOW_FOR_ROOTS)
    first = min(max(first, _FLATTEST), _SHARPEST - 11 + leading)
    return (7 * int(pitch_class) - first) % 12 + first


def root_place(root: int, quality: str, key: int) -> int:
    """Return the place of a chord root on the line of fifths."""
    return place_in_key(root, key, leading=QUALITIES[quality].leads)


def chord_name(root: int, quality: str, key: int) -> str:
    """Return the name of a chord in a key, such as "F#m7b5"."""
    return note_name(root_place(root, quality, key)) + QUALITIES[quality].suffix


def place_in_chord(pitch_class: int, root: int, key: int) -> int:
    """Return the place of a chord tone on the line of fifths, spelled in thirds above the root.

    Parameters
    ----------
    pitch_class : int
        Pitch class of the chord tone, from 0 for C to 11 for B.
    root : int
        Place of the chord root on the line of fifths.
    key : int
        Key that determines the spelling if thirds would need a double accidental.
    """
    step = _THIRDS_UP[(int(pitch_class) - 7 * root) % 12]
    if root + step not in EASIEST:
        return place_in_key(pitch_class, key, leading=True)
    return root + step


def note_name(place: int) -> str:
    """Return the note name of a place on the line of fifths: "C" for 0, "Bb" for -2."""
    sharps, letter = divmod(place + 1, 7)
    return _LETTERS[letter] + ("#" * sharps if sharps > 0 else "b" * -sharps)


PITCH_CLASS_OF = {note_name(place): 7 * place % 12 for place in EASIEST}
"""Pitch class of each note name, such as 10 for "Bb"."""


_TO_RELATIVE_MAJOR = 3  # semitones from a minor key up to its relative major


def key_number(key: Any) -> int:
    """Return the number of a key, 0 to 11, which a major key and its relative minor share."""
    number = key_of(key)
    return number if number < N_KEYS else (number + _TO_RELATIVE_MAJOR) % N_KEYS


def key_of(key: Any) -> int:
    """Return the key, 0 to 23, of a name such as "C", "F#", "Bb major", "Am" or "C# minor".

    Without a mode, a lowercase name such as "c" is a minor key.
    """
    if isinstance(key, str) and (number := _parse(key)) is not None:
        return number
    raise ValueError(
        "key must be the name of a major or minor key, such as 'C', 'F#', 'Bb' or 'Am', "
        f"got {key!r}"
    )


def _parse(name: str) -> int | None:
    tonic, _, mode = name.strip().partition(" ")
    if not mode and tonic.endswith("m") and len(tonic) > 1:
        tonic, mode = tonic[:-1], "minor"
    note = (tonic[:1].upper() + tonic[1:]).replace("♯", "#").replace("♭", "b")
    if note not in PITCH_CLASS_OF or mode not in ("", "major", "minor"):
        return None
    if not mode:
        mode = "minor" if tonic[0].islower() else "major"
    return PITCH_CLASS_OF[note] + N_KEYS * (mode == "minor")
