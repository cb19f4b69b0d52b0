"""Position and length of the sound in a file, compared with its header."""

from typing import NamedTuple

from ._parts import Part


class Layout(NamedTuple):
    """Position and length of the sound in a file, and its length by the header.

    Attributes
    ----------
    parts : tuple of Part
        The file with a corrected header; empty where it can be read as it is.
    endless : bool
        Whether the parts have to be read as a file of unknown length.
    n_samples : int or None
        How many samples there are; None for as many as the decoder says.
    promised : float
        How many the header promises, as a multiple of those that there are; 1 where it leaves
        that open.
    trouble : str or None
        What is wrong with the file.
    """

    parts: tuple[Part, ...] = ()
    endless: bool = False
    n_samples: int | None = None
    promised: float = 1.0
    trouble: str | None = None
