"""Autoregressive frames: each feature given the lower ones of the same frame.

A neural autoregressive distribution estimator (NADE: Larochelle and Murray 2011; conditioned on a
recurrent network by Boulanger-Lewandowski et al. 2012) keeps a hidden vector that takes up the
features one by one, from the first to the last; what it has heard so far and the context of the
frame give the distribution of the next feature. The probability of a frame is the product over
its features, so it is exact and sums to one. With ``autoregressive=False`` the features of a frame
are independent given the context, for comparison.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (the name that everybody gives it)

from ._emissions import Emission, reset_linear

# Logistic mixtures: how fine the grid is, the uniform component's share, the bounds of a width.
N_LEVELS = 256
FLOOR = 1e-3
LOG_SCALES = -7.0, 2.0

# Values are drawn again a little nearer to what was foreseen than they would fall: as real music
# goes on from the real value, full noise would teach that every step is taken back.
_WIDTH_OF_REDRAWS = 0.6


class BernoulliNADE(Emission):
    """Frames of zeros and ones, as piano rolls are.

    The hidden vector changes only where a feature is 1, and few are: it is computed once for each
    sounding feature instead of once for each feature.
    """

    def __init__(
        self, n_features: int, n_context: int, *, n_hidden: int = 256, autoregressive: bool = True
    ) -> None:
        super().__init__(n_features, n_inputs=n_features)
        self.autoregressive = autoregressive
        self.entry = nn.Linear(n_context, n_hidden)
        self.take_up = nn.Parameter(torch.empty(n_features, n_hidden))
        self.exit = nn.Linear(n_hidden, n_features, bias=False)
        self.skip = nn.Linear(n_context, n_features)
        self.expected = nn.Linear(n_context, n_features)

    def reset_parameters(self, generator: torch.Generator) -> None:
        for layer in (self.entry, self.exit, self.skip, self.expected):
            reset_linear(layer, generator)
        nn.init.normal_(self.take_up, std=0.1, generator=generator)

    def adapt(self, pieces: Sequence[np.ndarray]) -> None:
        # Start from how often each feature is 1: small steps would take long to get there.
        n_frames = sum(map(len, pieces))
        share = (sum(piece.sum(0, dtype=np.float64) for piece in pieces) + 0.5) / (n_frames + 1)
        log_odds = torch.from_numpy(np.log(share / (1 - share)))
        with torch.no_grad():
            self.skip.bias.copy_(log_odds)
            self.expected.bias.copy_(log_odds)

    def log_prob(self, x: Tensor, context: Tensor, previous: Tensor) -> Tensor:
        if self.autoregressive:
            logits = self._logits_given_lower(x, context)
        else:
            logits = self.exit(torch.sigmoid(self.entry(context)))
        logits = (logits + self.skip(context)).float()
        return -F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)

    def _logits_given_lower(self, x: Tensor, context: Tensor) -> Tensor:
        # Frames with most ones first, so that those with ones left to take up are in front.
        n_ones, order = x.sum(-1).long().sort(descending=True)
        x = x[order]
        ones = x.argsort(dim=-1, descending=True, stable=True)  # the first, second, ... in each row
        totals = [self.entry(context[order])]  # by how many ones have been taken up
        n_most = int(n_ones.max()) if len(x) else 0
        n_left = [int((n_ones > taken).sum()) for taken in range(n_most)]
        for taken, n in enumerate(n_left):
            totals.append(totals[-1][:n] + F.embedding(ones[:n, taken], self.take_up))
        logits = self.exit(torch.sigmoid(torch.cat(totals)))
        # Feature k of a frame looks at the row that has taken up all ones below k.
        starts = torch.tensor([0, len(x), *n_left], device=x.device).cumsum(0)
        below = (x.cumsum(-1) - x).long()
        rows = starts[below] + torch.arange(len(x), device=x.device)[:, None]
        return logits.gather(0, rows)[order.argsort()]

    def mean(self, context: Tensor, previous: Tensor) -> Tensor:
        return torch.sigmoid(self.expected(context))

    def mean_loss(self, x: Tensor, context: Tensor, previous: Tensor) -> Tensor:
        logits = self.expected(context.detach()).float()
        return F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)


class LogisticNADE(Emission):
    """Frames in [0, 1] on a grid of levels, as chroma is.

    Each feature is a mixture of logistic distributions, integrated over the cell of each level
    (Salimans et al. 2017); the first and the last cell reach to infinity, so that point masses at
    0 and 1 are learned exactly. A uniform component of small weight keeps every log-probability
    finite. The mean of each component is anchored on the value that the same feature had before.
    """

    def __init__(
        self,
        n_features: int,
        n_context: int,
        *,
        n_hidden: int = 64,
        n_components: int = 5,
        n_levels: int = N_LEVELS,
        floor: float = FLOOR,
        autoregressive: bool = True,
    ) -> None:
        super().__init__(n_features, n_inputs=2 * n_features, redraws=True)
        self.n_components = n_components
        self.n_levels = n_levels
        self.floor = floor
        self.autoregressive = autoregressive
        n_parameters = 3 * n_components
        self.entry = nn.Linear(n_context, n_hidden)
        self.take_up = nn.Parameter(torch.empty(n_features, 2, n_hidden))
        self.exit = nn.Parameter(torch.empty(n_features, n_hidden, n_parameters))
        self.skip = nn.Linear(n_context, n_features * n_parameters)
        self.expected = nn.Linear(n_context, n_features)

    def reset_parameters(self, generator: torch.Generator) -> None:
        for layer in (self.entry, self.skip, self.expected):
            reset_linear(layer, generator)
        nn.init.normal_(self.take_up, std=0.3, generator=generator)
        bound = self.exit.shape[1] ** -0.5
        nn.init.uniform_(self.exit, -bound, bound, generator=generator)
        with torch.no_grad():
            # Start from components spread around the previous value, a tenth of the range wide.
            bias = self.skip.bias.view(self.n_features, 3, self.n_components)
            bias[:, 1] = torch.linspace(-0.4, 0.4, self.n_components)
            bias[:, 2] = -2.5

    def encode(self, x: Tensor) -> Tensor:
        # Exactly 1 (the loudest pitch class) means more than almost 1: give it an input of its own.
        x = self._on_grid(x)
        return torch.cat([x, (x == 1).float()], -1)

    def log_prob(self, x: Tensor, context: Tensor, previous: Tensor) -> Tensor:
        x = self._on_grid(x)
        weights, means, scales = self._components(self._mixture(x, context), previous)
        uniform = torch.full_like(x[..., None], -np.log(self.n_levels))
        log_masses = torch.cat([self._log_masses(x, means, scales), uniform], -1)
        return torch.logsumexp(weights + log_masses, -1).sum(-1)

    def redraw(
        self, x: Tensor, context: Tensor, previous: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Draw every value again from one logistic component, chosen by its density at the value.

        An exact 1 stays as it is, and nothing else becomes 1.
        """
        x = self._on_grid(x)
        weights, means, scales = self._components(self._mixture(x, context), previous)
        below = torch.sigmoid((x[..., None] - means) / scales)
        odds = (weights[..., :-1].exp() * below * (1 - below) / scales).cumsum(-1)
        choice, value = torch.rand((2, *x.shape, 1), generator=generator, device=x.device)
        chosen = (choice * odds[..., -1:] >= odds[..., :-1]).sum(-1, keepdim=True)
        noise = torch.logit(value, eps=1e-6) * scales.gather(-1, chosen)
        drawn = self._on_grid(means.gather(-1, chosen) + _WIDTH_OF_REDRAWS * noise)[..., 0]
        # The loudest feature stays it, and alone; what no component explains stays as well.
        stays = (x == 1) | (odds[..., -1] <= 0)
        return torch.where(stays, x, drawn.clamp(0, 1 - 1 / (self.n_levels - 1)))

    def _mixture(self, x: Tensor, context: Tensor) -> Tensor:
        """Compute what `_components` splits, (N, n_features, 3 * n_components)."""
        total = self.entry(context)[:, None].expand(-1, self.n_features, -1)
        if self.autoregressive:
            steps = torch.einsum("nfi,fih->nfh", self._pairs(x), self.take_up)
            # A product takes a third of the time of a cumulative sum.
            lower = torch.ones(self.n_features, self.n_features, device=x.device).tril(-1)
            total = total + lower @ steps
        mixture = torch.einsum("nfh,fhp->nfp", torch.relu(total), self.exit)
        return (mixture + self._skipped(context)).float()

    def _log_masses(self, x: Tensor, means: Tensor, scales: Tensor) -> Tensor:
        """Log-probability of the level of each value under each logistic component."""
        x = x[..., None]
        half = 0.5 / (self.n_levels - 1)
        upper = (x + half - means) / scales
        lower = (x - half - means) / scales
        # sigmoid(upper) - sigmoid(lower) as a product, which keeps its digits in the tails.
        return (
            F.logsigmoid(upper).masked_fill(x == 1, 0)
            + F.logsigmoid(-lower).masked_fill(x == 0, 0)
            + torch.log(-torch.expm1(lower - upper)).masked_fill((x == 0) | (x == 1), 0)
        )

    def _components(self, mixture: Tensor, previous: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Split raw outputs into log-weights (the uniform's last), means and scales."""
        logits, offsets, log_scales = mixture.unflatten(-1, (3, self.n_components)).unbind(-2)
        log_weights = F.log_softmax(logits, -1) + np.log1p(-self.floor)
        uniform = torch.full_like(log_weights[..., :1], np.log(self.floor))
        means = self._on_grid(previous)[..., None] + offsets
        scales = log_scales.clamp(*LOG_SCALES).exp()
        return torch.cat([log_weights, uniform], -1), means, scales

    def mean(self, context: Tensor, previous: Tensor) -> Tensor:
        return (self._on_grid(previous) + self.expected(context)).clamp(0, 1)

    def mean_loss(self, x: Tensor, context: Tensor, previous: Tensor) -> Tensor:
        expected = self._on_grid(previous) + self.expected(context.detach()).float()
        return (expected - x).square().sum(-1)

    def _on_grid(self, x: Tensor) -> Tensor:
        return torch.round(x * (self.n_levels - 1)) / (self.n_levels - 1)

    def _pairs(self, x: Tensor) -> Tensor:
        return torch.stack([x, (x == 1).float()], -1)

    def _skipped(self, context: Tensor) -> Tensor:
        return self.skip(context).unflatten(-1, (self.n_features, -1))
