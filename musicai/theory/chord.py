"""A chord: what `recognize_chords` hears in music, and what made music is known to hold."""

from typing import NamedTuple

from .vocabulary import TONES


class Chord(NamedTuple):
    """A chord and when it sounds.

    Attributes
    ----------
    root : int or None
        Pitch class of the root, 0 for C to 11 for B; None where there is no chord.
    quality : str or None
        "maj", "min", "7", "maj7", "m7", "dim", "dim7", "m7b5", "aug", "sus4", or None.
    start, end : float
        Seconds from the beginning of the piece.
    label : str
        Name as in a chart, spelled in the key of the piece: "C", "Bbm", "F#m7b5"; "N.C." for no
        chord.

    Examples
    --------
    >>> from musicai.render import Chord
    >>> chord = Chord(root=9, quality="m7", start=0.0, end=2.0, label="Am7")
    >>> chord.pitch_classes  # A, C, E, G
    (9, 0, 4, 7)
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
        """The chord's pitch classes from the root up."""
        if self.root is None or self.quality is None:
            return ()
        return tuple((self.root + tone) % 12 for tone in TONES[self.quality])


Chord.__module__ = "musicai.render"  # where users find it: pickles name that place
