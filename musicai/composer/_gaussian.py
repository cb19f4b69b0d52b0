"""Real-valued frames: a mixture of Gaussians, and the single one that squared error implies.

Both see data standardized to the mean and standard deviation of the training frames; densities
are those of the data as given, so the scale enters every log-probability.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from ..base.pieces import frame_blocks
from ._emissions import Emission, reset_linear

# The narrowest and the widest component, in standard deviations of a feature (natural logarithm):
# without a bound the density of data that repeats values exactly grows for ever.
LOG_SCALES = math.log(1e-3), 5.0


class _Standardized(Emission):
    """Keeps the mean and scale of the training frames."""

    location: Tensor
    scale: Tensor

    def __init__(self, n_features: int) -> None:
        super().__init__(n_features, n_inputs=n_features)
        self.register_buffer("location", torch.zeros(n_features))
        self.register_buffer("scale", torch.ones(n_features))

    def adapt(self, pieces: Sequence[np.ndarray]) -> None:
        n_frames = sum(map(len, pieces))
        mean = np.zeros(self.n_features)
        for block in _blocks(pieces):
            mean += block.sum(0) / n_frames
        variance, largest = np.zeros_like(mean), np.zeros_like(mean)
        for block in _blocks(pieces):
            variance += np.square(block - mean).sum(0) / n_frames
            largest = np.maximum(largest, np.abs(block).max(0))
        scale = np.sqrt(variance)
        # A feature that never moves has no scale of its own.
        scale[scale <= 1e-6 * largest] = 1
        self.location.copy_(torch.from_numpy(mean))
        self.scale.copy_(torch.from_numpy(scale))

    @property
    def origin(self) -> Tensor:
        return self.location

    def encode(self, x: Tensor) -> Tensor:
        return (x - self.location) / self.scale

    def decode(self, z: Tensor) -> Tensor:
        return z * self.scale + self.location


class GaussianMixture(_Standardized):
    """Joint mixture of Gaussians with diagonal covariances (Bishop 1994)."""

    def __init__(self, n_features: int, n_context: int, *, n_components: int = 16) -> None:
        super().__init__(n_features)
        self.n_components = n_components
        self.output = nn.Linear(n_context, n_components * (1 + 2 * n_features))

    def reset_parameters(self, generator: torch.Generator) -> None:
        reset_linear(self.output, generator)

    def log_prob(self, x: Tensor, context: Tensor, previous: Tensor) -> Tensor:
        log_weights, means, log_scales = self._components(context, previous)
        standard = (self.encode(x)[:, None] - means) / log_scales.exp()
        log_density = -0.5 * (standard.square() + math.log(2 * math.pi)) - log_scales
        mixed = torch.logsumexp(log_weights + log_density.sum(-1), -1)
        return mixed - self.scale.log().sum()

    def mean(self, context: Tensor, previous: Tensor) -> Tensor:
        log_weights, means, _ = self._components(context, previous)
        return self.decode((log_weights.exp()[..., None] * means).sum(1))

    def _components(self, context: Tensor, previous: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        raw = self.output(context).float()
        logits, rest = raw.split([self.n_components, 2 * self.n_components * self.n_features], -1)
        offsets, log_scales = rest.unflatten(-1, (2, self.n_components, -1)).unbind(1)
        means = self.encode(previous)[:, None] + offsets
        return F.log_softmax(logits, -1), means, log_scales.clamp(*LOG_SCALES)


class SquaredError(_Standardized):
    """One Gaussian of one width for all: its likelihood is highest where squared error is least.

    The usual way to train a sequence model on chroma, kept for comparison.
    """

    def __init__(self, n_features: int, n_context: int) -> None:
        super().__init__(n_features)
        self.output = nn.Linear(n_context, n_features)
        self.log_scale = nn.Parameter(torch.zeros(()))

    def reset_parameters(self, generator: torch.Generator) -> None:
        reset_linear(self.output, generator)
        nn.init.zeros_(self.log_scale)

    def log_prob(self, x: Tensor, context: Tensor, previous: Tensor) -> Tensor:
        log_scale = self._log_scale()
        standard = (self.encode(x) - self.encode(self.mean(context, previous))) / log_scale.exp()
        log_density = -0.5 * (standard.square() + math.log(2 * math.pi)) - log_scale
        return (log_density - self.scale.log()).sum(-1)

    def mean(self, context: Tensor, previous: Tensor) -> Tensor:
        return self.decode(self.encode(previous) + self.output(context).float())

    def _log_scale(self) -> Tensor:
        return self.log_scale.clamp(*LOG_SCALES)


def _blocks(pieces: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    for piece in pieces:
        for block in frame_blocks(piece):
            yield block.astype(np.float64)
