"""Draws of autoregressive frames: `BernoulliNADE` and `LogisticNADE` in NumPy.

Features are drawn from the first to the last, each given those before it. A frame thus takes many
steps, each so small that calling NumPy takes longer than what it computes. That is why a single
frame has a way of its own beside the one for several at once, with fewer calls: one for each
sounding note, or with Python's floats for the choice of a level.
"""

import math
from typing import Any

import numpy as np

from ._draws import Draws, Weights
from ._nade import FLOOR, LOG_SCALES, N_LEVELS


class BernoulliDraws(Draws):
    """Zeros and ones: up to the next 1 nothing changes, so all these features are decided at once.

    Hidden vectors are kept at half their size: sigmoid(a) = (1 + tanh(a / 2)) / 2, and tanh is the
    quicker one. The constant halves are part of the read-out.
    """

    def __init__(self, weights: Weights, *, autoregressive: bool = True) -> None:
        self._autoregressive = autoregressive
        self._exit = weights["exit.weight"] / 2
        self._take_up = weights["take_up"] / 2
        self._expected = weights["expected.weight"].T, weights["expected.bias"]
        entry = weights["entry.weight"] / 2, weights["entry.bias"] / 2
        skip = weights["skip.weight"], weights["skip.bias"] + self._exit.sum(1)
        n_features = len(self._exit)
        super().__init__(n_features, n_features, [entry, skip])

    def draw(
        self,
        readout: np.ndarray,
        previous: np.ndarray,
        rng: np.random.RandomState,
        temperature: float = 1.0,
    ) -> np.ndarray:
        hidden, logits = readout[:, : -self.n_features], readout[:, -self.n_features :]
        # A feature is 1 where its logit exceeds logistic noise: what is it still short of?
        missing = (temperature * rng.logistic(size=logits.shape)).astype(np.float32) - logits
        if not self._autoregressive:
            return (np.dot(np.tanh(hidden), self._exit.T) > missing).astype(np.float32)
        if len(readout) == 1:
            return self._draw_one(hidden[0].copy(), missing[0])[None]
        return self._draw_several(hidden, missing)

    def _draw_one(self, hidden: np.ndarray, missing: np.ndarray) -> np.ndarray:
        frame = np.zeros(self.n_features, np.float32)
        k = 0
        while k < self.n_features:
            ones = np.dot(self._exit[k:], np.tanh(hidden)) > missing[k:]
            distance = int(ones.argmax())
            if not ones[distance]:
                break
            k += distance
            frame[k] = 1
            hidden += self._take_up[k]
            k += 1
        return frame

    def _draw_several(self, hidden: np.ndarray, missing: np.ndarray) -> np.ndarray:
        frames = np.zeros(missing.shape, np.float32)
        keys = np.arange(self.n_features)
        rows = np.arange(len(frames))
        while len(rows):
            ones = np.dot(np.tanh(hidden), self._exit.T) > missing
            first = ones.argmax(1)
            sounds = ones[np.arange(len(rows)), first]
            rows, first = rows[sounds], first[sounds]
            frames[rows, first] = 1
            hidden = hidden[sounds] + self._take_up[first]
            missing = np.where(keys > first[:, None], missing[sounds], np.inf)
        return frames

    def mean(self, context: np.ndarray, previous: np.ndarray) -> np.ndarray:
        weight, bias = self._expected
        return 0.5 + 0.5 * np.tanh((np.dot(context, weight) + bias) / 2)


class LogisticDraws(Draws):
    """Levels from 0 to 1: for each feature a component by its weight, then a value of it.

    Temperature sharpens the weights, that of the uniform component among them, and scales the width
    of components by its square: composed music hears its own noise, and real music was never as
    noisy.
    """

    def __init__(
        self,
        weights: Weights,
        *,
        n_levels: int = N_LEVELS,
        floor: float = FLOOR,
        autoregressive: bool = True,
    ) -> None:
        self._autoregressive = autoregressive
        self._highest = n_levels - 1
        # The uniform component's weight, as a share of all others together.
        self._floor = floor / (1 - floor)
        self._exit = np.ascontiguousarray(weights["exit"].transpose(0, 2, 1))
        self._take_up = weights["take_up"]
        self._expected = weights["expected.weight"].T, weights["expected.bias"]
        n_features, n_parameters, _ = self._exit.shape
        self._n_components = n_parameters // 3
        layers = [
            (weights[f"{name}.weight"], weights[f"{name}.bias"]) for name in ("entry", "skip")
        ]
        super().__init__(n_features, 2 * n_features, layers)

    def encode(self, frames: np.ndarray) -> np.ndarray:
        encoded = np.empty((len(frames), self.n_inputs), np.float32)
        encoded[:, : self.n_features] = frames = self._on_grid(frames)
        encoded[:, self.n_features :] = frames == 1
        return encoded

    def draw(
        self,
        readout: np.ndarray,
        previous: np.ndarray,
        rng: np.random.RandomState,
        temperature: float = 1.0,
    ) -> np.ndarray:
        choices = rng.random_sample(previous.shape)
        noise = rng.logistic(size=previous.shape)
        # A copy to work on, with frames last: NumPy is quickest along the last axis.
        readout = np.array(readout.T, order="C")
        n_skipped = self.n_features * 3 * self._n_components
        hidden = readout[:-n_skipped]
        skipped = readout[-n_skipped:].reshape(self.n_features, 3, self._n_components, -1)
        skipped[:, 1] += self._on_grid(previous).T[:, None]  # the anchors of the means
        draw = self._draw_one if len(previous) == 1 else self._draw_several
        levels = draw(hidden, skipped, choices.T, noise.T, temperature)
        return levels.T / np.float32(self._highest)

    def mean(self, context: np.ndarray, previous: np.ndarray) -> np.ndarray:
        weight, bias = self._expected
        return (self._on_grid(previous) + np.dot(context, weight) + bias).clip(0, 1)

    def _on_grid(self, frames: np.ndarray) -> np.ndarray:
        return np.rint(frames * np.float32(self._highest)) / np.float32(self._highest)

    def _draw_several(
        self,
        hidden: np.ndarray,
        skipped: np.ndarray,
        choices: np.ndarray,
        noise: np.ndarray,
        temperature: float,
    ) -> np.ndarray:
        """Draw the levels of several frames, (n_features, N); all arrays have N columns."""
        columns = np.arange(hidden.shape[1])
        levels = np.empty(choices.shape, np.float32)
        pair = np.empty((2, len(columns)), np.float32)
        uniform = self._uniform_level(noise)
        for k in range(self.n_features):
            mixture = np.dot(self._exit[k], np.maximum(hidden, 0)).reshape(skipped[k].shape)
            mixture += skipped[k]
            logits, means, log_scales = mixture
            shares = np.exp(logits - logits.max(0))
            rest = self._floor * shares.sum(0)
            if temperature != 1:
                shares **= 1 / temperature
                rest **= 1 / temperature
            cumulated = shares.cumsum(0)
            chosen = (choices[k] * (cumulated[-1] + rest) >= cumulated).sum(0)
            # Past the logistic components comes the uniform one.
            component = np.minimum(chosen, self._n_components - 1)
            width = np.exp(np.clip(log_scales[component, columns], *LOG_SCALES))
            value = means[component, columns] + temperature**2 * width * noise[k]
            level = np.rint(self._highest * value).clip(0, self._highest)
            levels[k] = np.where(chosen == self._n_components, uniform[k], level)
            if self._autoregressive:
                np.divide(levels[k], self._highest, out=pair[0])
                np.equal(levels[k], self._highest, out=pair[1])
                hidden += np.dot(self._take_up[k].T, pair)
        return levels

    def _draw_one(
        self,
        hidden: np.ndarray,
        skipped: np.ndarray,
        choices: np.ndarray,
        noise: np.ndarray,
        temperature: float,
    ) -> np.ndarray:
        """Draw the levels of one frame, (n_features, 1); all arrays have one column."""
        hidden = hidden[:, 0]
        skipped = skipped.reshape(self.n_features, -1)
        draws = zip(choices[:, 0].tolist(), noise[:, 0].tolist(), strict=True)
        levels = np.empty((self.n_features, 1), np.float32)
        for k, draw in enumerate(draws):
            mixture = np.dot(self._exit[k], np.maximum(hidden, 0))
            mixture += skipped[k]
            levels[k] = level = self._level(mixture.tolist(), *draw, temperature)
            if self._autoregressive:
                value, is_highest = self._take_up[k]
                hidden += level / self._highest * value
                if level == self._highest:
                    hidden += is_highest
        return levels

    def _level(
        self, mixture: list[float], choice: float, noise: float, temperature: float
    ) -> float:
        """Draw one level as `_draw_several` does, with Python's floats."""
        n = self._n_components
        logits, means, log_scales = mixture[:n], mixture[n : 2 * n], mixture[2 * n :]
        largest = max(logits)
        shares = [math.exp(logit - largest) for logit in logits]
        rest = self._floor * sum(shares)
        if temperature != 1:
            shares = [share ** (1 / temperature) for share in shares]
            rest **= 1 / temperature
        left = choice * (sum(shares) + rest)
        for share, mean, log_scale in zip(shares, means, log_scales, strict=True):
            left -= share
            if left < 0:
                width = math.exp(min(max(log_scale, LOG_SCALES[0]), LOG_SCALES[1]))
                level = round(self._highest * (mean + temperature**2 * width * noise))
                return min(max(level, 0), self._highest)
        return self._uniform_level(noise)

    def _uniform_level(self, noise: Any) -> Any:
        """Turn logistic noise into a level; all are equally likely."""
        share = 1 / (1 + np.exp(-noise))
        return np.minimum(np.floor(share * (self._highest + 1)), self._highest)
