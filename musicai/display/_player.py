"""Sound to be heard in a notebook or on a page."""

import html
import os
from base64 import b64encode
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from ..audio import RecordingError, read_blocks, write_audio
from ..audio.ffmpeg import find_ffmpeg
from ..audio.headers import read_header
from ..audio.playable import playable_blocks
from ..audio.recordings import count_channels
from ..base.parameters import SAMPLING_RATE_RULE, Rule, check_values
from ..files.paths import AnyPath, is_path, printable

_MEDIA_TYPES = {
    "WAV": "audio/wav",
    "WAVEX": "audio/wav",
    "MP3": "audio/mpeg",
    "OGG": "audio/ogg",
    "FLAC": "audio/flac",
}
"""What browsers play, by libsndfile's names of formats."""

_UNCOMPRESSED = ("audio/wav", "audio/flac")
_MOST_UNCOMPRESSED = 2_000_000
"""Bytes of a file without loss that a page takes as they are."""

_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_RATE = 44100
_RULE: Rule = (
    lambda v: SAMPLING_RATE_RULE[0](v) and v == int(v),
    "a whole number of hertz from 1000 to 192000",
)
"""Files have no other rates."""


class AudioPlayer:
    """An audio player, shown by notebooks and documentation where it is a cell's last value.

    The sound is a part of the page, compressed, and no other file is needed: a minute of samples
    at 22050 Hz takes about half a megabyte.

    Parameters
    ----------
    audio : array-like of floats of shape (n_samples,) or (n_samples, 2), str, bytes or PathLike
        Samples in [-1, 1], one channel or two, or an audio file.
    sr : float, default=None
        Samples per second, in hertz, a whole number: an extractor's `sr`, or the `sr`
        of a :class:`musicai.MosaicSynthesizer`. Samples need it, and at a wrong one they
        sound too high or too low; a file knows its own, and takes none.
    title : str, default=None
        Written above the player.

    Attributes
    ----------
    data : bytes
        The sound as a file. Samples become MP3, which all browsers play, or Ogg Vorbis at a
        sampling rate that MP3 has not. Files that browsers play stay as they are (MP3, Ogg, Opus,
        M4A, and up to 2 MB WAV and FLAC); others become MP3, stereo where they are stereo.
    media_type : str
        What `data` is, such as "audio/mpeg".

    Raises
    ------
    ValueError
        If samples are no floats in [-1, 1], or have more than two channels, or the sampling rate
        is missing, has no possible value, or is given for a file.
    TypeError
        If `title` is no text.
    RecordingError
        If a file can't be used; the message names it.

    See Also
    --------
    musicai.audio.write_audio : Writes a file.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.display import AudioPlayer
    >>> tone = 0.1 * np.sin(2 * np.pi * 440 / 22050 * np.arange(22050))
    >>> player = AudioPlayer(tone, 22050, title="A4")
    >>> player.media_type
    'audio/mpeg'
    >>> player.to_html().count("<audio controls")
    1
    """

    __module__ = "musicai.display"

    def __init__(self, audio: Any, sr: float | None = None, *, title: str | None = None) -> None:
        if title is not None and not isinstance(title, str):
            raise TypeError(f"title must be text or None, got {title!r}")
        self.title = title
        if is_path(audio):
            if sr is not None:
                raise ValueError(
                    f"sr={sr!r} is given for a file, which knows its own: leave it out"
                )
            self.data, self.media_type = _from_file(audio)
        else:
            if sr is None:
                raise ValueError(
                    "samples do not tell how many of them make a second: pass sr, such "
                    "as extractor.sr or mosaic.sr"
                )
            check_values({"sr": sr}, {"sr": _RULE})
            self.data, self.media_type = _from_samples(audio, sr)

    def to_html(self) -> str:
        """Return the player as an element of a page.

        Returns
        -------
        html : str
            One element that holds title, controls and sound.
        """
        caption = label = ""
        if self.title is not None:
            title = html.escape(printable(self.title))
            caption = f"<figcaption>{title}</figcaption>"
            label = f' aria-label="{title}"'
        sound = b64encode(self.data).decode("ascii")
        return (
            f'<figure style="margin: 0.5em 0">{caption}'
            f'<audio controls preload="metadata"{label} style="width: 100%; max-width: 30em" '
            f'src="data:{self.media_type};base64,{sound}"></audio></figure>'
        )

    def _repr_html_(self) -> str:
        return self.to_html()

    def __repr__(self) -> str:
        title = "" if self.title is None else f"{self.title!r}, "
        return f"AudioPlayer({title}{self.media_type}, {len(self.data) / 1e6:.1f} MB)"


def _from_samples(samples: Any, sr: float) -> tuple[bytes, str]:
    if isinstance(samples, np.ndarray) and samples.ndim == 2 and samples.shape[1] > 2:
        raise ValueError(
            f"audio has shape {samples.shape} where samples of shape (n_samples,) or (n_samples, "
            "2) are expected; chroma is turned into sound by ChromaExtractor().inverse_transform"
        )
    if isinstance(samples, np.ndarray) and samples.dtype.kind == "i":
        largest = int(np.iinfo(samples.dtype).max) + 1
        raise ValueError(
            f"audio holds integers ({samples.dtype}) where floats in [-1, 1] are expected: pass "
            f"audio / {largest}"
        )
    format, media_type = "mp3", "audio/mpeg"
    if sr not in _MP3_RATES:
        format, media_type = "ogg", "audio/ogg"
    file = BytesIO()
    write_audio(file, playable_blocks(samples, "audio"), sr, format=format)
    return file.getvalue(), media_type


def _from_file(path: AnyPath) -> tuple[bytes, str]:
    file = Path(os.fsdecode(path))
    is_mp4 = _is_mp4(file)
    # What only ffmpeg reads a browser may play without it.
    if not is_mp4 or find_ffmpeg() is not None:
        next(read_blocks(file, sr=_RATE))  # or a player would be silent, and not tell
    media_type = "audio/mp4" if is_mp4 else _media_type(file)
    if media_type is None or _is_large(file, media_type):
        return _compressed(file), "audio/mpeg"
    return _read(file), media_type


def _is_mp4(file: Path) -> bool:
    """Tell whether a file is called .m4a and begins as one."""
    if file.suffix.lower() != ".m4a" or not os.path.isfile(file):  # to open a pipe might wait
        return False
    try:
        with open(file, "rb") as content:
            return content.read(8)[4:] == b"ftyp"
    except OSError:
        return False  # and reading it will say why


def _media_type(file: Path) -> str | None:
    # What is in a file counts: its name may say something else.
    header = read_header(file)
    return None if header is None else _MEDIA_TYPES.get(header.format)


def _is_large(file: Path, media_type: str) -> bool:
    return media_type in _UNCOMPRESSED and file.stat().st_size > _MOST_UNCOMPRESSED


def _compressed(file: Path) -> bytes:
    header = read_header(file)
    own_rate = None if header is None else header.sr  # or it is read by ffmpeg
    rate = own_rate if own_rate in _MP3_RATES else _RATE
    channels = 2 if count_channels(file) == 2 else 1
    mp3 = BytesIO()
    write_audio(mp3, _clipped(read_blocks(file, sr=rate, channels=channels)), rate, format="mp3")
    return mp3.getvalue()


def _clipped(blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    # As loudspeakers would: decoders, and files of floats, pass full scale.
    return (np.clip(block, -1, 1) for block in blocks)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise RecordingError(
            f"{printable(file)}: the file cannot be read ({error.strerror})"
        ) from None
