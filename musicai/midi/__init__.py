"""Notes in and out: MIDI files written.

Music in notes is a :class:`pretty_midi.PrettyMIDI`; times are in seconds, pitches are MIDI's
numbers, 60 for middle C. Needs ``pip install musicai[midi]``.
"""

from ._writing import write_midi

__all__ = ["write_midi"]
