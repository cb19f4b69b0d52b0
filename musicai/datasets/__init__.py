"""Training music, in the manner of :mod:`sklearn.datasets`.

``load_`` functions read files on this machine, ``fetch_`` functions download data once, and
``make_`` functions synthesize it. All of them return a :class:`sklearn.utils.Bunch` in which

- `recordings` are paths of audio or MIDI files, or `data` are pieces, or both;
- `target` is a style label for each of them (or None), and `target_names` are the styles;
- `DESCR`, `license` and `source` give the description, license and origin.
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
