"""Music to learn from, in the manner of :mod:`sklearn.datasets`.

What is found on this machine is loaded, what comes from a network is fetched once, and what needs
neither is made. Everything returns a :class:`sklearn.utils.Bunch` in which

- `recordings` are the paths of files, be they audio or MIDI, or `data` are pieces; some have both;
- `target` is a style label for each (or None), and `target_names` are the styles;
- `DESCR`, `license` and `source` say what it is, whose rights hold and where it is from.
"""

from ._chorales import load_chorales
from ._examples import fetch_recordings
from ._home import get_data_home
from ._midi import load_midi
from ._piano_rolls import load_piano_rolls
from ._polyphonic import fetch_polyphonic
from ._progressions import make_progressions
from ._recordings import load_recordings
from ._songs import make_songs

__all__ = [
    "fetch_polyphonic",
    "fetch_recordings",
    "get_data_home",
    "load_chorales",
    "load_midi",
    "load_piano_rolls",
    "load_recordings",
    "make_progressions",
    "make_songs",
]
