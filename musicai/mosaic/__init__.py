"""Audio mosaics: pieces played with segments of recordings.

A mosaic by frames is made in these steps: ``_targets`` converts the piece to the extractor's
frames, ``_corpus`` collects the frames of the recordings, ``_search`` chooses the frames to play,
and ``_segments`` converts these frames to segments. ``_playing`` makes the sound: ``_joining``
crossfades the segments, and ``_shaping`` adjusts their harmony to the piece. ``_edits`` lists cuts
and fades.

A mosaic by beats takes the same steps, but uses other modules for some of them: ``_beat_tracks``
holds the beats of each recording, ``_beat_corpus`` collects the beats that can be played at the
tempo of the piece, ``_beat_search`` chooses the beats to play, and ``_time_scaling`` stretches them
to the beats of the piece. :class:`MosaicSynthesizer` decides which of the two searches ``_finding``
runs.
"""

from ._edits import Clip, EditList
from ._segments import Segment
from ._synthesizer import MosaicSynthesizer

__all__ = ["Clip", "EditList", "MosaicSynthesizer", "Segment"]
