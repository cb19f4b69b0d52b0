"""Bach's chorales from music21's corpus, as recordings, MIDI files or pieces."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..audio import RecordingError
from ..base.parameters import FILE_RATE_RULE, Rule, check_values, is_integer, is_one_of
from ..base.pieces import N_KEYS
from ..chroma import ChromaExtractor
from ..midi import MidiError, PianoRollExtractor
from ..theory.timing import FRAME_RATE, Timing
from ._chorale_files import FILE_KINDS, TEMPO, first_chorales, make_files
from ._home import get_data_home
from .bunches import Chorales

_MEMORY = "chroma"  # subfolder of the data home that caches chroma
_STEPS_PER_BEAT = 2  # most notes are quarters and eighths

_LICENSE = (
    "Bach's music is in the public domain; the scores may be used under the terms in "
    "corpus/license.txt of music21"
)
_SOURCE = "the corpus of music21, on this machine"

_DESCR = """\
Chorales of Johann Sebastian Bach
=================================
{n_chorales} chorales in the order of Riemenschneider's collection, at {tempo} beats per minute,
without repeats, {form}.{pieces}

Scores: the corpus of music21, distributed with the permission of its encoders under the terms in
its corpus/license.txt; Bach's music itself is in the public domain. {sounds}

License: {license}.
Source: {source}.
"""


class _PieceKind(NamedTuple):
    """Kind of pieces to extract from files."""

    files: str  # a key of FILE_KINDS
    form: str
    make_extractor: Callable[[Path, int | None, int], Any]  # (data home, n_jobs, verbose)
    timing: Timing


def load_chorales(
    n_chorales: int | None = None,
    *,
    kind: str = "audio",
    folder: str | os.PathLike[str] | None = None,
    sr: int = 22050,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> Chorales:
    """Load Bach's chorales as recordings, MIDI files or pieces, without a network.

    The first call renders the scores in music21's corpus to files in the data home; later calls
    find the files there. The function needs ``pip install ".[midi,score]"`` in a clone. Recordings
    of all 350 chorales last 4 hours, take 280 MB, and are rendered in about 2 minutes on 2 cores.

    Parameters
    ----------
    n_chorales : int, default=None
        Number of chorales, in the order of Riemenschneider's collection. If None, all 350.
    kind : {"audio", "midi", "chroma", "roll"}, default="audio"
        Form of the music: recordings for :class:`musicai.ChromaExtractor`, MIDI files for
        :class:`musicai.PianoRollExtractor`, or the chroma or piano rolls from these extractors.
    folder : str or path, default=None
        Data home, as for :func:`get_data_home`.
    sr : int, default=22050
        Sampling rate of the audio in hertz, from 1000 to 192000.
    n_jobs : int, default=None
        Number of parallel jobs for rendering and extraction, as in joblib.
    verbose : int, default=0
        Show progress bars of rendering and extraction if greater than 0.

    Returns
    -------
    data : Bunch
        With the attributes

        recordings : list of Path
            Mono FLAC files for "audio" and "chroma", MIDI files for "midi" and "roll".
        data : list of ndarray of shape (n_frames, 12) or (n_frames, 88), dtype float32
            The pieces, for "chroma" and "roll" only.
        timing : Timing
            Timing of the frames of `data`, for "chroma" and "roll" only: 10.8 frames per second for
            chroma, 2 frames per beat for rolls.
        titles : list of str
            Title of each chorale: the first line of its hymn.
        target : None
            The chorales have no style labels.
        target_names : list of str
            Empty.
        DESCR, license, source : str
            Description, license and origin.

    Raises
    ------
    ImportError
        If music21, pretty_midi or, for audio and chroma, midirenderer is missing.
    ValueError
        If `n_chorales` is not between 1 and the number of chorales; if another argument is invalid;
        or if a file from which chroma or rolls are extracted is damaged.

    See Also
    --------
    make_progressions : Make chroma with known chords, without reading or writing files.
    load_recordings : Find your own recordings.

    Examples
    --------
    >>> from musicai.datasets import load_chorales
    >>> data = load_chorales(60, n_jobs=2)  # doctest: +SKIP
    >>> data.titles[0]  # doctest: +SKIP
    'Aus meines Herzens Grunde'
    >>> load_chorales(60, kind="chroma").data[0].shape  # doctest: +SKIP
    (509, 12)
    """
    given = {"n_chorales": n_chorales, "kind": kind, "sr": sr}
    check_values(given, _RULES)
    made = _PIECE_KINDS.get(kind)
    files = FILE_KINDS[made.files if made else kind]
    chorales = first_chorales(n_chorales)
    home = get_data_home(folder)
    recordings = make_files(chorales, files, home, sr=sr, n_jobs=n_jobs, verbose=verbose)
    data = Chorales(
        recordings=recordings,
        titles=[chorale.title for chorale in chorales],
        target=None,
        target_names=[],
        license=_LICENSE,
        source=_SOURCE,
        DESCR=_DESCR.format(
            n_chorales=len(chorales),
            tempo=TEMPO,
            form=files.form.format(sr=sr),
            pieces=f"\nOf these, {made.form}." if made else "",
            sounds=files.sounds,
            license=_LICENSE,
            source=_SOURCE,
        ),
    )
    if made:
        extractor = made.make_extractor(home, n_jobs, verbose)
        try:
            # Convert to arrays, because scikit-learn may be configured to return data frames.
            data.data = [np.asarray(piece) for piece in extractor.transform(recordings)]
        except (RecordingError, MidiError) as error:
            raise type(error)(
                f"{error}. Delete the file, and load_chorales will make it again"
            ) from None
        data.timing = made.timing
    return data


def _make_chroma_extractor(home: Path, n_jobs: int | None, verbose: int) -> ChromaExtractor:
    return ChromaExtractor(memory=home / _MEMORY, n_jobs=n_jobs, verbose=verbose)


def _make_roll_extractor(home: Path, n_jobs: int | None, verbose: int) -> PianoRollExtractor:
    return PianoRollExtractor(steps_per_beat=_STEPS_PER_BEAT, n_jobs=n_jobs, verbose=verbose)


_PIECE_KINDS = {
    "chroma": _PieceKind(
        files="audio",
        form="chroma of a default ChromaExtractor, in data",
        make_extractor=_make_chroma_extractor,
        timing=Timing.from_rate(FRAME_RATE),
    ),
    "roll": _PieceKind(
        files="midi",
        form=f"piano rolls of {N_KEYS} keys, {_STEPS_PER_BEAT} frames per quarter note, in data",
        make_extractor=_make_roll_extractor,
        timing=Timing.from_tempo(TEMPO, frames_per_beat=_STEPS_PER_BEAT, downbeat=None),
    ),
}
_RULES: dict[str, Rule] = {
    "kind": (
        lambda v: is_one_of(v, (*FILE_KINDS, *_PIECE_KINDS)),
        f"one of {(*FILE_KINDS, *_PIECE_KINDS)}",
    ),
    "n_chorales": (lambda v: v is None or is_integer(v), "an integer or None"),
    "sr": FILE_RATE_RULE,
}
