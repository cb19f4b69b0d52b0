"""Music to learn from, in the manner of :mod:`sklearn.datasets`.

Every loader returns a :class:`sklearn.utils.Bunch` with the paths of `recordings`, be they audio or
MIDI, a style label for each in `target` (or None), and a description in `DESCR`.
"""

from ._chorales import load_chorales
from ._home import get_data_home
from ._midi import load_midi
from ._progressions import make_progressions
from ._recordings import load_recordings

__all__ = [
    "get_data_home",
    "load_chorales",
    "load_midi",
    "load_recordings",
    "make_progressions",
]
