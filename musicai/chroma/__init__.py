"""From recordings to chroma: how strongly each pitch class sounds at each moment.

A frame of chroma holds one value per pitch class, C to B. Frame ``t`` is centred on sample
``t * hop_length``, with silence assumed before and after the recording, so that a recording of
``n_samples`` has ``1 + n_samples // hop_length`` frames, as in librosa. A recording flows through
the modules in this order: frames are cut (``_frames``), each is analysed by one FFT (``_stft`` or
``_constant_q``), the tuning found at the end of the recording decides how spectra fold to pitch
classes, and :class:`ChromaExtractor` does this for a list of recordings.
"""

from ._extractor import ChromaExtractor

__all__ = ["ChromaExtractor"]
