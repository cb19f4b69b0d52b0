"""Writing audio files."""

import os
from numbers import Real
from os import PathLike
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import soundfile

FORMATS = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG", ".mp3": "MP3"}
BLOCK_SIZE = 65536
"""Samples written at a time; some versions of libsndfile crash on long Ogg files in one call."""

MOST_CHANNELS = 8
HIGHEST_RATE = 192000
"""libsndfile crashes on an Ogg file with hundreds of channels or a much higher rate."""


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
    if "\0" in str(path) or path.is_dir():
        raise ValueError(f"{str(path)!r} is a folder or no name of a file; give the file to write")
    audio = _check_samples(path, samples)
    _check_rate(path, sampling_rate)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path}: there is no folder {path.parent}; make it first")
    # In the same folder, so that the final move cannot cross file systems.
    draft = path.with_name(f".{uuid4().hex}")
    try:
        _write(path, draft, audio, int(sampling_rate))
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _check_rate(path: Path, sampling_rate: Any) -> None:
    whole = isinstance(sampling_rate, Real) and float(sampling_rate).is_integer()
    if not whole or isinstance(sampling_rate, bool) or not 1 <= sampling_rate <= HIGHEST_RATE:
        raise ValueError(
            f"{path}: sampling_rate must be a whole number of hertz from 1 to {HIGHEST_RATE}, got "
            f"{sampling_rate!r}"
        )


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
    if audio.ndim == 2 and audio.shape[1] > MOST_CHANNELS:
        raise ValueError(f"{path}: {audio.shape[1]} channels; at most {MOST_CHANNELS} are written")
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
    # Bytes keep names that are not valid Unicode; Windows knows only Unicode names.
    native = os.fsencode(draft) if os.name == "posix" else str(draft)
    try:
        with soundfile.SoundFile(native, "w", sampling_rate, n_channels, format=format_) as file:
            for start in range(0, len(audio), BLOCK_SIZE):
                file.write(audio[start : start + BLOCK_SIZE])
    except (RuntimeError, TypeError) as error:
        raise ValueError(
            f"{path}: {n_channels} channels at {sampling_rate!r} Hz could not be written as "
            f"{format_} ({getattr(error, 'error_string', error)}): the format may not allow it, "
            "or the disk be full"
        ) from None
