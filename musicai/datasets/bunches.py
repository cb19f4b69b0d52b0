"""Return types of the loaders: scikit-learn's Bunch with typed fields.

A Bunch is a dict whose items are also attributes. The loaders' docstrings describe the fields.
"""

from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from ..theory.chord import Chord
from ..theory.timing import Timing


class Described(Bunch):
    """Fields of all bunches."""

    DESCR: str
    license: str
    source: str
    target_names: list[str]


class Recordings(Described):
    """Recordings or MIDI files, with optional styles."""

    recordings: list[Path]
    titles: list[str]
    target: list[str] | None
    durations: np.ndarray
    licenses: list[str]


class Chorales(Recordings):
    """Chorales; `data` and `timing` exist for the kinds "chroma" and "roll" only."""

    data: list[np.ndarray]
    timing: Timing


class Songs(Described):
    """Rule-based songs, as recordings or MIDI files."""

    recordings: list[Path]
    titles: list[str]
    target: list[str]
    chords: list[list[Chord]]
    key_names: list[str]
    tempi: np.ndarray
    beats_per_bar: np.ndarray


class Progressions(Described):
    """Rule-based pieces of chroma."""

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
