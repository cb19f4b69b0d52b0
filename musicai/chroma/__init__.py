"""From recordings to chroma: how strongly each pitch class sounds at each moment.

A frame of chroma holds one value per pitch class, C to B. Frame ``t`` is centered on sample
``t * hop_length``, with silence assumed before and after the recording, so that a recording of
``n_samples`` has ``1 + n_samples // hop_length`` frames, as in librosa. A recording flows through
the modules in this order: its samples are cut into frames, whose loudness is measured
(``_frames``), each is analyzed by one FFT (``_stft`` or ``_constant_q``), the tuning found at the
end of the recording decides how spectra fold to pitch classes (``_tuning``), frames may be smoothed
(``_cens``) and taken together beat by beat (``_sync``), where onsets (``_onsets``) tell of beats
(``_beats``) and bars (``_bars``). ``_analysis`` does this for one recording
and ``_batch`` for many; ``_playing`` turns chroma into sound (with amplitudes that ``_fitting``
finds by trial). :class:`ChromaExtractor` is all of it.
"""

from ._analysis import Analysis
from ._beats import Beats
from ._extractor import ChromaExtractor
from ._fitting import sine_amplitudes
from ._playing import play_chroma

__all__ = ["Analysis", "Beats", "ChromaExtractor", "play_chroma", "sine_amplitudes"]
