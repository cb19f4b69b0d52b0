"""What is found of the sound in a file, compared with what its header says."""

from typing import NamedTuple

from ._parts import Part


class Layout(NamedTuple):
    """Where the sound of a file lies, and what its header says of it.

    Attributes
    ----------
    parts : tuple of Part
        The file as its header should have had it; empty where it can be read as it is.
    endless : bool
        Whether the parts have to be read as a file of unknown length.
    n_samples : int or None
        How many samples there are; None for as many as the decoder says.
    promised : float
        How many the header tells of, as a multiple of those that there are; 1 where it leaves
        that open.
    trouble : str or None
        What is wrong with the file.
    """

    parts: tuple[Part, ...] = ()
    endless: bool = False
    n_samples: int | None = None
    promised: float = 1.0
    trouble: str | None = None
