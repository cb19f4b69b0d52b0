"""Sonification of chroma with sines.

Each pitch class sounds in several octaves at once, under a bell-shaped envelope over pitch. Such a
Shepard tone has a pitch class but no octave (R. N. Shepard, "Circularity in judgments of relative
pitch", 1964). The oscillators run without a break, and their amplitudes are interpolated linearly
between frames, so there are no clicks.

For speed, sines are not evaluated sample by sample. If a sine's phase is ``a`` at the start of a
frame, its values in the frame are ``sin(a) cos(b) + cos(a) sin(b)``, where the angles ``b`` are the
same for all frames. Only ``sin(a)`` and ``cos(a)`` are computed for each oscillator and frame; they
are multiplied by a table of ``cos(b)`` and ``sin(b)``.
"""

from collections.abc import Iterator

import numpy as np

from ..base.parameters import COUNT_RULE, Rule, check_values, is_real
from ._level import level

C1 = 440.0 * 2.0 ** (-45 / 12)
N_OCTAVES = 9
C5 = 16 * C1
"""Default center of the envelope in hertz. The envelope's standard deviation is one octave."""

FADE_IN_SECONDS = 0.005
HIGHEST_SHARE = 0.45
"""Highest frequency of a sine, as a share of the sampling rate."""

INAUDIBLE = 1e-3
"""Octaves in which the envelope never exceeds this value are left out."""

BLOCK_SIZE = 32768
"""Approximate number of samples to compute at a time."""

LONGEST_TABLE = 4096
"""Largest number of samples per oscillator in the table; longer frames are played in parts."""

MOST_FRAMES = 512
"""Largest number of frames to play at a time."""

RULES: dict[str, Rule] = {
    "sr": (lambda v: is_real(v) and v >= 1000, "a number of hertz from 1000"),
    "hop_length": COUNT_RULE,
}


def sine_bank(piece: np.ndarray, *, sr: float, hop_length: int, center: float = C5) -> np.ndarray:
    """Synthesize a piece of chroma with sines, tuned to A4 = 440 Hz.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, 12)
        Nonnegative amplitudes of the pitch classes, starting with C. Their scale does not matter,
        because the loudness is normalized (see `level_blocks`).
    sr : float
        Sampling rate in hertz, at least 1000.
    hop_length : int
        Number of samples between frames.
    center : float, default=523.25
        Center frequency of the envelope in hertz, where sines are loudest.

    Returns
    -------
    audio : ndarray of shape (n_frames * hop_length - 1,), dtype float32
        Mono samples, with frame ``t`` centered on sample ``t * hop_length``. The last frame fades
        out over one hop. With the same `sr` and `hop_length`, `ChromaExtractor` converts the audio
        back to `n_frames` frames.

    Raises
    ------
    ValueError
        If `piece` does not have 12 columns, or `sr` or `hop_length` is out of range.

    See Also
    --------
    sine_blocks : Synthesize chroma block by block, in constant memory.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.audio import sine_bank
    >>> audio = sine_bank(np.eye(12), sr=22050, hop_length=2048)
    >>> audio.shape
    (24575,)
    """
    piece = _checked(piece, sr, hop_length)
    audio = np.empty(max(0, len(piece) * hop_length - 1), dtype=np.float32)
    start = 0
    for block in _play(piece, sr, hop_length, center):
        audio[start : start + len(block)] = block
        start += len(block)
    return level(audio, sr)


def sine_blocks(
    piece: np.ndarray, *, sr: float, hop_length: int, center: float = C5
) -> Iterator[np.ndarray]:
    """Synthesize a piece of chroma with sines, block by block.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, 12)
        Amplitudes of the pitch classes, as for `sine_bank`.
    sr : float
        Sampling rate in hertz, at least 1000.
    hop_length : int
        Number of samples between frames.
    center : float, default=523.25
        Center frequency of the envelope in hertz, where sines are loudest.

    Returns
    -------
    blocks : iterator of ndarray of shape (n_samples,), dtype float32
        The samples of `sine_bank` before loudness normalization. ``level_blocks(sine_blocks(...),
        sr)`` yields the same samples as `sine_bank`, bit for bit.

    Raises
    ------
    ValueError
        If `piece` does not have 12 columns, or `sr` or `hop_length` is out of range.

    See Also
    --------
    level_blocks : Normalize the loudness of blocks.
    write_audio : Write blocks to a file.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.audio import sine_blocks
    >>> blocks = sine_blocks(np.ones((1000, 12)), sr=22050, hop_length=2048)
    >>> sum(len(block) for block in blocks)
    2047999
    """
    return _play(_checked(piece, sr, hop_length), sr, hop_length, center)


def _checked(piece: np.ndarray, sr: float, hop_length: int) -> np.ndarray:
    piece = np.asarray(piece)
    if piece.ndim != 2 or piece.shape[1] != 12:
        raise ValueError(f"piece has shape {piece.shape}; expected (n_frames, 12)")
    check_values({"sr": sr, "hop_length": hop_length}, RULES)
    return piece


def _play(piece: np.ndarray, sr: float, hop_length: int, center: float) -> Iterator[np.ndarray]:
    largest = np.max(piece, initial=0.0)
    bank = _Bank(sr, hop_length, center)
    n_samples = max(0, len(piece) * hop_length - 1)
    fade_in = np.linspace(0, 1, int(FADE_IN_SECONDS * sr), dtype=np.float32)
    for first in range(0, len(piece), bank.n_frames):
        amplitudes = np.zeros((bank.n_frames + 1, 12))
        frames = piece[first : first + len(amplitudes)]
        # Double precision keeps extreme scales from overflowing or underflowing.
        amplitudes[: len(frames)] = frames / np.float64(largest if largest > 0 else 1)
        start = first * hop_length
        block = bank.play(amplitudes, start)[: n_samples - start]
        fading = fade_in[start : start + len(block)]
        block[: len(fading)] *= fading
        yield block


class _Bank:
    """Bank of oscillators at the pitches of nine octaves.

    Parameters
    ----------
    sr, hop_length, center
        As for `sine_bank`.

    Attributes
    ----------
    n_frames : int
        Number of frames to play at a time. It does not depend on the length of the piece, so that
        the samples of a frame do not depend on the number of frames that follow.
    """

    def __init__(self, sr: float, hop_length: int, center: float) -> None:
        octave, pitch_class = np.indices((N_OCTAVES, 12))
        frequencies = C1 * 2.0 ** (octave + pitch_class / 12)
        envelope = np.exp(-0.5 * np.log2(frequencies / center) ** 2)
        envelope[frequencies > HIGHEST_SHARE * sr] = 0.0
        envelope /= np.sqrt(np.sum(envelope**2, axis=0))
        audible = envelope.max(axis=1) > INAUDIBLE
        self._envelope = envelope[audible].ravel()
        self._pitch_classes = pitch_class[audible].ravel()
        self._cycles_per_sample = frequencies[audible].ravel() / sr
        # Golden-ratio phases keep the sines from peaking together.
        self._phases = 0.618034 * (12 * octave + pitch_class)[audible].ravel()

        self.n_frames = min(max(1, BLOCK_SIZE // hop_length), MOST_FRAMES)
        self._hop_length = hop_length
        n_parts = -(-hop_length // LONGEST_TABLE)
        part_length = -(-hop_length // n_parts)
        self._part_starts = part_length * np.arange(n_parts)
        angles = 2 * np.pi * np.outer(self._cycles_per_sample, np.arange(part_length))
        self._table = np.vstack([np.cos(angles), np.sin(angles)]).astype(np.float32)
        self._ramp = np.arange(part_length, dtype=np.float32) / np.float32(hop_length)

    def play(self, amplitudes: np.ndarray, start: int) -> np.ndarray:
        """Return the samples of `n_frames` frames.

        Parameters
        ----------
        amplitudes : ndarray of shape (n_frames + 1, 12)
            Amplitudes at the start of each frame and at the end of the last frame.
        start : int
            Number of samples before the first frame.
        """
        frame_starts = start + self._hop_length * np.arange(self.n_frames)
        part_starts = np.add.outer(frame_starts, self._part_starts)
        # Whole cycles are removed in double precision, which is exact enough for days of audio.
        cycles = np.multiply.outer(part_starts, self._cycles_per_sample) + self._phases
        angles = 2 * np.pi * np.remainder(cycles, 1.0)
        waves = np.concatenate([np.sin(angles), np.cos(angles)], axis=-1)

        at_frame = amplitudes[:, self._pitch_classes] * self._envelope
        steps = np.diff(at_frame, axis=0)[:, np.newaxis]
        gone = (self._part_starts / self._hop_length)[:, np.newaxis]
        at_part = at_frame[:-1, np.newaxis] + gone * steps
        sound = self._sum(waves, at_part) + self._ramp * self._sum(waves, steps)
        return sound.reshape(self.n_frames, -1)[:, : self._hop_length].ravel()

    def _sum(self, waves: np.ndarray, gains: np.ndarray) -> np.ndarray:
        """Return the sum of all oscillators at each sample of each part, for constant gains."""
        scaled = (waves * np.concatenate([gains, gains], axis=-1)).astype(np.float32)
        return scaled.reshape(-1, len(self._table)) @ self._table
