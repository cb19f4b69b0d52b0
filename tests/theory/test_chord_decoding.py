import numpy as np
import pytest

from musicai.theory.chord_decoding import decode_alike, decode_chords


@pytest.mark.parametrize("vocabulary", ["triads", "qualities"])
@pytest.mark.parametrize("n_frames", [1, 2, 40])
def test_decoding_many_pieces_at_once_equals_decoding_each_alone(vocabulary, n_frames):
    rng = np.random.RandomState(0)
    pieces = rng.random_sample((7, n_frames, 12)) ** 2
    pieces[1] = 0
    pieces[2] = pieces[2, :1]
    together = decode_alike(pieces, 0.3, vocabulary)
    for numbers, piece in zip(together, pieces, strict=True):
        alone = decode_chords(piece, np.full(n_frames, 0.3), vocabulary)
        np.testing.assert_array_equal(numbers, alone)
