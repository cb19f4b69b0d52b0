"""Rendering of chroma as audio, chords, MIDI, scores, charts and sessions.

Most functions take one piece of chroma ``(n_frames, 12)`` or a collection of pieces, and a `timing`
that says when the frames sound.

- `chroma_to_audio` synthesizes audio.
- `recognize_chords` names chords, and `note_names` names pitch classes.
- `chroma_to_midi`, `to_musicxml` and `chord_chart` write MIDI, scores and chord charts.
- `write_session` writes a mosaic as a project for a digital audio workstation.
- `chords_to_chroma` converts chords to chroma, and `labeled_intervals` converts them for mir_eval.

Files are written whole or not at all.

The results for a collection are a list, even if the collection is an array. Only `chroma_to_audio`
returns a collection of the same type.
"""

from ..theory.chord import Chord, labeled_intervals
from ._audio import chroma_to_audio
from ._chart import chord_chart
from ._chord_frames import chords_to_chroma
from ._chords import note_names, recognize_chords
from ._midi import chroma_to_midi
from ._score import to_musicxml
from ._session import write_session

__all__ = [
    "Chord",
    "chord_chart",
    "chords_to_chroma",
    "chroma_to_audio",
    "chroma_to_midi",
    "labeled_intervals",
    "note_names",
    "recognize_chords",
    "to_musicxml",
    "write_session",
]
