"""Composed chroma made audible and readable.

Everything takes one piece of chroma ``(n_frames, 12)`` or a collection of them, and a `timing` that
says when the frames sound. `chroma_to_audio` plays them, `recognize_chords` names chords,
`labeled_intervals` hands them to mir_eval; `chroma_to_midi`, `to_musicxml` and `chord_chart` write
music down, `write_session` a mosaic for a digital audio workstation. Files are written whole or not
at all.

A collection is answered by a list with one result for each piece, arrays of pieces as well: MIDI,
scores, charts and lists of chords are no arrays. Only `chroma_to_audio`, whose results are arrays,
answers in kind.
"""

from ..theory.chord import Chord, labeled_intervals
from ._audio import chroma_to_audio
from ._chart import chord_chart
from ._chords import recognize_chords
from ._midi import chroma_to_midi
from ._score import to_musicxml
from ._session import write_session

__all__ = [
    "Chord",
    "chord_chart",
    "chroma_to_audio",
    "chroma_to_midi",
    "labeled_intervals",
    "recognize_chords",
    "to_musicxml",
    "write_session",
]
