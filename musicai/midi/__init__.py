"""Read, write and play MIDI files, and convert them to piano rolls and back.

MIDI music is represented by :class:`pretty_midi.PrettyMIDI`, with times in seconds and pitches as
MIDI numbers (60 is middle C). A piano roll is a float32 array of shape ``(n_frames, 88)``, with a
column for each piano key from A0 to C8. A value is 1 if the key sounds in the frame, else 0. This
package needs the extra ``midi`` (``pip install ".[midi]"`` in a clone).
"""

from ._errors import MidiError
from ._extractor import PianoRollExtractor
from ._reading import read_midi
from ._synthesis import synthesize
from .writing import write_midi

__all__ = ["MidiError", "PianoRollExtractor", "read_midi", "synthesize", "write_midi"]
