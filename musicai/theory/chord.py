"""Timed chords, with chart labels and labels in Harte's syntax."""

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from ..base.parameters import is_integer
from .spelling import PITCH_CLASS_OF, note_name, place_in_key
from .vocabulary import QUALITIES, TONES

NO_CHORD = "N"
"""Harte's label for no chord."""


class Chord(NamedTuple):
    """A chord with its start and end.

    Attributes
    ----------
    root : int or None
        Pitch class of the root, from 0 for C to 11 for B; None for no chord.
    quality : str or None
        "maj", "min", "7", "maj7", "m7", "dim", "dim7", "m7b5", "aug" or "sus4"; None for no chord.
    start, end : float
        Start and end in seconds, on the time scale of the piece's timing.
    label : str
        Chart symbol spelled in the key of the piece, such as "C", "Bbm" or "F#m7b5"; "N.C." for
        no chord.

    Examples
    --------
    >>> from musicai.render import Chord
    >>> chord = Chord(root=9, quality="m7", start=0.0, end=2.0, label="Am7")
    >>> chord.pitch_classes  # A, C, E, G
    (9, 0, 4, 7)
    >>> chord.harte
    'A:min7'
    >>> chord.end - chord.start
    2.0
    """

    root: int | None
    quality: str | None
    start: float
    end: float
    label: str

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """Pitch classes of the chord, from the root up."""
        if self.root is None or self.quality is None:
            return ()
        self._check()
        return tuple((self.root + tone) % 12 for tone in TONES[self.quality])

    @property
    def harte(self) -> str:
        """Label in Harte's syntax for mir_eval and JAMS: "C:maj", "Bb:min7", "N"."""
        if self.root is None or self.quality is None:
            return NO_CHORD
        self._check()
        spelled = re.match("[A-G][#b]*", str(self.label))
        name = spelled[0] if spelled else ""
        if PITCH_CLASS_OF.get(name) != self.root:  # a custom label that does not name the root
            name = note_name(place_in_key(self.root, key=0))
        return f"{name}:{QUALITIES[self.quality].harte}"

    def _check(self) -> None:
        if not is_integer(self.root, 0) or self.root not in range(12):
            raise ValueError(
                f"root is {self.root!r}, not a pitch class: make the Chord with a root from 0 "
                "for C to 11 for B, or None for no chord"
            )
        if not isinstance(self.quality, str) or self.quality not in QUALITIES:
            raise ValueError(
                f"quality is {self.quality!r}, not a known quality: make the Chord with one of "
                f"{tuple(QUALITIES)}, or None for no chord"
            )


def labeled_intervals(chords: Iterable[Chord]) -> tuple[np.ndarray, list[str]]:
    """Return intervals and labels in Harte's syntax [1]_, for mir_eval and JAMS.

    ``mir_eval.chord.evaluate(*reference, *labeled_intervals(chords))`` compares the chords with a
    reference loaded by ``mir_eval.io.load_labeled_intervals``.

    Parameters
    ----------
    chords : iterable of Chord
        Chords of one piece, in order.

    Returns
    -------
    intervals : ndarray of shape (n_chords, 2)
        Start and end of each chord, in seconds.
    labels : list of str
        Labels such as "C:maj", "Bb:min7" and "F#:hdim7"; "N" for no chord.

    Raises
    ------
    TypeError
        If `chords` is not an iterable of Chord, for instance if it holds a list of chords per
        piece.
    ValueError
        If the root or quality of a chord is unknown.

    References
    ----------
    .. [1] C. Harte, M. Sandler, S. Abdallah, E. Gomez, "Symbolic representation of musical chords:
       a proposed syntax for text annotations", ISMIR 2005.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.render import labeled_intervals, recognize_chords
    >>> piece = np.zeros((60, 12))
    >>> piece[:30, [5, 9, 0]] = piece[30:, [10, 1, 5]] = 1
    >>> intervals, labels = labeled_intervals(recognize_chords(piece, timing=10))
    >>> intervals.shape, labels
    ((2, 2), ['F:maj', 'Bb:min'])
    """
    if isinstance(chords, Chord) or not isinstance(chords, Iterable):
        raise TypeError(
            "chords must be a list of Chord, the chords of one piece from recognize_chords; got "
            f"an object of type {type(chords).__name__}"
        )
    chords = list(chords)
    for chord in chords:
        if not isinstance(chord, Chord):
            raise TypeError(
                "chords must be a list of Chord, the chords of one piece from recognize_chords; "
                f"it contains a {type(chord).__name__}. Pass the chords of one piece at a time"
            )
    times = [(chord.start, chord.end) for chord in chords]
    return np.array(times, dtype=np.float64).reshape(-1, 2), [chord.harte for chord in chords]


for public in (Chord, labeled_intervals):  # so that pickles refer to the public module
    public.__module__ = "musicai.render"
