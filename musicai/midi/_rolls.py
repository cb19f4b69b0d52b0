"""Conversion of MIDI music to piano rolls, and lossless conversion of piano rolls to MIDI music."""

from typing import Any, NamedTuple

import numpy as np

from ..base.extras import need
from ..base.pieces import N_KEYS
from ..theory.timing import Timing
from ._errors import MidiError
from ._reading import MOST_TICKS
from ._sounding import release_times
from .tempi import tempo_map

LOWEST_KEY = 21
"""MIDI pitch of A0, the lowest key of a piano; the highest key, C8, is 108."""

MOST_FRAMES = 2**19
"""Length of the longest roll in frames: 18 hours of sixteenths at 120 beats per minute (185 MB)."""

NOTATED_TEMPO = 120.0
VELOCITY = 80
USUAL_RESOLUTION = 480
TICKS_PER_FRAME = 2
"""Smallest number of ticks per frame, so that rounding moves notes by at most a quarter frame."""

END_TEXT = "end of piece"
"""Text event that marks the end of a piece that ends with silence. Other programs ignore it."""


class Grid(NamedTuple):
    """Positions of frames: at fractions of beats, or at a rate if `frame_rate` is not None.

    At a rate, frame ``t`` is centered on ``t / frame_rate`` seconds, like a frame of chroma.
    """

    steps_per_beat: float
    frame_rate: float | None

    def positions(self, seconds: Any, midi: Any) -> np.ndarray:
        """Return, for each time, the index (a float) of the first frame of a note that begins then.

        If frames follow beats, this is the frame whose start is nearest to the time. At a rate, it
        is the first frame whose center is not before the time.
        """
        seconds = np.asarray(seconds, dtype=np.float64)
        if self.frame_rate is None:
            # Thirty-second notes often begin halfway between the starts of two frames. Rounding
            # first removes the errors of inexact times, so that all such notes begin in the later
            # frame.
            return np.floor(np.round(_beats(seconds, midi) * self.steps_per_beat, 6) + 0.5)
        return np.ceil(np.round(seconds * self.frame_rate, 6))


def roll_from_midi(midi: Any, name: str, grid: Grid) -> tuple[np.ndarray, str]:
    """Return the piano roll of MIDI music, and a warning if notes were left out ("" otherwise).

    Parameters
    ----------
    midi : pretty_midi.PrettyMIDI
        The music.
    name : str
        Name of the music in errors.
    grid : Grid
        Positions of the frames.

    Raises
    ------
    MidiError
        If the music has neither notes on the piano's keys (drums do not count) nor a text that
        marks the end of a piece; if the roll would be too long; or if times are negative or not
        finite.
    """
    starts, ends, pitches = _notes(midi)
    on_piano = (pitches >= LOWEST_KEY) & (pitches < LOWEST_KEY + N_KEYS)
    marks = [text.time for text in midi.text_events if text.text == END_TEXT]
    if not on_piano.any() and not marks:
        where = f" on the {N_KEYS} keys of a piano, A0 to C8" if len(pitches) else ""
        raise MidiError(f"{name}: there are no notes{where}, apart from drums; leave it out")
    first = grid.positions(starts[on_piano], midi)
    last = np.maximum(grid.positions(ends[on_piano], midi), first + 1)
    n_frames = np.max(np.concatenate([last, grid.positions(marks, midi)]))
    if not n_frames <= MOST_FRAMES or (first < 0).any():
        raise MidiError(
            f"{name}: the roll would have {n_frames:.3g} frames, where at most {MOST_FRAMES} are "
            "possible; lower steps_per_beat or frame_rate, or leave it out if its times are "
            "damaged"
        )
    keys = pitches[on_piano] - LOWEST_KEY
    changes = np.zeros((int(n_frames) + 1, N_KEYS), np.int32)
    np.add.at(changes, (first.astype(np.intp), keys), 1)
    np.add.at(changes, (last.astype(np.intp), keys), -1)
    roll = (np.cumsum(changes, axis=0, out=changes)[:-1] > 0).astype(np.float32)
    n_outside = len(pitches) - len(keys)
    warning = f"notes beyond the 88 keys of a piano, A0 to C8, were left out ({n_outside})"
    return roll, warning if n_outside else ""


def midi_from_roll(roll: np.ndarray, timing: Timing) -> Any:
    """Return the MIDI music of a roll; `roll_from_midi` converts the music back to that roll.

    Parameters
    ----------
    roll : ndarray of shape (n_frames, 88)
        A key sounds where its value is at least 0.5.
    timing : Timing
        Timing of the frames. Frames without beats are notated at 120 beats per minute.
    """
    pretty_midi = need("pretty_midi", extra="midi", what="inverse_transform")
    seconds = timing.seconds_at(np.arange(len(roll) + 1))
    seconds = seconds - seconds[0]
    if timing.has_beats:
        beats = timing.beats(len(roll))
        resolution = _resolution(timing.frames_per_beat or 1, len(roll))
        tempi = seconds, beats - beats[0]
    else:
        resolution = _resolution(timing.frame_rate * 60 / NOTATED_TEMPO, len(roll))
        tempi = np.array([0.0, 60 / NOTATED_TEMPO]), np.array([0.0, 1.0])
    file, written = tempo_map(*tempi, resolution=resolution, what="inverse_transform")
    if timing.has_beats:
        seconds = written
    midi = pretty_midi.PrettyMIDI(mido_object=file)
    piano = pretty_midi.Instrument(0, name="Piano")
    for key, first, last in _runs(roll >= 0.5):
        start, end = float(seconds[first]), float(seconds[last])
        piano.notes.append(pretty_midi.Note(VELOCITY, LOWEST_KEY + key, start, end))
    midi.instruments.append(piano)
    if len(roll) and not (roll[-1] >= 0.5).any():
        midi.text_events.append(pretty_midi.Text(END_TEXT, float(seconds[-1])))
    return midi


def _notes(midi: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the starts and ends in seconds, and the pitches, of all notes except drums."""
    players = [each for each in midi.instruments if not each.is_drum]
    starts = [note.start for each in players for note in each.notes]
    ends = [release_times(each)[1] for each in players]
    pitches = [note.pitch for each in players for note in each.notes]
    return (
        np.array(starts, dtype=np.float64),
        np.concatenate([np.zeros(0), *ends]),
        np.array(pitches, dtype=np.intp),
    )


def _beats(seconds: np.ndarray, midi: Any) -> np.ndarray:
    """Convert times in seconds to positions in quarter notes, through all changes of tempo."""
    changes, tempi = midi.get_tempo_changes()
    counted = np.concatenate([[0], np.cumsum(np.diff(changes) * tempi[:-1] / 60)])
    i = np.searchsorted(changes, seconds, side="right") - 1
    return counted[i] + (seconds - changes[i]) * tempi[i] / 60


def _resolution(frames_per_beat: float, n_frames: int) -> int:
    """Return the number of ticks per beat for a roll of `n_frames` frames.

    If `frames_per_beat` is a whole number, so is the number of ticks per frame. The roll has fewer
    than `MOST_TICKS` ticks.
    """
    per_frame = min(USUAL_RESOLUTION / frames_per_beat, 0.9 * MOST_TICKS / max(1, n_frames))
    if frames_per_beat == round(frames_per_beat):
        return round(frames_per_beat) * max(TICKS_PER_FRAME, int(per_frame))
    least = int(np.ceil(TICKS_PER_FRAME * frames_per_beat))
    return max(least, int(per_frame * frames_per_beat))


def _runs(sounding: np.ndarray) -> list[tuple[int, int, int]]:
    """Return (key, first frame, first frame after the run) for each run of sounding frames."""
    silence = np.zeros((1, sounding.shape[1]), np.int8)
    changes = np.diff(sounding.astype(np.int8), axis=0, prepend=silence, append=silence)
    keys, firsts = np.nonzero(changes.T == 1)
    _, lasts = np.nonzero(changes.T == -1)
    return list(zip(keys.tolist(), firsts.tolist(), lasts.tolist(), strict=True))
