"""MIDI: read and write files, play them, and convert them to piano rolls and back.

MIDI music is a :class:`pretty_midi.PrettyMIDI`, with times in seconds and pitches as MIDI numbers
(60 for middle C). A piano roll is a piece, float32 ``(n_frames, 88)``: 1 where a key of the piano
sounds, from A0 to C8, else 0. Needs the extra ``midi`` (``pip install ".[midi]"`` in a clone).
"""

from ._errors import MidiError
from ._extractor import PianoRollExtractor
from ._reading import read_midi
from ._synthesis import synthesize
from .writing import write_midi

__all__ = ["MidiError", "PianoRollExtractor", "read_midi", "synthesize", "write_midi"]
