"""Pieces played in the sound of recordings.

``_corpus`` holds the frames of the recordings, ``_search`` finds which to play, ``_stretches`` says
so in seconds, ``_joining`` plays them without a seam, ``_shaping`` brings their harmony nearer to
the piece's; :class:`MosaicSynthesizer` is all of it.
"""

from ._stretches import Stretch
from ._synthesizer import MosaicSynthesizer

__all__ = ["MosaicSynthesizer", "Stretch"]
