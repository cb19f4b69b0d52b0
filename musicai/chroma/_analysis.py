"""From one recording to its chroma."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..audio import read_blocks
from ..theory.timing import Timing
from ._beats import OnsetStrength, synchronize, track_beats
from ._cens import cens
from ._constant_q import constant_q_chroma
from ._frames import FrameLevels, levels_between
from ._stft import KEPT_BYTES, stft_chroma

BLOCK_SIZE = 65536
"""Samples that are read at a time: some hundred kilobytes, which fit a processor's cache."""

NORMALIZED_FRAMES = 4096
"""Frames that are normalized together: some hundred kilobytes."""


class Settings(NamedTuple):
    """The parameters of :class:`ChromaExtractor` that change what comes out, checked."""

    kind: str
    sr: float
    hop_length: int
    n_fft: int | None
    norm: float | None
    tuning: float | None
    exact: bool
    sync: str | None


@dataclass(frozen=True)
class Analysis:
    """What is found in a recording, as :meth:`ChromaExtractor.analyze` tells it.

    Attributes
    ----------
    chroma : ndarray of shape (n_frames, 12), dtype float32
        The piece, one frame per hop or per beat.
    timing : Timing
        When the frames sound: at the extractor's rate, or with ``sync="beat"`` between the beats
        that were found. If there are none, the recording is one frame, which is no beat.
    levels : ndarray of shape (n_frames,), dtype float32
        How loud each frame is: its root mean square in decibels of full scale, -120 for silence.
    tuning : float or None
        Deviation from A440 in semitones; None if the recording could not be used.
    tempo : float or None
        Beats per minute, that of `timing`. None unless frames are beats: without ``sync="beat"``,
        or if no beats were found.
    warnings : tuple of str
        What there was to warn of, such as a truncated file, or why the recording was left out.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai import ChromaExtractor
    >>> tone = 0.5 * np.sin(2 * np.pi * 445 * np.arange(22050) / 22050)  # a little sharp
    >>> (analysis,) = ChromaExtractor().analyze([tone])
    >>> analysis.chroma.shape
    (11, 12)
    >>> analysis.timing
    Timing.from_rate(10.7666015625)
    >>> round(analysis.tuning, 1)  # semitones above A440
    0.2
    >>> round(float(analysis.levels[5]))  # decibels of full scale
    -9
    """

    __module__ = "musicai.chroma"

    chroma: np.ndarray
    timing: Timing
    levels: np.ndarray
    tuning: float | None
    warnings: tuple[str, ...]

    @property
    def tempo(self) -> float | None:
        """Beats per minute; None unless frames are beats."""
        return self.timing.tempo


def analyze(
    recording: Any,
    name: str,
    settings: Settings,
    *,
    block_size: int = BLOCK_SIZE,
    kept_bytes: int = KEPT_BYTES,
) -> Analysis:
    """Analyze a recording, block by block.

    Parameters
    ----------
    recording : path, ndarray or (samples, sr)
        What :func:`musicai.audio.read_blocks` takes.
    name : str
        What to call the recording in errors.
    settings : Settings
        How to analyze it.
    block_size : int, default=65536
        Samples to read at a time.
    kept_bytes : int, default=96 * 2**20
        For "stft", power spectra are kept up to this size; longer recordings may be read twice.

    Notes
    -----
    The analysis does not depend on sizes.
    """
    kind, sr, hop_length, n_fft, norm, tuning, exact, sync = settings
    frame_rate = sr / hop_length
    warnings: list[str] = []
    loudness = FrameLevels(hop_length)
    onsets = OnsetStrength(sr) if sync == "beat" else None

    def measure(block: np.ndarray) -> np.ndarray:
        loudness.add(block)
        if onsets is not None:
            onsets.add(block)
        return block

    def read(*, again: bool = False) -> Iterator[np.ndarray]:
        blocks = read_blocks(
            recording, sr=sr, block_size=block_size, name=name, on_damage=warnings.append
        )
        return blocks if again else map(measure, blocks)

    if kind == "stft":
        chroma, tuning = stft_chroma(
            read,
            sr=sr,
            hop_length=hop_length,
            n_fft=n_fft,
            tuning=tuning,
            exact=exact,
            kept_bytes=kept_bytes,
        )
    else:
        chroma, tuning = constant_q_chroma(
            read(), sr=sr, hop_length=hop_length, n_fft=n_fft, tuning=tuning
        )
    if kind == "cens":
        chroma = cens(chroma, frame_rate)
    chroma = normalize(chroma, norm)
    levels = loudness.finish(len(chroma))
    if onsets is None:
        timing = Timing.from_rate(frame_rate)
    else:
        _, beats = track_beats(onsets.finish(), onsets.rate)
        chroma, borders = synchronize(chroma, frame_rate, beats)
        timing = Timing.from_beats(borders) if len(beats) else Timing.from_borders(borders)
        levels = levels_between(levels, frame_rate, borders)
        chroma = normalize(chroma, norm)
    # A second reading finds the same again; and next time the file may have another name.
    different = dict.fromkeys(warning.removeprefix(f"{name}: ") for warning in warnings)
    return Analysis(chroma, timing, levels, tuning, tuple(different))


def normalize(chroma: np.ndarray, norm: float | None) -> np.ndarray:
    """Scale every frame in place to a norm of 1, as ``librosa.util.normalize`` does.

    Frames whose norm is below the smallest normal float32 are left as they are: silence stays
    zero.
    """
    if norm is not None:
        for first in range(0, len(chroma), NORMALIZED_FRAMES):
            frames = chroma[first : first + NORMALIZED_FRAMES]
            magnitude = frames.astype(np.float64)  # powers of tiny values would vanish in float32
            length = np.linalg.norm(magnitude, ord=norm, axis=1, keepdims=True)
            length[length < np.finfo(np.float32).tiny] = 1.0
            frames[:] = magnitude / length
    return chroma
