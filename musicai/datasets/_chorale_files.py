"""Rendering of Bach's chorales, from the scores in music21's corpus, to audio and MIDI files."""

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soxr
from joblib import Parallel, delayed

from ..audio import write_audio
from ..base.extras import need
from ..base.progress import progress_bar
from ..midi import write_midi
from ..midi.rendering import RATE, load_soundfont, render_file, to_mono

TEMPO = 80
_SECONDS_PER_QUARTER = 60 / TEMPO
_FADE_SECONDS = 0.5  # fade-out, because the renderer stops abruptly at the end of the last note
_PIANO = 0  # General MIDI program; chroma of a single instrument is easier to model


class Chorale(NamedTuple):
    """Score of a chorale, with its number and title."""

    number: int  # in Riemenschneider's collection
    title: str
    score: Path


class FileKind(NamedTuple):
    """Kind of file to which scores are rendered."""

    folder: str  # the name contains a version; increment it if the rendering changes
    suffix: str
    packages: tuple[str, ...]
    make: Callable[[Path, Path, int], None]  # (score, file, sampling rate)
    form: str  # description of the files, with {sr} for the sampling rate
    sounds: str  # last sentences of the paragraph on scores and sounds in `DESCR`


def first_chorales(n_chorales: int | None) -> list[Chorale]:
    """Return the first `n_chorales` different chorales (None: all) in Riemenschneider's order."""
    corpus = _need("music21.corpus")
    book = _need("music21.corpus.chorales").ChoraleListRKBWV().byRiemenschneider
    chorales: dict[Path, Chorale] = {}
    for number, entry in sorted(book.items()):
        score = _find_score(corpus, f"bwv{entry['bwv']}")
        chorales.setdefault(score, Chorale(number, entry["title"], score))
    if n_chorales is not None and not 1 <= n_chorales <= len(chorales):
        raise ValueError(
            f"n_chorales must be between 1 and {len(chorales)}, or None for all: got {n_chorales}"
        )
    return list(chorales.values())[:n_chorales]


def _find_score(corpus: Any, name: str) -> Path:
    """Return the path of the score `name`, or else of the first score whose name begins with it.

    Among scores that match equally well, files in Humdrum format (.krn) come last.
    """
    found = corpus.getWork(f"bach/{name}")  # a list if several names have this prefix
    scores = [Path(path) for path in (found if isinstance(found, list) else [found])]
    return min(scores, key=lambda path: (path.stem != name, path.suffix == ".krn", path.name))


def make_files(
    chorales: list[Chorale],
    kind: FileKind,
    home: Path,
    *,
    sr: int,
    n_jobs: int | None,
    verbose: int,
) -> list[Path]:
    """Render the chorales whose files do not exist, and return the paths of all files."""
    folder = home / kind.folder.format(sr=sr)
    folder.mkdir(exist_ok=True)
    files = [
        folder / f"{chorale.number:03d}-{chorale.score.stem}{kind.suffix}" for chorale in chorales
    ]
    missing = [
        delayed(kind.make)(chorale.score, path, sr)
        for chorale, path in zip(chorales, files, strict=True)
        if not path.exists()
    ]
    if missing:
        for package in kind.packages:  # fail before any process starts
            _need(package)
        done = Parallel(n_jobs=n_jobs, return_as="generator")(missing)
        for _ in progress_bar(done, "rendering", len(missing), unit="chorale", disable=verbose < 1):
            pass
    return files


def _record(score: Path, path: Path, sr: int) -> None:
    file = io.BytesIO()
    # Keep these steps, so that files stay the same as in earlier versions. Notating the true tempo,
    # 80 beats per minute, would change the length of a tick and so move some notes by a
    # millisecond. `synthesize` rounds times differently and adds the decay of the last notes.
    write_midi(file, _play(score, tempo=120))
    samples = to_mono(render_file(file.getvalue(), load_soundfont(None)))
    mono = soxr.resample(samples, RATE, sr)
    n_fade = min(len(mono), round(_FADE_SECONDS * sr))
    mono[-n_fade:] *= np.linspace(1, 0, n_fade, dtype=np.float32)
    write_audio(path, 0.7 * mono / np.abs(mono).max(), sr)


def _notate(score: Path, path: Path, _: int) -> None:
    write_midi(path, _play(score, tempo=TEMPO))


def _play(score: Path, *, tempo: float) -> Any:
    """Convert a score to MIDI music at 80 beats per minute, with a piano for each part.

    `tempo` is the tempo that the MIDI file states. It sets the length of a tick, but not the speed
    of the music.
    """
    music21, pretty_midi = _need("music21"), _need("pretty_midi")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # music21 warns about the encoding of some scores
        # By default, music21 would leave a cache of parsed scores in the temporary folder.
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


FILE_KINDS = {
    "audio": FileKind(
        folder="chorales-1-{sr}",
        suffix=".flac",
        packages=("pretty_midi", "midirenderer"),
        make=_record,
        form="on a piano; mono FLAC at {sr} Hz",
        sounds="""Sounds: TimGM6mb, the soundfont
by Tim Brechbill (GPL-2.0) that pretty_midi ships. Both are read on this machine; musicai
distributes neither.""",
    ),
    "midi": FileKind(
        folder="chorales-midi-1",
        suffix=".mid",
        packages=("pretty_midi",),
        make=_notate,
        form="as MIDI files with a track for each voice",
        sounds="""They are read on
this machine; musicai does not distribute them.""",
    ),
}
