"""Probabilities of emissions sum to one, and values are redrawn from suitable components."""

from itertools import product

import numpy as np
import pytest
import torch
from scipy.stats import kstest, logistic

from musicai.composer._bernoulli import BernoulliNADE
from musicai.composer._emission import WIDTH_OF_REDRAWS
from musicai.composer._gaussian import GaussianMixture, SquaredError
from musicai.composer._logistic import LogisticNADE
from musicai.composer._network import initialize_emission

N_CONTEXT = 6


def ready(emission, seed=0, frames=None):
    if frames is None:
        frames = np.full((2, emission.n_features), 0.5)
    initialize_emission(emission, [frames], torch.Generator().manual_seed(seed))
    return emission.eval()


def every_frame(levels, n_features):
    return torch.tensor(list(product(levels, repeat=n_features)), dtype=torch.float32)


def same_context(n_frames, n_features):
    generator = torch.Generator().manual_seed(1)
    context = torch.randn(1, N_CONTEXT, generator=generator).expand(n_frames, -1)
    previous = torch.rand(1, n_features, generator=generator).expand(n_frames, -1)
    return context, previous


DISCRETE = [
    (BernoulliNADE(5, N_CONTEXT, n_hidden=7), [0, 1], 5),
    (BernoulliNADE(5, N_CONTEXT, n_hidden=7, autoregressive=False), [0, 1], 5),
    (LogisticNADE(3, N_CONTEXT, n_hidden=7, n_levels=6), np.arange(6) / 5, 3),
    (LogisticNADE(2, N_CONTEXT, n_hidden=7, n_levels=21), np.arange(21) / 20, 2),
    (LogisticNADE(2, N_CONTEXT, n_hidden=7, n_levels=9, autoregressive=False), np.arange(9) / 8, 2),
    (LogisticNADE(4, N_CONTEXT, n_hidden=7, n_levels=2), [0, 1], 4),
]


@pytest.mark.parametrize(("emission", "levels", "n_features"), DISCRETE)
def test_probabilities_of_all_frames_sum_to_one(emission, levels, n_features):
    frames = every_frame(levels, n_features)
    log_prob = ready(emission).log_prob(frames, *same_context(len(frames), n_features))
    assert log_prob.max() <= 0
    np.testing.assert_allclose(log_prob.double().exp().sum().item(), 1, atol=2e-5)


def test_probabilities_of_chroma_frames_with_at_most_one_1_sum_to_one():
    emission = ready(LogisticNADE(3, N_CONTEXT, n_hidden=7, n_levels=6, loudest_first=True))
    frames = every_frame(np.arange(6) / 5, 3)
    log_prob = emission.log_prob(frames, *same_context(len(frames), 3))
    single = (frames == 1).sum(1) <= 1
    np.testing.assert_allclose(log_prob[single].double().exp().sum().item(), 1, atol=2e-5)
    # Of several ones, the first counts as 1 and the others as the highest level below 1.
    lowered = frames.clone()
    lowered[((frames == 1).cumsum(1) > 1) & (frames == 1)] = 0.8
    assert (lowered != frames).any()
    same = emission.log_prob(lowered, *same_context(len(frames), 3))
    torch.testing.assert_close(log_prob, same)


def test_probabilities_of_all_levels_of_a_large_grid_sum_to_one():
    emission = ready(LogisticNADE(1, N_CONTEXT))
    frames = every_frame(np.arange(256) / 255, 1)
    log_prob = emission.log_prob(frames, *same_context(256, 1))
    np.testing.assert_allclose(log_prob.double().exp().sum().item(), 1, atol=2e-5)
    # The uniform component gives every level a probability.
    assert log_prob.exp().min() >= 0.99e-3 / 256


def test_the_bernoulli_emission_agrees_with_a_loop_over_features():
    emission = ready(BernoulliNADE(9, N_CONTEXT, n_hidden=7))
    generator = torch.Generator().manual_seed(2)
    x = (torch.rand(50, 9, generator=generator) < 0.3).float()
    context = torch.randn(50, N_CONTEXT, generator=generator)
    expected = torch.zeros(50)
    total = emission.context_to_hidden(context)
    for k in range(9):
        logit = (
            emission.hidden_to_output(torch.sigmoid(total)) + emission.context_to_output(context)
        )[:, k]
        expected += torch.distributions.Bernoulli(logits=logit).log_prob(x[:, k])
        total = total + x[:, k, None] * emission.feature_to_hidden[k]
    torch.testing.assert_close(emission.log_prob(x, context, x), expected)


@pytest.mark.parametrize("make", [GaussianMixture, SquaredError])
def test_densities_integrate_to_one(make):
    emission = ready(make(1, N_CONTEXT), frames=np.array([[2.0], [5.0], [11.0]]))
    grid = torch.linspace(-300, 300, 60001)[:, None]
    log_prob = emission.log_prob(grid, *same_context(len(grid), 1))
    np.testing.assert_allclose((log_prob.double().exp() * 0.01).sum().item(), 1, atol=1e-3)


def test_a_value_is_redrawn_from_its_component():
    """With one component, redrawn values are on the grid and follow a narrower logistic."""
    emission = ready(LogisticNADE(1, N_CONTEXT, n_components=1, n_levels=100_001))
    x = torch.full((20_000, 1), 0.5)
    context, previous = same_context(len(x), 1)
    with torch.inference_mode():
        _, means, scales = emission._components(x, context, previous, None)
        drawn = emission.redraw(x, context, previous, torch.Generator().manual_seed(0))
    mean, scale = float(means[0, 0, 0]), float(scales[0, 0, 0])
    inside = drawn[(drawn > 0) & (drawn < 1 - 1e-5)].numpy()
    assert len(inside) > 15_000
    expected = logistic(mean, WIDTH_OF_REDRAWS * scale)
    low, high = expected.cdf([0, 1])
    fits = kstest(inside, lambda v: (expected.cdf(v) - low) / (high - low))
    assert fits.pvalue > 1e-3


def test_redrawing_keeps_values_of_1_and_adds_none():
    emission = ready(LogisticNADE(3, N_CONTEXT, n_levels=6))
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(6, (3000, 3), generator=generator) / 5
    context = torch.randn(3000, N_CONTEXT, generator=generator)
    with torch.inference_mode():
        drawn = emission.redraw(x, context, torch.rand(3000, 3, generator=generator), generator)
    assert torch.equal(drawn == 1, x == 1)
    levels = torch.unique(drawn * 5)
    np.testing.assert_allclose(levels, np.arange(6), atol=1e-5)  # all levels still occur
    assert ((drawn != x) & (x < 1)).float().mean() > 0.1


def test_redrawing_chooses_components_by_the_mass_of_the_level():
    """Most of the mass at 0 belongs to a component far below 0, whose density at 0 is tiny."""
    emission = ready(LogisticNADE(1, N_CONTEXT, n_components=2))
    with torch.no_grad():
        emission.hidden_to_output.zero_()
        emission.context_to_output.weight.zero_()
        means, log_scales = torch.tensor([-1.0, 0.5]), torch.tensor([0.05, 0.2]).log()
        emission.context_to_output.bias.copy_(torch.cat([torch.zeros(2), means, log_scales]))
    x = torch.zeros(20_000, 1)
    context, _ = same_context(len(x), 1)
    with torch.inference_mode():
        drawn = emission.redraw(x, context, x, torch.Generator().manual_seed(0))
    half = 0.5 / 255
    masses = logistic.cdf(half, means.numpy(), log_scales.exp().numpy())
    expected = logistic(0.5, WIDTH_OF_REDRAWS * 0.2)
    sounds = masses[1] / masses.sum() * (1 - expected.cdf(half))
    assert (drawn > 0).float().mean().item() == pytest.approx(sounds, abs=0.01)


def test_redrawing_keeps_values_that_no_component_explains():
    emission = ready(LogisticNADE(1, N_CONTEXT, n_levels=256))
    with torch.no_grad():
        emission.context_to_output.bias.view(1, 3, -1)[:, 1] = 1e4  # all means are far away
    x = torch.linspace(0, 0.9, 50)[:, None]
    with torch.inference_mode():
        context, previous = same_context(50, 1)
        drawn = emission.redraw(x, context, previous, torch.Generator().manual_seed(0))
    torch.testing.assert_close(drawn, torch.round(x * 255) / 255, atol=1e-6, rtol=0)


def test_a_frame_is_redrawn_from_its_component():
    """Of two distant components, the one that explains the frame is chosen."""
    emission = ready(GaussianMixture(2, N_CONTEXT, n_components=2), frames=np.eye(2))
    with torch.no_grad():
        emission.output.weight.zero_()
        bias = torch.zeros(2 + 2 * 2 * 2)
        bias[2:6] = torch.tensor([-50.0, -50.0, 50.0, 50.0])  # the first mean is an offset
        emission.output.bias.copy_(bias)
    generator = torch.Generator().manual_seed(0)
    context, previous = torch.zeros(2000, N_CONTEXT), emission.decode(torch.ones(2000, 2))
    for center in (-49.0, 50.0):
        frames = emission.decode(torch.full((2000, 2), center))
        drawn = emission.encode(emission.redraw(frames, context, previous, generator))
        assert drawn.mean().item() == pytest.approx(center, abs=0.1)
        assert drawn.std().item() == pytest.approx(WIDTH_OF_REDRAWS, rel=0.1)
