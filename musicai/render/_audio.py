"""Chroma as sound: played by sines, or by instruments of a soundfont."""

import os
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from ..audio import level_blocks, write_audio
from ..base.extras import PACKAGES, need
from ..base.parameters import SAMPLING_RATE_RULE, Rule, check_values, is_one_of
from ..base.pieces import as_chroma
from ..chroma import play_chroma
from ..files.piece_files import audio_files
from ..midi import synthesize
from ..theory.timing import FRAME_RATE, RATE_RULE, SPREAD_RATE, frame_borders, length_in_samples
from ._midi import chroma_to_midi
from ._placing import cut_or_pad

STYLES = ("sines", "chords", "pads", "band")
RULES: dict[str, Rule] = {
    "style": (lambda v: is_one_of(v, STYLES), f"one of {STYLES}"),
    "frame_rate": RATE_RULE,
    "sr": SAMPLING_RATE_RULE,
}

FADE_SECONDS = 0.1
"""How long instruments take to die away where the piece ends."""


def chroma_to_audio(
    X: Any,
    file: Any = None,
    *,
    style: str = "sines",
    frame_rate: float = FRAME_RATE,
    times: Any = None,
    sr: float = 22050,
    soundfont: str | os.PathLike[str] | None = None,
    format: str | None = None,
) -> Any:
    """Make chroma audible.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma, as a :class:`musicai.ChromaExtractor` with default parameters measures it or a
        composer trained on it samples it.
    file : str, PathLike or binary file object, or a list of them, default=None
        Where to write the audio; for a collection one file per piece. The audio is then
        never in memory as a whole, only the frames or notes that are played.
    style : {"sines", "chords", "pads", "band"}, default="sines"
        "sines" plays the chroma itself, and no more, by sines an octave apart. The others play
        what `chroma_to_midi` makes of it with instruments, as described there; they need the
        extra ``midi`` (``pip install ".[midi]"`` in a clone).
    frame_rate : float, default=10.77
        Frames per second, as an extractor's `frame_rate`; ignored where `times` are given.
    times : ndarray of shape (n_frames + 1,), or a list of them, default=None
        When each frame begins and the last one ends, in seconds, such as the times of beats; for
        a collection one array per piece. The audio begins with the first.
    sr : float, default=22050
        Samples per second, in hertz; in a file a whole number.
    soundfont : str or path, default=None
        The instruments, a file in the format SF2, for all styles but "sines". When None those that
        pretty_midi brings.
    format : {"wav", "flac", "ogg", "mp3"}, default=None
        Format of the file. When None the suffix of its name decides.

    Returns
    -------
    audio : ndarray of shape (n_samples,), a list of them, or None
        Mono float32 samples, as loud as a normal recording: for one piece an array, for a
        collection what the collection was. None where they are written to a file.

    Raises
    ------
    ValueError
        If `X` is not chroma, a parameter has no possible value, there are not as many files or
        times as needed, or a piece that is to be written has no frames.
    TypeError
        If `X` holds paths, or `file` is no list where `X` is a collection.
    ImportError
        If a package is missing that the style needs.
    OSError
        If a file cannot be written. It is then as it was.

    See Also
    --------
    musicai.ChromaExtractor.inverse_transform : The same sines for the chroma of any extractor:
        the way back for ``kind="stft"``, whose values mean something else.
    chroma_to_midi : The notes of the other styles.
    musicai.audio.write_audio : What writes the file.

    Notes
    -----
    The audio lasts as long as the piece, in every style: ``n_frames / frame_rate`` seconds less a
    sample at 22050 Hz, so that it is analyzed as `n_frames` frames again. Frame ``t`` is centered
    on ``t / frame_rate``, as those of an analysis are; where `times` are given, it lasts from
    border to border. Sines fade away over the last frame; instruments, which would ring on, over
    the last tenth of a second. The same piece gives the same samples.

    To know how loud it is, the whole is kept in a temporary file first, 4 bytes a sample.
    ``benchmarks/render/round_trip.py`` measures how much of the chroma is heard again, and what
    writing 20 minutes takes of memory: some 20 megabytes by sines and 60 by instruments.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.render import chroma_to_audio
    >>> chord = np.zeros((20, 12))
    >>> chord[:, [0, 4, 7]] = 1
    >>> chroma_to_audio(chord).shape
    (40959,)
    >>> chroma_to_audio([chord, chord[:10]], frame_rate=2, sr=8000)[1].shape
    (39999,)
    """
    values = {"style": style, "frame_rate": frame_rate, "sr": sr}
    check_values(values, RULES)
    if style != "sines":
        asked = f'chroma_to_audio(style="{style}"), unlike style="sines",'
        for module in PACKAGES["midi"]:
            need(module, extra="midi", what=asked)
    pieces, pack = as_chroma(X)
    borders = frame_borders(X, pieces, frame_rate=frame_rate, times=times)
    files = audio_files(file, X, pieces, format)
    play = partial(
        _play,
        style=style,
        frame_rate=frame_rate if times is None else None,
        sr=sr,
        soundfont=soundfont,
    )
    played = map(level_blocks, map(play, pieces, borders))
    if file is None:
        return pack([np.concatenate([np.zeros(0, np.float32), *blocks]) for blocks in played])
    for target, blocks in zip(files, played, strict=True):
        write_audio(target, blocks, sr, format=format)
    return None


def _play(
    piece: np.ndarray,
    borders: np.ndarray,
    *,
    style: str,
    frame_rate: float | None,
    sr: float,
    soundfont: str | os.PathLike[str] | None,
) -> Iterator[np.ndarray]:
    """Yield a piece as loud as it comes; `frame_rate` is None where frames are as `borders` say."""
    if len(piece) == 0:
        return
    n_samples = length_in_samples(borders[-1], sr)
    if style == "sines":
        if frame_rate is None:
            blocks = play_chroma(piece, borders, sr=sr)
            n_fade = round(sr / SPREAD_RATE)
        else:
            blocks = play_chroma(piece, sr=sr, hop_length=sr / frame_rate)
            n_fade = 0
    else:
        blocks = _play_notes(piece, borders, frame_rate, style, soundfont, sr)
        n_fade = round(FADE_SECONDS * sr)
    yield from cut_or_pad(blocks, n_samples, n_fade)


def _play_notes(
    piece: np.ndarray,
    borders: np.ndarray,
    frame_rate: float | None,
    style: str,
    soundfont: str | os.PathLike[str] | None,
    sr: float,
) -> Iterator[np.ndarray]:
    if frame_rate is None:
        midi = chroma_to_midi(piece, style=style, times=borders)
    else:
        midi = chroma_to_midi(piece, style=style, frame_rate=frame_rate)
    notes = [note for part in midi.instruments for note in part.notes]
    if not notes:
        return iter(())  # silence
    if frame_rate is not None:  # the frames of an analysis are centered on their times
        for note in notes:
            note.start = max(0.0, note.start - 0.5 / frame_rate)
            note.end -= 0.5 / frame_rate
    blocks: Iterator[np.ndarray] = synthesize(midi, soundfont=soundfont, sr=sr)
    return blocks
