"""What loaders return: scikit-learn's Bunch, with the types of its fields for type checkers.

Each is a dict whose items are attributes as well; its fields are described where it is returned.
"""

from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from ..theory.chord import Chord
from ..theory.timing import Timing


class Described(Bunch):
    """What all of them have."""

    DESCR: str
    license: str
    source: str
    target_names: list[str]


class Recordings(Described):
    """Recordings or MIDI files, with styles if they have any."""

    recordings: list[Path]
    titles: list[str]
    target: list[str] | None
    durations: np.ndarray
    licenses: list[str]


class Chorales(Recordings):
    """Chorales; `data` and `timing` where pieces were asked for."""

    data: list[np.ndarray]
    timing: Timing


class Songs(Described):
    """Songs made by rules, as recordings or MIDI files."""

    recordings: list[Path]
    titles: list[str]
    target: list[str]
    chords: list[list[Chord]]
    key_names: list[str]
    tempi: np.ndarray
    beats_per_bar: np.ndarray


class Progressions(Described):
    """Pieces of chroma made by rules."""

    data: list[np.ndarray]
    titles: list[str]
    target: list[str]
    chords: list[list[Chord]]
    key_names: list[str]
    tempi: np.ndarray
    timing: Timing


class PianoRolls(Described):
    """Sets of piano rolls."""

    data: list[np.ndarray]
    subsets: list[str]
    target: list[str] | None
