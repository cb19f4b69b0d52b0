"""Conversion of chroma to MIDI."""

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.extras import need
from ..base.parameters import Rule, check_values, is_one_of
from ..base.pieces import as_chroma
from ..files.piece_files import piece_files
from ..midi import write_midi
from ..midi.tempi import steady_tempi, tempo_map
from ._arrangement import ARRANGEMENTS, arrange
from ._chords import VOCABULARY_RULE
from ._collections import in_kind
from ._sheet import Sheet, keys_of, sheet_of
from ._timeline import GRID_RULE, PARTS_OF_BEAT, timelines

if TYPE_CHECKING:
    from pretty_midi import PrettyMIDI

DRUMS_RULE: Rule = (lambda v: isinstance(v, bool), "True or False")
RULES: dict[str, Rule] = {
    "instruments": (lambda v: is_one_of(v, ARRANGEMENTS), f"one of {ARRANGEMENTS}"),
    "vocabulary": VOCABULARY_RULE,
    "grid": GRID_RULE,
    "drums": DRUMS_RULE,
}
_TICKS_PER_BEAT = 480
_UNIT = 4  # beats are quarter notes


def chroma_to_midi(
    X: Any,
    file: Any = None,
    *,
    instruments: str = "chords",
    drums: bool = True,
    vocabulary: str = "triads",
    timing: Any = None,
    notated_tempo: float | None = None,
    key: Any = None,
    grid: int | None = 4,
) -> Any:
    """Arrange chroma for instruments and return it as MIDI.

    Bars and key are the same as in `to_musicxml` and `chord_chart`, and so are the chords and
    melody of a band. Octaves are chosen so that voices move little [1]_. This function requires the
    extra ``midi`` (``pip install ".[midi]"`` in a clone).

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma.
    file : str, PathLike or binary file object, or a list of them, default=None
        File to write; for a collection, a list with one file per piece. If None, nothing is
        written.
    instruments : {"chords", "pads", "band"}, default="chords"
        "band" plays the melody and chords of `to_musicxml`, a bass line of roots, and drums.
        "chords" and "pads" follow the frames more closely. "chords" plays block chords of up to
        four tones on a piano, with each tone as loud as in the frames. "pads" plays the same chords
        on a synthesizer and holds the tones that successive chords share.
    drums : bool, default=True
        Whether a band has drums, which quietly play the meter. They play only if frames follow
        beats, because other frames have no pulse.
    vocabulary : {"triads", "qualities"}, default="triads"
        Chords that a band can play, as in :func:`recognize_chords`.
    timing : Timing, object with a `timing`, float, or list of these
        When the frames sound: for example ``timing=extractor`` with the extractor that made the
        pieces, ``timing=analysis.timing``, or ``Timing.from_tempo(96)``. A number is frames per
        second. For a collection, pass one timing for all pieces or a list with one for each.
    notated_tempo : float, default=None
        Tempo, in beats per minute, at which to notate frames that do not follow beats; None means
        120. The first frame begins on a beat. This tempo does not affect the times at which frames
        sound. It cannot be set for frames that follow beats.
    key : str, or a list of them, default=None
        Key of the piece, such as "G" or "F#m", if known, for example from ``sample(key=...)``. If
        None, the key is estimated from the first eight bars. For a collection, pass one key for all
        pieces or a list with one for each.
    grid : int or None, default=4
        Notes begin and end on a grid with this number of steps per beat, except that the last notes
        end with the piece. If None, notes begin and end with frames; unless frames follow beats,
        these notes are off a sequencer's grid. In a band, only the melody uses the grid: chords and
        bass change on beats, and drums play on beats and half-beats.

    Returns
    -------
    midi : pretty_midi.PrettyMIDI, or a list of them
        MIDI that lasts as long as the piece: an empty text event marks the end, even if the piece
        ends with silence. The tempo changes only as often as is necessary to follow the beats of
        `timing` to within 15 ms. Bars begin on the downbeats of `timing`, after a short bar if
        there is a pickup. If the downbeats are unknown, bars are placed so that as many chord
        changes as possible in the first eight bars fall on downbeats.

    Raises
    ------
    ImportError
        If pretty_midi or mido is missing.
    ValueError
        If `X` is not chroma, a parameter is out of range, beats have no tempo, a file has a suffix
        other than .mid or .midi, or the number of files or timings is wrong.
    TypeError
        If `X` holds paths, `timing` is missing, or `X` is a collection but `file` is a single file.
    FileNotFoundError
        If the folder of a file does not exist.

    See Also
    --------
    to_musicxml : Writes a score.
    musicai.midi.write_midi : Writes the result after you have changed it.

    Notes
    -----
    For "chords" and "pads", dynamic programming over all divisions of a bar maximizes the
    correlation of chords and frames, minus a price for each chord. Velocities follow the loudness
    of the chroma and, in a band, the accents of the meter. An estimated key or first bar line and
    the scale of velocities depend on the first eight bars. Apart from these, a bar does not depend
    on later music: if you recompose a piece from bar 9 on, the notes that begin in bars 1 to 8 stay
    the same, except that pads may be held for a different time.

    References
    ----------
    .. [1] D. Tymoczko, "A geometry of music", Oxford 2011, chapter 2, which describes voice leading
       as the shortest path between chords.

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
    given = {"instruments": instruments, "drums": drums, "vocabulary": vocabulary, "grid": grid}
    check_values(given, RULES)
    for module in ("pretty_midi", "mido"):
        need(module, extra="midi", what="chroma_to_midi")
    pieces, _ = as_chroma(X)
    files = piece_files(file, X, pieces, suffixes=(".mid", ".midi"))
    lines = timelines(timing, X, pieces, notated_tempo=notated_tempo)
    keys = keys_of(key, X, pieces)
    played = [
        _play(
            piece,
            sheet_of(piece, line, vocabulary=vocabulary, key=key_of_piece),
            instruments=instruments,
            grid=grid,
            drums=drums,
        )
        for piece, line, key_of_piece in zip(pieces, lines, keys, strict=True)
    ]
    for target, midi in zip(files, played, strict=True):
        if target is not None:
            write_midi(target, midi)
    return in_kind(X, played)


def _play(piece: np.ndarray, sheet: Sheet, **options: Any) -> "PrettyMIDI":
    pretty_midi = need("pretty_midi", extra="midi", what="chroma_to_midi")
    timeline = sheet.timeline
    borders = timeline.seconds, timeline.beats - timeline.beats[0]
    if timeline.follows_beats:
        tempi = steady_tempi(*borders)
    if not timeline.follows_beats or not borders[1].any():
        tempi = np.array([0.0, 60 / timeline.tempo]), np.array([0.0, 1.0])
    file, written = tempo_map(*tempi, resolution=_TICKS_PER_BEAT, what="chroma_to_midi")
    midi = pretty_midi.PrettyMIDI(mido_object=file)

    def seconds_at(beat: float) -> float:
        """Return the time of a beat in the file, in seconds: at a tick or the end of the piece."""
        since = round((beat - timeline.beats[0]) * _TICKS_PER_BEAT) / _TICKS_PER_BEAT
        beyond = max(0.0, since - tempi[1][-1]) * 60 / timeline.tempo
        seconds = float(np.interp(since, tempi[1], written) + beyond)
        return timeline.duration if beat >= timeline.beats[-1] else min(seconds, timeline.duration)

    midi.time_signature_changes = [
        pretty_midi.TimeSignature(beats, unit, seconds_at(beat))
        for beats, unit, beat in _meters(sheet)
    ]
    midi.key_signature_changes = [pretty_midi.KeySignature(sheet.key, 0.0)]
    for part in arrange(piece, sheet, **options):
        instrument = pretty_midi.Instrument(part.program, part.is_drum, name=part.name)
        instrument.notes = [
            pretty_midi.Note(note.velocity, note.pitch, start, end)
            for note in part.notes
            for start, end in [
                (seconds_at(max(note.start, timeline.beats[0])), seconds_at(note.end))
            ]
            if end > start
        ]
        midi.instruments.append(instrument)
    midi.text_events.append(pretty_midi.Text("", timeline.duration))
    return midi


def _meters(sheet: Sheet) -> list[tuple[int, int, float]]:
    """Return the meters as (beats per bar, unit, first beat); a pickup has its own meter."""
    timeline = sheet.timeline
    first, beats_per_bar = float(timeline.beats[0]), timeline.beats_per_bar
    meter = (beats_per_bar, _UNIT, first)
    bar = sheet.pickup if sheet.pickup >= first else beats_per_bar
    if bar == first or timeline.beats[-1] <= first:
        return [meter]
    pickup = Fraction(round(PARTS_OF_BEAT * (bar - first)), PARTS_OF_BEAT * _UNIT)
    scale = max(1, _UNIT // pickup.denominator)
    return [
        (pickup.numerator * scale, pickup.denominator * scale, first),
        (beats_per_bar, _UNIT, float(bar)),
    ]
