"""The NumPy sampler equals the torch network, for any number of pieces."""

from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from threading import Barrier

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from musicai.base.blas import one_blas_thread
from musicai.composer._data import UNKNOWN_KEY, Collection, Span, collate
from musicai.composer._emission import is_tied
from musicai.composer._matches import find_matches
from musicai.composer._network import EMISSIONS, network_to_train
from musicai.composer._sampling import SAMPLERS, Sampler
from musicai.composer._tied import keys_of_strands
from musicai.composer._training import export_weights


def make_network(emission, n_layers=1, n_features=7):
    return network_to_train(
        emission,
        make_pieces(emission, (50,), n_features),
        weights=None,
        seed=0,
        n_styles=2,
        hidden_size=11,
        n_layers=n_layers,
        dropout=0.0,
    )


def make_pieces(emission, lengths, n_features=7, seed=0):
    rng = np.random.RandomState(seed)
    pieces = [rng.random_sample((length, n_features)).astype(np.float32) for length in lengths]
    if emission.endswith("bernoulli"):
        return [np.rint(piece) for piece in pieces]
    # Make some values exactly 0 or 1, as in chroma.
    return [np.clip(1.5 * piece - 0.2, 0, 1) for piece in pieces]


def make_sampler(emission, primes, n_pieces, n_layers=1, style=1):
    weights = export_weights(make_network(emission, n_layers))
    key = keys_of_strands(None) if is_tied(emission) else UNKNOWN_KEY
    conditioning = weights["style"][style] + weights["key"][key]
    sampler = Sampler(emission, weights, conditioning=conditioning, n_pieces=len(primes))
    sampler.read(primes)
    return sampler if len(primes) == n_pieces else sampler.take([0] * n_pieces)


def as_torch_says(network, piece, style, n_drawn=0):
    """Return torch's context and expected frame after `piece`, whose last frames were sampled."""
    extended = np.pad(piece, ((0, 1), (0, 0)))
    collection = Collection(
        [extended],
        [np.full(len(extended), style)],
        [],
        [],
        matches=[find_matches(extended)] if network.emission.is_tied else None,
    )
    span = Span(0, 0, len(extended), key=UNKNOWN_KEY)
    batch = collate([span], collection, network.emission.origin)
    drawn = torch.zeros_like(batch.start)
    drawn[0, len(extended) - n_drawn :] = 1
    with torch.inference_mode():
        context, _ = network(batch.previous, batch.start, batch.styles, batch.keys, generated=drawn)
        mean = network.emission.mean(context[:, -1], batch.previous[:, -1])
    return context[0, -1].numpy(), mean[0].numpy()


def test_every_emission_has_a_sampler():
    assert SAMPLERS.keys() == EMISSIONS.keys()


@pytest.mark.parametrize("n_layers", [1, 3])
@pytest.mark.parametrize("emission", EMISSIONS)
def test_the_sampler_in_numpy_equals_the_network_in_torch(emission, n_layers):
    network = make_network(emission, n_layers)
    primes = make_pieces(emission, (5, 0, 40, 1))
    for style in (0, 2):
        sampler = make_sampler(emission, primes, len(primes), n_layers, style)
        means = sampler.emission.mean(sampler.context, sampler.previous)
        for i, prime in enumerate(primes):
            context, mean = as_torch_says(network, prime, style)
            np.testing.assert_allclose(sampler.context[i], context, atol=1e-5)
            np.testing.assert_allclose(means[i], mean, atol=1e-5)


@pytest.mark.parametrize("emission", EMISSIONS)
@pytest.mark.parametrize("n_pieces", [1, 3])
def test_sampled_frames_are_fed_back(emission, n_pieces):
    network = make_network(emission, 2)
    primes = make_pieces(emission, [4] * n_pieces)
    sampler = make_sampler(emission, primes, n_pieces, 2)
    rng = np.random.RandomState(0)
    composed = [sampler.step(rng, temperature=0.8) for _ in range(10)]
    for i, prime in enumerate(primes):
        piece = np.concatenate([prime, np.stack(composed)[:, i]])
        context, _ = as_torch_says(network, piece, 1, n_drawn=10)
        np.testing.assert_allclose(sampler.context[i], context, atol=1e-5)


def test_each_piece_may_have_its_own_style():
    weights = export_weights(make_network("logistic"))
    primes = make_pieces("logistic", (5, 8))
    conditioning = weights["style"][[2, 0]] + weights["key"][UNKNOWN_KEY]
    together = Sampler("logistic", weights, conditioning=conditioning, n_pieces=2)
    together.read(primes)
    for i, style in enumerate((2, 0)):
        alone = make_sampler("logistic", primes[i : i + 1], 1, style=style)
        np.testing.assert_allclose(together.trunk.context[i], alone.trunk.context[0], atol=1e-6)
        taken = together.take([i])
        for sampler in (taken, alone):
            sampler.read(primes[:1])
        np.testing.assert_allclose(taken.trunk.context, alone.trunk.context, atol=1e-6)


def test_a_prime_may_be_read_in_parts():
    (prime,) = make_pieces("logistic", (20,))
    at_once = make_sampler("logistic", [prime], 1)
    in_parts = make_sampler("logistic", [prime[:7]], 1)
    in_parts.read([prime[7:]])
    np.testing.assert_array_equal(at_once.trunk.context, in_parts.trunk.context)
    np.testing.assert_array_equal(at_once.previous, in_parts.previous)


@pytest.mark.parametrize("emission", EMISSIONS)
def test_drawing_a_frame_does_not_change_the_state(emission):
    sampler = make_sampler(emission, make_pieces(emission, (5,)), 1)
    before = sampler.trunk.context.copy()
    ways = sampler.take([0] * 30)
    drawn = ways.draw(np.random.RandomState(0))
    assert len(np.unique(drawn, axis=0)) > 1
    ways.step(np.random.RandomState(0))
    np.testing.assert_array_equal(sampler.trunk.context, before)
    one = sampler.draw(np.random.RandomState(1))
    np.testing.assert_array_equal(one, sampler.draw(np.random.RandomState(1)))


def test_a_sampler_can_take_its_pieces_in_a_different_order():
    primes = make_pieces("logistic", (5, 2, 9))
    sampler = make_sampler("logistic", primes, 3)
    turned = make_sampler("logistic", primes[::-1], 3)
    np.testing.assert_array_equal(sampler.take([2, 1, 0]).trunk.context, turned.trunk.context)


@pytest.mark.parametrize("emission", EMISSIONS)
def test_pieces_drawn_alone_and_together_have_the_same_distribution(emission):
    """Compare means and spreads of the third new frame."""
    (prime,) = make_pieces(emission, (6,))
    first = make_sampler(emission, [prime], 1)
    rng = np.random.RandomState(0)

    def third(n_pieces):
        sampler = first.take([0] * n_pieces)
        return [sampler.step(rng) for _ in range(3)][-1]

    apart = np.concatenate([third(1) for _ in range(1500)])
    together = third(20000)
    for moment in (lambda x: x, lambda x: (x - together.mean(0)) ** 2):
        error = moment(together).std(0) / 1500**0.5
        assert (np.abs(moment(apart).mean(0) - moment(together).mean(0)) < 5 * error).all()


def test_a_stream_yields_the_frames_of_sample(fitted, chroma):
    settings = {"prime": chroma[0], "style": "folk", "temperature": 0.9, "random_state": 3}
    frames = []
    for frame in islice(fitted.stream(**settings), 25):
        frames.append(frame.copy())
        frame[:] = -1  # overwriting a frame does not change later ones
    np.testing.assert_array_equal(np.stack(frames), fitted.sample(25, **settings))


def test_several_threads_can_sample_from_one_composer(fitted, chroma):
    def compose(seed):
        return fitted.sample(40, n_pieces=1 + seed % 3, prime=chroma[0], random_state=seed)

    alone = [compose(seed) for seed in range(8)]
    with ThreadPoolExecutor(8) as pool:
        at_once = list(pool.map(compose, range(8)))
    for one, other in zip(alone, at_once, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_number_of_blas_threads_is_restored():
    def n_threads():
        return {lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"}

    def overlap(_):
        barrier.wait()
        with one_blas_thread():
            barrier.wait()

    barrier = Barrier(3)
    with threadpool_limits(2, "blas"):
        with one_blas_thread():
            assert n_threads() == {1}
        assert n_threads() == {2}
    before = n_threads()
    # The outer context starts first and ends last. Otherwise, OpenBLAS 0.3.31 may keep the number
    # of threads that a worker has set.
    with one_blas_thread():
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(overlap, range(3)))
        assert n_threads() == {1}
    assert n_threads() == before
