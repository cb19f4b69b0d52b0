"""Rule-based songs played by a band: recordings with known beats, bars and chords."""

import io
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soxr
from joblib import Parallel, delayed

from ..audio import write_audio
from ..base.extras import PACKAGES, need
from ..base.parameters import COUNT_RULE, FILE_RATE_RULE, Rule, check_values, is_integer, is_one_of
from ..base.progress import progress_bar
from ..midi import write_midi
from ..midi.rendering import RATE, load_soundfont, render_file
from ..theory.chord import Chord
from ..theory.spelling import key_name
from ._bands import BANDS, arrange
from ._home import get_data_home
from ._parts import compose
from ._progressions import check_styles, named_chords
from ._styles import STYLES
from .bunches import Songs

N_BARS = 24
"""Number of bars in a song, which lasts about a minute."""

_FADE_SECONDS = 1.0  # fade-out of the last chord
_PEAK = 0.7  # largest absolute value of a sample in a recording; full scale is 1

# Folders of files by kind. Increment the version in the names if the songs change, so that old
# files are not used.
_KINDS = {"audio": "songs-1-{sr}", "midi": "songs-midi-1"}

_LICENSE = "none is needed for the music, which is made by rules and chance"
_SOURCE = "musicai.datasets.make_songs"

_DESCR = """\
Songs made by rules
===================
{n_songs} songs of {n_bars} bars in the styles {styles}: bass, chords, melody and drums, {form}.
Their tempo, meter, key and chords are known.{sounds}

License: {license}.
Source: {source}.
"""

_SOUNDS = """

Sounds: TimGM6mb, the soundfont by Tim Brechbill (GPL-2.0) that
pretty_midi ships; musicai does not distribute it."""


class _Song(NamedTuple):
    """Composed song that has not been rendered yet."""

    style: str
    key: str
    tempo: float
    chords: list[Chord]
    midi: Any


def make_songs(
    n_songs: int = 40,
    *,
    styles: Any = None,
    kind: str = "audio",
    folder: str | os.PathLike[str] | None = None,
    sr: int = 44100,
    random_state: int = 0,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> Songs:
    """Make recordings or MIDI files of rule-based songs, played by a band.

    The songs have a pulse, follow the rules of :func:`make_progressions`, and are free of
    copyright. The first call writes files to the data home; later calls find them there. The
    function needs ``pip install ".[midi]"`` in a clone.

    Parameters
    ----------
    n_songs : int, default=40
        Number of songs, each about a minute long. The styles take turns. With the same seed, a
        larger number only adds songs.
    styles : list of str, default=None
        Styles to use, from those of :func:`make_progressions`. None means all. "waltz" has three
        beats per bar, the others four. "baroque" has no drums.
    kind : {"audio", "midi"}, default="audio"
        Form of the music: recordings for :class:`musicai.ChromaExtractor`, or MIDI files for
        :class:`musicai.PianoRollExtractor`.
    folder : str or path, default=None
        Data home, as for :func:`get_data_home`.
    sr : int, default=44100
        Sampling rate of recordings in hertz, from 1000 to 192000.
    random_state : int, default=0
        Seed, which determines the songs.
    n_jobs : int, default=None
        Number of processes for rendering, as in joblib.
    verbose : int, default=0
        Show a progress bar while rendering if greater than 0.

    Returns
    -------
    data : Bunch
        With the attributes

        recordings : list of Path
            Stereo FLAC files, or MIDI files. The first beat is at 0 s.
        target : list of str
            Style of each song.
        target_names : list of str
            The styles, sorted.
        tempi : ndarray of shape (n_songs,)
            Tempo of each song in beats per minute.
        beats_per_bar : ndarray of shape (n_songs,), dtype int
            Number of beats per bar in each song, 3 or 4.
        chords : list of list of musicai.render.Chord
            Chords of each song, timed in seconds, without gaps.
        key_names : list of str
            Key of each song, such as "F# minor".
        titles : list of str
            Titles such as "waltz 2 in F major".
        DESCR, license, source : str
            Description, license and origin.

    Raises
    ------
    ImportError
        If mido, pretty_midi or midirenderer is missing.
    ValueError
        If a parameter is invalid.

    See Also
    --------
    make_progressions : Make the chroma of similar music, without reading or writing files.
    load_chorales : Load real music, without drums.

    Examples
    --------
    >>> import tempfile
    >>> from musicai.datasets import make_songs
    >>> with tempfile.TemporaryDirectory() as home:
    ...     songs = make_songs(2, styles=["pop", "waltz"], kind="midi", folder=home)
    >>> songs.titles, songs.beats_per_bar
    (['pop 1 in F minor', 'waltz 2 in F# minor'], array([4, 3]))
    """
    given = {"n_songs": n_songs, "kind": kind, "sr": sr, "random_state": random_state}
    check_values(given, _RULES)
    names = check_styles(styles)
    for package in PACKAGES["midi"]:
        need(package, extra="midi", what="make_songs")
    songs = [_make_song(names[i % len(names)], (random_state, i)) for i in range(n_songs)]
    home = get_data_home(folder) / _KINDS[kind].format(sr=sr)
    home.mkdir(exist_ok=True)
    suffix = ".flac" if kind == "audio" else ".mid"
    files = [home / f"{song.style}-{random_state}-{i:03d}{suffix}" for i, song in enumerate(songs)]
    _write_missing(songs, files, sr=sr, n_jobs=n_jobs, verbose=verbose)
    return Songs(
        recordings=files,
        target=[song.style for song in songs],
        target_names=sorted(names),
        tempi=np.array([song.tempo for song in songs]),
        beats_per_bar=np.array([STYLES[song.style].beats for song in songs]),
        chords=[song.chords for song in songs],
        key_names=[song.key for song in songs],
        titles=[f"{song.style} {i} in {song.key}" for i, song in enumerate(songs, 1)],
        license=_LICENSE,
        source=_SOURCE,
        DESCR=_DESCR.format(
            n_songs=n_songs,
            n_bars=N_BARS,
            styles=", ".join(sorted(names)),
            form=f"stereo FLAC at {sr} Hz" if kind == "audio" else "as MIDI files",
            license=_LICENSE,
            sounds=_SOUNDS if kind == "audio" else "",
            source=_SOURCE,
        ),
    )


def _make_song(name: str, seed: tuple[int, int]) -> _Song:
    """Compose a song and arrange it for a band."""
    rng = np.random.RandomState(seed)
    style, band = STYLES[name], BANDS[name]
    mode = style.modes[rng.randint(len(style.modes))]
    tonic = rng.randint(12)
    tempo = round(rng.uniform(*band.tempo), 1)
    chords, voices = compose(style, mode, N_BARS, rng)
    key = tonic + 12 * mode.minor
    midi = arrange(
        voices, band, beats=style.beats, n_bars=N_BARS, tempo=tempo, tonic=tonic, rng=rng
    )
    return _Song(name, key_name(key), tempo, named_chords(chords, key, 60 / tempo), midi)


def _write_missing(
    songs: list[_Song], files: list[Path], *, sr: int, n_jobs: int | None, verbose: int
) -> None:
    """Write the files that do not exist yet."""
    missing = [
        delayed(_write)(song.midi, path, sr)
        for song, path in zip(songs, files, strict=True)
        if not path.exists()
    ]
    if missing:
        done = Parallel(n_jobs=n_jobs, return_as="generator")(missing)
        for _ in progress_bar(done, "rendering", len(missing), unit="song", disable=verbose < 1):
            pass


def _write(midi: Any, path: Path, sr: int) -> None:
    if path.suffix == ".mid":
        write_midi(path, midi)
        return
    file = io.BytesIO()
    write_midi(file, midi)
    stereo = render_file(file.getvalue(), load_soundfont(None))
    samples = soxr.resample(stereo.astype(np.float32), RATE, sr)
    n_fade = min(len(samples), round(_FADE_SECONDS * sr))
    samples[-n_fade:] *= np.linspace(1, 0, n_fade, dtype=np.float32)[:, None]
    write_audio(path, _PEAK * samples / np.abs(samples).max(), sr)


_RULES: dict[str, Rule] = {
    "n_songs": COUNT_RULE,
    "kind": (lambda v: is_one_of(v, tuple(_KINDS)), f"one of {tuple(_KINDS)}"),
    "sr": FILE_RATE_RULE,
    "random_state": (
        lambda v: is_integer(v, 0) and v < 2**32,
        "an integer from 0 to 4294967295, because the names of the files contain it",
    ),
}
