"""Laws that hold for the piano rolls of any music."""

import pickle

import numpy as np
import pretty_midi
from hypothesis import given, settings
from hypothesis import strategies as st

from musicai import PianoRollExtractor

few = settings(max_examples=15, deadline=None)
notes = st.lists(
    st.tuples(st.integers(30, 90), st.floats(0, 3), st.floats(0.05, 1)), min_size=1, max_size=12
)
grids = st.sampled_from([{"steps_per_beat": 4}, {"steps_per_beat": 3}, {"frame_rate": 10.0}])


def play(notes, transposed=0):
    midi = pretty_midi.PrettyMIDI()
    player = pretty_midi.Instrument(0)
    player.notes = [pretty_midi.Note(80, p + transposed, s, s + length) for p, s, length in notes]
    midi.instruments.append(player)
    return midi


@few
@given(notes=notes, grid=grids, semitones=st.integers(-9, 12))
def test_transposed_music_has_a_transposed_roll(notes, grid, semitones):
    plain, moved = PianoRollExtractor(**grid).transform(
        [play(notes), play(notes, transposed=semitones)]
    )
    np.testing.assert_array_equal(np.roll(plain, semitones, axis=1), moved)


@few
@given(music=st.lists(notes, min_size=1, max_size=3), grid=grids)
def test_rolls_are_binary_and_do_not_depend_on_other_files(music, grid):
    extractor = PianoRollExtractor(**grid)
    files = [play(notes) for notes in music]
    rolls = extractor.transform(files)
    turned = pickle.loads(pickle.dumps(extractor)).transform(files[::-1])[::-1]
    for roll, other in zip(rolls, turned, strict=True):
        assert roll.dtype == np.float32
        assert roll.shape[1] == 88
        assert set(np.unique(roll)) <= {0, 1}
        assert roll[-1].any()  # the last note ends with the last frame
        np.testing.assert_array_equal(roll, other)


@few
@given(notes=notes, grid=grids, order=st.randoms(use_true_random=False))
def test_the_order_of_notes_does_not_matter(notes, grid, order):
    others = list(notes)
    order.shuffle(others)
    one, other = PianoRollExtractor(**grid).transform([play(notes), play(others)])
    np.testing.assert_array_equal(one, other)
