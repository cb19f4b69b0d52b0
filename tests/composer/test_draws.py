"""NumPy samplers draw from the distributions of the torch emissions."""

from copy import deepcopy
from itertools import product

import numpy as np
import pytest
import torch

from musicai.composer._bernoulli import BernoulliNADE, BernoulliNADESampler
from musicai.composer._gaussian import (
    GaussianMixture,
    GaussianMixtureSampler,
    SquaredError,
    SquaredErrorSampler,
)
from musicai.composer._logistic import LogisticNADE, LogisticNADESampler
from musicai.composer._network import initialize_emission

N_CONTEXT = 6
CONTEXT = np.random.RandomState(1).normal(size=(1, N_CONTEXT)).astype(np.float32)
CLASSES = {
    BernoulliNADE: BernoulliNADESampler,
    LogisticNADE: LogisticNADESampler,
    GaussianMixture: GaussianMixtureSampler,
    SquaredError: SquaredErrorSampler,
}


def ready(emission, seed=0, frames=None):
    if frames is None:
        frames = np.full((2, emission.n_features), 0.5)
    initialize_emission(emission, [frames], torch.Generator().manual_seed(seed))
    return emission.eval()


def draws_of(emission, **options):
    weights = {name: tensor.numpy() for name, tensor in emission.state_dict().items()}
    return CLASSES[type(emission)](weights, **options)


def draw_many(draws, previous, n_draws, *, together, temperature=1.0, seed=0):
    """Draw frames given one context, all at once or one after another."""
    rng = np.random.RandomState(seed)
    readout = draws.read_out(CONTEXT)
    memory = draws.remember(1)
    memory.read(previous)
    previous = memory.known
    if together:
        readout, previous = readout.repeat(n_draws, 0), previous.repeat(n_draws, 0)
        return draws.draw(readout, previous, rng, temperature)
    return np.concatenate([draws.draw(readout, previous, rng, temperature) for _ in range(n_draws)])


def log_prob(emission, frames, previous):
    n_frames = len(frames)
    context = torch.from_numpy(CONTEXT).expand(n_frames, -1)
    previous = torch.from_numpy(previous).expand(n_frames, -1)
    with torch.no_grad():
        return emission.log_prob(torch.as_tensor(frames), context, previous).numpy()


def assert_as_frequent_as_probable(emission, levels, drawn, previous):
    levels = np.asarray(levels, np.float32)
    n_draws, n_features = drawn.shape
    frames = np.array(list(product(levels, repeat=n_features)), np.float32)
    probability = np.exp(log_prob(emission, frames, previous))
    digits = np.abs(drawn[..., None] - levels).argmin(-1)
    np.testing.assert_allclose(levels[digits], drawn, atol=1e-6)
    numbers = digits @ len(levels) ** np.arange(n_features - 1, -1, -1)
    frequency = np.bincount(numbers, minlength=len(frames)) / n_draws
    error = np.sqrt(probability * (1 - probability) / n_draws)
    assert (np.abs(frequency - probability) < 5 * error + 3 / n_draws).all()


def previous_frame(n_features):
    return np.random.RandomState(2).random_sample((1, n_features)).astype(np.float32)


@pytest.mark.parametrize(("together", "n_draws"), [(True, 40000), (False, 5000)])
@pytest.mark.parametrize(
    ("make", "n_features", "n_levels", "options"),
    [
        (BernoulliNADE, 5, 2, {}),
        (BernoulliNADE, 5, 2, {"autoregressive": False}),
        (LogisticNADE, 3, 6, {"n_levels": 6}),
        (LogisticNADE, 2, 21, {"n_levels": 21, "uniform_weight": 0.2}),
        (LogisticNADE, 2, 9, {"n_levels": 9, "autoregressive": False}),
        (LogisticNADE, 4, 2, {"n_levels": 2}),
    ],
)
def test_frequencies_of_draws_match_probabilities(
    make, n_features, n_levels, options, together, n_draws
):
    emission = ready(make(n_features, N_CONTEXT, n_hidden=7, **options))
    with torch.no_grad():  # make later features depend on earlier ones
        emission.feature_to_hidden *= 2 / emission.feature_to_hidden.std()
    previous = previous_frame(n_features)
    drawn = draw_many(draws_of(emission, **options), previous, n_draws, together=together)
    levels = np.arange(n_levels) / (n_levels - 1)
    assert_as_frequent_as_probable(emission, levels, drawn, previous)


@pytest.mark.parametrize(("together", "n_draws"), [(True, 40000), (False, 5000)])
def test_drawn_frames_of_chroma_have_one_loudest_feature(together, n_draws):
    options = {"n_levels": 5, "uniform_weight": 0.1, "loudest_first": True}
    emission = ready(LogisticNADE(3, N_CONTEXT, n_hidden=7, **options))
    with torch.no_grad():
        emission.feature_to_hidden *= 3
        emission.loudest_to_hidden *= 3
    previous = previous_frame(3)
    drawn = draw_many(draws_of(emission, **options), previous, n_draws, together=together)
    assert ((drawn == 1).sum(axis=1) == 1).all()
    frames = np.array(list(product(np.arange(5) / 4, repeat=3)), np.float32)
    frames = frames[(frames == 1).sum(axis=1) == 1]
    probability = np.exp(log_prob(emission, frames, previous))
    probability /= probability.sum()
    frequency = (drawn[:, None] == frames).all(-1).mean(axis=0)
    error = np.sqrt(probability * (1 - probability) / n_draws)
    assert (np.abs(frequency - probability) < 5 * error + 3 / n_draws).all()


@pytest.mark.parametrize("together", [True, False])
def test_temperature_scales_the_log_odds_of_the_loudest_feature(together):
    emission = ready(LogisticNADE(3, N_CONTEXT, loudest_first=True))
    with torch.no_grad():
        emission.context_to_loudest.weight.zero_()
        emission.context_to_loudest.bias[:] = torch.tensor([0.0, 1.0, -1.0, 5.0])
    draws, n_draws = draws_of(emission, loudest_first=True), 4000
    drawn = draw_many(draws, previous_frame(3), n_draws, together=together, temperature=0.5)
    odds = np.exp([0.0, 2.0, -2.0])
    odds /= odds.sum()
    error = np.sqrt(odds * (1 - odds) / n_draws)
    assert (np.abs((drawn == 1).mean(axis=0) - odds) < 5 * error).all()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("together", [True, False])
def test_a_note_sounds_if_its_logit_exceeds_the_noise(together, temperature):
    """Compare with draws note by note, as in Larochelle and Murray (2011), with the same noise."""
    emission = ready(BernoulliNADE(20, N_CONTEXT, n_hidden=7))
    with torch.no_grad():
        for parameter in (emission.feature_to_hidden, emission.hidden_to_output.weight):
            parameter.copy_(3 * torch.randn(parameter.shape, generator=torch.Generator()))
    w = {name: tensor.numpy().astype(float) for name, tensor in emission.state_dict().items()}
    contexts = np.random.RandomState(3).normal(size=(200, N_CONTEXT)).astype(np.float32)
    draws, rng = draws_of(emission), np.random.RandomState(4)
    readouts = draws.read_out(contexts)
    rows = [slice(None)] if together else [slice(i, i + 1) for i in range(len(contexts))]
    drawn = [draws.draw(readouts[i], np.zeros((0, 20)), rng, temperature) for i in rows]
    noise = temperature * np.random.RandomState(4).logistic(size=(len(contexts), 20))
    for context, frame, threshold in zip(contexts, np.concatenate(drawn), noise, strict=True):
        hidden = w["context_to_hidden.weight"] @ context + w["context_to_hidden.bias"]
        skip = w["context_to_output.weight"] @ context + w["context_to_output.bias"]
        for k in range(20):
            logit = w["hidden_to_output.weight"][k] @ (1 / (1 + np.exp(-hidden))) + skip[k]
            if abs(logit - threshold[k]) > 1e-4:
                assert frame[k] == (logit > threshold[k])
            hidden += frame[k] * w["feature_to_hidden"][k]


@pytest.mark.parametrize(("together", "n_draws"), [(True, 40000), (False, 5000)])
@pytest.mark.parametrize("temperature", [0.5, 2])
def test_temperature_scales_the_log_odds_of_a_note(temperature, together, n_draws):
    emission = ready(BernoulliNADE(1, N_CONTEXT, n_hidden=7))
    cooled = deepcopy(emission)
    with torch.no_grad():
        for layer in (cooled.hidden_to_output, cooled.context_to_output):
            for parameter in layer.parameters():
                parameter /= temperature
    previous = previous_frame(1)
    drawn = draw_many(
        draws_of(emission), previous, n_draws, together=together, temperature=temperature
    )
    assert_as_frequent_as_probable(cooled, [0, 1], drawn, previous)


@pytest.mark.parametrize(("together", "n_draws"), [(True, 40000), (False, 5000)])
@pytest.mark.parametrize("temperature", [0.5, 2])
def test_temperature_scales_the_weights_and_the_width_of_components(temperature, together, n_draws):
    options = {"n_levels": 11, "uniform_weight": 0.2}
    emission = ready(LogisticNADE(1, N_CONTEXT, n_hidden=7, **options))
    with torch.no_grad():  # the same mixture in every context, with unequal weights
        emission.hidden_to_output.zero_()
        emission.context_to_output.weight.zero_()
        emission.context_to_output.bias[:5] = torch.tensor([1.0, -1, 0.5, 0, 2])
        emission.context_to_output.bias[10:] = -4
    previous = previous_frame(1)
    drawn = draw_many(
        draws_of(emission, **options),
        previous,
        n_draws,
        together=together,
        temperature=temperature,
    )
    shares = np.append(
        0.8 * torch.softmax(emission.context_to_output.bias[:5].detach(), 0).numpy(), 0.2
    )
    shares **= 1 / temperature
    cooled = deepcopy(emission)
    cooled.uniform_weight = shares[5] / shares.sum()
    with torch.no_grad():
        cooled.context_to_output.bias[:5] /= temperature
        cooled.context_to_output.bias[10:] += 2 * np.log(temperature)
    assert_as_frequent_as_probable(cooled, np.arange(11) / 10, drawn, previous)


@pytest.mark.parametrize("temperature", [1e-4, 1e4])
@pytest.mark.parametrize("make", CLASSES)
def test_extreme_temperatures_give_finite_frames(make, temperature):
    draws = draws_of(ready(make(3, N_CONTEXT)))
    for together in (True, False):
        drawn = draw_many(draws, previous_frame(3), 20, together=together, temperature=temperature)
        assert drawn.dtype == np.float32
        assert np.isfinite(drawn).all()


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("make", [GaussianMixture, SquaredError])
def test_real_valued_draws_follow_the_density(make, together):
    emission = ready(make(2, N_CONTEXT), frames=np.random.RandomState(0).normal(5, 2, (50, 2)))
    if make is GaussianMixture:
        with torch.no_grad():  # distant components with different weights and widths
            emission.output.bias.normal_(0, 2, generator=torch.Generator().manual_seed(3))
    previous = 5 + previous_frame(2)
    n_draws = 50000 if together else 5000
    drawn = draw_many(draws_of(emission), previous, n_draws, together=together)
    mean = emission.mean(torch.from_numpy(CONTEXT), torch.from_numpy(previous))[0]
    error = drawn.std(0) / n_draws**0.5
    assert (np.abs(drawn.mean(0) - mean.detach().numpy()) < 5 * error).all()
    # The mean of q / p over draws from p is the integral of q, which is 1. Here, q is a Gaussian a
    # fifth as wide as the draws.
    spread = drawn.std(0)
    log_q = -0.5 * (((drawn - drawn.mean(0)) / spread / 0.2) ** 2 + np.log(2 * np.pi)).sum(1)
    log_q -= np.log(spread * 0.2).sum()
    ratio = np.exp(log_q - log_prob(emission, drawn, previous))
    assert abs(ratio.mean() - 1) < 5 * ratio.std() / n_draws**0.5


def test_levels_drawn_from_the_uniform_component_are_equally_frequent():
    emission = ready(LogisticNADE(1, N_CONTEXT, uniform_weight=1 - 1e-6))
    draws = draws_of(emission, uniform_weight=1 - 1e-6)
    for together, n_draws in ((True, 100000), (False, 20000)):
        drawn = draw_many(draws, previous_frame(1), n_draws, together=together)
        counts = np.bincount(np.rint(255 * drawn[:, 0]).astype(int), minlength=256)
        assert len(counts) == 256
        expected = n_draws / 256
        assert (np.abs(counts - expected) < 5 * expected**0.5).all()
