"""Read, write and play MIDI files, and convert them to piano rolls and back.

MIDI music is a :class:`pretty_midi.PrettyMIDI`, with times in seconds and pitches as MIDI numbers
(60 for middle C). A piano roll is a piece, float32 ``(n_frames, 88)``, with a column for each key
of the piano from A0 to C8: 1 in frames in which the key sounds, else 0. This package needs the
extra ``midi`` (``pip install ".[midi]"`` in a clone).
"""

from ._errors import MidiError
from ._extractor import PianoRollExtractor
from ._reading import read_midi
from ._synthesis import synthesize
from .writing import write_midi

__all__ = ["MidiError", "PianoRollExtractor", "read_midi", "synthesize", "write_midi"]
