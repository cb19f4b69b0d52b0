"""Emission of binary frames: an autoregressive Bernoulli distribution (NADE).

A neural autoregressive distribution estimator (Larochelle and Murray 2011) models each feature
given the lower-numbered features of the same frame. Here, it is also conditioned on a context, the
output of a recurrent network (Boulanger-Lewandowski et al. 2012). A hidden vector accumulates the
features one by one. Together with the context, this vector determines the distribution of the next
feature. The probability of a frame is the product of the probabilities of its features. It is
exact, and the probabilities of all possible frames sum to one. With ``autoregressive=False``,
features are independent given the context.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from ._emission import Emission, EmissionSampler, Weights


class BernoulliNADE(Emission):
    """Distribution of frames of zeros and ones.

    Only features that are 1 change the hidden vector, and most features are 0. The vector is
    therefore computed once for each 1 instead of once for each feature.
    """

    def __init__(
        self, n_features: int, n_context: int, *, n_hidden: int = 256, autoregressive: bool = True
    ) -> None:
        super().__init__()
        self.n_features = self.n_inputs = n_features
        self.autoregressive = autoregressive
        self.context_to_hidden = nn.Linear(n_context, n_hidden)
        self.feature_to_hidden = nn.Parameter(torch.empty(n_features, n_hidden))
        self.hidden_to_output = nn.Linear(n_hidden, n_features, bias=False)
        self.context_to_output = nn.Linear(n_context, n_features)
        self.mean_head = nn.Linear(n_context, n_features)

    @property
    def origin(self) -> Tensor:
        return torch.zeros(self.n_features, device=self.feature_to_hidden.device)

    def initialize(self, pieces: Sequence[np.ndarray], generator: torch.Generator) -> None:
        nn.init.normal_(self.feature_to_hidden, std=0.1, generator=generator)
        # Start the biases at the log-odds of the data, which training would reach only slowly.
        n_frames = sum(map(len, pieces))
        share = (sum(piece.sum(0, dtype=np.float64) for piece in pieces) + 0.5) / (n_frames + 1)
        log_odds = torch.from_numpy(np.log(share / (1 - share)))
        with torch.no_grad():
            self.context_to_output.bias.copy_(log_odds)
            self.mean_head.bias.copy_(log_odds)

    def log_prob(self, x: Tensor, context: Tensor, previous: Tensor) -> Tensor:
        if self.autoregressive:
            logits = self._logits_given_lower(x, context)
        else:
            logits = self.hidden_to_output(torch.sigmoid(self.context_to_hidden(context)))
        logits = (logits + self.context_to_output(context)).float()
        return -F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)

    def _logits_given_lower(self, x: Tensor, context: Tensor) -> Tensor:
        # Sort frames by decreasing number of ones, so that the frames with ones left to add are
        # always the first rows.
        n_ones, order = x.sum(-1).long().sort(descending=True)
        x = x[order]
        ones = x.argsort(dim=-1, descending=True, stable=True)  # features that are 1 come first
        totals = [self.context_to_hidden(context[order])]  # entry k: hidden vectors after k ones
        n_most = int(n_ones.max()) if len(x) else 0
        n_left = [int((n_ones > added).sum()) for added in range(n_most)]
        for added, n in enumerate(n_left):
            totals.append(totals[-1][:n] + F.embedding(ones[:n, added], self.feature_to_hidden))
        logits = self.hidden_to_output(torch.sigmoid(torch.cat(totals)))
        # Take the logit of feature k from the row whose hidden vector includes exactly those
        # features that are 1 and come before feature k.
        starts = torch.tensor([0, len(x), *n_left], device=x.device).cumsum(0)
        below = (x.cumsum(-1) - x).long()
        rows = starts[below] + torch.arange(len(x), device=x.device)[:, None]
        return logits.gather(0, rows)[order.argsort()]

    def mean(self, context: Tensor, previous: Tensor) -> Tensor:
        return torch.sigmoid(self.mean_head(context))

    def mean_loss(self, x: Tensor, context: Tensor, previous: Tensor) -> Tensor:
        logits = self.mean_head(context.detach()).float()
        return F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)


class BernoulliNADESampler(EmissionSampler):
    """Sampler of `BernoulliNADE`.

    The hidden vector changes only at ones, so all features up to the next 1 are drawn at once.
    A single frame is drawn with fewer NumPy calls, because their overhead dominates.

    Since sigmoid(a) = (1 + tanh(a / 2)) / 2, and tanh is faster, the sampler halves hidden vectors
    and applies tanh. The constant term of this formula is added to the output bias.
    """

    def __init__(self, weights: Weights, *, autoregressive: bool = True) -> None:
        self._autoregressive = autoregressive
        self._hidden_to_output = weights["hidden_to_output.weight"] / 2
        self._feature_to_hidden = weights["feature_to_hidden"] / 2
        self._mean_head = weights["mean_head.weight"].T, weights["mean_head.bias"]
        context_to_hidden = (
            weights["context_to_hidden.weight"] / 2,
            weights["context_to_hidden.bias"] / 2,
        )
        context_to_output = (
            weights["context_to_output.weight"],
            weights["context_to_output.bias"] + self._hidden_to_output.sum(1),
        )
        self.layers = [context_to_hidden, context_to_output]
        self.n_features = self.n_inputs = len(self._hidden_to_output)
        self.origin = np.zeros(self.n_features, np.float32)

    def draw(
        self,
        readout: np.ndarray,
        previous: np.ndarray,
        rng: np.random.RandomState,
        temperature: float = 1.0,
    ) -> np.ndarray:
        hidden, logits = readout[:, : -self.n_features], readout[:, -self.n_features :]
        # A feature is 1 if its logit exceeds logistic noise, that is, if the hidden vector
        # contributes more to the logit than `missing`: the noise minus the contribution of the
        # context.
        missing = (temperature * rng.logistic(size=logits.shape)).astype(np.float32) - logits
        if not self._autoregressive:
            return (np.dot(np.tanh(hidden), self._hidden_to_output.T) > missing).astype(np.float32)
        if len(readout) == 1:
            return self._draw_one(hidden[0].copy(), missing[0])[None]
        return self._draw_several(hidden, missing)

    def _draw_one(self, hidden: np.ndarray, missing: np.ndarray) -> np.ndarray:
        frame = np.zeros(self.n_features, np.float32)
        k = 0
        while k < self.n_features:
            ones = np.dot(self._hidden_to_output[k:], np.tanh(hidden)) > missing[k:]
            distance = int(ones.argmax())
            if not ones[distance]:
                break
            k += distance
            frame[k] = 1
            hidden += self._feature_to_hidden[k]
            k += 1
        return frame

    def _draw_several(self, hidden: np.ndarray, missing: np.ndarray) -> np.ndarray:
        frames = np.zeros(missing.shape, np.float32)
        keys = np.arange(self.n_features)
        rows = np.arange(len(frames))
        while len(rows):
            ones = np.dot(np.tanh(hidden), self._hidden_to_output.T) > missing
            first = ones.argmax(1)
            sounds = ones[np.arange(len(rows)), first]
            rows, first = rows[sounds], first[sounds]
            frames[rows, first] = 1
            hidden = hidden[sounds] + self._feature_to_hidden[first]
            missing = np.where(keys > first[:, None], missing[sounds], np.inf)
        return frames

    def mean(self, context: np.ndarray, previous: np.ndarray) -> np.ndarray:
        weight, bias = self._mean_head
        return 0.5 + 0.5 * np.tanh((np.dot(context, weight) + bias) / 2)
