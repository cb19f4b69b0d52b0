"""The network: a recurrent trunk that hears the past, and an emission that tells the next frame.

At every frame the trunk reads the previous frame, a flag that is 1 where a piece starts, and the
embeddings of the piece's style and key, added up. Where values are such that draws have faults (see
`Emission.redraw`), it reads another flag as well, 1 where the previous frame was drawn by
the network itself, and the character of the piece is added to the embeddings. Its output is the
context that the emission turns into a distribution over frames.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from ._emissions import Emission
from ._gaussian import GaussianMixture, SquaredError
from ._keys import N_KEYS
from ._nade import BernoulliNADE, LogisticNADE

State = tuple[Tensor, Tensor]

_EMBEDDING_SIZE = 16

EMISSIONS: dict[str, Callable[[int, int], Emission]] = {
    "logistic": LogisticNADE,
    "bernoulli": BernoulliNADE,
    "gaussian": GaussianMixture,
    "mse": SquaredError,
    "independent logistic": partial(LogisticNADE, autoregressive=False),
    "independent bernoulli": partial(BernoulliNADE, autoregressive=False),
}


class Network(nn.Module):
    """LSTM trunk with an emission on top.

    Parameters
    ----------
    emission : Emission
        The distribution of a frame.
    n_styles : int
        How many styles there are; style 0 stands for "none told".
    hidden_size, n_layers : int
        Size of the LSTM.
    dropout : float
        Share of the context that is dropped while training.
    knows_itself : bool
        Whether it reads which frames are its own and is told the character of a piece.
    """

    scaling: Tensor

    def __init__(
        self,
        emission: Emission,
        *,
        n_styles: int,
        hidden_size: int,
        n_layers: int,
        dropout: float,
        knows_itself: bool,
    ) -> None:
        super().__init__()
        self.emission = emission
        self.dropout = dropout
        self.style = nn.Parameter(torch.empty(n_styles + 1, _EMBEDDING_SIZE))
        self.key = nn.Parameter(torch.empty(N_KEYS + 1, _EMBEDDING_SIZE))
        self.knows_itself = knows_itself
        if knows_itself:
            n_traits = 2 * emission.n_features
            self.character = nn.Parameter(torch.empty(n_traits + 1, _EMBEDDING_SIZE))
            # Mean and spread of the traits of the pieces that were learned first.
            self.register_buffer("scaling", torch.empty(2, n_traits))
        n_inputs = emission.n_inputs + 1 + knows_itself + _EMBEDDING_SIZE
        self.lstm = nn.LSTM(n_inputs, hidden_size, int(n_layers), batch_first=True)

    def forward(
        self,
        previous: Tensor,
        start: Tensor,
        styles: Tensor,
        keys: Tensor,
        state: State | None = None,
        *,
        drawn: Tensor | None = None,
        characters: Tensor | None = None,
    ) -> tuple[Tensor, State]:
        """Hear frames and return the context of the frame that follows each.

        Parameters
        ----------
        previous : Tensor of shape (batch, n_frames, n_features)
            The frames before those to be told; where a piece starts they do not matter.
        start : Tensor of shape (batch, n_frames)
            1 where a piece starts, else 0.
        styles : integer Tensor of shape (batch, n_frames)
            Style of each frame.
        keys : integer Tensor of shape (batch, n_frames)
            Key of each frame; `N_KEYS` where it is not told.
        state : pair of Tensors, default=None
            Where an earlier call ended; None starts afresh.
        drawn : Tensor of shape (batch, n_frames), default=None
            1 where the frame before was drawn by the network, else 0; None where none was.
        characters : Tensor of shape (batch, n_traits + 1), default=None
            Scaled traits of each piece and a 1; zeros, or None for all, where they are not told.

        Returns
        -------
        context : Tensor of shape (batch, n_frames, hidden_size)
        state : pair of Tensors of shape (n_layers, batch, hidden_size)
        """
        heard = self.emission.encode(previous) * (1 - start[..., None])
        # Unlike plain indexing, embedding adds up its gradient in the same order every time.
        told = F.embedding(styles, self.style) + F.embedding(keys, self.key)
        flags = [start]
        if self.knows_itself:
            flags.append(torch.zeros_like(start) if drawn is None else drawn)
        if characters is not None:
            told = told + (characters @ self.character)[:, None]
        inputs = torch.cat([heard, torch.stack(flags, -1), told], -1)
        return self.lstm(inputs, state)

    def drop(self, context: Tensor, generator: torch.Generator) -> Tensor:
        """Apply dropout with a generator of one's own; torch's dropout reads the global one."""
        if self.dropout == 0:
            return context
        kept = torch.empty_like(context).bernoulli_(1 - self.dropout, generator=generator)
        return context * kept / (1 - self.dropout)

    def reset_parameters(self, generator: torch.Generator) -> None:
        """Draw initial weights; forget gates start open, so that gradients reach far back."""
        for table in (self.style, self.key):
            nn.init.normal_(table, std=0.3, generator=generator)
        if self.knows_itself:
            nn.init.normal_(self.character, std=0.05, generator=generator)
        bound = self.lstm.hidden_size**-0.5
        for name, parameter in self.lstm.named_parameters():
            nn.init.uniform_(parameter, -bound, bound, generator=generator)
            if name.startswith("bias_ih"):
                _, forget, _, _ = parameter.data.chunk(4)
                forget += 1
        self.emission.reset_parameters(generator)


def empty_network(emission: str, *, n_features: int, hidden_size: int, **options: Any) -> Network:
    """Build a network whose weights are still to be drawn or imported.

    Building it on torch's "meta" device skips torch's own initial draws, which would move the
    global random state.
    """
    with torch.device("meta"):
        network = _network(emission, n_features=n_features, hidden_size=hidden_size, **options)
    return network.to_empty(device="cpu")


def export_weights(network: Network) -> dict[str, np.ndarray]:
    """Copy the weights of `network` into NumPy arrays."""
    return {name: t.detach().cpu().numpy().copy() for name, t in network.state_dict().items()}


def learned_network(emission: str, n_features: int, weights: dict[str, np.ndarray]) -> Network:
    """Build the network that `weights` were exported from; their shapes tell the other sizes."""
    network = meta_network(emission, n_features, weights).to_empty(device="cpu")
    network.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    return network


def meta_network(emission: str, n_features: int, weights: dict[str, np.ndarray]) -> Network:
    """Build the network that `weights` were exported from, without them and without memory."""
    n_styles, _ = weights["style"].shape
    _, hidden_size = weights["lstm.weight_hh_l0"].shape
    with torch.device("meta"):
        return _network(
            emission,
            n_features=n_features,
            n_styles=n_styles - 1,
            hidden_size=hidden_size,
            n_layers=sum(name.startswith("lstm.weight_hh") for name in weights),
            dropout=0.0,
            knows_itself="character" in weights,  # those of version 0.1.0.dev0 do not
        )


def _network(emission: str, *, n_features: int, hidden_size: int, **options: Any) -> Network:
    hidden_size = int(hidden_size)  # torch does not take NumPy's
    top = EMISSIONS[emission](n_features, hidden_size)
    options.setdefault("knows_itself", top.redraws)
    return Network(top, hidden_size=hidden_size, **options)
