"""Chroma as MIDI."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.extras import need
from ..base.parameters import check_values, is_one_of
from ..base.pieces import as_chroma
from ..files.piece_files import piece_files
from ..midi import write_midi
from ..theory.spelling import estimated_key
from ..theory.timing import FRAME_RATE
from ._arrangement import STYLES, arrange, listen
from ._collections import in_kind
from ._timeline import BEATS_PER_BAR, GRID_RULE, TIMING, Timeline, are_beats, timelines

if TYPE_CHECKING:
    from pretty_midi import PrettyMIDI

RULES = TIMING | {
    "style": (lambda v: is_one_of(v, tuple(STYLES)), f"one of {tuple(STYLES)}"),
    "grid": GRID_RULE,
}
_TICKS_PER_BEAT = 480
_SHORTEST_BEAT = 1e-6  # seconds; the fastest tempo that MIDI has


def chroma_to_midi(
    X: Any,
    file: Any = None,
    *,
    style: str = "chords",
    frame_rate: float = FRAME_RATE,
    times: Any = None,
    tempo: float = 120.0,
    grid: int | None = None,
) -> Any:
    """Set chroma for instruments, as MIDI.

    The piece is divided into chords of up to four tones that explain its frames, each tone as
    loud as it is heard; then octaves are chosen so that voices move as little as can be. Needs
    the extra ``midi`` (``pip install ".[midi]"`` in a clone).

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma.
    file : str, PathLike or binary file object, or a list of them, default=None
        Where to write it; for a collection one file per piece. When None nothing is written.
    style : {"chords", "pads", "band"}, default="chords"
        "chords" are block chords of a piano. "pads" are the same for a synthesizer: a tone that
        two chords share is held. "band" has a bass on roots, slower chords, and a melody of what
        the chords leave out.
    frame_rate : float, default=10.77
        Frames per second, as an extractor's `frame_rate`; ignored where `times` are given.
    times : ndarray of shape (n_frames + 1,), or a list of them, default=None
        When each frame begins and the last one ends, in seconds; for a collection one array per
        piece. Each frame then is a beat, as with ``ChromaExtractor(sync="beat")``, and the file's
        tempo follows the beats.
    tempo : float, default=120.0
        Beats per minute in the file; ignored where `times` are given. It does not change when
        frames sound.
    grid : int, default=None
        Steps per beat on which notes begin and end, but for the last ones, which end with the
        piece. When None, notes begin and end with frames.

    Returns
    -------
    midi : pretty_midi.PrettyMIDI, or a list of them
        Lasts as long as the piece, silence at its end included (an empty text marks it).

    Raises
    ------
    ImportError
        If pretty_midi is missing.
    ValueError
        If `X` is not chroma, a parameter has no possible value, or there are not as many files or
        times as needed.
    TypeError
        If `X` holds paths, or `file` is no list where `X` is a collection.
    FileNotFoundError
        If the folder of a file does not exist.

    See Also
    --------
    to_musicxml : A score to read.
    musicai.midi.write_midi : Write what is returned, if it was changed.

    Notes
    -----
    Chords are found by dynamic programming over all divisions of the piece, for the highest
    correlation with its frames less a price for every change. Velocities are proportional to
    the chord's loudness in chroma. There are no drums: at a tempo that was not heard in the
    music they would play against it.

    References
    ----------
    .. [1] D. Tymoczko, "A geometry of music", Oxford 2011, chapter 2, for voice leading as the
       shortest way between chords.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.render import chroma_to_midi
    >>> piece = np.zeros((40, 12))
    >>> piece[:20, [0, 4, 7]] = piece[20:, [0, 5, 9]] = 1
    >>> midi = chroma_to_midi(piece, frame_rate=10)
    >>> sorted(note.pitch for note in midi.instruments[0].notes if note.start == 0)
    [60, 64, 67]
    >>> sorted(note.pitch for note in midi.instruments[0].notes if note.start == 2)
    [60, 65, 69]
    >>> midi.get_end_time()
    4.0
    """
    values = {"style": style, "frame_rate": frame_rate, "tempo": tempo, "grid": grid}
    check_values(values, RULES)
    for module in ("pretty_midi", "mido"):
        need(module, extra="midi", what="chroma_to_midi")
    pieces, _ = as_chroma(X)
    lines = timelines(X, pieces, frame_rate=frame_rate, times=times, tempo=tempo)
    files = piece_files(file, X, pieces, suffixes=(".mid", ".midi"))
    counted = [times is not None and are_beats(line.seconds) for line in lines]
    played = [
        _play(piece, line, style=style, tempo=tempo, grid=grid, on_beats=on_beats)
        for piece, line, on_beats in zip(pieces, lines, counted, strict=True)
    ]
    for target, midi in zip(files, played, strict=True):
        if target is not None:
            write_midi(target, midi)
    return in_kind(X, played)


def _play(
    piece: np.ndarray,
    timeline: Timeline,
    *,
    style: str,
    tempo: float,
    grid: int | None,
    on_beats: bool,
) -> "PrettyMIDI":
    pretty_midi = need("pretty_midi", extra="midi", what="chroma_to_midi")
    midi = pretty_midi.PrettyMIDI(mido_object=_tempo_map(timeline, tempo, on_beats))
    midi.time_signature_changes = [pretty_midi.TimeSignature(BEATS_PER_BAR, 4, 0.0)]
    midi.key_signature_changes = [pretty_midi.KeySignature(estimated_key(piece), 0.0)]
    borders = timeline.cells(grid)
    seconds = borders.tolist()
    for part in arrange(listen(piece, timeline, borders), style):
        instrument = pretty_midi.Instrument(part.program, name=part.name)
        instrument.notes = [
            pretty_midi.Note(note.velocity, note.pitch, seconds[note.start], seconds[note.end])
            for note in part.notes
        ]
        midi.instruments.append(instrument)
    midi.text_events.append(pretty_midi.Text("", timeline.duration))
    return midi


def _tempo_map(timeline: Timeline, tempo: float, on_beats: bool) -> Any:
    """Return a mido.MidiFile without notes; pretty_midi takes changes of tempo from files only."""
    mido = need("mido", extra="midi", what="chroma_to_midi")
    track = mido.MidiTrack()
    if on_beats:
        last = 0
        for beats, seconds in zip(np.diff(timeline.beats), np.diff(timeline.seconds), strict=True):
            if beats:
                microseconds = round(1e6 * max(_SHORTEST_BEAT, seconds / beats))
                track.append(mido.MetaMessage("set_tempo", tempo=microseconds))
                track[-1].time, last = last, int(beats) * _TICKS_PER_BEAT
    else:
        track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo)))
    track.append(mido.MetaMessage("end_of_track"))
    return mido.MidiFile(tracks=[track], ticks_per_beat=_TICKS_PER_BEAT)
