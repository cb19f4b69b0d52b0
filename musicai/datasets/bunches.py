"""Return types of the loaders: subclasses of scikit-learn's Bunch with typed fields.

A Bunch is a dict whose values can also be accessed as attributes. The docstrings of the loaders
describe the fields.
"""

from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from ..theory.chord import Chord
from ..theory.timing import Timing


class Described(Bunch):
    """Bunch with the fields that all loaders return."""

    DESCR: str
    license: str
    source: str
    target_names: list[str]


class Recordings(Described):
    """Paths of recordings or MIDI files, with optional style labels."""

    recordings: list[Path]
    titles: list[str]
    target: list[str] | None
    durations: np.ndarray
    licenses: list[str]


class Chorales(Recordings):
    """Chorales. Only the kinds "chroma" and "roll" have `data` and `timing`."""

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
    """Chroma of rule-based pieces."""

    data: list[np.ndarray]
    titles: list[str]
    target: list[str]
    chords: list[list[Chord]]
    key_names: list[str]
    tempi: np.ndarray
    timing: Timing


class PianoRolls(Described):
    """Piano rolls, with the subset of each (train, valid or test) and optional style labels."""

    data: list[np.ndarray]
    subsets: list[str]
    target: list[str] | None
