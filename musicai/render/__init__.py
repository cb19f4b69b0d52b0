"""Composed chroma made audible and readable."""

from ._chart import chord_chart
from ._chords import Chord, recognize_chords
from ._midi import chroma_to_midi
from ._score import to_musicxml

__all__ = ["Chord", "chord_chart", "chroma_to_midi", "recognize_chords", "to_musicxml"]
