"""Analysis of a single recording."""

import html
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..audio import read_blocks
from ..theory.timing import Timing
from ._bars import RELIABLE_MARGIN
from ._beats import Beats
from ._cens import cens
from ._constant_q import constant_q_chroma
from ._frames import FrameLevels
from ._onsets import OnsetStrength
from ._pulse import PulseFinder
from ._stft import KEPT_BYTES, stft_chroma
from ._sync import beat_grid, frames_between, mean_level, mean_rows, median_chroma
from ._tracker import Tracker

BLOCK_SIZE = 65536
"""Number of samples to read at a time: 256 KiB of float32, which fits into a processor's cache."""

NORMALIZED_FRAMES = 4096
"""Number of frames to normalize at a time: 0.4 MB in double precision."""

FRAMES_PER_BEAT = {"beat": 1, "half-beat": 2}
"""Number of frames per beat for each value of `sync`."""


class Settings(NamedTuple):
    """Validated parameters of :class:`ChromaExtractor` that affect its output, except `tracker`."""

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
    """Results of :meth:`ChromaExtractor.analyze` for a recording.

    Attributes
    ----------
    chroma : ndarray of shape (n_frames, 12), dtype float32
        The piece, one frame per hop, beat or half-beat.
    timing : Timing
        Times of the frames: at the extractor's frame rate or, with `sync`, on the detected beats or
        half-beats. The first detected beat is beat 0; a frame before this beat starts at a negative
        position. The timing has bars if the downbeat margin is at least 2. With `sync`, a recording
        with fewer than two beats is a single frame, and its timing has no beats.
    levels : ndarray of shape (n_frames,), dtype float32
        Root mean square of the samples of each hop or, with `sync`, of each beat or half-beat, in
        decibels relative to full scale; at least -120, the level of silence.
    tuning : float or None
        Deviation from A440 in semitones; None if the recording was left out.
    warnings : tuple of str
        Warnings, for instance about a truncated file, or the reason why the recording was left out.
    beats : Beats or None
        Beats with their clarity and bars. None without `sync`, or if fewer than two beats are
        found.
    timbre : ndarray of shape (n_frames, 13), dtype float32, or None
        Cepstral coefficients 1 to 13 of each frame, in decibels. They are the orthonormal cosine
        transform of the levels of quarter-tone bands, averaged over the frame. None without `sync`,
        or if the recording was left out.
    tempo : float or None
        Tempo of `timing` in beats per minute. None unless the frames follow beats.
    clarity : float or None
        Mean clarity of the beats, at most 1. Music with a clear pulse reaches 0.5 or more; noise
        reaches about 0.3. None unless the frames follow beats.

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
    >>> round(float(analysis.levels[5]))  # decibels relative to full scale
    -9
    """

    __module__ = "musicai.chroma"

    chroma: np.ndarray
    timing: Timing
    levels: np.ndarray
    tuning: float | None
    warnings: tuple[str, ...]
    beats: Beats | None = None
    timbre: np.ndarray | None = None

    @property
    def tempo(self) -> float | None:
        """Tempo in beats per minute; None unless the frames follow beats."""
        return self.timing.tempo

    @property
    def clarity(self) -> float | None:
        """Mean clarity of the beats; None unless the frames follow beats."""
        return None if self.beats is None else float(self.beats.clarity.mean())

    def _repr_html_(self) -> str:
        rows = {
            "frames": f"{len(self.chroma)}, {self.timing.duration(len(self.chroma)):.1f} s",
            "tempo": None if self.tempo is None else f"{self.tempo:.1f} beats per minute",
            "beats per bar": self.timing.beats_per_bar,
            "clarity of the beats": None if self.clarity is None else f"{self.clarity:.2f}",
            "tuning": None if self.tuning is None else f"{self.tuning:+.2f} semitones from A440",
            "loudest frame": f"{self.levels.max(initial=-120):.0f} dB relative to full scale",
            "warnings": "; ".join(self.warnings) or None,
        }
        cells = (
            f"<tr><th>{name}</th><td>{html.escape(str(value))}</td></tr>"
            for name, value in rows.items()
            if value is not None
        )
        return f"<table>{''.join(cells)}</table>"


def analyze(
    recording: Any,
    name: str,
    settings: Settings,
    *,
    tracker: Tracker | None = None,
    block_size: int = BLOCK_SIZE,
    kept_bytes: int = KEPT_BYTES,
) -> Analysis:
    """Analyze a recording block by block.

    Parameters
    ----------
    recording : path, ndarray or (samples, sr)
        Recording as for :func:`musicai.audio.read_blocks`.
    name : str
        Name of the recording in errors.
    settings : Settings
        Parameters of the analysis.
    tracker : callable, default=None
        Beat tracker to use with `sync`; None for the built-in one.
    block_size : int, default=65536
        Samples to read at a time.
    kept_bytes : int, default=96 * 2**20
        For "stft", the largest number of bytes of power spectra to keep. A recording with larger
        spectra may be read twice.

    Notes
    -----
    The result does not depend on `block_size` or `kept_bytes`.
    """
    kind, sr, hop_length, n_fft, norm, tuning, exact, sync = settings
    frame_rate = sr / hop_length
    warnings: list[str] = []
    loudness = FrameLevels(hop_length)
    meters: list[Any] = [loudness]
    if sync is not None:
        onsets, pulse = OnsetStrength(sr), PulseFinder(tracker, sr)
        meters += [onsets, pulse]

    def measure(block: np.ndarray) -> np.ndarray:
        for meter in meters:
            meter.add(block)
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
    timing, beats, timbre = Timing.from_rate(frame_rate), None, None
    if sync is not None:
        n_frames, measured = len(chroma), onsets.finish()
        end = timing.duration(n_frames)
        beats = pulse.find(measured, chroma, frame_rate, end)
        timing = _timing(beats, end, frames_per_beat=FRAMES_PER_BEAT[sync])
        parts = frames_between(timing.borders(), frame_rate, n_frames)
        chroma, levels = normalize(median_chroma(chroma, parts), norm), mean_level(levels, parts)
        parts = frames_between(timing.borders(), measured.rate, len(measured.timbre))
        timbre = mean_rows(measured.timbre, parts)
    # A second pass over a recording repeats its warnings, so duplicates are dropped. The name is
    # removed because a file may be renamed after its analysis is cached.
    different = dict.fromkeys(warning.removeprefix(f"{name}: ") for warning in warnings)
    return Analysis(chroma, timing, levels, tuning, tuple(different), beats, timbre)


def _timing(beats: Beats | None, end: float, *, frames_per_beat: int) -> Timing:
    """Return the timing of frames that follow beats or, without beats, of a single frame."""
    if beats is None:
        return Timing.from_borders([0.0, end])
    seconds, positions = beat_grid(beats.times, end, frames_per_beat=frames_per_beat)
    return Timing.from_beats(
        seconds,
        beats=positions,
        frames_per_beat=frames_per_beat,
        beats_per_bar=beats.beats_per_bar,
        downbeat=beats.downbeat if beats.downbeat_margin >= RELIABLE_MARGIN else None,
    )


def normalize(chroma: np.ndarray, norm: float | None) -> np.ndarray:
    """Divide each frame by its norm in place, like ``librosa.util.normalize``; return `chroma`.

    If `norm` is None, nothing changes. Frames with a norm below the smallest normal float32 do not
    change either, so silence stays zero.
    """
    if norm is not None:
        for first in range(0, len(chroma), NORMALIZED_FRAMES):
            frames = chroma[first : first + NORMALIZED_FRAMES]
            magnitude = frames.astype(np.float64)  # tiny values would underflow in float32
            length = np.linalg.norm(magnitude, ord=norm, axis=1, keepdims=True)
            length[length < np.finfo(np.float32).tiny] = 1.0
            frames[:] = magnitude / length
    return chroma
