"""Writing audio files."""

import os
from os import PathLike
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import soundfile

FORMATS = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG", ".mp3": "MP3"}
BLOCK_SIZE = 65536
"""Samples written at a time; some versions of libsndfile crash on long Ogg files in one call."""


def write_audio(path: str | PathLike, samples: Any, sampling_rate: int) -> None:
    """Write samples to an audio file, whole or not at all.

    Parameters
    ----------
    path : str or PathLike
        The file; its suffix, .wav, .flac, .ogg or .mp3, decides the format. An existing file is
        replaced once the new one is complete.
    samples : array-like of floats of shape (n_samples,) or (n_samples, n_channels)
        Samples in [-1, 1].
    sampling_rate : int
        Samples per second, in hertz.

    Raises
    ------
    ValueError
        If the suffix is unknown, or the samples are not floats in [-1, 1], or the format cannot
        hold the sampling rate or the channels.
    FileNotFoundError
        If the folder does not exist.

    Examples
    --------
    >>> import tempfile, soundfile
    >>> import numpy as np
    >>> from musicai.audio import write_audio
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_audio(f"{folder}/silence.flac", np.zeros(22050), 22050)
    ...     soundfile.info(f"{folder}/silence.flac").duration
    1.0
    """
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise ValueError(
            f"{path}: {path.suffix!r} is no suffix of an audio format that can be written; use "
            f"one of {', '.join(FORMATS)}"
        )
    audio = _check_samples(path, samples)
    if isinstance(sampling_rate, float) and sampling_rate.is_integer():
        sampling_rate = int(sampling_rate)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path}: there is no folder {path.parent}; make it first")
    # In the same folder, so that the final move cannot cross file systems.
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        _write(path, draft, audio, sampling_rate)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _check_samples(path: Path, samples: Any) -> np.ndarray:
    audio = np.asarray(samples)
    if audio.dtype.kind != "f" or audio.ndim not in (1, 2) or audio.size == 0:
        raise ValueError(
            f"{path}: samples have shape {audio.shape} and type {audio.dtype}; expected floats "
            "of shape (n_samples,) or (n_samples, n_channels)"
        )
    if audio.ndim == 2 and audio.shape[0] < audio.shape[1]:
        raise ValueError(
            f"{path}: samples have shape {audio.shape}, more channels than samples; (n_samples, "
            "n_channels) is expected, did you mean samples.T?"
        )
    peak = np.abs(audio).max()
    if not np.isfinite(peak):
        raise ValueError(f"{path}: samples hold NaN or infinity; repair them before writing")
    if peak > 1:
        raise ValueError(
            f"{path}: samples peak at {peak:g} and would be clipped; divide them by their peak"
        )
    return audio.astype(np.float32)


def _write(path: Path, draft: Path, audio: np.ndarray, sampling_rate: int) -> None:
    n_channels = 1 if audio.ndim == 1 else audio.shape[1]
    format_ = FORMATS[path.suffix.lower()]
    try:
        with soundfile.SoundFile(draft, "w", sampling_rate, n_channels, format=format_) as file:
            for start in range(0, len(audio), BLOCK_SIZE):
                file.write(audio[start : start + BLOCK_SIZE])
    except (RuntimeError, TypeError) as error:
        raise ValueError(
            f"{path}: {n_channels} channels at {sampling_rate!r} Hz cannot be written as "
            f"{format_} ({error})"
        ) from None
