"""What holds for chords and charts of any chroma."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musicai.render import chroma_to_audio, chroma_to_midi, recognize_chords

few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 2**32 - 1)
rates = st.sampled_from([2.0, 10.0, 22050 / 2048])


@st.composite
def chroma(draw):
    """Chroma without a plan: held and changing frames, some of them silent."""
    rng = np.random.default_rng(draw(seeds))
    piece = rng.random((draw(st.integers(1, 12)), 12)) ** 3
    piece[rng.random(len(piece)) < 0.2] = 0
    return np.repeat(piece, draw(st.integers(1, 6)), axis=0)


@few
@given(X=st.lists(chroma(), min_size=1, max_size=3), rate=rates)
def test_chords_fill_the_piece_whatever_stands_beside_it(X, rate):
    together = recognize_chords(X, frame_rate=rate)
    assert together[::-1] == recognize_chords(X[::-1], frame_rate=rate)
    for piece, chords in zip(X, together, strict=True):
        assert chords == recognize_chords(piece, frame_rate=rate)
        assert chords[0].start == 0
        assert chords[-1].end == pytest.approx(len(piece) / rate)
        assert all(one.end == other.start for one, other in itertools.pairwise(chords))


@few
@given(piece=chroma(), rate=rates, semitones=st.integers(1, 11))
def test_chords_move_with_the_music(piece, rate, semitones):
    still = recognize_chords(piece, frame_rate=rate)
    moved = recognize_chords(np.roll(piece, semitones, axis=1), frame_rate=rate)
    expected = [
        (None if c.root is None else (c.root + semitones) % 12, c.quality, c.start) for c in still
    ]
    assert [(chord.root, chord.quality, chord.start) for chord in moved] == expected


@few
@given(piece=chroma(), rate=rates)
def test_notes_end_with_the_piece(piece, rate):
    midi = chroma_to_midi(piece, frame_rate=rate)
    notes = [note for player in midi.instruments for note in player.notes]
    assert all(0 <= note.start < note.end <= len(piece) / rate + 1e-6 for note in notes)
    assert bool(notes) == piece.any()


@few
@given(piece=chroma(), rate=rates, sr=st.sampled_from([8000, 22050]))
def test_audio_is_as_long_as_the_piece(piece, rate, sr):
    audio = chroma_to_audio(piece, frame_rate=rate, sr=sr)
    assert len(audio) / sr == pytest.approx(len(piece) / rate, abs=1 / rate)
    np.testing.assert_array_equal(audio, chroma_to_audio([piece], frame_rate=rate, sr=sr)[0])
