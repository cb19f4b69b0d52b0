"""Sampling of frames over requested chords.

Frames come from the emission that was trained with chords. A frame is drawn again if the frames
since the chord began would, with it, be recognized as another chord (rejection sampling).
Recognition is that of :func:`musicai.theory.chord_decoding.decode_chords`, up to the present frame.
"""

from collections.abc import Callable, Sequence
from copy import copy
from typing import Self

import numpy as np

from ..theory.chord_decoding import CERTAINTY, price_of_change, unit_templates
from ..theory.chord_symbols import FREE
from ..theory.keys import pitch_classes
from ..theory.vocabulary import VOCABULARIES
from ._chords import LOOKAHEAD, N_CHORD_FEATURES, chord_features
from ._emission import EmissionSampler

# Draws of one frame before the one that fits its chord best is taken.
_MOST_DRAWS = 12
_TOLERANCE = 1e-6  # nats
_FLAT = 1e-6  # squared length of a frame without a shape

_N_TRIADS = 12 * len(VOCABULARIES["triads"])

Draw = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""Draws frames from read-outs, previous frames, and the numbers of their pieces."""


class Following:
    """Chords that pieces follow, and the state of their recognition.

    Parameters
    ----------
    emission : EmissionSampler
        Distribution of frames given their chords.
    hidden : pair of ndarray of shape (n_hidden, n_inputs) and (n_hidden,)
        Weights and biases of the layer that reads context, previous frame and chord.
    chords : sequence of ndarray of int of shape (n_frames_of_progression,)
        Numbers of the chords of each piece, in the common key; `FREE` for any. They repeat when
        they end.
    seconds : float
        How long a frame lasts.
    multiply, multiply_strands : callable
        The product of two matrices, with a row for each piece, and for each strand of each piece.
    """

    def __init__(
        self,
        emission: EmissionSampler,
        hidden: tuple[np.ndarray, np.ndarray],
        chords: Sequence[np.ndarray],
        *,
        seconds: float,
        multiply: Callable[..., np.ndarray] = np.dot,
        multiply_strands: Callable[..., np.ndarray] = np.dot,
    ) -> None:
        self.emission = emission
        self._multiply, self._multiply_strands = multiply, multiply_strands
        weights, biases = zip(*emission.layers, strict=True)
        self._readout = np.ascontiguousarray(np.concatenate(weights).T), np.concatenate(biases)
        weight, bias = hidden
        self._hidden = np.ascontiguousarray(weight[:, :-N_CHORD_FEATURES].T)
        # Pieces with the same chords share one cycle of these.
        keys = [each.tobytes() for each in chords]
        cycles = dict(zip(keys, chords, strict=True))
        self._which = np.array([list(cycles).index(key) for key in keys])
        self._cycles = [
            (
                numbers,
                emission.chords_of_strands(_features(numbers)) @ weight[:, -N_CHORD_FEATURES:].T
                + bias,
            )
            for numbers in cycles.values()
        ]
        # If only triads are requested, other chords are ignored, and a change costs less.
        self._only_triads = np.array([(numbers < _N_TRIADS).all() for numbers in chords])
        vocabularies = ["triads" if only else "qualities" for only in self._only_triads]
        self._prices = np.array(
            [price_of_change(np.array([seconds]), each)[0] for each in vocabularies]
        )
        self._templates = unit_templates(vocabularies[self._only_triads.argmin()]).T
        self._sums = np.zeros((len(chords), self._templates.shape[1]))
        self._evidence = np.zeros_like(self._sums)  # of the frames that were drawn last
        self._before = np.full(len(chords), FREE)
        self._frame = 0
        self._begin()

    @property
    def asks(self) -> np.ndarray:
        """Whether a chord is requested for the next frame of each piece."""
        return self._now != FREE

    def draw(
        self,
        context: np.ndarray,
        previous: np.ndarray,
        draw: Draw,
        rows: np.ndarray,
    ) -> np.ndarray:
        """Draw the next frame of the pieces numbered `rows`, for which a chord is requested.

        Parameters
        ----------
        context : ndarray of shape (n_rows, n_context)
            Output of the trunk.
        previous : ndarray of shape (n_rows, n_features)
            The frames before.
        draw : callable
            Draws frames.
        rows : ndarray of int of shape (n_rows,)
            Numbers of the pieces.
        """
        context = context.reshape(len(rows) * self.emission.n_strands, -1)
        inputs = np.concatenate([context, self.emission.encode(previous)], axis=1)
        hidden = self._multiply_strands(inputs, self._hidden).reshape(
            len(rows), -1, len(self._hidden[0])
        )
        hidden += self._described(rows)
        weight, bias = self._readout
        known = np.concatenate([context, np.tanh(hidden).reshape(len(context), -1)], axis=1)
        readout = (self._multiply_strands(known, weight) + bias).reshape(len(rows), -1)
        frames = draw(readout, previous, rows)
        lack, evidence = self._lack(frames, rows)
        for _ in range(_MOST_DRAWS - 1):
            wrong = (lack > _TOLERANCE).nonzero()[0]
            if len(wrong) == 0:
                break
            again = draw(readout[wrong], previous[wrong], rows[wrong])
            left, new = self._lack(again, rows[wrong])
            better = left < lack[wrong]
            wrong = wrong[better]
            frames[wrong], lack[wrong], evidence[wrong] = again[better], left[better], new[better]
        self._evidence[rows] = evidence
        return frames

    def advance(self) -> None:
        """Go on to the next frame of every piece, after the one that was drawn."""
        self._sums += self._evidence
        self._before = self._now
        self._frame += 1
        self._begin()

    def take(self, pieces: np.ndarray) -> Self:
        """Return the state of some pieces."""
        taken = copy(self)
        for name in ("_which", "_prices", "_sums", "_evidence", "_only_triads", "_before", "_now"):
            setattr(taken, name, getattr(self, name)[pieces])
        return taken

    def _begin(self) -> None:
        """Reset the evidence where a chord begins."""
        now = [numbers[self._frame % len(numbers)] for numbers, _ in self._cycles]
        self._now = np.array(now)[self._which]
        changes = self._now != self._before
        if changes.any():
            self._sums[changes] = 0
            after = np.flatnonzero(changes & (self._before != FREE))
            self._sums[after, self._before[after]] = self._prices[after]

    def _described(self, rows: np.ndarray) -> np.ndarray:
        """Return the chords' part of the hidden layer, (n_rows or 1, n_strands, n_hidden)."""
        if len(self._cycles) == 1:
            hidden = self._cycles[0][1]
            return hidden[[self._frame % len(hidden)]]
        now = [hidden[self._frame % len(hidden)] for _, hidden in self._cycles]
        return np.stack(now)[self._which[rows]]

    def _lack(self, frames: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return how many nats the requested chords are behind the likeliest, and the evidence."""
        chroma = pitch_classes(frames)
        roots = np.sqrt(chroma)
        spread = np.sqrt(np.maximum(chroma.sum(1) - roots.sum(1) ** 2 / 12, _FLAT))
        evidence = self._multiply(roots, self._templates) * (CERTAINTY / spread)[:, None]
        sums = self._sums[rows] + evidence
        now = sums[np.arange(len(rows)), self._now[rows]]
        if sums.shape[1] > _N_TRIADS:
            sums[self._only_triads[rows], _N_TRIADS:] = -np.inf
        return sums.max(1) - now, evidence


def _features(numbers: np.ndarray) -> np.ndarray:
    """Return the chord features of every frame of a progression that repeats."""
    around = np.arange(-1, len(numbers) + LOOKAHEAD) % len(numbers)
    return chord_features(numbers[around])
