"""Pieces played in the sound of recordings.

For a mosaic by frames, ``_targets`` samples the piece at the frames of the extractor, ``_corpus``
holds the frames of the recordings, ``_search`` finds the frames to play, and ``_segments`` converts
them to seconds. ``_playing`` makes the sound: ``_joining`` crossfades segments, and ``_shaping``
moves their harmony toward that of the piece. ``_edits`` lists cuts and fades.

A mosaic by beats takes the same steps: ``_beat_tracks`` holds the beats of recordings,
``_beat_corpus`` and ``_beat_search`` find the beats to play, and ``_time_scaling`` stretches them
to the beats of the piece. ``_finding`` runs either search, and
:class:`MosaicSynthesizer` chooses between them.
"""

from ._edits import Clip, EditList
from ._segments import Segment
from ._synthesizer import MosaicSynthesizer

__all__ = ["Clip", "EditList", "MosaicSynthesizer", "Segment"]
