"""Transformer from MIDI files to piano rolls and back."""

import warnings
from collections.abc import Iterator
from typing import Any, Self

import joblib
import numpy as np

from ..base.extras import need
from ..base.parameters import Rule, check_values, is_real
from ..base.pieces import N_KEYS, PITCH_CLASSES
from ..base.progress import progress_bar
from ..base.transformers import FILE_RULES, FileTransformer
from ..files.paths import is_path, printable
from ..theory.timed_piece import timed
from ..theory.timing import Timing
from ..theory.timing_argument import timings_of
from ._errors import MidiError
from ._inputs import as_files, as_rolls
from ._music import as_midi
from ._rolls import LOWEST_KEY, Grid, midi_from_roll, roll_from_midi

RULES: dict[str, Rule] = {
    "steps_per_beat": (
        lambda v: is_real(v) and 1 / 16 <= v <= 1000,
        "a number of frames per beat from 1/16 to 1000",
    ),
    "frame_rate": (
        lambda v: v is None or (is_real(v) and 1 <= v <= 1000),
        "a number of frames per second from 1 to 1000, or None to follow the beats",
    ),
    **FILE_RULES,
}

Extracted = tuple[np.ndarray, str] | MidiError
"""A roll and a warning ("" if there is none), or the error that occurred."""


class PianoRollExtractor(FileTransformer):
    """Turn MIDI files into piano rolls, and piano rolls back into MIDI.

    Parameters
    ----------
    steps_per_beat : float, default=4
        Number of frames per beat (quarter note): 4 for sixteenths, 2 for eighths, 0.5 for half
        notes, 12 for both sixteenths and triplets. Frames follow the beats through all changes of
        tempo. With fewer frames per beat, the same number of frames covers more music; 2 suits
        chorales and hymns.
    frame_rate : float, default=None
        Number of frames per second, for music that was played freely, without notated beats, or for
        aligning rolls with chroma. Frame ``t`` is then centered on ``t / frame_rate`` seconds, and
        `steps_per_beat` is ignored. If None, frames follow the beats.
    n_jobs : int, default=None
        Number of files to read in parallel; -1 uses all processors. Unless
        :func:`joblib.parallel_config` sets another backend, files are read in processes, which pays
        off for hundreds of files. The result does not depend on `n_jobs`.
    on_error : {"raise", "warn"}, default="raise"
        What to do with a file that cannot be used: raise :class:`musicai.midi.MidiError`, or warn
        and return an empty piece, so that pieces still match their labels.
    verbose : int, default=0
        Show a progress bar on standard error when greater than 0.

    Attributes
    ----------
    timing : Timing
        Timing of the frames of a roll. If frames follow beats, the timing has no tempo; set one
        with ``extractor.timing.at_tempo(96)``.

    See Also
    --------
    musicai.datasets.load_midi : Finds the MIDI files in a folder.
    musicai.midi.write_midi : Writes the result of `inverse_transform` to a file.
    musicai.midi.synthesize : Plays the result of `inverse_transform`.

    Notes
    -----
    There is nothing to learn, so `transform` works without `fit`.

    - If frames follow beats, the start and end of a note are moved to the nearest frame boundaries.
      If frames have a rate, a note sounds in the frames whose centers are between its start and
      end. In both cases, it sounds for at least one frame.
    - A note that the sustain or sostenuto pedal holds lasts until the pedal is lifted.
    - A roll does not distinguish a note that is repeated without a gap from a held note: both are a
      single run of ones.
    - The first frame is at the beginning of the file, even if no note sounds there, so that frames
      keep their positions in the bar. The roll ends with the last note. Silence after that note is
      kept only in music from `inverse_transform`.
    - All instruments share one roll. Drums (channel 10) are left out. Notes beyond the 88 keys are
      left out too, with a warning.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai import PianoRollExtractor
    >>> roll = np.zeros((8, 88))
    >>> roll[:4, 39] = roll[4:, 43] = 1  # C4 and E4, each for a beat
    >>> extractor = PianoRollExtractor()
    >>> midi = extractor.inverse_transform(roll, timing=extractor.timing.at_tempo(90))
    >>> [note.pitch for note in midi.instruments[0].notes]
    [60, 64]
    >>> (piece,) = extractor.transform([midi])
    >>> piece.shape, bool((piece == roll).all())
    ((8, 88), True)
    >>> extractor.get_feature_names_out()[39]
    'C4'
    """

    __module__ = "musicai"

    def __init__(
        self,
        *,
        steps_per_beat: float = 4,
        frame_rate: float | None = None,
        n_jobs: int | None = None,
        on_error: str = "raise",
        verbose: int = 0,
    ) -> None:
        self.steps_per_beat = steps_per_beat
        self.frame_rate = frame_rate
        self.n_jobs = n_jobs
        self.on_error = on_error
        self.verbose = verbose

    @property
    def timing(self) -> Timing:
        """Timing of the frames of a roll. It has a frame rate, or beats without a tempo."""
        self._check_parameters()
        if self.frame_rate is not None:
            return Timing.from_rate(self.frame_rate)
        return Timing.from_tempo(None, frames_per_beat=self.steps_per_beat)

    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the parameters and the type of `X`; there is nothing to learn.

        Parameters
        ----------
        X : list of MIDI files
            As for `transform`. No file is opened.
        y : object, default=None
            Ignored.

        Returns
        -------
        self : PianoRollExtractor
            The extractor itself.

        Raises
        ------
        TypeError
            If `X` is a single file, or contains anything other than MIDI files.
        ValueError
            If `X` is empty or a parameter is invalid.

        Examples
        --------
        >>> from musicai import PianoRollExtractor
        >>> PianoRollExtractor().fit(["first.mid", "second.mid"])
        PianoRollExtractor()
        """
        self._check_parameters()
        as_files(X)
        return self

    def transform(self, X: Any) -> list[np.ndarray]:
        """Convert MIDI files to piano rolls.

        Parameters
        ----------
        X : list, tuple or 1-D array of MIDI files
            Each element is a :class:`pretty_midi.PrettyMIDI`, or the path (str, bytes or PathLike)
            of a file that :func:`musicai.midi.read_midi` can read.

        Returns
        -------
        pieces : list of ndarray of shape (n_frames, 88), dtype float32
            The piano roll of each file, in order: 1 where a key sounds, else 0. After
            ``set_output(transform="pandas")``, the rolls are data frames.

        Raises
        ------
        TypeError
            If `X` is a single file, or contains anything other than MIDI files.
        ValueError
            If `X` is empty or a parameter is invalid.
        MidiError
            If a file cannot be used and ``on_error="raise"``.
        ImportError
            If pretty_midi is missing.

        Examples
        --------
        >>> import pretty_midi
        >>> from musicai import PianoRollExtractor
        >>> midi = pretty_midi.PrettyMIDI(initial_tempo=120)
        >>> midi.instruments.append(pretty_midi.Instrument(program=0))
        >>> middle_c = pretty_midi.Note(velocity=90, pitch=60, start=0, end=1)  # two beats
        >>> midi.instruments[0].notes.append(middle_c)
        >>> (piece,) = PianoRollExtractor(steps_per_beat=4).transform([midi])
        >>> piece.shape, int(piece[:, 39].sum())
        ((8, 88), 8)
        """
        self._check_parameters()
        need("pretty_midi", extra="midi", what="PianoRollExtractor")
        files = as_files(X)
        names = [printable(x) if is_path(x) else f"X[{i}]" for i, x in enumerate(files)]
        progress = progress_bar(
            zip(self._extract(files, names), names, strict=True),
            total=len(files),
            desc="piano rolls",
            unit="file",
            disable=self.verbose == 0,
        )
        rolls = []
        # Do not use a comprehension: before Python 3.12, it has its own stack frame, so warnings
        # would name the wrong line of code.
        for extracted, name in progress:
            rolls.append(self._checked(extracted, name))
        return self._contain([timed(roll, self.timing) for roll in rolls])

    def inverse_transform(self, X: Any, *, timing: Any = None) -> Any:
        """Convert piano rolls to MIDI music for a piano.

        Parameters
        ----------
        X : ndarray of shape (n_frames, 88), or a collection of them
            One piece or several. A key sounds where its value is at least 0.5, so `X` may hold
            probabilities. Each run of frames in which a key sounds becomes one note.
        timing : Timing, object with a `timing`, float, or list of these, default=None
            Timing of the frames: one for all pieces, or a list with one for each piece. If the
            extractor's frames follow beats, the timing must have a tempo, as in
            ``extractor.timing.at_tempo(96)``, and as many frames per beat as the extractor.
            Otherwise, it must have no beats, and the music is notated at 120 beats per minute. None
            means the extractor's own `timing`, which suffices only if `frame_rate` is set.

        Returns
        -------
        midi : pretty_midi.PrettyMIDI, or a collection of them
            The music of one piece, or a collection of the same type as `X`. `transform` converts
            this music, or a MIDI file written from it, back to the same rolls of ones and zeros,
            unless `timing` has a frame rate other than the extractor's. If a piece ends with
            silence, the text event "end of piece" marks its end.

        Raises
        ------
        TypeError
            If `X` contains paths, or `timing` is of an unsupported type.
        ValueError
            If a piece is not a piano roll or is longer than 524288 frames, or a timing has no tempo
            or does not fit the frames.
        ImportError
            If pretty_midi is missing.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import PianoRollExtractor, Timing
        >>> roll = np.zeros((8, 88))
        >>> roll[:, [39, 43, 46]] = 1  # C4, E4 and G4
        >>> timing = Timing.from_tempo(120, frames_per_beat=4)
        >>> midi = PianoRollExtractor(steps_per_beat=4).inverse_transform(roll, timing=timing)
        >>> [(note.pitch, round(float(note.end), 3)) for note in midi.instruments[0].notes]
        [(60, 1.0), (64, 1.0), (67, 1.0)]
        """
        self._check_parameters()
        pieces, pack = as_rolls(X)
        timings = timings_of(timing, X, pieces, default=self.timing)
        for each in timings:
            self._check_timing(each)
        return pack([midi_from_roll(*each) for each in zip(pieces, timings, strict=True)])

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the 88 keys from A0 to C8; C4 is middle C.

        Parameters
        ----------
        input_features : object, default=None
            Ignored; files have no features.

        Returns
        -------
        names : ndarray of shape (88,), dtype object
            "A0", "A#0" and so on.

        Examples
        --------
        >>> from musicai import PianoRollExtractor
        >>> names = PianoRollExtractor().get_feature_names_out()
        >>> names[0], names[39], names[-1]
        ('A0', 'C4', 'C8')
        """
        pitches = range(LOWEST_KEY, LOWEST_KEY + N_KEYS)
        octaves = (divmod(pitch, len(PITCH_CLASSES)) for pitch in pitches)
        return np.array([f"{PITCH_CLASSES[i]}{octave - 1}" for octave, i in octaves], dtype=object)

    def _extract(self, files: list[Any], names: list[str]) -> Iterator[Extracted]:
        calls = [
            joblib.delayed(_extract)(file, name, self._grid(), self.on_error)
            for file, name in zip(files, names, strict=True)
        ]
        # Threads would not help, because the files are parsed in Python, byte by byte.
        return joblib.Parallel(self.n_jobs, return_as="generator")(calls)

    def _checked(self, extracted: Extracted, name: str) -> np.ndarray:
        """Return the roll of a file, or an empty roll after an error, and emit any warning."""
        if isinstance(extracted, MidiError):
            warnings.warn(f"left out {extracted}", stacklevel=3)
            return np.empty((0, N_KEYS), np.float32)
        roll, warning = extracted
        if warning:
            warnings.warn(f"{name}: {warning}", stacklevel=3)
        return roll

    def _check_timing(self, timing: Timing) -> None:
        """Raise a ValueError unless `timing` is of the same kind as the extractor's own timing.

        Both must be without beats, or have the same number of frames per beat.
        """
        own = self.timing
        if timing.has_beats == own.has_beats and timing.frames_per_beat == own.frames_per_beat:
            return
        if own.has_beats:
            steps = f"{self.steps_per_beat:.6g}"
            found = f"{timing.frames_per_beat:.6g} per beat" if timing.has_beats else "not beats"
            message = (
                f"frames follow beats, steps_per_beat={steps}, but those of timing are {found}"
            )
            advice = f"Timing.from_tempo(96, frames_per_beat={steps})"
        else:
            message = f"frames have a rate, frame_rate={self.frame_rate:.6g}, but timing has beats"
            advice = "a number of frames per second, or None"
        raise ValueError(f"{message}: {timing}; pass {advice}")

    def _grid(self) -> Grid:
        rate = None if self.frame_rate is None else float(self.frame_rate)
        return Grid(float(self.steps_per_beat), rate)

    def _check_parameters(self) -> None:
        check_values(self.get_params(deep=False), RULES)


def _extract(file: Any, name: str, grid: Grid, on_error: str) -> Extracted:
    try:
        midi, remark = as_midi(file, name)
        roll, warning = roll_from_midi(midi, name, grid)
        return roll, "; ".join(filter(None, (remark, warning)))
    except MidiError as error:
        if on_error == "raise":  # raise now, so that the remaining files are not read
            raise
        return error
