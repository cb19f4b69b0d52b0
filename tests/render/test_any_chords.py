"""Laws that hold for the chords, notes and audio of any chroma."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musicai import Timing
from musicai.render import chroma_to_audio, chroma_to_midi, recognize_chords

few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 2**32 - 1)
timings = st.sampled_from(
    [Timing.from_tempo(120), Timing.from_rate(22050 / 2048), Timing.from_rate(3)[5:]]
)


@st.composite
def chroma(draw):
    """Random chroma: held and changing frames, some of them silent."""
    rng = np.random.default_rng(draw(seeds))
    piece = rng.random((draw(st.integers(1, 12)), 12)) ** 3
    piece[rng.random(len(piece)) < 0.2] = 0
    return np.repeat(piece, draw(st.integers(1, 6)), axis=0)


@few
@given(X=st.lists(chroma(), min_size=1, max_size=3), timing=timings)
def test_chords_cover_each_piece_and_do_not_depend_on_the_collection(X, timing):
    together = recognize_chords(X, timing=timing)
    assert together[::-1] == recognize_chords(X[::-1], timing=timing)
    for piece, chords in zip(X, together, strict=True):
        assert chords == recognize_chords(piece, timing=timing)
        assert [chords[0].start, chords[-1].end] == timing.borders(len(piece))[[0, -1]].tolist()
        assert all(one.end == other.start for one, other in itertools.pairwise(chords))


@few
@given(piece=chroma(), timing=timings, semitones=st.integers(1, 11))
def test_transposition_transposes_chords(piece, timing, semitones):
    still = recognize_chords(piece, timing=timing)
    moved = recognize_chords(np.roll(piece, semitones, axis=1), timing=timing)
    expected = [
        (None if c.root is None else (c.root + semitones) % 12, c.quality, c.start) for c in still
    ]
    assert [(chord.root, chord.quality, chord.start) for chord in moved] == expected


@few
@given(piece=chroma(), timing=timings)
def test_no_note_ends_after_the_piece(piece, timing):
    midi = chroma_to_midi(piece, timing=timing)
    notes = [note for player in midi.instruments for note in player.notes]
    assert all(0 <= note.start < note.end <= timing.duration(len(piece)) + 1e-6 for note in notes)
    assert piece.any() or not notes
    # Shorter pieces can be too short for a note on the grid.
    if piece.any(axis=1).all() and timing.duration(len(piece)) >= 0.5:
        assert notes


@few
@given(piece=chroma(), timing=timings, sr=st.sampled_from([8000, 22050]))
def test_audio_is_as_long_as_the_piece(piece, timing, sr):
    audio = chroma_to_audio(piece, timing=timing, sr=sr)
    assert len(audio) == pytest.approx(timing.duration(len(piece)) * sr, abs=1)
    np.testing.assert_array_equal(audio, chroma_to_audio([piece], timing=timing, sr=sr)[0])
