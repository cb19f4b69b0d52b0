"""Bass, chords and melody, note by note, over chords that are given."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ._styles import BEATS, Sounding, Style

_LOWEST_BASS, _LOWEST_CHORD = 36, 53  # C2 and F3
_RANGE = (62, 81)  # of melodies, as MIDI counts
_REST = 0.12  # chance that a melody stops on a beat


class Note(NamedTuple):
    """A note; beats and loudness are those of a section."""

    start: float  # in beats
    end: float
    pitch: int  # as MIDI counts, in C
    loudness: float


def bass_line(chords: list[Sounding], style: Style, rng: np.random.RandomState) -> list[Note]:
    """Return the notes of a bass, which begins each chord on its root."""
    notes = []
    for chord, following in pairwise([*chords, chords[0]]):
        length = round(chord.end - chord.start)
        root, goal = (_above(_LOWEST_BASS, c.root) for c in (chord, following))
        pitches = [root]
        if style.bass == "walking":
            tones = [_above(root, tone) for tone in chord.tones]
            pitches += [int(tones[i]) for i in rng.randint(1, len(tones), max(0, length - 2))]
            pitches += [goal + (1 if rng.random_sample() < 0.5 else -1)] * (length > 1)
        elif style.bass == "pulse":
            pitches *= 2 * length
        elif style.bass == "steps" and length > 1 and 2 < abs(goal - root) < 6:
            pitches += [(root + goal) // 2]  # passes through what lies between
        elif style.bass == "held" and length > 2:
            pitches += [_above(root, chord.tones[2])]  # a fifth
        times = chord.start + np.arange(len(pitches) + 1) * (length / len(pitches))
        for pitch, (start, end) in zip(pitches, pairwise(times.tolist()), strict=True):
            notes.append(Note(start, end, pitch, 1.0 if start == chord.start else 0.7))
    return notes


def struck_chords(chords: list[Sounding], style: Style, rng: np.random.RandomState) -> list[Note]:
    """Return chords in close position; what two neighbours share stays where it was."""
    notes = []
    for chord in chords:
        first_beat = chord.start % BEATS
        inside = [s - first_beat for s in style.strokes if first_beat <= s]
        strokes = sorted({0.0, *(s for s in inside if s < chord.end - chord.start)})
        strokes = [chord.start + stroke for stroke in strokes]
        pitches = [_above(_LOWEST_CHORD, tone) for tone in chord.tones]
        loudness = rng.uniform(0.7, 1.0, len(strokes)).tolist()
        for (start, end), loud in zip(pairwise([*strokes, chord.end]), loudness, strict=True):
            notes += [Note(start, end, pitch, loud) for pitch in pitches]
    return notes


def melody(
    chords: list[Sounding], scale: tuple[int, ...], style: Style, rng: np.random.RandomState
) -> list[Note]:
    """Return a melody that walks along a scale and meets the chords on strong beats."""
    low, high = _RANGE
    ladder = [pitch for pitch in range(low, high + 1) if pitch % 12 in scale]
    pitch = int(rng.choice(ladder))
    n_slots = round(2 * chords[-1].end)  # of half a beat
    draws = rng.random_sample((n_slots, 2)).tolist()
    leaps = rng.choice([-2, -1, -1, 1, 1, 2], n_slots).tolist()
    notes: list[Note] = []
    now = iter(chords)
    chord = next(now)
    for slot, ((chance, rest), leap) in enumerate(zip(draws, leaps, strict=True)):
        start = slot / 2
        if slot % 2 and chance > style.busy:
            continue  # the note before goes on
        if notes and notes[-1].end > start:
            notes[-1] = notes[-1]._replace(end=start)
        while chord.end <= start:
            chord = next(now)
        if not slot % 2 and rest < _REST:
            continue
        nearest = min(range(len(ladder)), key=lambda i: abs(ladder[i] - pitch))
        step = nearest + leap
        pitch = ladder[step if 0 <= step < len(ladder) else nearest - leap]
        strong = slot % 4 == 0 or start == chord.start
        if strong:
            pitch = min(
                (_above(low, tone) + octave for tone in chord.tones for octave in (0, 12)),
                key=lambda candidate: abs(candidate - pitch),
            )
        notes.append(Note(start, start + 2, pitch, 1.0 if strong else 0.8))
    return [note._replace(end=min(note.end, chords[-1].end)) for note in notes]


def _above(lowest: int, pitch_class: int) -> int:
    """Return the lowest pitch of a class that is not below another pitch."""
    return lowest + (pitch_class - lowest) % 12
