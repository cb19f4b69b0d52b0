"""Emission of frames in [0, 1], such as chroma: autoregressive mixtures of discretized logistics.

As in `_bernoulli.py`, a NADE models each feature given the lower-numbered features of the same
frame. Each feature follows a mixture of logistic distributions, integrated over the cells of a grid
of levels (Salimans et al. 2017). The probability of a frame is the product of the probabilities of
its features. It is exact, and the probabilities of all possible frames sum to one.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its usual name)

from ._emission import (
    WIDTH_OF_REDRAWS,
    Emission,
    EmissionSampler,
    LastFrame,
    Weights,
    choose,
    sample_categorical,
)

N_LEVELS = 256  # number of levels of the grid
UNIFORM_WEIGHT = 1e-3  # weight of the uniform component
LOG_SCALES = -7.0, 2.0  # bounds of the natural logarithms of scales


class LogisticNADE(Emission):
    """Distribution of frames in [0, 1] on a grid of levels.

    The first and the last cell of the grid extend to infinity, so that exactly 0 and exactly 1 can
    have high probabilities. A uniform component of small weight keeps every log-probability finite.
    The mean of each logistic component is the feature's value in the last frame plus an offset.

    With `loudest_first`, as for chroma, a categorical distribution first chooses the feature that
    is 1; its last class means that no feature is 1. All other features are then at most at the
    second-highest level. If several features of a frame are 1, the first counts as the loudest.
    Without `loudest_first`, any feature can be 1: frames with several such features were twelve
    times as frequent in samples as in real music.
    """

    can_redraw = True

    def __init__(
        self,
        n_features: int,
        n_context: int,
        *,
        n_hidden: int = 32,
        n_components: int = 5,
        n_levels: int = N_LEVELS,
        uniform_weight: float = UNIFORM_WEIGHT,
        autoregressive: bool = True,
        loudest_first: bool = False,
    ) -> None:
        super().__init__()
        self.n_features = n_features
        self.n_inputs = 2 * n_features
        self.n_components = n_components
        self.n_levels = n_levels
        self.uniform_weight = uniform_weight
        self.autoregressive = autoregressive
        self.loudest_first = loudest_first
        self.n_cells = n_levels - loudest_first
        n_parameters = 3 * n_components
        if loudest_first:
            self.context_to_loudest = nn.Linear(n_context, n_features + 1)
            self.loudest_to_hidden = nn.Parameter(torch.empty(n_features + 1, n_hidden))
        self.context_to_hidden = nn.Linear(n_context, n_hidden)
        self.feature_to_hidden = nn.Parameter(torch.empty(n_features, 2, n_hidden))
        self.hidden_to_output = nn.Parameter(torch.empty(n_features, n_hidden, n_parameters))
        self.context_to_output = nn.Linear(n_context, n_features * n_parameters)
        self.mean_head = nn.Linear(n_context, n_features)

    @property
    def origin(self) -> Tensor:
        return torch.zeros(self.n_features, device=self.feature_to_hidden.device)

    def initialize(self, pieces: Sequence[np.ndarray], generator: torch.Generator) -> None:
        nn.init.normal_(self.feature_to_hidden, std=0.3, generator=generator)
        if self.loudest_first:
            nn.init.normal_(self.loudest_to_hidden, std=0.3, generator=generator)
        bound = self.hidden_to_output.shape[1] ** -0.5
        nn.init.uniform_(self.hidden_to_output, -bound, bound, generator=generator)
        with torch.no_grad():
            # Start with components spread around the last value, each about a tenth of the range
            # wide.
            bias = self.context_to_output.bias.view(self.n_features, 3, self.n_components)
            bias[:, 1] = torch.linspace(-0.4, 0.4, self.n_components)
            bias[:, 2] = -2.5

    def encode(self, x: Tensor) -> Tensor:
        # A value of 1 marks the loudest pitch class, so a separate input is 1 where a value is 1.
        x = self._on_grid(x)
        return torch.cat([x, (x == 1).float()], -1)

    def log_prob(self, x: Tensor, context: Tensor, previous: Tensor) -> Tensor:
        x = self._on_grid(x)
        loudest = self._loudest(x)
        shares, means, scales = self._components(x, context, previous, loudest)
        mass = (shares * self._masses(x, means, scales)).sum(1) + self._uniform_mass
        log_probs = torch.log(mass).T
        if loudest is None:
            return log_probs.sum(-1)
        log_odds = F.log_softmax(self.context_to_loudest(context).float(), -1)
        return log_probs.masked_fill(x == 1, 0).sum(-1) + log_odds.gather(-1, loudest)[..., 0]

    def redraw(
        self, x: Tensor, context: Tensor, previous: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Draw a component from each value's posterior; redraw the value from this component.

        If the uniform component is drawn, the value is kept. An exact 1 is kept too, and no other
        value becomes 1, so that the loudest feature stays the same.
        """
        x = self._on_grid(x)
        shares, means, scales = self._components(x, context, previous, self._loudest(x))
        cumulated = (shares * self._masses(x, means, scales)).cumsum(1)
        choice, value = torch.rand((2, *x.T.shape), generator=generator, device=x.device)
        total = cumulated[:, -1] + self._uniform_mass
        chosen = ((choice * total)[:, None] >= cumulated).sum(1, keepdim=True)
        stays = (x == 1) | (chosen[:, 0] == self.n_components).T
        chosen = chosen.clamp(max=self.n_components - 1)
        noise = torch.logit(value, eps=1e-6)[:, None] * scales.gather(1, chosen)
        drawn = self._on_grid((means.gather(1, chosen) + WIDTH_OF_REDRAWS * noise)[:, 0].T)
        return torch.where(stays, x, drawn.clamp(0, 1 - 1 / (self.n_levels - 1)))

    def _loudest(self, x: Tensor) -> Tensor | None:
        """Return the number of the first feature that is 1, (N, 1), or `n_features` if none is 1.

        Without `loudest_first`, return None.
        """
        if not self.loudest_first:
            return None
        is_one = F.pad(x == 1, (0, 1), value=True)
        return is_one.byte().argmax(-1, keepdim=True)

    def _components(
        self, x: Tensor, context: Tensor, previous: Tensor, loudest: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return shares, means and scales of the logistic components of every value.

        Each has the shape (n_features, n_components, N), with frames last because torch is fastest
        along the last axis. Shares sum to 1 minus the weight of the uniform component.
        """
        context = context.T
        total = _linear(self.context_to_hidden, context)
        if loudest is not None:
            total = total + F.embedding(loudest[:, 0], self.loudest_to_hidden).T
        total = total.expand(self.n_features, -1, -1)
        if self.autoregressive:
            # One matrix product covers all features. The weights from features that do not come
            # before a feature are 0.
            lower = torch.ones(self.n_features, self.n_features, device=x.device).tril(-1)
            weight = torch.einsum("fg,gih->fhig", lower, self.feature_to_hidden)
            inputs = torch.cat([x, (x == 1).to(x.dtype)], -1).T
            total = total + (weight.flatten(2).flatten(0, 1) @ inputs).view(total.shape)
        mixture = self.hidden_to_output.transpose(1, 2) @ torch.relu(total)
        mixture = mixture + _linear(self.context_to_output, context).view(mixture.shape)
        logits, offsets, log_scales = mixture.float().unflatten(1, (3, -1)).unbind(1)
        shares = (1 - self.uniform_weight) * F.softmax(logits, 1)
        means = self._on_grid(previous).T[:, None] + offsets
        return shares, means, log_scales.clamp(*LOG_SCALES).exp()

    def _masses(self, x: Tensor, means: Tensor, scales: Tensor) -> Tensor:
        """Return the probability of the level of each value under each component.

        `x` has the shape (N, n_features). The other arguments and the result have the shape
        (n_features, n_components, N).
        """
        x = x.T[:, None]
        half = 0.5 / (self.n_levels - 1)
        upper = ((x + half - means) / scales).masked_fill(x >= self._last, torch.inf)
        lower = ((x - half - means) / scales).masked_fill(x == 0, -torch.inf)
        # sigmoid(upper) - sigmoid(lower) as a product, which stays accurate in the tails.
        return torch.sigmoid(upper) * torch.sigmoid(-lower) * -torch.expm1(lower - upper)

    @property
    def _uniform_mass(self) -> float:
        """Probability of a level under the uniform component, times the weight of the component."""
        return self.uniform_weight / self.n_cells

    def mean(self, context: Tensor, previous: Tensor) -> Tensor:
        return (self._on_grid(previous) + self.mean_head(context)).clamp(0, 1)

    def mean_loss(self, x: Tensor, context: Tensor, previous: Tensor) -> Tensor:
        mean = self._on_grid(previous) + self.mean_head(context.detach()).float()
        return (mean - x).square().sum(-1)

    @property
    def _last(self) -> float:
        """Lower border of the last cell."""
        return (self.n_cells - 1.5) / (self.n_levels - 1)

    def _on_grid(self, x: Tensor) -> Tensor:
        levels = torch.round(x * (self.n_levels - 1))
        if self.loudest_first:
            # Of several features at the highest level, only the first stays there; the others move
            # down by one level.
            ones = levels == self.n_levels - 1
            levels = levels - (ones & (ones.cumsum(-1) > 1)).to(levels.dtype)
        return levels / (self.n_levels - 1)


def _linear(layer: nn.Linear, columns: Tensor) -> Tensor:
    """Apply a linear layer to columns (n_inputs, N)."""
    return layer.weight @ columns + layer.bias[:, None]


class LogisticNADESampler(EmissionSampler):
    """Sampler of `LogisticNADE`: draws a component for each feature, then a value from it.

    With `loudest_first`, every drawn frame has a loudest feature, which is 1.

    The temperature rescales the log-odds of the loudest feature, and the weights of the components,
    including the uniform one. The square of the temperature scales the width of the components,
    because the noise of drawn frames feeds back into later frames.

    Single frames, and frames with their own random states, are drawn with Python floats, because
    calling NumPy for one frame takes longer than the computation.
    """

    n_at_once = 64

    def __init__(
        self,
        weights: Weights,
        *,
        n_levels: int = N_LEVELS,
        uniform_weight: float = UNIFORM_WEIGHT,
        autoregressive: bool = True,
        loudest_first: bool = False,
    ) -> None:
        self._autoregressive = autoregressive
        self._highest = n_levels - 1
        self._last = self._highest - loudest_first  # highest level, except for the loudest feature
        # Weight of the uniform component, relative to the sum of all other weights.
        self._uniform_weight = uniform_weight / (1 - uniform_weight)
        self._hidden_to_output = np.ascontiguousarray(
            weights["hidden_to_output"].transpose(0, 2, 1)
        )
        self._feature_to_hidden = weights["feature_to_hidden"]
        # Effect of one level and of the highest level of each feature on the hidden units.
        per_level = self._feature_to_hidden[:, 0] / np.float32(self._highest)
        self._effects = list(zip(per_level, self._feature_to_hidden[:, 1], strict=True))
        self._mean_head = weights["mean_head.weight"].T, weights["mean_head.bias"]
        self.n_features, n_parameters, _ = self._hidden_to_output.shape
        self.n_inputs = 2 * self.n_features
        self.origin = np.zeros(self.n_features, np.float32)
        self._n_components = n_parameters // 3
        self.layers = [
            (weights[f"{name}.weight"], weights[f"{name}.bias"])
            for name in ("context_to_hidden", "context_to_output", "context_to_loudest")
            if f"{name}.weight" in weights
        ]
        self._loudest_to_hidden = weights.get("loudest_to_hidden")

    def remember(self, n_pieces: int) -> LastFrame:
        return LastFrame(np.tile(self.origin, (n_pieces, 1)), self._on_grid)

    def encode(self, known: np.ndarray) -> np.ndarray:
        return np.concatenate([known, known == 1], axis=1, dtype=np.float32)

    def draw(
        self,
        readout: np.ndarray,
        previous: np.ndarray,
        rng: np.random.RandomState,
        temperature: float = 1.0,
    ) -> np.ndarray:
        if len(previous) == 1:
            return self.draw_each(readout, previous, [rng], temperature)
        choices = rng.random_sample(previous.shape)
        noise = rng.logistic(size=previous.shape)
        # Copy the readout with frames last, because NumPy is fastest along the last axis.
        hidden, skipped, log_odds = self._split(np.array(readout.T, order="C"))
        skipped = skipped.reshape(self.n_features, 3, self._n_components, -1)
        skipped[:, 1] += previous.T[:, None]  # the network predicts offsets from the last frame
        loudest = np.full(len(previous), -1)
        if self._loudest_to_hidden is not None:
            shares = np.exp((log_odds - log_odds.max(0)) / temperature)
            loudest = sample_categorical(shares.T, rng.random_sample(len(previous)))
            hidden += self._loudest_to_hidden[loudest].T
        levels = self._draw_several(hidden, skipped, loudest, choices.T, noise.T, temperature)
        return levels.T / np.float32(self._highest)

    def _split(self, readout: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Split readouts along the first axis into hidden units, mixtures and log-odds.

        The log-odds that each feature is the loudest are empty without `loudest_first`. The class
        in which no feature is 1 is left out, so that no such frame is drawn.
        """
        n_hidden = self._feature_to_hidden.shape[-1]
        n_direct = self.n_features * 3 * self._n_components
        log_odds = readout[n_hidden + n_direct :][: self.n_features]
        return readout[:n_hidden], readout[n_hidden : n_hidden + n_direct], log_odds

    def draw_each(
        self,
        readout: np.ndarray,
        previous: np.ndarray,
        rngs: Sequence[np.random.RandomState],
        temperature: float = 1.0,
    ) -> np.ndarray:
        n = self.n_features
        draws = [
            list(zip(rng.random_sample(n).tolist(), rng.logistic(size=n).tolist(), strict=True))
            for _, rng in zip(previous, rngs, strict=True)
        ]
        hidden, skipped, log_odds = (part.T.copy() for part in self._split(readout.T))
        skipped = skipped.reshape(len(previous), self.n_features, -1)
        means = slice(self._n_components, 2 * self._n_components)
        skipped[:, :, means] += previous[:, :, None]
        loudest = np.full(len(previous), -1)
        if self._loudest_to_hidden is not None:
            chosen = zip(log_odds.tolist(), rngs, strict=True)
            loudest[:] = [
                self._choose(odds, rng.random_sample(), temperature) for odds, rng in chosen
            ]
            hidden += self._loudest_to_hidden[loudest]
        if len(previous) == 1:
            levels = self._draw_one(hidden[0], skipped[0], loudest[0], draws[0], temperature)[None]
        else:
            levels = self._draw_rows(hidden, skipped, loudest, draws, temperature)
        return levels / np.float32(self._highest)

    def _draw_rows(
        self,
        hidden: np.ndarray,
        skipped: np.ndarray,
        loudest: np.ndarray,
        draws: Sequence[Sequence[tuple[float, float]]],
        temperature: float,
    ) -> np.ndarray:
        """Draw the levels of several frames, (N, n_features), each as `_draw_one` does."""
        levels = np.empty(skipped.shape[:2], np.float32)
        for k, (per_level, of_highest) in enumerate(self._effects):
            # Multiply row by row: BLAS may round a product of several rows differently.
            mixtures = np.matmul(self._hidden_to_output[k], np.maximum(hidden, 0)[:, :, None])
            mixtures = mixtures[:, :, 0] + skipped[:, k]
            levels[:, k] = drawn = [
                self._highest if k == first else self._level(mixture, *draw[k], temperature)
                for mixture, draw, first in zip(mixtures.tolist(), draws, loudest, strict=True)
            ]
            if self._autoregressive:
                hidden += levels[:, k : k + 1] * per_level
                if self._highest in drawn:
                    hidden[levels[:, k] == self._highest] += of_highest
        return levels

    def _draw_one(
        self,
        hidden: np.ndarray,
        skipped: np.ndarray,
        loudest: int,
        draws: Sequence[tuple[float, float]],
        temperature: float,
    ) -> np.ndarray:
        """Draw the levels of one frame, (n_features,)."""
        levels = []
        for k, (per_level, of_highest) in enumerate(self._effects):
            if k == loudest:
                level: float = self._highest
            else:
                mixture = self._hidden_to_output[k].dot(np.maximum(hidden, 0))
                mixture += skipped[k]
                level = self._level(mixture.tolist(), *draws[k], temperature)
            levels.append(level)
            if self._autoregressive:
                hidden += level * per_level
                if level == self._highest:
                    hidden += of_highest
        return np.array(levels, np.float32)

    def mean(self, context: np.ndarray, previous: np.ndarray) -> np.ndarray:
        weight, bias = self._mean_head
        return (self._on_grid(previous) + np.dot(context, weight) + bias).clip(0, 1)

    def _on_grid(self, frames: np.ndarray) -> np.ndarray:
        levels = np.rint(frames * np.float32(self._highest))
        if self._loudest_to_hidden is not None:
            ones = levels == self._highest
            levels -= ones & (ones.cumsum(-1) > 1)  # only the first stays at the highest level
        return levels / np.float32(self._highest)

    def _draw_several(
        self,
        hidden: np.ndarray,
        skipped: np.ndarray,
        loudest: np.ndarray,
        choices: np.ndarray,
        noise: np.ndarray,
        temperature: float,
    ) -> np.ndarray:
        """Draw the levels of several frames, (n_features, N); all arrays have frames last."""
        columns = np.arange(hidden.shape[1])
        levels = np.empty(choices.shape, np.float32)
        pair = np.empty((2, len(columns)), np.float32)
        uniform = self._uniform_level(noise)
        for k in range(self.n_features):
            mixture = np.dot(self._hidden_to_output[k], np.maximum(hidden, 0)).reshape(
                skipped[k].shape
            )
            mixture += skipped[k]
            logits, means, log_scales = mixture
            shares = np.exp(logits - logits.max(0))
            rest = self._uniform_weight * shares.sum(0)
            if temperature != 1:
                shares **= 1 / temperature
                rest **= 1 / temperature
            cumulated = shares.cumsum(0)
            chosen = (choices[k] * (cumulated[-1] + rest) >= cumulated).sum(0)
            # The uniform component has the last number, after the logistic components.
            component = np.minimum(chosen, self._n_components - 1)
            width = np.exp(np.clip(log_scales[component, columns], *LOG_SCALES))
            value = means[component, columns] + temperature**2 * width * noise[k]
            level = np.rint(self._highest * value).clip(0, self._last)
            levels[k] = np.where(chosen == self._n_components, uniform[k], level)
            levels[k, loudest == k] = self._highest
            if self._autoregressive:
                np.divide(levels[k], self._highest, out=pair[0])
                np.equal(levels[k], self._highest, out=pair[1])
                hidden += np.dot(self._feature_to_hidden[k].T, pair)
        return levels

    def _level(
        self, mixture: list[float], choice: float, noise: float, temperature: float
    ) -> float:
        """Draw one level as `_draw_several` does, with Python floats."""
        n = self._n_components
        logits = mixture[:n]
        largest = max(logits)
        shares = [math.exp(logit - largest) for logit in logits]
        rest = self._uniform_weight * sum(shares)
        if temperature != 1:
            power = 1 / temperature
            shares = [share**power for share in shares]
            rest **= power
        left = choice * (sum(shares) + rest)
        for component, share in enumerate(shares):
            left -= share
            if left < 0:
                mean, log_scale = mixture[n + component], mixture[2 * n + component]
                width = math.exp(min(max(log_scale, LOG_SCALES[0]), LOG_SCALES[1]))
                level = round(self._highest * (mean + temperature**2 * width * noise))
                return min(max(level, 0), self._last)
        return float(self._uniform_level(noise))

    def _choose(self, log_odds: list[float], choice: float, temperature: float) -> int:
        """Draw the number of the loudest feature from `log_odds`, with Python floats."""
        largest = max(log_odds)
        shares = [math.exp((each - largest) / temperature) for each in log_odds]
        return choose(shares, choice)

    def _uniform_level(self, noise: Any) -> Any:
        """Turn logistic noise into a level from 0 to `_last`; all levels are equally likely."""
        share = 1 / (1 + np.exp(-noise))
        return np.minimum(np.floor(share * (self._last + 1)), self._last)
