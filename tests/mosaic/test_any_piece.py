"""Laws that hold for the mosaic of any piece."""

import itertools
import pickle
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musicai import MosaicSynthesizer

RATE = 22050
few = settings(max_examples=6, deadline=None)
seeds = st.integers(0, 2**32 - 1)


@cache
def fitted():
    time = np.arange(4 * RATE) / RATE
    recordings = [
        sum(np.sin(2 * np.pi * 220 * 2 ** ((root + third) / 12) * time) for third in (0, 4, 7))
        * (1 + np.cos(2 * np.pi * time))
        for root in (0, 3, 7)
    ]
    return MosaicSynthesizer(sr=RATE, shaping=0).fit([0.1 * each for each in recordings])


def make_pieces(lengths, seed):
    rng = np.random.default_rng(seed)
    return [rng.random((length, 12)).astype(np.float32) ** 2 for length in lengths]


@few
@given(
    lengths=st.lists(st.integers(0, 12), min_size=1, max_size=3),
    seed=seeds,
    order=st.randoms(use_true_random=False),
)
def test_the_audio_of_a_piece_does_not_depend_on_other_pieces(lengths, seed, order):
    X = make_pieces(lengths, seed)
    together = fitted().transform(X)
    turned = list(range(len(X)))
    order.shuffle(turned)
    copy = pickle.loads(pickle.dumps(fitted()))
    for i, audio in zip(turned, copy.transform([X[i] for i in turned]), strict=True):
        np.testing.assert_array_equal(audio, together[i])
        assert len(audio) == pytest.approx(2048 * lengths[i], abs=2048)


@few
@given(n_frames=st.integers(1, 24), seed=seeds, loudness=st.sampled_from([2.0**-8, 2.0**5]))
def test_segments_cover_the_piece_and_do_not_depend_on_its_level(n_frames, seed, loudness):
    (piece,) = make_pieces([n_frames], seed)
    segments = fitted().segments(piece)
    assert segments[0].start == 0
    assert all(one.end == other.start for one, other in itertools.pairwise(segments))
    assert segments[-1].end * RATE == pytest.approx(len(fitted().transform(piece)), abs=1)
    assert fitted().segments(loudness * piece) == segments
