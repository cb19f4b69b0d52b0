"""Result of comparing the contents of an audio file with its header."""

from typing import NamedTuple

from ._parts import Part


class Layout(NamedTuple):
    """Position and length of the audio in a file, compared with the length in its header.

    Attributes
    ----------
    parts : tuple of Part
        Parts to read instead of the whole file: only the audio, or a corrected header and the
        samples. Empty if the file can be read unchanged.
    endless : bool
        Whether to present the parts to the decoder as a file of unknown length.
    n_samples : int or None
        Number of samples in the file; None if the decoder finds the right number.
    promised : float
        Number of samples according to the header, divided by the actual number; 1 if the header
        does not give a number.
    trouble : str or None
        Description of damage or of audio that is not read, for a warning; None if there is neither.
    """

    parts: tuple[Part, ...] = ()
    endless: bool = False
    n_samples: int | None = None
    promised: float = 1.0
    trouble: str | None = None
