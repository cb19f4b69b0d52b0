"""Entropies of draws rise with the temperature; they are computed without sampling.

Random numbers are replaced by the quantiles of their distribution, one for each of many rows. The
share of rows with a value is then the probability of this value, with an error of at most one row.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from musicai.composer._bernoulli import BernoulliNADE, BernoulliNADESampler
from musicai.composer._gaussian import (
    GaussianMixture,
    GaussianMixtureSampler,
    SquaredError,
    SquaredErrorSampler,
)
from musicai.composer._logistic import LogisticNADE, LogisticNADESampler

N_CONTEXT = 4
N_ROWS = 4000
ONE_ROW = 12 / N_ROWS  # generous bound on how much one row can change an entropy
QUANTILES = (np.arange(N_ROWS) + 0.5) / N_ROWS

few = settings(max_examples=20, deadline=None)
seeds = st.integers(0, 2**32 - 1)
temperatures = st.lists(st.floats(0.05, 20), min_size=2, max_size=4, unique=True).map(sorted)


class Quantiles:
    """Stand-in for a `RandomState` that returns quantiles as choices and noise of one feature."""

    def __init__(self, *, feature=None, others=0.0):
        self.feature, self.others = feature, others

    def random_sample(self, size):
        return np.broadcast_to(QUANTILES.reshape(N_ROWS, *[1] * (np.size(size) - 1)), size)

    def logistic(self, size):
        return self._noise(size, stats.logistic)

    def standard_normal(self, size):
        return self._noise(size, stats.norm)

    def _noise(self, size, distribution):
        noise = np.broadcast_to(np.asarray(self.others, float), size).copy()
        if self.feature is not None:
            noise[:, self.feature] = distribution.ppf(QUANTILES)
        return noise


def make(emission, draws, seed, prepare=lambda made: None, **options):
    """Build a sampler with uneven odds, and its readout of one context, repeated in every row."""
    made = emission(n_context=N_CONTEXT, **options)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_(generator=generator)
        prepare(made)
    drawn = draws({name: tensor.detach().numpy() for name, tensor in made.state_dict().items()})
    context = np.random.default_rng(seed).normal(size=(1, N_CONTEXT)).astype(np.float32)
    return drawn, drawn.read_out(context).repeat(N_ROWS, 0)


def entropy(values):
    _, counts = np.unique(values, axis=0, return_counts=True)
    return stats.entropy(counts)


def assert_rising(entropies):
    assert (np.diff(entropies) >= -ONE_ROW).all()


@few
@given(seed=seeds, temperatures=temperatures, feature=st.integers(0, 4), lower=st.integers(0, 31))
def test_entropy_of_a_note_given_lower_notes_rises_with_temperature(
    seed, temperatures, feature, lower
):
    draws, readout = make(BernoulliNADE, BernoulliNADESampler, seed, n_features=5, n_hidden=6)
    previous = np.zeros((N_ROWS, 5), np.float32)
    sounding = (lower >> np.arange(5)) & 1
    others = np.where(sounding, -1e6, 1e6)  # stronger than any logit
    entropies = []
    for temperature in temperatures:
        frames = draws.draw(
            readout, previous, Quantiles(feature=feature, others=others), temperature
        )
        np.testing.assert_array_equal(frames[:, :feature], [sounding[:feature]] * N_ROWS)
        entropies.append(entropy(frames[:, feature]))
    assert_rising(entropies)


def assert_components_spread(draws, readout, n_features, temperatures):
    """Assert that the entropy of the choice of a component rises with the temperature."""
    previous = np.zeros((N_ROWS, n_features), np.float32)
    entropies = [
        entropy(draws.draw(readout, previous, Quantiles(), temperature))
        for temperature in temperatures
    ]
    assert_rising(entropies)


@few
@given(seed=seeds, temperatures=temperatures)
def test_entropy_of_the_logistic_component_rises_with_temperature(seed, temperatures):
    def spread_out(emission):
        # Spread the means within the range, away from the middle, where the uniform component is.
        emission.hidden_to_output[..., 5:10] = emission.context_to_output.weight[5:10] = 0
        emission.context_to_output.bias[5:10] = torch.linspace(0.1, 0.8, 5)

    draws, readout = make(
        LogisticNADE, LogisticNADESampler, seed, spread_out, n_features=1, n_hidden=6
    )
    assert_components_spread(draws, readout, 1, temperatures)


@few
@given(seed=seeds, temperatures=temperatures)
def test_entropy_of_the_gaussian_component_rises_with_temperature(seed, temperatures):
    draws, readout = make(GaussianMixture, GaussianMixtureSampler, seed, n_features=2)
    assert_components_spread(draws, readout, 2, temperatures)


@few
@given(seed=seeds, temperature=st.floats(0.05, 20))
def test_temperature_scales_the_width_of_a_gaussian(seed, temperature):
    draws, readout = make(SquaredError, SquaredErrorSampler, seed, n_features=1)
    previous = np.zeros((N_ROWS, 1), np.float32)
    noise = Quantiles(feature=0)
    plain, warm = (draws.draw(readout, previous, noise, t).std() for t in (1.0, temperature))
    # The entropy of a Gaussian is the logarithm of its width plus a constant.
    assert np.log(warm / plain) == pytest.approx(np.log(temperature), abs=1e-3)
