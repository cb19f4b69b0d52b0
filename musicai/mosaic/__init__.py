"""Pieces played in the sound of recordings.

``_targets`` brings pieces to frames, ``_corpus`` holds those of the recordings, ``_search`` finds
which to play, ``_stretches`` says so in seconds. ``_playing`` makes the sound: ``_joining`` plays
stretches without a seam, ``_shaping`` brings their harmony nearer to the piece's. ``_edits`` lists
their cuts and fades.

Beats go the same way: ``_beat_tracks`` are those of recordings, ``_beat_corpus`` and
``_beat_search`` find which to play, and ``_time_scaling`` brings them to the grid.
:class:`MosaicSynthesizer` is all of it.
"""

from ._edits import Clip, EditList
from ._stretches import Stretch
from ._synthesizer import MosaicSynthesizer

__all__ = ["Clip", "EditList", "MosaicSynthesizer", "Stretch"]
