"""Synthesis of audio from chroma, with sines or the instruments of a soundfont."""

import os
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from ..audio import level_blocks, write_audio
from ..audio.placing import cut_or_pad
from ..base.extras import PACKAGES, need
from ..base.parameters import SAMPLING_RATE_RULE, Rule, check_values, is_one_of
from ..base.pieces import as_chroma
from ..chroma import play_chroma
from ..files.piece_files import audio_files
from ..midi import synthesize
from ..theory.timing import Timing, length_in_samples
from ..theory.timing_argument import timings_of
from ._midi import DRUMS_RULE, chroma_to_midi
from ._timeline import timelines

INSTRUMENTS = ("sines", "chords", "pads", "band")
RULES: dict[str, Rule] = {
    "instruments": (lambda v: is_one_of(v, INSTRUMENTS), f"one of {INSTRUMENTS}"),
    "drums": DRUMS_RULE,
    "sr": SAMPLING_RATE_RULE,
}

FADE_SECONDS = 0.1
"""Length, in seconds, of the final fade-out of a piece played by instruments other than sines."""


def chroma_to_audio(
    X: Any,
    file: Any = None,
    *,
    instruments: str = "sines",
    drums: bool = True,
    timing: Any = None,
    notated_tempo: float | None = None,
    sr: float = 22050,
    soundfont: str | os.PathLike[str] | None = None,
    format: str | None = None,
) -> Any:
    """Synthesize audio from chroma.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma of the default `kind` of :class:`musicai.ChromaExtractor`, "cqt", from an extractor
        or a composer.
    file : str, PathLike or binary file object, or a list of them, default=None
        File to write; for a collection, a list with one file per piece. The audio is written in
        blocks, so it does not need to fit into memory. If None, the audio is returned.
    instruments : {"sines", "chords", "pads", "band"}, default="sines"
        "sines" plays the chroma itself, with sines in several octaves. The other instruments play
        the notes of `chroma_to_midi` and require the extra ``midi`` (``pip install ".[midi]"`` in a
        clone).
    drums : bool, default=True
        Whether a band has drums, as in `chroma_to_midi`.
    timing : Timing, object with a `timing`, float, or list of these
        When the frames sound: for example ``timing=extractor`` with the extractor that made the
        pieces, ``timing=analysis.timing``, or ``Timing.from_tempo(96)``. A number is frames per
        second. For a collection, pass one timing for all pieces or a list with one for each.
    notated_tempo : float, default=None
        As in `chroma_to_midi`. Sines do not use it.
    sr : float, default=22050
        Sampling rate in hertz; must be a whole number if a file is written.
    soundfont : str or path, default=None
        SF2 file with the sounds of the instruments. If None, the soundfont that pretty_midi
        includes is used. Sines do not use one.
    format : {"wav", "flac", "ogg", "mp3"}, default=None
        Format of the file. If None, the file's suffix determines the format.

    Returns
    -------
    audio : ndarray of shape (n_samples,), a list of them, or None
        Mono float32 samples at -18 LUFS (see :func:`musicai.audio.level_blocks`). For a collection,
        the result is a collection of the same type. None if the audio is written to a file.

    Raises
    ------
    ValueError
        If `X` is not chroma, a parameter is out of range, beats have no tempo, the soundfont cannot
        be played, the format of a file is unknown, the number of files or timings is wrong, or a
        piece that is to be written has no frames.
    TypeError
        If `X` holds paths, `timing` is missing, or `X` is a collection but `file` is a single file.
    ImportError
        If a package that the instruments need is missing.
    OSError
        If a file cannot be written. An existing file is left unchanged.

    See Also
    --------
    musicai.ChromaExtractor.inverse_transform : Plays the chroma of any extractor with sines,
        including ``kind="stft"``, whose values have a different meaning.
    chroma_to_midi : Returns the notes that the other instruments play.
    musicai.audio.write_audio : Writes audio to a file.

    Notes
    -----
    The audio lasts as long as the frames, so that an analysis of the audio at the same frame rate
    has the same number of frames. Frames at a fixed rate are centered on their times, as in an
    analysis, and sines are interpolated between the centers. Frames that follow beats or have
    measured borders are constant between their borders. Sines fade out within the last 10 ms, other
    instruments within the last 0.1 s. The same piece always gives the same samples.

    The audio is first written to a temporary file, 4 bytes per sample, to measure its loudness.
    Synthesizing 20 minutes of audio takes about 20 megabytes of memory with sines and 60 megabytes
    with other instruments, as measured by ``benchmarks/render/round_trip.py``.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai import Timing
    >>> from musicai.render import chroma_to_audio
    >>> chord = np.zeros((20, 12))
    >>> chord[:, [0, 4, 7]] = 1
    >>> chroma_to_audio(chord, timing=Timing.from_tempo(120)).shape
    (220500,)
    >>> chroma_to_audio([chord, chord[:10]], timing=2, sr=8000)[1].shape  # 2 frames per second
    (38000,)
    """
    check_values({"instruments": instruments, "drums": drums, "sr": sr}, RULES)
    if instruments != "sines":
        asked = f'chroma_to_audio(instruments="{instruments}"), unlike instruments="sines",'
        for module in PACKAGES["midi"]:
            need(module, extra="midi", what=asked)
    pieces, pack = as_chroma(X)
    files = audio_files(file, X, pieces, format)
    timelines(timing, X, pieces, notated_tempo=notated_tempo)
    timings = timings_of(timing, X, pieces)
    for piece, each in zip(pieces, timings, strict=True):
        each.duration(len(piece))  # raise errors before anything is written
    play = partial(
        _play,
        arrangement={"instruments": instruments, "drums": drums, "notated_tempo": notated_tempo},
        sr=sr,
        soundfont=soundfont,
    )
    played = (level_blocks(blocks, sr) for blocks in map(play, pieces, timings))
    if file is None:
        return pack([np.concatenate([np.zeros(0, np.float32), *blocks]) for blocks in played])
    for target, blocks in zip(files, played, strict=True):
        write_audio(target, blocks, sr, format=format)
    return None


def _play(
    piece: np.ndarray,
    timing: Timing,
    *,
    arrangement: dict[str, Any],
    sr: float,
    soundfont: str | os.PathLike[str] | None,
) -> Iterator[np.ndarray]:
    """Return an iterator over blocks of a piece's audio, before its loudness is adjusted."""
    if arrangement["instruments"] == "sines":
        return play_chroma(piece, timing=timing, sr=sr)
    midi = chroma_to_midi(piece, timing=timing, **arrangement) if len(piece) else None
    silent = midi is None or not any(part.notes for part in midi.instruments)
    blocks = iter(()) if silent else synthesize(midi, soundfont=soundfont, sr=sr)
    n_samples = length_in_samples(timing.duration(len(piece)), sr)
    return cut_or_pad(blocks, n_samples, round(FADE_SECONDS * sr))
