"""Training music, with an interface like that of :mod:`sklearn.datasets`.

``load_`` functions read files on this machine, ``fetch_`` functions download data once, and
``make_`` functions synthesize music. Each returns a :class:`sklearn.utils.Bunch` with

- `recordings` (paths of audio or MIDI files), `data` (a list of pieces), or both;
- `target` (the style of each recording or piece, or None) and `target_names` (all styles);
- `DESCR`, `license` and `source` (description, license and origin of the music).
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
