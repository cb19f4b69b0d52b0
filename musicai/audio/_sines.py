"""Chroma played by sines, so that one hears what a piece holds and no more.

Each pitch class sounds in all octaves at once, with a bell-shaped envelope over the axis of
pitch: a tone that has a pitch class but no octave (R. N. Shepard, "Circularity in judgments of
relative pitch", 1964). Oscillators run through without a break and only their amplitudes change,
along straight lines from frame to frame, so there are no clicks.
"""

import numpy as np

C4 = 440.0 * 2.0 ** (-9 / 12)
OCTAVES = np.arange(-2, 5)
CENTRE, WIDTH = 1.0, 1.0
"""Centre and standard deviation of the envelope, in octaves above C4."""

LOUDNESS = 10 ** (-16 / 20)
"""Root mean square of the whole, -16 dB of full scale, unless peaks would pass `HIGHEST_PEAK`."""

HIGHEST_PEAK = 0.98
FADE_IN_SECONDS = 0.005
BLOCK_FRAMES = 16


def sine_bank(piece: np.ndarray, *, sampling_rate: float, hop_length: int) -> np.ndarray:
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

    Returns
    -------
    audio : ndarray of shape (n_frames * hop_length - 1,), dtype float32
        Mono samples, frame ``t`` centred on sample ``t * hop_length``; the last frame fades away
        over one hop. This is the longest audio that is analysed as `n_frames` frames again.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.audio import sine_bank
    >>> audio = sine_bank(np.eye(12), sampling_rate=22050, hop_length=2048)
    >>> audio.shape
    (24575,)
    """
    n_frames = len(piece)
    audio = np.zeros(max(0, n_frames * hop_length - 1), dtype=np.float32)
    knots = np.vstack([piece, np.zeros((1, piece.shape[1]))]).astype(np.float32)
    ramp = (np.arange(hop_length) / hop_length).astype(np.float32)[:, np.newaxis]
    for first in range(0, n_frames, BLOCK_FRAMES):
        last = min(first + BLOCK_FRAMES, n_frames)
        here, after = knots[first:last, np.newaxis], knots[first + 1 : last + 1, np.newaxis]
        amplitudes = (here + ramp * (after - here)).reshape(-1, knots.shape[1])
        start = first * hop_length
        block = np.einsum("tc,tc->t", amplitudes, _tones(start, len(amplitudes), sampling_rate))
        audio[start : start + len(block)] = block[: len(audio) - start]
    fade = min(len(audio), int(FADE_IN_SECONDS * sampling_rate))
    audio[:fade] *= np.linspace(0, 1, fade, dtype=np.float32)
    return _level(audio)


def _tones(start: int, n_samples: int, sampling_rate: float) -> np.ndarray:
    """Return one Shepard tone per pitch class, shape (n_samples, 12)."""
    pitch_classes = np.arange(12)
    frequencies = C4 * 2.0 ** (pitch_classes / 12 + OCTAVES[:, np.newaxis])
    octaves = pitch_classes / 12 + OCTAVES[:, np.newaxis]
    envelope = np.exp(-0.5 * ((octaves - CENTRE) / WIDTH) ** 2)
    envelope[frequencies > 0.45 * sampling_rate] = 0.0
    envelope /= np.sqrt(np.sum(envelope**2, axis=0))
    time = np.arange(start, start + n_samples)[:, np.newaxis] / sampling_rate
    tones = np.zeros((n_samples, 12), dtype=np.float32)
    for octave in range(len(OCTAVES)):
        # Golden-ratio phases keep the sines from peaking together.
        phases = 0.618034 * (12 * octave + pitch_classes)
        cycles = np.remainder(time * frequencies[octave] + phases, 1.0).astype(np.float32)
        tones += envelope[octave].astype(np.float32) * np.sin(np.float32(2 * np.pi) * cycles)
    return tones


def _level(audio: np.ndarray) -> np.ndarray:
    peak = np.abs(audio).max(initial=0.0)
    if peak == 0:
        return audio
    loudness = np.sqrt(np.mean(np.square(audio, dtype=np.float64)))
    return audio * np.float32(min(LOUDNESS / loudness, HIGHEST_PEAK / peak))
