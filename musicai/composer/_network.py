"""Neural network (a recurrent trunk with an emission on top) and its training loss.

For every frame, the trunk reads the previous frame (for piano rolls, all inputs that describe the
past), a flag that is 1 where a piece starts, and the sum of the embeddings of style and key.
Networks with emissions that can redraw values also read a second flag, 1 where the previous frame
was generated, and add an embedding of the piece's traits to the sum. Every trunk also reads cues,
which describe the distance to the end of the piece, or are zeros. The output of the trunk is the
context, which the emission turns into a distribution over frames. For chroma and piano rolls, a
second emission also reads the chords (`_chord_emission.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from ..theory.keys import N_KEYS
from ._bernoulli import BernoulliNADE
from ._chord_emission import ChordEmission
from ._chords import has_chords
from ._conditioning import drop_and_blur
from ._cues import N_CUES
from ._data import EXCERPTS_PER_CHORDS, Batch
from ._emission import Emission, initialize_emission
from ._gaussian import GaussianMixture, SquaredError
from ._logistic import LogisticNADE
from ._tied import TiedNADE

State = tuple[Tensor, Tensor]

_EMBEDDING_SIZE = 16
# Networks for piano rolls also drop inputs and hidden units, at this share of the dropout rate.
_SHARE_OF_DROPOUT = 0.4

EMISSIONS: dict[str, Callable[[int, int], Emission]] = {
    "chroma": partial(LogisticNADE, loudest_first=True),
    "logistic": LogisticNADE,
    "bernoulli": BernoulliNADE,
    "tied bernoulli": TiedNADE,
    "gaussian": GaussianMixture,
    "mse": SquaredError,
    "independent logistic": partial(LogisticNADE, autoregressive=False),
    "independent bernoulli": partial(BernoulliNADE, autoregressive=False),
    "independent tied bernoulli": partial(TiedNADE, autoregressive=False),
}


class Network(nn.Module):
    """LSTM trunk with an emission on top.

    Parameters
    ----------
    emission : str
        Name of the emission, a key of `EMISSIONS`.
    n_features : int
        Number of features of a frame.
    n_styles : int
        Number of styles, which are numbered from 1; 0 stands for no particular style.
    hidden_size, n_layers : int
        Units in a layer of the LSTM, and number of layers.
    dropout : float, default=0.0
        Dropout rate of the context in training.
    """

    trait_scale: Tensor

    def __init__(
        self,
        emission: str,
        n_features: int,
        *,
        n_styles: int,
        hidden_size: int,
        n_layers: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        # torch does not accept NumPy's integers.
        self.emission = EMISSIONS[emission](n_features, int(hidden_size))
        self.chords: ChordEmission | None = None
        if has_chords(emission, n_features):
            self.chords = ChordEmission(EMISSIONS[emission], n_features, int(hidden_size))
        self.dropout = dropout
        self.style = nn.Parameter(torch.empty(n_styles + 1, _EMBEDDING_SIZE))
        self.key = nn.Parameter(torch.empty(N_KEYS + 1, _EMBEDDING_SIZE))
        self.has_traits = self.emission.can_redraw
        n_flags = 1
        if self.has_traits:
            n_flags, n_traits = 2, 2 * n_features
            self.traits = nn.Parameter(torch.empty(n_traits + 1, _EMBEDDING_SIZE))
            # Mean and standard deviation of the traits of the training pieces.
            self.register_buffer("trait_scale", torch.empty(2, n_traits))
        n_inputs = self.emission.n_inputs + n_flags + N_CUES + _EMBEDDING_SIZE
        self.lstm = nn.LSTM(n_inputs, int(hidden_size), int(n_layers), batch_first=True)

    def forward(
        self,
        previous: Tensor,
        start: Tensor,
        styles: Tensor,
        keys: Tensor,
        state: State | None = None,
        *,
        generated: Tensor | None = None,
        traits: Tensor | None = None,
        cues: Tensor | None = None,
        kept: Tensor | None = None,
    ) -> tuple[Tensor, State]:
        """Read frames and return the context of the frame that follows each.

        Parameters
        ----------
        previous : Tensor of shape (batch, n_frames, n_known)
            The frame before each frame to predict or, if the emission is tied, all inputs that
            describe the past of the frame to predict. Ignored where a piece starts.
        start : Tensor of shape (batch, n_frames)
            1 where a piece starts, else 0.
        styles : integer Tensor of shape (batch, n_frames)
            Style number of each frame.
        keys : integer Tensor of shape (batch, n_frames)
            Number of the key of each frame; `N_KEYS` where the key is unknown.
        state : pair of Tensors, default=None
            State that an earlier call returned; None at the start of the pieces.
        generated : Tensor of shape (batch, n_frames), default=None
            1 where the network has generated the previous frame, else 0. None stands for all zeros.
        traits : Tensor of shape (batch, n_frames, n_traits + 1), default=None
            Standardized traits of each frame's part of the piece, followed by a 1; zeros for a
            piece whose traits are unknown. None stands for all zeros.
        cues : Tensor of shape (batch, n_frames, N_CUES), default=None
            Cues of the frames to predict. None stands for all zeros.
        kept : Tensor of shape (batch, n_frames, n_strands, n_inputs), default=None
            Factors for dropout, by which the encoded frames are multiplied; 0 where a value is
            dropped. None means no dropout.

        Returns
        -------
        context : Tensor of shape (batch, n_frames, n_strands * hidden_size)
            Output of the LSTM for each frame to predict.
        state : pair of Tensors of shape (n_layers, batch * n_strands, hidden_size)
            State of the LSTM after the last frame.
        """
        # Unlike indexing, embedding always sums its gradient in the same order.
        conditioning = F.embedding(styles, self.style)[..., None, :]
        conditioning = conditioning + F.embedding(self.emission.keys_of_strands(keys), self.key)
        if traits is not None:
            conditioning = conditioning + (traits @ self.traits)[..., None, :]
        flags = [start]
        if self.has_traits:
            flags.append(torch.zeros_like(start) if generated is None else generated)
        encoded = self.emission.encode(previous) * (1 - start[..., None])
        if cues is None:
            cues = start.new_zeros((*start.shape, N_CUES))
        encoded = encoded.unflatten(-1, (self.emission.n_strands, -1))
        if kept is not None:
            encoded = encoded * kept
        shared = torch.cat([torch.stack(flags, -1), cues], -1)[..., None, :]
        shared = shared.expand(*encoded.shape[:-1], -1)
        inputs = torch.cat([encoded, shared, conditioning], -1)
        # Each strand is a row of the batch.
        output, state = self.lstm(inputs.transpose(1, 2).flatten(0, 1), state)
        context = output.unflatten(0, (len(start), -1)).transpose(1, 2).flatten(2)
        return context, state

    def training_loss(self, batch: Batch, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return the negative log-likelihood of every frame, and the sum of all other losses.

        Parameters
        ----------
        batch : Batch
            Excerpts of the training pieces.
        generator : torch.Generator
            Random generator for dropout, dropped or blurred traits, and redrawn frames.

        Returns
        -------
        nll : Tensor of shape (n_valid_frames,)
            Negative log-likelihood of every frame, in nats.
        other_loss : Tensor of shape ()
            Sum of all other losses. Its gradient reaches only `Emission.mean_head` and the
            emission that is conditioned on chords.
        """
        previous, generated, traits, kept = batch.previous, None, None, None
        if batch.traits is not None:
            traits = drop_and_blur(batch.traits, generator)
            # This computation needs its own autocast block. Within one block, older versions of
            # torch would reuse the weights that are cast here, without gradients, in the
            # computation below.
            with _autocast(previous.device):
                previous, generated = self._with_redrawn_frames(batch, traits, generator)
        with _autocast(previous.device):
            if self.dropout and self.emission.is_tied:
                n_inputs = self.emission.n_strands, self.emission.n_inputs
                ones = previous.new_ones((*batch.start.shape, *n_inputs))
                kept = _drop(ones, _SHARE_OF_DROPOUT * self.dropout, generator)
            context, _ = self(
                previous,
                batch.start,
                batch.styles,
                batch.keys,
                generated=generated,
                traits=traits,
                cues=batch.cues,
                kept=kept,
            )
            other_loss = self._chord_loss(batch, previous, context)
            frames, previous, context = (x[batch.mask] for x in (batch.frames, previous, context))
            options = {}
            if self.dropout:
                context = _drop(context, self.dropout, generator)
                if self.emission.is_tied:
                    dropout = _SHARE_OF_DROPOUT * self.dropout
                    options["drop"] = partial(_drop, dropout=dropout, generator=generator)
            other_loss = other_loss + self.emission.mean_loss(frames, context, previous).sum()
            return -self.emission.log_prob(frames, context, previous, **options), other_loss

    def _chord_loss(self, batch: Batch, previous: Tensor, context: Tensor) -> Tensor:
        """Return the loss of the emission that is conditioned on chords, or 0 without chords.

        The loss is summed over the frames of the excerpts that `batch.chords` describes.
        """
        if self.chords is None or batch.chords is None:
            return torch.zeros((), device=context.device)
        rows = slice(None, None, EXCERPTS_PER_CHORDS)
        mask = batch.mask[rows]
        frames, previous, context = (
            x[rows][mask] for x in (batch.frames, previous, context.detach())
        )
        return self.chords.loss(frames, context, previous, batch.chords[mask]).sum()

    @torch.no_grad()
    def _with_redrawn_frames(
        self, batch: Batch, traits: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Redraw the previous frames of most excerpts, as if the network had generated them.

        In training, a network reads real music, but in sampling, it reads its own frames, whose
        small errors add up (exposure bias; Ranzato et al. 2016). In about a third of the excerpts,
        all previous frames but the first are therefore redrawn, and in another third, those from a
        random later frame on. Each value is redrawn from a mixture component that explains the real
        value. The notes thus stay the same, and the values have the kind of errors that the network
        makes. Drawing whole frames, as in scheduled sampling (Bengio et al. 2015), would teach the
        network to undo its own chord changes, because the real music does not follow them. Silent
        frames stay silent.

        Returns
        -------
        previous : Tensor of shape (batch, n_frames, n_features)
            ``batch.previous``, partly redrawn.
        generated : Tensor of shape (batch, n_frames)
            1 from the first redrawn frame on, else 0.
        """
        n_excerpts, length = batch.start.shape
        device = generator.device
        first = 3 * torch.rand((n_excerpts, 1), generator=generator, device=device) - 1
        places = torch.arange(length, device=device)
        n_frames = batch.mask.sum(1, keepdim=True)
        generated = (places >= first * n_frames) & (places > 0) & batch.mask
        redrawn = generated & (batch.previous != 0).any(-1)
        rows = torch.nonzero(redrawn.any(1))[:, 0]
        if len(rows) == 0:
            return batch.previous, generated.float()
        frames = batch.previous[rows]
        context, _ = self(
            frames,
            batch.start[rows],
            batch.styles[rows],
            batch.keys[rows],
            traits=traits[rows],
            cues=None if batch.cues is None else batch.cues[rows],
        )
        # Entry t + 1 of `previous` is frame t, and entry t of `context` is the context of frame t.
        later = redrawn[rows][:, 1:]
        frames[:, 1:][later] = self.emission.redraw(
            frames[:, 1:][later], context[:, :-1][later], frames[:, :-1][later], generator
        )
        previous = batch.previous.clone()
        previous[rows] = frames
        return previous, generated.float()

    def initialize(self, pieces: Sequence[np.ndarray], generator: torch.Generator) -> None:
        """Draw initial weights; forget gates start open so that gradients reach far back."""
        for table in (self.style, self.key):
            nn.init.normal_(table, std=0.3, generator=generator)
        if self.has_traits:
            nn.init.normal_(self.traits, std=0.05, generator=generator)
        bound = self.lstm.hidden_size**-0.5
        for name, parameter in self.lstm.named_parameters():
            nn.init.uniform_(parameter, -bound, bound, generator=generator)
            if name.startswith("bias_ih"):
                _, forget, _, _ = parameter.data.chunk(4)
                forget += 1
        initialize_emission(self.emission, pieces, generator)
        if self.chords is not None:
            self.chords.initialize(pieces, generator)

    def load_weights(self, weights: Mapping[str, np.ndarray]) -> None:
        """Load weights from NumPy arrays."""
        self.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})

    @torch.no_grad()
    def load_parameters(self, weights: Mapping[str, np.ndarray]) -> None:
        """Load parameters from NumPy arrays; buffers, such as `trait_scale`, keep their values."""
        for name, parameter in self.named_parameters():
            parameter.copy_(torch.from_numpy(weights[name]))


def network_to_train(
    emission: str,
    pieces: Sequence[np.ndarray],
    *,
    weights: Mapping[str, np.ndarray] | None,
    seed: int,
    n_styles: int,
    hidden_size: int,
    n_layers: int,
    dropout: float,
) -> Network:
    """Build a network with `weights` or, if None, with initial weights for the training pieces.

    The network is first built on torch's "meta" device, which skips torch's own initial draws. They
    would advance the global random state.
    """
    n_features = pieces[0].shape[1]
    if weights is not None:
        network = network_of_weights(emission, n_features, weights)
        network.dropout = dropout
        return network
    with torch.device("meta"):
        network = Network(
            emission,
            n_features,
            n_styles=n_styles,
            hidden_size=hidden_size,
            n_layers=n_layers,
            dropout=dropout,
        )
    network = network.to_empty(device="cpu")
    network.initialize(pieces, torch.Generator().manual_seed(seed))
    return network


def network_of_weights(
    emission: str, n_features: int, weights: Mapping[str, np.ndarray]
) -> Network:
    """Build the network with these weights, whose shapes determine the sizes of its layers."""
    network = meta_network(emission, n_features, weights).to_empty(device="cpu")
    network.load_weights(weights)
    return network


def meta_network(emission: str, n_features: int, weights: Mapping[str, np.ndarray]) -> Network:
    """Build the network with the shapes of these weights, without allocating memory for them."""
    with torch.device("meta"):
        return Network(
            emission,
            n_features,
            n_styles=len(weights["style"]) - 1,
            hidden_size=weights["lstm.weight_hh_l0"].shape[1],
            n_layers=sum(name.startswith("lstm.weight_hh") for name in weights),
        )


def _drop(x: Tensor, dropout: float, generator: torch.Generator) -> Tensor:
    """Apply dropout to `x` with `generator`; torch's own dropout uses the global generator."""
    # To save time, each 64-bit random number serves four values, with 16 bits for each.
    bits = torch.empty(-(-x.numel() // 4), dtype=torch.int64, device=x.device)
    bits.random_(-(2**63), None, generator=generator)
    threshold = min(round(dropout * 2**16), 2**16 - 1) - 2**15
    kept = bits.view(torch.int16)[: x.numel()].view(x.shape) >= threshold
    return x * kept.float().mul_(1 / (1 - dropout))


def _autocast(device: torch.device) -> torch.autocast:
    """Return a context manager for bfloat16 on GPUs that support it, and for float32 elsewhere.

    CPUs always compute in float32. In bfloat16, CPUs with AVX512-BF16 would train small networks at
    half the speed, and other CPUs would have to emulate it. Weights would also depend on the model
    of the CPU.
    """
    enabled = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled)
