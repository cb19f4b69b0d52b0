"""Sessions: mosaics as projects for a digital audio workstation."""

import os
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import PurePath
from typing import Any

import numpy as np

from ..audio.headers import read_durations, read_header
from ..audio.recordings import count_channels
from ..base.extras import need
from ..base.parameters import check_values
from ..base.pieces import as_chroma, is_collection, one_per_piece
from ..files.paths import AnyPath, is_path, printable
from ..files.piece_files import piece_files
from ..files.writing import whole_file
from ..midi.events import META, TEMPO, TIME_SIGNATURE, Event, Track
from ..midi.writing import tracks_of
from ..theory.spelling import key_name
from ._midi import RULES, chroma_to_midi
from ._reaper import (
    EQUAL_POWER,
    LINEAR,
    Fade,
    Item,
    Region,
    Source,
    Tempo,
    audio_track,
    midi_track,
    project,
    quoted,
)
from ._sheet import keys_of, sheet_of
from ._timeline import timelines

_KINDS = {
    **dict.fromkeys(("WAV", "WAVEX", "RF64", "W64", "AIFF", "CAF"), "WAVE"),
    "FLAC": "FLAC",
    "MP3": "MP3",
    "OGG": "VORBIS",
}
"""Reaper's source types, by libsndfile's names of audio formats.

Ogg files that contain Opus have the type OPUS. Files in other formats have the type VIDEO, which
Reaper reads with ffmpeg.
"""

_EVEN = 0.0005
"""Deviation of beats from a constant speed, in seconds, from which an item has stretch markers."""

_PADDING = 0.2
"""Maximum difference in seconds between the lengths of a mosaic and its audio file.

They can differ because MP3 encoders pad audio.
"""


def write_session(
    X: Any,
    file: Any,
    *,
    mosaic: Any,
    timing: Any = None,
    tempo: float | None = None,
    style: Any = None,
    audio: Any = None,
    instruments: str = "band",
    drums: bool = True,
    vocabulary: str = "triads",
    notated_tempo: float | None = None,
    key: Any = None,
    grid: int | None = 4,
) -> None:
    """Write a mosaic as a Reaper project, for editing and mixing.

    The session plays the same clips as ``mosaic.transform`` with the same arguments. This function
    requires the extra ``midi`` (``pip install ".[midi]"`` in a clone).

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma.
    file : str, PathLike or binary file object, or a list of them
        Project file to write, with the suffix .rpp; for a collection, a list with one file per
        piece. Paths of recordings are relative to the project's folder, or absolute if `file` is a
        file object or the recordings are on another drive.
    mosaic : MosaicSynthesizer
        A fitted mosaic whose recordings are files.
    timing : Timing, object with a `timing`, float, or list of these, default=None
        As in :meth:`musicai.MosaicSynthesizer.transform`.
    tempo : float, default=None
        As in :meth:`musicai.MosaicSynthesizer.transform`.
    style : object or dict, default=None
        As in :meth:`musicai.MosaicSynthesizer.transform`.
    audio : str or PathLike, or a list of them, default=None
        Audio file that ``mosaic.transform`` wrote, to be added as a muted track; for a collection,
        a list with one file per piece.
    instruments : {"chords", "pads", "band"}, default="band"
        As in :func:`chroma_to_midi`.
    drums : bool, default=True
        As in :func:`chroma_to_midi`.
    vocabulary : {"triads", "qualities"}, default="triads"
        Chords to choose from, as in :func:`recognize_chords`.
    notated_tempo : float, default=None
        Tempo, in beats per minute, at which to notate frames that do not follow beats. None means
        the tempo at which a mosaic by beats plays the frames, or 120 for a mosaic by frames. This
        tempo does not affect the times at which frames sound. It cannot be set for frames that
        follow beats.
    key : str, or a list of them, default=None
        As in :func:`chroma_to_midi`.
    grid : int or None, default=4
        As in :func:`chroma_to_midi`.

    Raises
    ------
    ValueError
        If `X` is not chroma or has no frames, a parameter is out of range, beats have no tempo or a
        tempo at which the recordings cannot be played, recordings are not files, the name of a file
        cannot be written, `audio` is not the audio of the mosaic, or the number of files or timings
        is wrong.
    TypeError
        If `mosaic` is not a MosaicSynthesizer, `X` holds paths, `file` is None, `audio` is not a
        path, or `X` is a collection but `file` is a single file.
    RecordingError
        If a recording has changed or disappeared since the mosaic was fitted, and is not found in
        the `root` of the mosaic.
    ImportError
        If a package for MIDI is missing.
    FileNotFoundError
        If the file `audio` does not exist.
    OSError
        If the file cannot be written. An existing file is left unchanged.

    See Also
    --------
    musicai.MosaicSynthesizer.edit_list : Returns the clips that the session plays.
    chroma_to_midi : Returns the notes of the session as MIDI.

    Notes
    -----
    - The track "Mosaic" has an item for each segment, with its position in the recording, its
      speed, the gain of its recording, and its fades. In a mosaic by beats, items are stretched
      without a change of pitch. An item whose speed varies has a stretch marker on each beat. In a
      mosaic by frames, transposed items are played faster or slower.
    - Each instrument of `chroma_to_midi` has a MIDI track, which is silent until you add a plug-in.
      The tempo map and the bars are the same as in `chroma_to_midi`; a pickup is bar 0.
    - Regions show the same chords as `chord_chart`, if its `notated_tempo` is the same.

    The session lacks the mosaic's `shaping` and its final adjustment of loudness. The muted track
    of `audio` has both.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from pathlib import Path
    >>> from musicai import MosaicSynthesizer
    >>> from musicai.audio import write_audio
    >>> from musicai.render import write_session
    >>> time = np.arange(4 * 22050) / 22050
    >>> piece = np.zeros((20, 12))
    >>> piece[:10, 9] = piece[10:, 0] = 1  # A, then C
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     recordings = [Path(folder, "a.wav"), Path(folder, "c.wav")]
    ...     for path, frequency in zip(recordings, (440.0, 523.25)):
    ...         write_audio(path, 0.1 * np.sin(2 * np.pi * frequency * time), 22050)
    ...     session = Path(folder, "song.rpp")
    ...     write_session(piece, session, mosaic=MosaicSynthesizer().fit(recordings))
    ...     lines = session.read_text().splitlines()
    >>> [line.strip() for line in lines if "FILE" in line]
    ['FILE "a.wav"', 'FILE "c.wav"']
    """
    arrangement = {
        "instruments": instruments,
        "drums": drums,
        "vocabulary": vocabulary,
        "grid": grid,
    }
    check_values(arrangement, RULES)
    if not callable(getattr(mosaic, "edit_list", None)) or isinstance(mosaic, type):
        raise TypeError(
            f"mosaic is of type {type(mosaic).__name__} where a MosaicSynthesizer is expected"
        )
    for module in ("pretty_midi", "mido"):
        need(module, extra="midi", what="write_session")
    pieces, _ = as_chroma(X)
    files = piece_files(file, X, pieces, suffixes=(".rpp",))
    references = one_per_piece(audio, X, pieces, "audio")
    keys = keys_of(key, X, pieces)
    for i, (piece, target) in enumerate(zip(pieces, files, strict=True)):
        if target is None:
            raise TypeError("file is None where the file to write is expected")
        if not len(piece):
            raise ValueError(f"X[{i}] has no frames: there is no session to write, leave it out")
    found = mosaic.edit_list(X, timing=timing, tempo=tempo, style=style)
    found = found if is_collection(X) else [found]
    every = zip(pieces, files, references, keys, found, strict=True)
    for piece, target, reference, number, edits in every:
        text = _session(
            piece,
            edits,
            reference,
            folder=_folder(target) if is_path(target) else None,
            key=number,
            notated_tempo=notated_tempo or edits.tempo,
            **arrangement,
        )
        with whole_file(target) as draft:
            draft.write(text.encode("utf-8", "surrogateescape"))


def _session(
    piece: np.ndarray,
    edits: Any,
    audio: AnyPath | None,
    *,
    folder: str | None,
    key: int | None,
    notated_tempo: float | None,
    **arrangement: Any,
) -> str:
    """Return the text of the session of a piece."""
    clock: dict[str, Any] = {"timing": edits.timing, "notated_tempo": notated_tempo}
    name = None if key is None else key_name(key)
    music = chroma_to_midi(piece, key=name, **arrangement, **clock)
    conductor, *played = tracks_of(music)
    tempi = _tempi(conductor.events, music.resolution)
    (timeline,) = timelines(X=piece, pieces=[piece], **clock)
    chords = sheet_of(piece, timeline, vocabulary=arrangement["vocabulary"], key=key).chords
    beats = np.array([0.0, *(chord.end for chord in chords)])
    borders = np.minimum(_seconds_at(beats - timeline.beats[0], tempi), edits.seconds)
    tracks = [
        audio_track("Mosaic", _items(edits, folder), levels=edits.levels.tolist()),
        *([] if audio is None else [_reference(audio, edits, folder)]),
        *(
            midi_track(
                part.name, _messages(track), length=edits.seconds, resolution=music.resolution
            )
            for part, track in zip(music.instruments, played, strict=True)
        ),
    ]
    bars = [Fraction(*each.meter) for each in tempi if each.meter]
    return project(
        tempi,
        [
            Region(float(start), float(end), chord.label)
            for chord, (start, end) in zip(chords, pairwise(borders), strict=True)
        ],
        tracks,
        sr=edits.sr,
        first_bar=0 if bars[0] < bars[-1] else 1,
    )


def _tempi(events: Sequence[Event], resolution: int) -> list[Tempo]:
    """Return the tempo and meter changes among MIDI events; `resolution` is in ticks per beat."""
    changes: dict[int, dict[str, Any]] = {}
    for event in events:
        kind, *values = event.data
        if kind == TEMPO:
            changes.setdefault(event.tick, {})["tempo"] = int.from_bytes(values, "big")
        elif kind == TIME_SIGNATURE:
            changes.setdefault(event.tick, {})["meter"] = (values[0], 2 ** values[1])
    tempi = []
    seconds, last, tempo = 0.0, 0, 500_000
    for tick, change in sorted(changes.items()):
        seconds += (tick - last) * tempo * 1e-6 / resolution
        last, tempo = tick, change.get("tempo", tempo)
        tempi.append(Tempo(seconds, 6e7 / tempo, change.get("meter")))
    return tempi


def _seconds_at(beats: np.ndarray, tempi: list[Tempo]) -> np.ndarray:
    """Convert positions in beats from the beginning to seconds."""
    starts = np.array([each.seconds for each in tempi])
    per_second = np.array([each.beats_per_minute / 60 for each in tempi])
    counted = np.concatenate([[0.0], np.cumsum(np.diff(starts) * per_second[:-1])])
    last = np.maximum(np.searchsorted(counted, beats, side="right") - 1, 0)
    return starts[last] + np.maximum(beats - counted[last], 0) / per_second[last]


def _messages(track: Track) -> Iterator[tuple[int, list[int]]]:
    """Yield the channel messages of a track, and finally one that turns all notes off.

    Each message is paired with the number of ticks since the previous one.
    """
    last = 0
    for event in track.events:
        if event.status != META:
            yield event.tick - last, [event.status, *event.data]
            last = event.tick
    yield track.end - last, [0xB0, 123, 0]  # all notes off


def _items(edits: Any, folder: str | None) -> Iterator[Item]:
    """Yield an item for each clip."""
    sources: dict[str, tuple[Source, int]] = {}
    last = len(edits.clips) - 1
    for number, clip in enumerate(edits.clips):
        if clip.path is None:
            raise ValueError(
                f"recording {clip.recording} of the mosaic is an array of samples, but a session "
                "needs files: write it to a file and fit the mosaic on files"
            )
        if clip.path not in sources:
            sources[clip.path] = _source(clip.path, folder)
        source, n_channels = sources[clip.path]
        start, length = float(clip.times[0]), float(np.ptp(clip.times))
        played = (clip.times - start) * clip.rate  # stretch markers are scaled by the rate
        is_even = np.abs(clip.source_times - clip.source_times[0] - played).max() < _EVEN
        marks = zip(played.tolist(), clip.source_times.tolist(), strict=True)
        yield Item(
            name=PurePath(clip.path).name,
            start=start,
            length=length,
            offset=float(clip.source_times[0]),
            rate=clip.rate,
            semitones=clip.semitones if clip.keeps_pitch else 0.0,
            keeps_pitch=clip.keeps_pitch,
            gain=10 ** (clip.gain / 20),
            fade_in=Fade(clip.fade_in, EQUAL_POWER if number else LINEAR),
            fade_out=Fade(clip.fade_out, EQUAL_POWER if number < last else LINEAR),
            to_mono=n_channels > edits.n_channels,
            source=source,
            marks=[] if is_even else list(marks),
        )


def _reference(audio: AnyPath, edits: Any, folder: str | None) -> list[str]:
    """Return the block of a muted track that plays the audio of a whole mosaic."""
    if not is_path(audio):
        raise TypeError(f"audio is {audio!r} where the path of a file is expected")
    (seconds,) = read_durations([audio])
    if not os.path.isfile(audio):
        raise FileNotFoundError(
            f"{printable(audio)}: there is no such file: write it with mosaic.transform first"
        )
    if not abs(seconds - edits.seconds) < _PADDING:
        raise ValueError(
            f"{printable(audio)}: this is not the audio of the mosaic, which lasts "
            f"{edits.seconds:.2f} s: write it with mosaic.transform and the same arguments"
        )
    source, _ = _source(os.path.abspath(os.fsdecode(audio)), folder)
    item = Item(
        name=PurePath(os.fsdecode(audio)).name,
        start=0.0,
        length=edits.seconds,
        offset=0.0,
        rate=1.0,
        semitones=0.0,
        keeps_pitch=True,
        gain=1.0,
        fade_in=Fade(0.0, LINEAR),
        fade_out=Fade(0.0, LINEAR),
        to_mono=False,
        source=source,
        marks=[],
    )
    return audio_track("Mosaic, rendered", [item], is_muted=True)


def _source(path: str, folder: str | None) -> tuple[Source, int]:
    """Return an audio file as a source for items, and its number of channels."""
    name = path if folder is None else _relative(path, folder)
    try:
        quoted(name)
        is_one_line = name.splitlines() == [name]
    except ValueError:
        is_one_line = False
    if not is_one_line:
        raise ValueError(
            f"{printable(path)!r}: a session cannot hold this name; rename the file so that "
            "it has no line breaks and not all of \", ' and `, and set the mosaic's root"
        )
    header = read_header(path)
    kind = "VIDEO" if header is None else _KINDS.get(header.format, "VIDEO")
    if kind == "VORBIS" and _is_opus(path):
        kind = "OPUS"
    return Source(kind, name), count_channels(path)


def _is_opus(path: str) -> bool:
    with open(path, "rb") as file:
        return b"OpusHead" in file.read(512)


def _folder(file: AnyPath) -> str:
    return os.path.dirname(os.path.abspath(os.fsdecode(file)))


def _relative(path: str, folder: str) -> str:
    """Return a path relative to a folder, or unchanged if it is on another drive."""
    try:
        return os.path.relpath(os.path.realpath(path), os.path.realpath(folder))
    except ValueError:
        return path
