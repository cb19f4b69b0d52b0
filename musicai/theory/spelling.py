"""Names of pitch classes as a key asks for them: B flat and not A sharp in F major.

Names are places on the line of fifths, ... Bb F C G D A E B F# ..., with C at 0. A key is a number
as in :mod:`musicai.theory.keys`: 0 to 11 major on C to B, 12 to 23 minor.
"""

from typing import Any

import numpy as np

from .keys import N_KEYS, key_scores
from .vocabulary import QUALITIES

_LETTERS = "FCGDAEB"  # a fifth apart, from F at -1
# Places on the line of fifths of what lies so many semitones above a root in a chord.
_THIRDS_UP = {0: 0, 3: -3, 4: 4, 5: -1, 6: -6, 7: 1, 8: 8, 9: -9, 10: -2, 11: 5}
EASIEST = range(-8, 13)  # F flat to B sharp: no double accidentals
# The twelve names that a key chooses from are neighbors on the line of fifths, and begin so far
# below the key note of its signature's major: keys borrow flat degrees (bVI, bIII) as roots of
# chords, and sharp ones as leading notes. Names that nobody reads easily are left out.
_BELOW_FOR_ROOTS, _BELOW_FOR_LEADING = 5, 2
_FLATTEST, _SHARPEST = -6, 10


def estimated_key(piece: np.ndarray) -> int:
    """Return the key that fits a piece best; silence is in C major."""
    return int(key_scores(piece.sum(axis=0)).argmax())


def signature(key: int) -> int:
    """Return the number of sharps, or of flats as a negative number: -5 to 6."""
    relative_major = key if key < 12 else (key + 3) % 12
    return (7 * relative_major + 5) % 12 - 5


def key_name(key: int) -> str:
    """Return a key's name, as "F# minor"."""
    tonic = signature(key) + (3 if key >= 12 else 0)
    return f"{note_name(tonic)} {'minor' if key >= 12 else 'major'}"


def place_in_key(pitch_class: int, key: int, *, leading: bool = False) -> int:
    """Return the place on the line of fifths of a pitch class.

    Parameters
    ----------
    pitch_class : int
        From 0 for C to 11.
    key : int
        The key that it is heard in.
    leading : bool, default=False
        Whether it leads a semitone up, as the root of a diminished chord does and a chromatic
        note of a melody may, and is rather a sharpened note than a flattened one.
    """
    first = signature(key) - (_BELOW_FOR_LEADING if leading else _BELOW_FOR_ROOTS)
    first = min(max(first, _FLATTEST), _SHARPEST - 11 + leading)
    return (7 * int(pitch_class) - first) % 12 + first


def root_place(root: int, quality: str, key: int) -> int:
    """Return the place on the line of fifths of a chord's root, in a key."""
    return place_in_key(root, key, leading=QUALITIES[quality].leads)


def chord_name(root: int, quality: str, key: int) -> str:
    """Return a chord's name in a key, as "F#m7b5"."""
    return note_name(root_place(root, quality, key)) + QUALITIES[quality].suffix


def place_in_chord(pitch_class: int, root: int, key: int) -> int:
    """Return the place of a chord's tone: thirds above the root, however the key spells it.

    Parameters
    ----------
    pitch_class : int
        From 0 for C to 11, one of the chord's tones.
    root : int
        The place of the chord's root.
    key : int
        The key, which decides where the chord would need double accidentals.
    """
    step = _THIRDS_UP[(int(pitch_class) - 7 * root) % 12]
    if root + step not in EASIEST:
        return place_in_key(pitch_class, key, leading=True)
    return root + step


def note_name(place: int) -> str:
    """Return the name of a place on the line of fifths: "C" for 0, "F#" for 6, "Bb" for -2."""
    sharps, letter = divmod(place + 1, 7)
    return _LETTERS[letter] + ("#" * sharps if sharps > 0 else "b" * -sharps)


PITCH_CLASS_OF = {note_name(place): 7 * place % 12 for place in EASIEST}
"""By name: 10 for "Bb"."""


_TO_RELATIVE_MAJOR = 3  # semitones from a minor key up to the major key of the same notes


def key_number(key: Any) -> int:
    """Return the number, 0 to 11, of the signature of a key by its name, as `key_of` takes it."""
    number = key_of(key)
    return number if number < N_KEYS else (number + _TO_RELATIVE_MAJOR) % N_KEYS


def key_of(key: Any) -> int:
    """Return the key, 0 to 23, of a name such as "C", "F#", "Bb major", "Am" or "C# minor".

    A small letter by itself is a minor key, as musicians write it.
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
