"""Notes in and out: MIDI files read, turned to piano rolls and back, played and written.

Music in notes is a :class:`pretty_midi.PrettyMIDI`; times are in seconds, pitches are MIDI's
numbers, 60 for middle C. A piano roll is a piece, float32 ``(n_frames, 88)``: 1 where a key of the
piano sounds, A0 to C8, else 0. Needs the extra ``midi`` (``pip install ".[midi]"`` in a clone).
"""

from ._errors import MidiError
from ._extractor import PianoRollExtractor
from ._reading import read_midi
from ._synthesis import synthesize
from .writing import write_midi

__all__ = ["MidiError", "PianoRollExtractor", "read_midi", "synthesize", "write_midi"]
