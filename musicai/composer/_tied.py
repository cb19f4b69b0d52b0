"""Emission of piano rolls: notes given the past and the lower notes, with weights tied over pitch.

Weights are shared because transposed music is as likely as the original. Only a smooth term for the
register depends on the absolute pitch of a note. Each of the twelve pitch classes has an LSTM that
reads frames relative to its pitch class; all twelve have the same weights. A network with two
hidden layers (the head), also the same for every note, computes the probability of a note. It reads
the output of the LSTM of the note's pitch class and the mean output of all twelve LSTMs. It also
reads the last two frames, the matched frame (see `_matches`) and the lower notes of the modeled
frame, all relative to the note; in how many lower notes the modeled frame differs from the last
frame and from the matched frame; how often each pitch class has sounded recently; how long the note
has sounded or been silent; and the confidence in the match.

The probability of a frame is the product of the probabilities of its notes, from the lowest to the
highest. It is exact, and the probabilities of all possible frames sum to one.

References
----------
.. [1] D. D. Johnson. Generating polyphonic music using tied parallel networks. EvoMUSART 2017.
.. [2] C. Walder. Modelling symbolic music: beyond the piano roll. ACML 2016.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from scipy.special import expit
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from ..theory.keys import N_KEYS, classes_of_features, octave_fold
from ._chords import TURNED_CHORDS
from ._emission import Emission, EmissionSampler, Weights
from ._matches import N_CONFIDENCES
from ._roll_memory import N_AGES, N_RECENT, N_SCALARS, N_STATES, RollMemory

# The head reads the notes of the last frame within _NEAR semitones of a note, and the number of all
# lower notes in that frame. From the frame before the last one and from the matched frame, it reads
# the notes within _NEARER semitones.
_NEAR = 24
_NEARER = 12
_MOST_DIFFERENCES = 2  # differing notes are counted up to this number
_N_PLACES = 12  # number of inputs of each LSTM that hold the projected scalars
_MEAN_STEP = 8  # `mean_head` is trained on every eighth frame
# Notes more than this many semitones outside the range of the training notes always have the
# log-odds _LOG_ODDS_BEYOND.
_MARGIN = 6
_LOG_ODDS_BEYOND = -10.0
_FRAMES_AT_ONCE = 1024  # maximum number of frames to compute at once without gradients


class TiedNADE(Emission):
    """Distribution of the frames of a piano roll.

    `previous` holds the inputs that `known_before` returns, and `context` holds the outputs of the
    twelve LSTMs.
    """

    compass: Tensor
    """Range of the notes that the head models: index of the lowest, and of the highest plus 1."""

    is_tied = True

    def __init__(
        self, n_features: int, n_context: int, *, n_units: int = 48, autoregressive: bool = True
    ) -> None:
        super().__init__()
        self.n_features = n_features
        self.autoregressive = autoregressive
        self.n_inputs = 5 * N_KEYS + N_RECENT + _N_PLACES
        self.n_strands = N_KEYS
        self.scalars_to_places = nn.Linear(N_SCALARS, _N_PLACES)
        self.context_to_units = nn.Linear(n_context, n_units)
        self.mean_to_units = nn.Linear(n_context, n_units, bias=False)
        self.recent_to_units = nn.Linear(N_RECENT, n_units, bias=False)
        self.last = nn.Parameter(torch.empty(2 * _NEAR + 1, n_units))
        self.before = nn.Parameter(torch.empty(2 * _NEARER + 1, n_units))
        self.repeated = nn.Parameter(torch.empty(2 * _NEARER + 1, n_units))
        self.below = nn.Parameter(torch.empty(n_features - 1, n_units))
        self.below_by_class = nn.Parameter(torch.empty(N_KEYS, n_units))
        self.n_below = nn.Parameter(torch.empty(2, n_units))
        n_counts = _MOST_DIFFERENCES + 1
        self.differences = nn.Parameter(torch.empty(n_counts, n_counts, n_units))
        self.ages = nn.Parameter(torch.empty(N_AGES, n_units))
        self.confidences = nn.Parameter(torch.empty(2 * N_CONFIDENCES, n_units))
        self.register = nn.Parameter(torch.empty(-(-n_features // N_KEYS) + 1, n_units))
        self.units_to_units = nn.Linear(n_units, n_units)
        self.units_to_output = nn.Linear(n_units, 1)
        # With this direct path to the output, the network quickly learns to rely on long
        # repetitions.
        self.states_to_output = nn.Parameter(torch.empty(N_STATES, 1))
        self.mean_head = nn.Linear(n_units, 1)
        self.register_buffer("compass", torch.empty(2))

    @property
    def origin(self) -> Tensor:
        return torch.zeros(self.n_features, device=self.last.device)

    def initialize(self, pieces: Sequence[np.ndarray], generator: torch.Generator) -> None:
        for name, table in self.named_parameters(recurse=False):
            nn.init.normal_(
                table, std=0.1 if name in ("ages", "confidences") else 0.05, generator=generator
            )
        sounding = np.flatnonzero(np.any([piece.any(0) for piece in pieces], axis=0))
        lowest, highest = (sounding[0], sounding[-1]) if len(sounding) else (0, self.n_features)
        self.compass[0] = max(lowest - _MARGIN, 0)
        self.compass[1] = min(highest + 1 + _MARGIN, self.n_features)
        share = np.mean([piece.mean(dtype=np.float64) for piece in pieces]).clip(1e-4, 1 - 1e-4)
        with torch.no_grad():
            self.states_to_output.zero_()
            for head in (self.units_to_output, self.mean_head):
                head.bias.fill_(np.log(share / (1 - share)))
                head.weight.mul_(0.1)

    def encode(self, x: Tensor) -> Tensor:
        """Return the inputs of the LSTM of each pitch class, (..., 12 * n_inputs)."""
        width = self.n_features
        last, before, repeated = (x[..., i * width : (i + 1) * width] for i in range(3))
        lowest = last * (last.cumsum(-1) == 1)
        highest = last * (last.flip(-1).cumsum(-1).flip(-1) == 1)
        classes = _classes(width, x.device)
        fold = F.one_hot(classes, N_KEYS).to(x.dtype)
        folded = torch.stack([last, lowest, highest, before, repeated], -2) @ fold
        relative = _relative(torch.cat([folded, _recent(x, width)], -2))
        places = self.scalars_to_places(x[..., None, 4 * width + N_RECENT :])
        places = places.expand(*relative.shape[:-1], -1)
        return torch.cat([relative, places], -1).flatten(-2)

    def keys_of_strands(self, keys: Tensor) -> Tensor:
        relative = torch.from_numpy(_KEYS_OF_STRANDS).to(keys.device)
        return relative[keys]

    def chords_of_strands(self, chords: Tensor) -> Tensor:
        return chords[..., torch.from_numpy(TURNED_CHORDS).to(chords.device)]

    def log_prob(
        self,
        x: Tensor,
        context: Tensor,
        previous: Tensor,
        *,
        drop: Callable[[Tensor], Tensor] | None = None,
    ) -> Tensor:
        """Return the log-probability of every frame in nats; `drop` applies dropout to units."""
        lowest, end = self._bounds
        of_notes = self._weights_of_notes()
        size = len(x) if torch.is_grad_enabled() else _FRAMES_AT_ONCE
        log_probs = []
        parts = zip(x.split(size), context.split(size), previous.split(size), strict=True)
        for part, part_context, part_previous in parts:
            lower = part[:, lowest:end] if self.autoregressive else None
            units = F.relu(self._first_layer(part_context, part_previous, of_notes, lower))
            units = F.relu(self.units_to_units(drop(units) if drop else units))
            units = drop(units) if drop else units
            states = part_previous[:, 3 * self.n_features : 4 * self.n_features]
            direct = F.embedding(states[:, lowest:end].long(), self.states_to_output)
            logits = (self.units_to_output(units) + direct)[..., 0].float()
            all_logits = F.pad(logits, (lowest, self.n_features - end), value=_LOG_ODDS_BEYOND)
            loss = F.binary_cross_entropy_with_logits(all_logits, part, reduction="none")
            log_probs.append(-loss.sum(-1))
        return torch.cat(log_probs)

    @property
    def _bounds(self) -> tuple[int, int]:
        lowest, end = self.compass.tolist()
        return int(lowest), int(end)

    def _first_layer(
        self, context: Tensor, previous: Tensor, of_notes: Tensor, notes: Tensor | None = None
    ) -> Tensor:
        """Return the inputs of the first activation function, (N, n_notes, n_units).

        They include what the past contributes to each note in the compass. `notes` (N, n_notes)
        holds the notes of the frame itself; if given, they contribute to the inputs of higher
        notes.
        """
        lowest, end = self._bounds
        known = previous[:, : 4 * self.n_features].unflatten(1, (4, -1))[..., lowest:end]
        sounding = known[:, :3].flatten(1)
        if notes is not None:
            sounding = torch.cat([sounding, notes], 1)
        counts = sounding.sum(1).long()
        units = F.embedding_bag(
            sounding.nonzero()[:, 1], of_notes, counts.cumsum(0) - counts, mode="sum"
        ).view(len(known), end - lowest, -1)
        context = context.unflatten(1, (N_KEYS, -1))
        of_classes = self.context_to_units(context)
        of_classes = of_classes + self.mean_to_units(context.mean(1, keepdim=True))
        recent = _relative(_recent(previous, self.n_features))
        of_classes = of_classes + self.recent_to_units(recent)
        states = (self.ages + self.confidences[:, None]).flatten(0, 1)
        units = units + of_classes[:, _classes(self.n_features, units.device)[lowest:end]]
        units = units + F.embedding(known[:, 3].long(), states)
        if notes is not None:
            differs = (notes[:, None] != known[:, [0, 2]]).int()
            n_differences = (differs.cumsum(-1) - differs).clamp(max=_MOST_DIFFERENCES)
            units = units + F.embedding(_pair(n_differences), self.differences.flatten(0, 1))
        return units + _octaves(self.n_features, units.device)[lowest:end] @ self.register

    def _weights_of_notes(self) -> Tensor:
        """Return what each sounding note adds to `_first_layer` of all notes in the compass.

        The shape is (4 * n_notes, n_notes * n_units). The four blocks of rows are for notes of the
        last frame, of the frame before it, of the matched frame, and of the frame itself. Notes of
        the frame itself add only to higher notes. What note j adds to note i depends only on i - j.
        """
        lowest, end = self._bounds
        keys = torch.arange(end - lowest, device=self.last.device)
        distance = keys - keys[:, None]
        lower = (distance > 0)[..., None]
        last, before, repeated = (
            _around(distance, kernel) for kernel in (self.last, self.before, self.repeated)
        )
        below = F.embedding((distance - 1).clamp(0), self.below) + self.n_below[1]
        below = below + F.embedding(distance % N_KEYS, self.below_by_class)
        last = last + lower * self.n_below[0]
        return torch.cat([last, before, repeated, lower * below]).flatten(1)

    def mean(self, context: Tensor, previous: Tensor) -> Tensor:
        lowest, end = self._bounds
        with torch.no_grad():
            of_notes = self._weights_of_notes()
        parts = zip(context.split(_FRAMES_AT_ONCE), previous.split(_FRAMES_AT_ONCE), strict=True)
        logits = torch.cat([self._mean_logits(*part, of_notes) for part in parts])
        beyond = (lowest, self.n_features - end)
        return torch.sigmoid(F.pad(logits, beyond, value=_LOG_ODDS_BEYOND))

    def _mean_logits(self, context: Tensor, previous: Tensor, of_notes: Tensor) -> Tensor:
        with torch.no_grad():
            units = F.relu(self._first_layer(context, previous, of_notes))
        return self.mean_head(units)[..., 0].float()

    def mean_loss(self, x: Tensor, context: Tensor, previous: Tensor) -> Tensor:
        lowest, end = self._bounds
        some = slice(None, None, _MEAN_STEP)
        with torch.no_grad():
            of_notes = self._weights_of_notes()
        logits = self._mean_logits(context[some], previous[some], of_notes)
        loss = F.binary_cross_entropy_with_logits(logits, x[some, lowest:end], reduction="none")
        return loss.sum(-1).mean()


def _pair(counts: Any) -> Any:
    """Return the row of `differences` for each pair of counts, (N, 2, n); the shape is (N, n)."""
    return (_MOST_DIFFERENCES + 1) * counts[:, 0] + counts[:, 1]


def _classes(n_features: int, device: torch.device) -> Tensor:
    """Return the pitch class of every note."""
    return torch.from_numpy(classes_of_features(n_features)).to(device)


def _recent(known: Tensor, n_features: int) -> Tensor:
    """Return the recent notes of each pitch class, (..., n, 12), from all inputs `known`."""
    return known[..., 4 * n_features : 4 * n_features + N_RECENT].unflatten(-1, (-1, N_KEYS))


def _relative(of_classes: Tensor) -> Tensor:
    """Rotate n values per pitch class, (..., n, 12), so that each class in turn comes first.

    The result has a row for each class, (..., 12, 12 n).
    """
    own = torch.arange(N_KEYS, device=of_classes.device)
    relative = of_classes[..., (own[:, None] + own) % N_KEYS]
    return relative.transpose(-3, -2).flatten(-2)


def _octaves(n_features: int, device: torch.device) -> Tensor:
    """Return weights that interpolate `register` at each note, (n_features, n_octaves + 1)."""
    places = torch.arange(n_features, device=device)[:, None] / N_KEYS
    octaves = torch.arange(-(-n_features // N_KEYS) + 1, device=device)
    return (1 - (places - octaves).abs()).clamp(0)


def _around(distance: Tensor, kernel: Tensor) -> Tensor:
    """Return the row of `kernel` (2 * reach + 1, n_units) for every distance; zeros beyond reach.

    The middle row of the kernel belongs to distance 0.
    """
    reach = len(kernel) // 2
    near = (distance.abs() <= reach)[..., None]
    return F.embedding(distance.clamp(-reach, reach) + reach, kernel) * near


class TiedNADESampler(EmissionSampler):
    """Sampler of `TiedNADE`.

    As in `BernoulliNADESampler`, all notes up to the next one that sounds are drawn at once.
    """

    n_strands = N_KEYS

    def __init__(self, weights: Weights, *, autoregressive: bool = True) -> None:
        self._autoregressive = autoregressive
        self.n_features = len(weights["below"]) + 1
        self.n_inputs = 5 * N_KEYS + N_RECENT + _N_PLACES
        bias = weights["context_to_units.bias"]
        self.layers = [
            (weights["context_to_units.weight"], bias),
            (weights["mean_to_units.weight"], np.zeros_like(bias)),
        ]
        n_units, n_context = self.layers[0][0].shape
        with torch.device("meta"):  # without initial draws from torch's global generator
            network = TiedNADE(self.n_features, n_context, n_units=n_units)
        tensors = {name: torch.from_numpy(each) for name, each in weights.items()}
        network.load_state_dict(tensors, assign=True)
        self._lowest, self._end = network._bounds
        n_notes = self._end - self._lowest
        device = network.compass.device
        with torch.inference_mode():
            of_notes = network._weights_of_notes().view(-1, n_notes, n_units).numpy()
            register = _octaves(self.n_features, device) @ network.register
            self._units_of_states = (
                (network.ages + network.confidences[:, None]).flatten(0, 1).numpy()
            )
        self._register = register[self._lowest : self._end].numpy()
        self._past, self._below = np.split(of_notes, [3 * n_notes])
        self._classes = classes_of_features(self.n_features)
        self._fold = octave_fold(self.n_features)
        # Weights of the recent notes of all pitch classes in the units of each pitch class.
        of_recent = weights["recent_to_units.weight"].T.reshape(-1, N_KEYS, n_units)
        self._recent = of_recent[:, _KEYS_OF_STRANDS[:N_KEYS]].reshape(N_RECENT, -1)
        self._differences = weights["differences"].reshape(-1, n_units)
        self._direct = weights["states_to_output"][:, 0]
        self._places = (
            np.ascontiguousarray(weights["scalars_to_places.weight"].T),
            weights["scalars_to_places.bias"],
        )
        self._hidden = (
            np.ascontiguousarray(weights["units_to_units.weight"].T),
            weights["units_to_units.bias"],
        )
        self._output, self._mean = (
            (weights[f"{name}.weight"][0], weights[f"{name}.bias"][0])
            for name in ("units_to_output", "mean_head")
        )

    def remember(self, n_pieces: int) -> RollMemory:
        return RollMemory(n_pieces, self.n_features)

    def encode(self, known: np.ndarray) -> np.ndarray:
        """Return the inputs of each LSTM, (12 * n_pieces, n_inputs)."""
        n, width = len(known), self.n_features
        rows = np.arange(n)
        last = known[:, :width]
        read = np.zeros((n, 5, width), np.float32)
        read[:, 0], read[:, 3:] = last, known[:, width : 3 * width].reshape(n, 2, width)
        lowest, highest = last.argmax(1), width - 1 - last[:, ::-1].argmax(1)
        read[rows, 1, lowest] = last[rows, lowest]  # zero if no note sounds
        read[rows, 2, highest] = last[rows, highest]
        folded = np.dot(read.reshape(-1, width), self._fold).reshape(n, 5, N_KEYS)
        recent = known[:, 4 * width : 4 * width + N_RECENT].reshape(n, -1, N_KEYS)
        folded = np.concatenate([folded, recent], axis=1)
        encoded = np.empty((n, N_KEYS, self.n_inputs), np.float32)
        relative = folded[:, :, _RELATIVE].transpose(0, 2, 1, 3)
        n_relative = self.n_inputs - _N_PLACES
        encoded[:, :, :n_relative] = relative.reshape(n, N_KEYS, n_relative)
        return self._encode_places(known, encoded)

    def encode_again(self, known: np.ndarray, encoded: np.ndarray) -> np.ndarray:
        return self._encode_places(known, encoded.reshape(len(known), N_KEYS, -1).copy())

    def _encode_places(self, known: np.ndarray, encoded: np.ndarray) -> np.ndarray:
        """Write the projected scalars to the last columns of `encoded` (n_pieces, 12, n_inputs).

        Returns the array with a row per strand.
        """
        weight, bias = self._places
        # Multiply row by row, so that rounding does not depend on the other pieces.
        scalars = known[:, None, 4 * self.n_features + N_RECENT :]
        encoded[:, :, self.n_inputs - _N_PLACES :] = np.matmul(scalars, weight) + bias
        return encoded.reshape(-1, self.n_inputs)

    def chords_of_strands(self, chords: np.ndarray) -> np.ndarray:
        return chords[..., TURNED_CHORDS]

    def draw(
        self,
        readout: np.ndarray,
        previous: np.ndarray,
        rng: np.random.RandomState,
        temperature: float = 1.0,
    ) -> np.ndarray:
        # A note sounds if its logit exceeds logistic noise.
        shape = len(previous), self.n_features
        noise = temperature * rng.logistic(size=shape).astype(np.float32)
        frames = (noise < _LOG_ODDS_BEYOND).astype(np.float32)
        readout = readout.reshape(len(previous), N_KEYS, -1)
        for first in range(0, len(previous), _FRAMES_AT_ONCE):
            rows = slice(first, first + _FRAMES_AT_ONCE)
            units = self._first_layer(readout[rows], previous[rows])
            missing = (
                noise[rows, self._lowest : self._end] - self._direct[self._states(previous[rows])]
            )
            frames[rows, self._lowest : self._end] = self._draw_notes(
                units, missing, self._known_frames(previous[rows])[:, [0, 2]].astype(np.intp)
            )
        return frames

    def _draw_notes(
        self, units: np.ndarray, missing: np.ndarray, compared: np.ndarray
    ) -> np.ndarray:
        """Draw the notes in the compass, (N, n_notes).

        A note sounds if its logit exceeds the noise. `missing` is the noise minus the part of the
        logit that `_logits` does not compute. `compared` (N, 2, n_notes) holds the last and the
        matched frame. `units` and `missing` are changed in place.
        """
        if not self._autoregressive:
            return (self._logits(units) > missing).astype(np.float32)
        notes = np.zeros(missing.shape, np.float32)
        keys = np.arange(self._end - self._lowest)
        rows, start = np.arange(len(notes)), 0
        # In how many lower notes the frame differs from each of these if no further note sounds.
        differences = compared.cumsum(2) - compared
        while len(rows) and start < len(keys):
            counts = np.minimum(differences[:, :, start:], _MOST_DIFFERENCES)
            of_counts = self._differences.take(_pair(counts), axis=0)
            ones = self._logits(units[:, start:] + of_counts) > missing[:, start:]
            first = ones.argmax(1)
            sounds = ones[np.arange(len(rows)), first]
            if not sounds.all():
                rows, first, units, missing, compared, differences = (
                    x[sounds] for x in (rows, first, units, missing, compared, differences)
                )
            first += start
            notes[rows, first] = 1
            start = int(first.min(initial=len(keys))) + 1
            higher = keys[start:] > first[:, None]
            missing[:, start:][~higher] = np.inf
            units[:, start:] += self._below[first, start:]
            change = 1 - 2 * compared[np.arange(len(rows)), :, first]
            differences[:, :, start:] += change[:, :, None] * higher[:, None]
        return notes

    def _first_layer(self, readout: np.ndarray, previous: np.ndarray) -> np.ndarray:
        """Return the inputs of the first activation function for every note in the compass.

        The contributions of lower notes of the same frame are not yet included.
        """
        of_classes, of_means = np.split(readout, 2, axis=2)
        recent = previous[:, None, 4 * self.n_features : 4 * self.n_features + N_RECENT]
        of_classes = of_classes + of_means.mean(1, keepdims=True)
        # Multiply row by row, so that rounding does not depend on the other pieces.
        of_classes += np.matmul(recent, self._recent).reshape(of_classes.shape)
        units = self._units_of_states[self._states(previous)]
        units += of_classes[:, self._classes[self._lowest : self._end]]
        units += self._register
        for own, sounding in zip(units, self._known_frames(previous), strict=True):
            # Few notes sound, so only their vectors are added.
            own += self._past[sounding.ravel().nonzero()[0]].sum(0)
        return units

    def _known_frames(self, previous: np.ndarray) -> np.ndarray:
        """Return the last, the second to last and the matched frame, (N, 3, n_notes)."""
        known = previous[:, : 3 * self.n_features].reshape(len(previous), 3, -1)
        return known[..., self._lowest : self._end]

    def _states(self, previous: np.ndarray) -> np.ndarray:
        """Return the number of the state of every note in the compass, (N, n_notes)."""
        states = previous[:, 3 * self.n_features : 4 * self.n_features]
        return states[:, self._lowest : self._end].astype(np.intp)

    def _logits(self, units: np.ndarray) -> np.ndarray:
        weight, bias = self._hidden
        # `np.dot` uses a matrix product of BLAS only for two-dimensional arrays.
        hidden = np.dot(np.maximum(units, 0).reshape(-1, len(weight)), weight)
        hidden += bias
        np.maximum(hidden, 0, out=hidden)
        # `einsum` sums each row alone, so that rounding does not depend on the other pieces.
        logits = np.einsum("nu,u->n", hidden, self._output[0]) + self._output[1]
        return logits.reshape(len(units), -1)

    def mean(self, context: np.ndarray, previous: np.ndarray) -> np.ndarray:
        by_strand = context.reshape(len(previous) * N_KEYS, -1)
        readout = self.read_out(by_strand).reshape(len(previous), N_KEYS, -1)
        units = np.maximum(self._first_layer(readout, previous), 0)
        beyond = (0, 0), (self._lowest, self.n_features - self._end)
        logits = np.dot(units, self._mean[0]) + self._mean[1]
        return expit(np.pad(logits, beyond, constant_values=_LOG_ODDS_BEYOND))


def keys_of_strands(key: int | None) -> np.ndarray:
    """Return the number of a key relative to each pitch class, (12,).

    None stands for an unknown key, whose number is `N_KEYS` everywhere.
    """
    return _KEYS_OF_STRANDS[N_KEYS if key is None else key]


_RELATIVE = (np.arange(N_KEYS)[:, None] + np.arange(N_KEYS)) % N_KEYS
_KEYS_OF_STRANDS = np.full((N_KEYS + 1, N_KEYS), N_KEYS)
_KEYS_OF_STRANDS[:N_KEYS] = (np.arange(N_KEYS)[:, None] - np.arange(N_KEYS)) % N_KEYS
