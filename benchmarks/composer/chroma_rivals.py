"""Rivals of LSTMComposer on chroma, in plain torch: three trunks and two emissions.

Each rival reads frames in the common key and gives an exact probability to the next one. It is
trained by maximum likelihood on random excerpts of 128 frames, for a given number of CPU seconds,
and keeps the weights that scored best on the validation pieces.
"""

import copy
import math
from time import process_time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from musicai.composer._emission import initialize_emission
from musicai.composer._logistic import LogisticNADE

N_FEATURES, N_INPUTS, N_LEVELS = 12, 24, 256
LENGTH, BATCH_SIZE, DROPOUT = 128, 16, 0.3
N_CHECKS = 12  # how many times the validation pieces are scored


class Lags(nn.Module):
    """The last `order` frames side by side: with a linear readout, a vector autoregression."""

    def __init__(self, order):
        super().__init__()
        self.order = order
        self.n_context = order * N_INPUTS

    def forward(self, inputs):
        """Concatenate the last frames at each frame, the oldest first."""
        padded = F.pad(inputs, (0, 0, self.order - 1, 0))
        lags = [padded[:, i : i + inputs.shape[1]] for i in range(self.order)]
        return torch.cat(lags, -1)


class CausalTransformer(nn.Module):
    """Causal self-attention with a penalty linear in the distance (ALiBi, Press et al. 2022)."""

    def __init__(self, size=128, n_heads=4, n_layers=2):
        super().__init__()
        self.n_context = size
        self.embed = nn.Linear(N_INPUTS, size)
        layer = nn.TransformerEncoderLayer(
            size, n_heads, 2 * size, dropout=0.0, batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, n_layers, enable_nested_tensor=False)
        self.slopes = 2.0 ** -torch.arange(1, 2 * n_heads, 2)

    def forward(self, inputs):
        """Return the context at each frame, from that frame and those before it."""
        places = torch.arange(inputs.shape[1])
        distance = places[:, None] - places
        mask = -self.slopes[:, None, None] * distance
        mask = mask.masked_fill(distance < 0, -torch.inf).repeat(len(inputs), 1, 1)
        return self.layers(self.embed(inputs), mask=mask)


class Recurrent(nn.Module):
    """A layer of LSTM units."""

    def __init__(self, size=256):
        super().__init__()
        self.n_context = size
        self.lstm = nn.LSTM(N_INPUTS, size, batch_first=True)

    def forward(self, inputs):
        """Return the hidden state at each frame."""
        return self.lstm(inputs)[0]


class LogisticMixture(nn.Module):
    """Joint mixture: in each component, pitch classes are independent discretized logistics."""

    def __init__(self, n_context, n_components=16):
        super().__init__()
        self.log_weights = nn.Linear(n_context, n_components)
        self.offsets = nn.Linear(n_context, n_components * N_FEATURES)
        self.log_scales = nn.Linear(n_context, n_components * N_FEATURES)
        nn.init.constant_(self.log_scales.bias, -2.5)

    def log_prob(self, x, context, previous):
        """Return the log-probability of every frame."""
        shape = len(x), -1, N_FEATURES
        means = previous[:, None] + self.offsets(context).view(shape)
        scales = self.log_scales(context).view(shape).clamp(-7, 2).exp()
        x, half = x[:, None], 0.5 / (N_LEVELS - 1)
        upper = ((x + half - means) / scales).masked_fill(x == 1, torch.inf)
        lower = ((x - half - means) / scales).masked_fill(x == 0, -torch.inf)
        mass = torch.sigmoid(upper) * torch.sigmoid(-lower) * -torch.expm1(lower - upper)
        log_mass = torch.log(0.999 * mass + 0.001 / N_LEVELS).sum(-1)
        return torch.logsumexp(F.log_softmax(self.log_weights(context), -1) + log_mass, -1)


class Rival(nn.Module):
    """A trunk that reads the past frames, and an emission: the distribution of the next frame.

    The emission is a `LogisticMixture` if `mixture` is true, else the one LSTMComposer uses.
    """

    def __init__(self, trunk, *, learning_rate, mixture=False):
        super().__init__()
        self.trunk = trunk
        self.encoder = LogisticNADE(N_FEATURES, trunk.n_context, loudest_first=True)
        self.emission = LogisticMixture(trunk.n_context) if mixture else self.encoder
        self.learning_rate = learning_rate

    def log_prob(self, pieces):
        """Return the log-probabilities of all frames of pieces (batch, n_frames, 12), flattened."""
        previous = F.pad(pieces, (0, 0, 1, 0))[:, :-1]
        context = F.dropout(self.trunk(self.encoder.encode(previous)), DROPOUT, self.training)
        return self.emission.log_prob(*(x.flatten(0, 1) for x in (pieces, context, previous)))

    def fit(self, pieces, watched, seconds):
        """Train for the given CPU seconds; the learning rate decays to zero along a cosine."""
        rng = np.random.RandomState(0)
        initialize_emission(self.encoder, pieces, torch.Generator().manual_seed(0))
        shares = np.array([len(piece) for piece in pieces])
        length = min(LENGTH, shares.min())
        optimizer = torch.optim.AdamW(self.parameters(), betas=(0.9, 0.99))
        started, spent, n_steps, checked, best = process_time(), 0.0, 0, 0, -np.inf
        while spent < 1:
            excerpts = []
            for i in rng.choice(len(pieces), BATCH_SIZE, p=shares / shares.sum()):
                first = rng.randint(len(pieces[i]) - length + 1)
                excerpts.append(pieces[i][first : first + length])
            rate = self.learning_rate * min(1, (n_steps + 1) / 50)
            for group in optimizer.param_groups:
                group["lr"] = rate * 0.5 * (1 + math.cos(math.pi * spent))
            loss = -self.train().log_prob(torch.from_numpy(np.stack(excerpts))).mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.parameters(), 1.0)
            optimizer.step()
            n_steps += 1
            spent = (process_time() - started) / seconds
            if spent >= min(1, (checked + 1) / N_CHECKS):
                checked += 1
                score = self.score(watched)
                if score > best:
                    best, kept = score, copy.deepcopy(self.state_dict())
        self.load_state_dict(kept)
        return self

    @torch.inference_mode()
    def score(self, pieces):
        """Return the mean log-probability per frame, in nats."""
        self.eval()
        scores = [self.log_prob(torch.from_numpy(piece[None])) for piece in pieces]
        return torch.cat(scores).double().mean().item()


def rivals():
    """Return the untrained rivals by name."""
    torch.manual_seed(0)
    return {
        "VAR(8), residuals of our emission": Rival(Lags(8), learning_rate=0.003),
        "causal transformer, our emission": Rival(CausalTransformer(), learning_rate=0.002),
        "LSTM, joint mixture of 16 logistics": Rival(Recurrent(), learning_rate=0.01, mixture=True),
    }
