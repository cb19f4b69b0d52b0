"""Rule-based composition of chords, bass and melody in a style."""

from itertools import cycle, pairwise
from typing import Any, NamedTuple

import numpy as np

from ._styles import Mode, Sounding, Style, read_progression

_LOWEST_BASS, _LOWEST_CHORD = 36, 53  # C2 and F3
_RANGE = (62, 81)  # lowest and highest scale tone of melodies; chord tones can be higher
_REST = 0.12  # probability that a melody rests on a beat


class Note(NamedTuple):
    """Note of a voice. Times count from the start of a section, or of the whole piece."""

    start: float  # in beats
    end: float
    pitch: int  # MIDI pitch, before transposition from C
    loudness: float  # at most 1, relative to the other notes of the voice


def compose(
    style: Style, mode: Mode, n_bars: int, rng: np.random.RandomState
) -> tuple[list[Sounding], list[list[Note]]]:
    """Compose a piece in C; return its chords and voices (bass, chords, melody), timed in beats."""
    order = rng.permutation(len(mode.progressions))
    letters = {letter: order[i % len(order)] for i, letter in enumerate(sorted(set(style.form)))}
    end = style.beats * (n_bars - 1)
    played: dict[str, list[list[Note]]] = {}
    all_chords: list[Sounding] = []
    voices: list[list[Note]] = [[], [], []]
    position = 0.0
    for letter in cycle(style.form):
        if position >= end:
            break
        chords = read_progression(mode.progressions[letters[letter]], style.beats)
        if style.improvised or letter not in played:
            played[letter] = _play(chords, mode, style, rng)
        _append(all_chords, chords, position, end)
        for voice, part in zip(voices, played[letter], strict=True):
            _append(voice, part, position, end)
        position += chords[-1].end
    home = read_progression(mode.home, style.beats)
    _append(all_chords, home, end, end + style.beats)
    for voice, notes in zip(voices[:2], _play(home, mode, style, rng)[:2], strict=True):
        _append(voice, notes, end, end + style.beats)
    return all_chords, voices


def _play(
    chords: list[Sounding], mode: Mode, style: Style, rng: np.random.RandomState
) -> list[list[Note]]:
    return [
        _bass_line(chords, style, rng),
        _chord_voice(chords, style, rng),
        _melody(chords, mode.scale, style, rng),
    ]


def _append(whole: list[Any], part: list[Any], position: float, end: float) -> None:
    """Append chords or notes, shifted by `position` beats and cut off at beat `end`."""
    whole += [
        item._replace(start=position + item.start, end=min(position + item.end, end))
        for item in part
        if position + item.start < end
    ]


def _bass_line(chords: list[Sounding], style: Style, rng: np.random.RandomState) -> list[Note]:
    """Return a bass line that starts each chord on its root."""
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
            pitches += [(root + goal) // 2]  # a passing note
        elif style.bass == "held" and length > 2:
            pitches += [_above(root, chord.tones[2])]  # the fifth
        times = chord.start + np.arange(len(pitches) + 1) * (length / len(pitches))
        if style.bass == "short":
            times[-1] = chord.start + 1
        for pitch, (start, end) in zip(pitches, pairwise(times.tolist()), strict=True):
            notes.append(Note(start, end, pitch, 1.0 if start == chord.start else 0.7))
    return notes


def _chord_voice(chords: list[Sounding], style: Style, rng: np.random.RandomState) -> list[Note]:
    """Return the notes of chords in close position; common tones stay in the same octave."""
    notes = []
    for chord in chords:
        first_beat = chord.start % style.beats
        inside = [s - first_beat for s in style.strokes if first_beat <= s]
        # A chord that begins after the first beat of a bar is struck immediately.
        at_once = {0.0} if first_beat else set()
        strokes = sorted(at_once.union(s for s in inside if s < chord.end - chord.start))
        strokes = [chord.start + stroke for stroke in strokes]
        pitches = [_above(_LOWEST_CHORD, tone) for tone in chord.tones]
        loudness = rng.uniform(0.7, 1.0, len(strokes)).tolist()
        for (start, end), loud in zip(pairwise([*strokes, chord.end]), loudness, strict=True):
            notes += [Note(start, end, pitch, loud) for pitch in pitches]
    return notes


def _melody(
    chords: list[Sounding], scale: tuple[int, ...], style: Style, rng: np.random.RandomState
) -> list[Note]:
    """Return a melody along a scale, with chord tones on strong beats and where chords begin."""
    low, high = _RANGE
    ladder = [pitch for pitch in range(low, high + 1) if pitch % 12 in scale]
    pitch = int(rng.choice(ladder))
    n_slots = round(2 * chords[-1].end)  # half-beats
    slots_between_strong = 4 if style.beats % 2 == 0 else 2 * style.beats
    draws = rng.random_sample((n_slots, 2)).tolist()
    leaps = rng.choice([-2, -1, -1, 1, 1, 2], n_slots).tolist()
    notes: list[Note] = []
    now = iter(chords)
    chord = next(now)
    for slot, ((chance, rest), leap) in enumerate(zip(draws, leaps, strict=True)):
        start = slot / 2
        if slot % 2 and chance > style.busy:
            continue  # no note begins on this off-beat
        if notes and notes[-1].end > start:
            notes[-1] = notes[-1]._replace(end=start)
        while chord.end <= start:
            chord = next(now)
        if not slot % 2 and rest < _REST:
            continue
        nearest = min(range(len(ladder)), key=lambda i: abs(ladder[i] - pitch))
        step = nearest + leap
        pitch = ladder[step if 0 <= step < len(ladder) else nearest - leap]
        strong = slot % slots_between_strong == 0 or start == chord.start
        if strong:
            pitch = min(
                (_above(low, tone) + octave for tone in chord.tones for octave in (0, 12)),
                key=lambda candidate: abs(candidate - pitch),
            )
        notes.append(Note(start, start + 2, pitch, 1.0 if strong else 0.8))
    return [note._replace(end=min(note.end, chords[-1].end)) for note in notes]


def _above(lowest: int, pitch_class: int) -> int:
    """Return the lowest pitch of a pitch class that is not below `lowest`."""
    return lowest + (pitch_class - lowest) % 12
