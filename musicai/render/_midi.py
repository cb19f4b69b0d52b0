"""Chroma as MIDI."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.extras import need
from ..base.parameters import Rule, check_values, is_one_of
from ..base.pieces import as_chroma
from ..files.piece_files import piece_files
from ..midi import write_midi
from ..midi.tempi import tempo_map
from ..theory.spelling import estimated_key
from ._arrangement import ARRANGEMENTS, arrange, listen
from ._collections import in_kind
from ._timeline import GRID_RULE, Timeline, timelines

if TYPE_CHECKING:
    from pretty_midi import PrettyMIDI

RULES: dict[str, Rule] = {
    "instruments": (lambda v: is_one_of(v, tuple(ARRANGEMENTS)), f"one of {tuple(ARRANGEMENTS)}"),
    "grid": GRID_RULE,
}
_TICKS_PER_BEAT = 480


def chroma_to_midi(
    X: Any,
    file: Any = None,
    *,
    instruments: str = "chords",
    timing: Any = None,
    notated_tempo: float | None = None,
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
    instruments : {"chords", "pads", "band"}, default="chords"
        "chords" are block chords of a piano. "pads" are the same for a synthesizer: a tone that
        two chords share is held. "band" has a bass on roots, slower chords, and a melody of what
        the chords leave out.
    timing : Timing, object with a `timing`, or float, or a list of them
        When the frames sound: such as ``timing=extractor``, the one that made the pieces,
        ``timing=analysis.timing`` or ``Timing.from_tempo(96)``. A number is frames per second. For
        a collection one for all or a list with one for each piece.
    notated_tempo : float, default=None
        Beats per minute at which frames that are no beats are written down, from the first one on;
        None for 120. It does not change when they sound. Beats have a tempo of their own.
    grid : int, default=None
        Steps per beat on which notes begin and end, but for the last ones, which end with the
        piece. When None, notes begin and end with frames.

    Returns
    -------
    midi : pretty_midi.PrettyMIDI, or a list of them
        Lasts as long as the piece, silence at its end included (an empty text marks it). Its tempo
        follows the beats of `timing`, and its bars the downbeat.

    Raises
    ------
    ImportError
        If pretty_midi is missing.
    ValueError
        If `X` is not chroma, a parameter has no possible value, beats have no tempo, or there are
        not as many files or timings as needed.
    TypeError
        If `X` holds paths, there is no `timing`, or `file` is no list where `X` is a collection.
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
    >>> from musicai import Timing
    >>> from musicai.render import chroma_to_midi
    >>> piece = np.zeros((40, 12))
    >>> piece[:20, [0, 4, 7]] = piece[20:, [0, 5, 9]] = 1
    >>> midi = chroma_to_midi(piece, timing=Timing.from_tempo(120))
    >>> sorted(note.pitch for note in midi.instruments[0].notes if note.start == 0)
    [60, 64, 67]
    >>> sorted(note.pitch for note in midi.instruments[0].notes if note.start == 10)
    [60, 65, 69]
    >>> midi.get_end_time()
    20.0
    """
    check_values({"instruments": instruments, "grid": grid}, RULES)
    for module in ("pretty_midi", "mido"):
        need(module, extra="midi", what="chroma_to_midi")
    pieces, _ = as_chroma(X)
    files = piece_files(file, X, pieces, suffixes=(".mid", ".midi"))
    lines = timelines(timing, X, pieces, notated_tempo=notated_tempo)
    played = [
        _play(piece, line, instruments=instruments, grid=grid)
        for piece, line in zip(pieces, lines, strict=True)
    ]
    for target, midi in zip(files, played, strict=True):
        if target is not None:
            write_midi(target, midi)
    return in_kind(X, played)


def _play(
    piece: np.ndarray, timeline: Timeline, *, instruments: str, grid: int | None
) -> "PrettyMIDI":
    pretty_midi = need("pretty_midi", extra="midi", what="chroma_to_midi")
    tempi = timeline.seconds, timeline.beats
    if not timeline.follows_beats or not timeline.beats.any():
        tempi = np.array([0.0, 60 / timeline.tempo]), np.array([0.0, 1.0])
    file, _ = tempo_map(*tempi, resolution=_TICKS_PER_BEAT, what="chroma_to_midi")
    midi = pretty_midi.PrettyMIDI(mido_object=file)
    midi.time_signature_changes = [
        pretty_midi.TimeSignature(beats, 4, seconds) for beats, seconds in _meters(timeline)
    ]
    midi.key_signature_changes = [pretty_midi.KeySignature(estimated_key(piece), 0.0)]
    borders = timeline.cells(grid)
    seconds = borders.tolist()
    for part in arrange(listen(piece, timeline, borders), instruments):
        instrument = pretty_midi.Instrument(part.program, name=part.name)
        instrument.notes = [
            pretty_midi.Note(note.velocity, note.pitch, seconds[note.start], seconds[note.end])
            for note in part.notes
        ]
        midi.instruments.append(instrument)
    midi.text_events.append(pretty_midi.Text("", timeline.duration))
    return midi


def _meters(timeline: Timeline) -> list[tuple[int, float]]:
    """Return beats in a bar and when they begin to count; a pick-up is a short bar."""
    meters = [(timeline.beats_per_bar, 0.0)]
    pick_up = timeline.downbeat or 0
    if pick_up == 0 and timeline.beats[0] > 0:  # the piece begins within a beat: bars after it
        pick_up = 1 if timeline.downbeat is None else timeline.beats_per_bar
    if pick_up:
        first_bar = float(np.interp(pick_up, timeline.beats, timeline.seconds))
        meters = [(pick_up, 0.0), (timeline.beats_per_bar, first_bar)]
    return meters
