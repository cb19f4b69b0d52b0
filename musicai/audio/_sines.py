"""Chroma played by sines, so that one hears what a piece holds and no more.

Each pitch class sounds in all octaves at once, with a bell-shaped envelope over the axis of
pitch: a tone that has a pitch class but no octave (R. N. Shepard, "Circularity in judgments of
relative pitch", 1964). Oscillators run through without a break and only their amplitudes change,
along straight lines from frame to frame, so there are no clicks.
"""

import numpy as np

C1 = 440.0 * 2.0 ** (-45 / 12)
N_OCTAVES = 9
C5 = 16 * C1
"""Where the envelope is highest unless asked otherwise; it falls with a width of one octave."""

LOUDNESS = 10 ** (-16 / 20)
"""Root mean square of the whole, -16 dB of full scale, unless peaks would pass `HIGHEST_PEAK`."""

HIGHEST_PEAK = 0.98
FADE_IN_SECONDS = 0.005
HIGHEST_SHARE = 0.45
"""No sine is higher than this share of the sampling rate."""

INAUDIBLE = 1e-3
BLOCK_SIZE = 32768
"""About how many samples are computed at a time."""


def sine_bank(
    piece: np.ndarray, *, sampling_rate: float, hop_length: int, centre: float = C5
) -> np.ndarray:
    """Play a piece of chroma.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, 12)
        Amplitude of each pitch class, from C, tuned to A440; not negative. The scale does not
        matter: the whole is made as loud as a normal recording.
    sampling_rate : float
        Samples per second, in hertz.
    hop_length : int
        Samples from a frame to the next.
    centre : float, default=523.25
        Frequency in hertz about which the octaves are loudest.

    Returns
    -------
    audio : ndarray of shape (n_frames * hop_length - 1,), dtype float32
        Mono samples, frame ``t`` centred on sample ``t * hop_length``; the last frame fades away
        over one hop. This is the longest audio that is analysed as `n_frames` frames again.

    Raises
    ------
    ValueError
        If `piece` has another shape.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.audio import sine_bank
    >>> audio = sine_bank(np.eye(12), sampling_rate=22050, hop_length=2048)
    >>> audio.shape
    (24575,)
    """
    piece = np.asarray(piece)
    if piece.ndim != 2 or piece.shape[1] != 12:
        raise ValueError(f"piece has shape {piece.shape}; expected (n_frames, 12)")
    n_frames, n_classes = piece.shape
    largest = np.max(piece, initial=0.0)
    if largest > 0:  # in double precision: the scale must not matter, however extreme
        piece = piece.astype(np.float64) / largest
    audio = np.zeros(max(0, n_frames * hop_length - 1), dtype=np.float32)
    amplitudes = np.vstack([piece, np.zeros((1, n_classes))]).astype(np.float32)
    ramp = np.linspace(0, 1, hop_length, endpoint=False, dtype=np.float32)[:, np.newaxis]
    frames_per_block = max(1, BLOCK_SIZE // hop_length)
    for first in range(0, n_frames, frames_per_block):
        last = min(first + frames_per_block, n_frames)
        here = amplitudes[first:last, np.newaxis]
        step = amplitudes[first + 1 : last + 1, np.newaxis] - here
        samples = slice(first * hop_length, last * hop_length)
        tones = _shepard_tones(samples, sampling_rate, centre)
        block = np.einsum("tc,tc->t", (here + ramp * step).reshape(-1, n_classes), tones)
        audio[samples] = block[: len(audio) - samples.start]
    fade = min(len(audio), int(FADE_IN_SECONDS * sampling_rate))
    audio[:fade] *= np.linspace(0, 1, fade, dtype=np.float32)
    return _level(audio)


def _shepard_tones(samples: slice, sampling_rate: float, centre: float) -> np.ndarray:
    """Return one tone per pitch class, with octaves about `centre`, shape (n_samples, 12)."""
    octave, pitch_class = np.indices((N_OCTAVES, 12))
    frequencies = C1 * 2.0 ** (octave + pitch_class / 12)
    envelope = np.exp(-0.5 * np.log2(frequencies / centre) ** 2)
    envelope[frequencies > HIGHEST_SHARE * sampling_rate] = 0.0
    envelope /= np.sqrt(np.sum(envelope**2, axis=0))
    # Golden-ratio phases keep the sines from peaking together.
    phases = np.remainder(0.618034 * np.arange(frequencies.size), 1.0).reshape(frequencies.shape)
    time = np.arange(samples.start, samples.stop)[:, np.newaxis] / sampling_rate
    tones = np.zeros((len(time), 12), dtype=np.float32)
    for k in np.flatnonzero(envelope.max(axis=1) > INAUDIBLE):
        # Whole cycles are taken off in double precision, the sine in fast single precision.
        cycles = np.remainder(time * frequencies[k] + phases[k], 1.0).astype(np.float32)
        tones += envelope[k].astype(np.float32) * np.sin(np.float32(2 * np.pi) * cycles)
    return tones


def _level(audio: np.ndarray) -> np.ndarray:
    peak = np.abs(audio).max(initial=0.0)
    if peak == 0:
        return audio
    loudness = np.sqrt(np.mean(np.square(audio, dtype=np.float64)))
    return audio * np.float32(min(LOUDNESS / loudness, HIGHEST_PEAK / peak))
