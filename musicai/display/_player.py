"""Audio player for notebooks and web pages."""

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
"""Media types of formats that browsers can play, by libsndfile's name of the format."""

_UNCOMPRESSED = ("audio/wav", "audio/flac")
_MOST_UNCOMPRESSED = 2_000_000
"""Maximum size, in bytes, of WAV and FLAC files that are embedded unchanged."""

_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_RATE = 44100
_RULE: Rule = (
    lambda v: SAMPLING_RATE_RULE[0](v) and v == int(v),
    "a whole number of hertz from 1000 to 192000",
)
"""Rule for the sampling rate that goes with an array of samples.

The samples are encoded as an audio file, whose header holds the rate as a whole number.
"""


class AudioPlayer:
    """Audio player that notebooks and documentation display as the output of a cell.

    The audio is embedded in the page, so no other file is needed. Samples are compressed: one
    minute at 22050 Hz takes about half a megabyte.

    Parameters
    ----------
    audio : array-like of floats of shape (n_samples,) or (n_samples, 2), str, bytes or PathLike
        Mono or stereo samples in [-1, 1], or the path of an audio file.
    sr : float, default=None
        Sampling rate in hertz, a whole number, such as the `sr` of an extractor or of a
        :class:`musicai.MosaicSynthesizer`. It is required for samples and not allowed for files.
    title : str, default=None
        Title above the player.

    Attributes
    ----------
    data : bytes
        Content of the embedded audio file. Samples are encoded as MP3, which all browsers can play,
        or as Ogg Vorbis if MP3 does not support the sampling rate. Files that browsers can play are
        embedded unchanged: MP3, Ogg, Opus, M4A, and WAV and FLAC up to 2 MB, unless the length in
        the header is wrong. Other files are converted to MP3, in stereo if they are stereo.
    media_type : str
        Media type of `data`, such as "audio/mpeg".

    Raises
    ------
    ValueError
        If samples are not floats in [-1, 1] or have more than two channels, or the sampling rate is
        missing, invalid, or given for a file.
    TypeError
        If `title` is not a string.
    RecordingError
        If the file cannot be used; the message names the file.

    See Also
    --------
    musicai.audio.write_audio : Write audio to a file.

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
                    f"sr={sr!r} is given for a file, which has its own sampling rate: leave it out"
                )
            self.data, self.media_type = _from_file(audio)
        else:
            if sr is None:
                raise ValueError(
                    "samples need a sampling rate: pass sr, such as extractor.sr or mosaic.sr"
                )
            check_values({"sr": sr}, {"sr": _RULE})
            self.data, self.media_type = _from_samples(audio, sr)

    def to_html(self) -> str:
        """Return the player as an HTML element.

        Returns
        -------
        html : str
            One element with the title, the controls and the audio.
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
            f"audio has shape {samples.shape}; expected samples of shape (n_samples,) or "
            "(n_samples, 2). To convert chroma to audio, use ChromaExtractor().inverse_transform"
        )
    if isinstance(samples, np.ndarray) and samples.dtype.kind == "i":
        largest = int(np.iinfo(samples.dtype).max) + 1
        raise ValueError(
            f"audio contains integers ({samples.dtype}); expected floats in [-1, 1]: pass "
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
    # Without ffmpeg, an MP4 file cannot be checked, but browsers can probably play it.
    if not is_mp4 or find_ffmpeg() is not None:
        next(read_blocks(file, sr=_RATE))  # raises an error if the file has no audio
    media_type = "audio/mp4" if is_mp4 else _media_type(file)
    if media_type is None or _is_large(file, media_type):
        return _compressed(file), "audio/mpeg"
    return _read(file), media_type


def _is_mp4(file: Path) -> bool:
    """Return whether a file has the suffix .m4a and begins like an MP4 file."""
    if file.suffix.lower() != ".m4a" or not os.path.isfile(file):  # opening a pipe could block
        return False
    try:
        with open(file, "rb") as content:
            return content.read(8)[4:] == b"ftyp"
    except OSError:
        return False  # reading the file later raises the error


def _media_type(file: Path) -> str | None:
    # Detect the type from the content, because the suffix may be wrong.
    header = read_header(file)
    return None if header is None else _MEDIA_TYPES.get(header.format)


def _is_large(file: Path, media_type: str) -> bool:
    return media_type in _UNCOMPRESSED and file.stat().st_size > _MOST_UNCOMPRESSED


def _compressed(file: Path) -> bytes:
    header = read_header(file)
    native_rate = None if header is None else header.sr  # None for files that need ffmpeg
    rate = native_rate if native_rate in _MP3_RATES else _RATE
    channels = 2 if count_channels(file) == 2 else 1
    mp3 = BytesIO()
    write_audio(mp3, _clipped(read_blocks(file, sr=rate, channels=channels)), rate, format="mp3")
    return mp3.getvalue()


def _clipped(blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    # Decoded audio and float files can exceed full scale.
    return (np.clip(block, -1, 1) for block in blocks)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise RecordingError(
            f"{printable(file)}: the file cannot be read ({error.strerror})"
        ) from None
