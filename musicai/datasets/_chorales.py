"""Bach's chorales: scores from music21's corpus, as MIDI or played by a soundfont."""

import io
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soxr
from joblib import Parallel, delayed
from sklearn.utils import Bunch
from tqdm.auto import tqdm

from .._extras import need
from .._parameters import Rule, check_values, is_one_of
from ..audio import write_audio
from ..midi import write_midi
from ..midi._rendering import RATE, load_soundfont, render_file, to_mono
from ._home import get_data_home

_TEMPO = 80
_SECONDS_PER_QUARTER = 60 / _TEMPO
_FADE_SECONDS = 0.5  # the renderer stops at the last note's end, which would click
_PIANO = 0  # as General MIDI counts; one instrument throughout makes chroma that is easier to learn

_DESCR = """\
Chorales of Johann Sebastian Bach
=================================
{n_chorales} chorales in the order of Riemenschneider's collection, at 80 beats a minute, without
repeats, {form}.

Scores: the corpus of music21, distributed with the permission of its encoders under the terms in
its corpus/license.txt; Bach's music itself is in the public domain. {sounds}
"""


class _Chorale(NamedTuple):
    number: int  # Riemenschneider's
    title: str
    score: Path


class _Kind(NamedTuple):
    """What can be made of the scores."""

    folder: str  # with a number to count up when the same score would be made into something else
    suffix: str
    packages: tuple[str, ...]
    make: Callable[[Path, Path, int], None]  # of a score, into a file, at a sampling rate
    form: str
    sounds: str


def load_chorales(
    n_chorales: int | None = None,
    *,
    kind: str = "audio",
    folder: str | os.PathLike[str] | None = None,
    sampling_rate: int = 22050,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> Bunch:
    """Bach's chorales as recordings or MIDI files, made on this machine and without a network.

    The scores are read from music21's corpus and rendered with a soundfont the first time; later
    calls find the files in the data home. Needs ``pip install musicai[midi,score]``. All 350 are
    4 hours of music, 280 MB of FLAC and about 2 minutes of rendering on 2 cores.

    Parameters
    ----------
    n_chorales : int, default=None
        How many, from the first of Riemenschneider's collection on. When None all, which are
        350.
    kind : {"audio", "midi"}, default="audio"
        What to make of the scores: recordings for :class:`musicai.ChromaExtractor`, or MIDI files
        for :class:`musicai.PianoRollExtractor`.
    folder : str or path, default=None
        The data home. When None, see :func:`get_data_home`.
    sampling_rate : int, default=22050
        Of the audio, in Hz; MIDI files have none.
    n_jobs : int, default=None
        Processes that render, as in joblib.
    verbose : int, default=0
        Show a progress bar while rendering if above 0.

    Returns
    -------
    data : Bunch
        With the attributes

        recordings : list of Path
            FLAC files, mono, or MIDI files.
        titles : list of str
            First lines of the hymns.
        target : None
            All are of one style.
        target_names : list of str
            Empty.
        DESCR : str
            What was made from what, and the licences.

    Raises
    ------
    ImportError
        If music21, pretty_midi or, for audio, midirenderer is missing.
    ValueError
        If `n_chorales` is not between 1 and the number that there are, or `kind` is unknown.

    Examples
    --------
    >>> from musicai.datasets import load_chorales
    >>> data = load_chorales(60, n_jobs=2)  # doctest: +SKIP
    >>> data.titles[0]  # doctest: +SKIP
    'Aus meines Herzens Grunde'
    """
    check_values({"kind": kind}, _RULES)
    making = _KINDS[kind]
    chorales = _first_chorales(n_chorales)
    home = get_data_home(folder) / making.folder.format(sampling_rate=sampling_rate)
    home.mkdir(exist_ok=True)
    recordings = [
        home / f"{chorale.number:03d}-{chorale.score.stem}{making.suffix}" for chorale in chorales
    ]
    missing = [
        delayed(making.make)(chorale.score, path, sampling_rate)
        for chorale, path in zip(chorales, recordings, strict=True)
        if not path.exists()
    ]
    if missing:
        for package in making.packages:  # before any process is started
            _need(package)
        done = Parallel(n_jobs=n_jobs, return_as="generator")(missing)
        for _ in tqdm(done, "rendering", len(missing), unit="chorale", disable=verbose < 1):
            pass
    return Bunch(
        recordings=recordings,
        titles=[chorale.title for chorale in chorales],
        target=None,
        target_names=[],
        DESCR=_DESCR.format(
            n_chorales=len(chorales),
            form=making.form.format(sampling_rate=sampling_rate),
            sounds=making.sounds,
        ),
    )


def _first_chorales(n_chorales: int | None) -> list[_Chorale]:
    """Riemenschneider's first `n_chorales`, each setting once: his book repeats some."""
    corpus = _need("music21.corpus")
    book = _need("music21.corpus.chorales").ChoraleListRKBWV().byRiemenschneider
    chorales: dict[Path, _Chorale] = {}
    for number, entry in sorted(book.items()):
        score = _find_score(corpus, f"bwv{entry['bwv']}")
        chorales.setdefault(score, _Chorale(number, entry["title"], score))
    if n_chorales is not None and not 1 <= n_chorales <= len(chorales):
        raise ValueError(
            f"n_chorales must be between 1 and {len(chorales)}, or None for all: got {n_chorales}"
        )
    return list(chorales.values())[:n_chorales]


def _find_score(corpus: Any, name: str) -> Path:
    found = corpus.getWork(f"bach/{name}")  # all whose names begin like this, if several do
    scores = [Path(path) for path in (found if isinstance(found, list) else [found])]
    return min(scores, key=lambda path: (path.stem != name, path.suffix == ".krn", path.name))


def _record(score: Path, path: Path, sampling_rate: int) -> None:
    file = io.BytesIO()
    # Not at the true tempo: its ticks would move some notes by a millisecond, and what was
    # rendered before would no longer be what is rendered now. Not through `synthesize` for the
    # same reason: it has another grid for the starts of notes, and lets the last ones die away.
    write_midi(file, _play(score, tempo=120))
    samples = to_mono(render_file(file.getvalue(), load_soundfont(None)))
    mono = soxr.resample(samples, RATE, sampling_rate)
    n_fade = min(len(mono), round(_FADE_SECONDS * sampling_rate))
    mono[-n_fade:] *= np.linspace(1, 0, n_fade, dtype=np.float32)
    write_audio(path, 0.7 * mono / np.abs(mono).max(), sampling_rate)


def _notate(score: Path, path: Path, _: int) -> None:
    write_midi(path, _play(score, tempo=_TEMPO))


def _play(score: Path, *, tempo: float) -> Any:
    """Notes of a score, every part by a piano, at an even tempo; `tempo` is what is notated."""
    music21, pretty_midi = _need("music21"), _need("pretty_midi")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the encoding of single scores
        # music21's own cache of parsed scores would stay in the temporary folder for good.
        parsed = music21.converter.parse(score, forceSource=True, storePickle=False)
    midi = pretty_midi.PrettyMIDI(initial_tempo=tempo)
    for part in parsed.parts:
        instrument = pretty_midi.Instrument(_PIANO)
        for sounding in part.flatten().stripTies().notes:
            start = float(sounding.offset) * _SECONDS_PER_QUARTER
            end = start + float(sounding.quarterLength) * _SECONDS_PER_QUARTER
            instrument.notes += [
                pretty_midi.Note(velocity=90, pitch=pitch.midi, start=start, end=end)
                for pitch in sounding.pitches
            ]
        midi.instruments.append(instrument)
    return midi


def _need(name: str) -> Any:
    return need(name, extra="midi,score", what="load_chorales")


_KINDS = {
    "audio": _Kind(
        folder="chorales-1-{sampling_rate}",
        suffix=".flac",
        packages=("pretty_midi", "midirenderer"),
        make=_record,
        form="on a piano; mono FLAC at {sampling_rate} Hz",
        sounds="""Sounds: TimGM6mb, the soundfont
by Tim Brechbill (GPL-2.0) that pretty_midi ships. Both are read on this machine; musicai
distributes neither.""",
    ),
    "midi": _Kind(
        folder="chorales-midi-1",
        suffix=".mid",
        packages=("pretty_midi",),
        make=_notate,
        form="as MIDI files, a track for each voice",
        sounds="""They are read on
this machine; musicai does not distribute them.""",
    ),
}
_RULES: dict[str, Rule] = {
    "kind": (lambda v: is_one_of(v, tuple(_KINDS)), f"one of {tuple(_KINDS)}")
}
