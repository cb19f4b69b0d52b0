"""Emissions of real-valued frames: a mixture of Gaussians, and one Gaussian for squared error.

Both standardize frames by the mean and standard deviation of the training frames. Log-densities are
those of the original data, so they include this scaling.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from ..base.pieces import frame_blocks
from ._emission import (
    WIDTH_OF_REDRAWS,
    Emission,
    EmissionSampler,
    Weights,
    sample_categorical,
)

# Natural logarithms of the smallest and largest width of a component, in standard deviations of a
# feature. Without a lower bound, the density of values that repeat exactly would grow without
# limit.
LOG_SCALES = math.log(1e-3), 5.0


class _Standardized(Emission):
    """Base class of emissions that standardize frames."""

    location: Tensor
    scale: Tensor

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.n_features = self.n_inputs = n_features
        self.register_buffer("location", torch.zeros(n_features))
        self.register_buffer("scale", torch.ones(n_features))

    def initialize(self, pieces: Sequence[np.ndarray], generator: torch.Generator) -> None:
        n_frames = sum(map(len, pieces))
        mean = np.zeros(self.n_features)
        for block in _blocks(pieces):
            mean += block.sum(0) / n_frames
        variance, largest = np.zeros_like(mean), np.zeros_like(mean)
        for block in _blocks(pieces):
            variance += np.square(block - mean).sum(0) / n_frames
            largest = np.maximum(largest, np.abs(block).max(0))
        scale = np.sqrt(variance)
        # A constant feature is not scaled.
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
    """Mixture of Gaussians over whole frames, with diagonal covariances (Bishop 1994).

    The means of half of the components are offsets from the last frame, because consecutive frames
    are often similar. The other means are absolute, so that samples that have drifted away can
    return.
    """

    can_redraw = True

    def __init__(self, n_features: int, n_context: int, *, n_components: int = 16) -> None:
        super().__init__(n_features)
        self.n_components = n_components
        self.output = nn.Linear(n_context, n_components * (1 + 2 * n_features))

    def log_prob(self, x: Tensor, context: Tensor, previous: Tensor) -> Tensor:
        joint, _, _ = self._joint(x, context, previous)
        return torch.logsumexp(joint, -1) - self.scale.log().sum()

    def redraw(
        self, x: Tensor, context: Tensor, previous: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Draw a component from each frame's posterior; redraw the frame from this component."""
        joint, means, log_scales = self._joint(x, context, previous)
        cumulated = F.softmax(joint, -1).cumsum(-1)
        choice = torch.rand((len(x), 1), generator=generator, device=x.device)
        chosen = (choice * cumulated[:, -1:] >= cumulated[:, :-1]).sum(-1)
        rows = torch.arange(len(x), device=x.device)
        noise = torch.randn(x.shape, generator=generator, device=x.device)
        width = WIDTH_OF_REDRAWS * log_scales[rows, chosen].exp()
        return self.decode(means[rows, chosen] + width * noise)

    def mean(self, context: Tensor, previous: Tensor) -> Tensor:
        log_weights, means, _ = self._components(context, previous)
        return self.decode((log_weights.exp()[..., None] * means).sum(1))

    def _joint(self, x: Tensor, context: Tensor, previous: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the joint log-densities of frames and components, and means and log-widths.

        Frames are standardized. The joint log-densities have the shape (N, n_components), and the
        means and log-widths of the components have the shape (N, n_components, n_features).
        """
        log_weights, means, log_scales = self._components(context, previous)
        standard = (self.encode(x)[:, None] - means) / log_scales.exp()
        log_density = -0.5 * (standard.square() + math.log(2 * math.pi)) - log_scales
        return log_weights + log_density.sum(-1), means, log_scales

    def _components(self, context: Tensor, previous: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        raw = self.output(context).float()
        logits, rest = raw.split([self.n_components, 2 * self.n_components * self.n_features], -1)
        offsets, log_scales = rest.unflatten(-1, (2, self.n_components, -1)).unbind(1)
        means = offsets.clone()
        means[:, : self.n_components // 2] += self.encode(previous)[:, None]
        return F.log_softmax(logits, -1), means, log_scales.clamp(*LOG_SCALES)


class SquaredError(_Standardized):
    """Gaussian with a single width, so that maximum likelihood equals least squares.

    The width applies to all features, which are standardized. This emission is included for
    comparison.
    """

    def __init__(self, n_features: int, n_context: int) -> None:
        super().__init__(n_features)
        self.output = nn.Linear(n_context, n_features)
        self.log_scale = nn.Parameter(torch.zeros(()))

    def initialize(self, pieces: Sequence[np.ndarray], generator: torch.Generator) -> None:
        super().initialize(pieces, generator)
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


class _StandardizedSampler(EmissionSampler):
    """Base class of samplers of standardized frames."""

    def __init__(self, weights: Weights) -> None:
        self.origin, self._scale = weights["location"], weights["scale"]
        self.n_features = self.n_inputs = len(self.origin)
        self.layers = [(weights["output.weight"], weights["output.bias"])]

    def encode(self, frames: np.ndarray) -> np.ndarray:
        return (frames - self.origin) / self._scale

    def _decode(self, standard: np.ndarray) -> np.ndarray:
        return standard * self._scale + self.origin


class GaussianMixtureSampler(_StandardizedSampler):
    """Sampler of `GaussianMixture`: draws a component, and then a frame from this component.

    The temperature rescales the weights of the components, but not their widths.
    """

    def draw(
        self,
        readout: np.ndarray,
        previous: np.ndarray,
        rng: np.random.RandomState,
        temperature: float = 1.0,
    ) -> np.ndarray:
        logits, means, log_scales = self._components(readout, previous)
        shares = np.exp((logits - logits.max(1, keepdims=True)) / temperature)
        chosen = sample_categorical(shares, rng.random_sample(len(readout)))
        rows = np.arange(len(readout))
        noise = rng.standard_normal(previous.shape).astype(np.float32)
        width = np.exp(log_scales[rows, chosen].clip(*LOG_SCALES))
        return self._decode(means[rows, chosen] + width * noise)

    def mean(self, context: np.ndarray, previous: np.ndarray) -> np.ndarray:
        logits, means, _ = self._components(self.read_out(context), previous)
        shares = np.exp(logits - logits.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        return self._decode(np.einsum("nc,ncf->nf", shares, means))

    def _components(
        self, readout: np.ndarray, previous: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        n_components = readout.shape[1] // (1 + 2 * self.n_features)
        rest = readout[:, n_components:].reshape(-1, 2, n_components, self.n_features)
        means = rest[:, 0].copy()
        means[:, : n_components // 2] += self.encode(previous)[:, None]
        return readout[:, :n_components], means, rest[:, 1]


class SquaredErrorSampler(_StandardizedSampler):
    """Sampler of `SquaredError`; the temperature scales the width of the Gaussian."""

    def __init__(self, weights: Weights) -> None:
        super().__init__(weights)
        log_scale = weights["log_scale"].clip(*LOG_SCALES)
        self._spread = np.exp(log_scale) * self._scale

    def draw(
        self,
        readout: np.ndarray,
        previous: np.ndarray,
        rng: np.random.RandomState,
        temperature: float = 1.0,
    ) -> np.ndarray:
        noise = rng.standard_normal(previous.shape).astype(np.float32)
        mean = self._decode(self.encode(previous) + readout)
        return mean + temperature * self._spread * noise

    def mean(self, context: np.ndarray, previous: np.ndarray) -> np.ndarray:
        return self._decode(self.encode(previous) + self.read_out(context))


def _blocks(pieces: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    for piece in pieces:
        for block in frame_blocks(piece):
            yield block.astype(np.float64)
