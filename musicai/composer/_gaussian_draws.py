"""Draws of real-valued frames: `GaussianMixture` and `SquaredError` in NumPy."""

import numpy as np

from ._draws import Draws, Weights, choose
from ._gaussian import LOG_SCALES


class _StandardizedDraws(Draws):
    """Knows the mean and scale of the training frames."""

    def __init__(self, weights: Weights) -> None:
        self._location, self._scale = weights["location"], weights["scale"]
        n_features = len(self._location)
        output = weights["output.weight"], weights["output.bias"]
        super().__init__(n_features, n_features, [output])

    @property
    def origin(self) -> np.ndarray:
        return self._location

    def encode(self, frames: np.ndarray) -> np.ndarray:
        return (frames - self._location) / self._scale

    def _decode(self, standard: np.ndarray) -> np.ndarray:
        return standard * self._scale + self._location


class GaussianMixtureDraws(_StandardizedDraws):
    """A component by its weight, then a frame of it; temperature sharpens the weights."""

    def draw(
        self,
        readout: np.ndarray,
        previous: np.ndarray,
        rng: np.random.RandomState,
        temperature: float = 1.0,
    ) -> np.ndarray:
        logits, means, log_scales = self._components(readout, previous)
        shares = np.exp((logits - logits.max(1, keepdims=True)) / temperature)
        chosen = choose(shares, rng.random_sample(len(readout)))
        rows = np.arange(len(readout))
        noise = rng.standard_normal(previous.shape).astype(np.float32)
        width = np.exp(log_scales[rows, chosen].clip(*LOG_SCALES))
        return self._decode(means[rows, chosen] + width * noise)

    def mean(self, context: np.ndarray, previous: np.ndarray) -> np.ndarray:
        logits, means, _ = self._components(self.read(context), previous)
        shares = np.exp(logits - logits.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        return self._decode(np.einsum("nc,ncf->nf", shares, means))

    def _components(
        self, readout: np.ndarray, previous: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        n_components = readout.shape[1] // (1 + 2 * self.n_features)
        rest = readout[:, n_components:].reshape(-1, 2, n_components, self.n_features)
        means = self.encode(previous)[:, None] + rest[:, 0]
        return readout[:, :n_components], means, rest[:, 1]


class SquaredErrorDraws(_StandardizedDraws):
    """One Gaussian: there are no weights to sharpen, so temperature scales its width."""

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
        return self._decode(self.encode(previous) + self.read(context))
