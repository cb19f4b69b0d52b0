"""Chroma extraction: the strength of each pitch class in each frame of a recording.

A frame of chroma holds one value per pitch class, C to B. Unless frames follow beats, frame ``t``
is centered on sample ``t * hop_length``, and silence is assumed before and after the recording. A
recording of ``n_samples`` samples therefore has ``1 + n_samples // hop_length`` frames, as in
librosa.

``_frames`` cuts a recording into frames and measures their levels. ``_stft`` or ``_constant_q``
analyzes each frame with one FFT and folds the spectrum to pitch classes, for a tuning that is given
or estimated from the whole recording (for ``_stft``, by ``_tuning``). ``_cens`` smooths the frames.
``_beats`` finds beats in the onset strength from ``_onsets``, and ``_bars`` finds bars from onsets
and chroma; ``_pulse`` combines both, and calls any custom tracker through ``_tracker``. ``_sync``
takes the median of the frames between beats. ``_analysis`` combines these steps for one recording,
and ``_batch`` analyzes many recordings. ``_playing`` synthesizes chroma, with amplitudes from
``_fitting`` or ``_stft``. :class:`ChromaExtractor` is the public interface.
"""

from ._analysis import Analysis
from ._beats import Beats
from ._extractor import ChromaExtractor
from ._fitting import sine_amplitudes
from ._playing import play_chroma

__all__ = ["Analysis", "Beats", "ChromaExtractor", "play_chroma", "sine_amplitudes"]
