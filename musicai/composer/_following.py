"""Sampling of frames that follow requested chords.

Frames are drawn from the emission that is conditioned on chords. A frame is drawn again if,
together with the earlier frames of the same chord, it would be recognized as a different chord
(rejection sampling). Chords are recognized as in
:func:`musicai.theory.chord_decoding.decode_chords`, but only from the frames drawn so far.
"""

import math
from collections.abc import Callable, Sequence
from copy import copy
from typing import Self

import numpy as np

from ..theory.chord_decoding import CERTAINTY, price_of_change, unit_templates
from ..theory.chord_symbols import FREE
from ..theory.keys import N_KEYS, pitch_classes
from ..theory.vocabulary import VOCABULARIES
from ._chords import LOOKAHEAD, N_CHORD_FEATURES, chord_features, until_the_end
from ._emission import EmissionSampler

# Maximum number of draws of one frame, after which the draw that fits the chord best is taken.
_MOST_DRAWS = 12
_TOLERANCE = 1e-4  # by how many nats another chord may be likelier than the requested one
# Lower bound, against division by zero, of the squared distance of the square roots of a frame's
# chroma from their mean.
_FLAT = 1e-6

_N_TRIADS = 12 * len(VOCABULARIES["triads"])

Draw = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""Function that draws a frame per row, given readouts, previous frames and piece numbers."""


class Following:
    """Chords that pieces follow, and the evidence for them in the frames so far.

    Parameters
    ----------
    emission : EmissionSampler
        Sampler of the emission that is conditioned on chords.
    hidden : pair of ndarray of shape (n_hidden, n_inputs) and (n_hidden,)
        Weights and biases of the layer that reads context, previous frame and chord.
    chords : sequence of ndarray of int of shape (n_frames_of_progression,)
        For each piece, the chord number of each frame of its progression, transposed like the
        piece; `FREE` where no chord is requested. Progressions repeat.
    seconds : float
        Length of a frame in seconds.
    multiply : callable
        Function that multiplies two matrices, the first with a row for each strand of each piece.

    Attributes
    ----------
    asked, free : ndarray of int
        Numbers of the pieces with and without a requested chord for the next frame.
    """

    def __init__(
        self,
        emission: EmissionSampler,
        hidden: tuple[np.ndarray, np.ndarray],
        chords: Sequence[np.ndarray],
        *,
        seconds: float,
        multiply: Callable[..., np.ndarray] = np.dot,
    ) -> None:
        self.emission = emission
        self._multiply = multiply
        weights, biases = zip(*emission.layers, strict=True)
        self._readout = np.ascontiguousarray(np.concatenate(weights).T), np.concatenate(biases)
        weight, bias = hidden
        of_context, of_frame, of_chords = np.split(
            weight, [-N_CHORD_FEATURES - emission.n_inputs, -N_CHORD_FEATURES], axis=1
        )
        self._hidden = np.hstack([of_frame, of_context]).T.copy()
        self._of_chords = of_chords.T, bias
        self._chords = chords
        # Pieces with the same chords share one entry of `_cycles`.
        keys = [each.tobytes() for each in chords]
        cycles = dict(zip(keys, chords, strict=True))
        self._which = np.array([list(cycles).index(key) for key in keys])
        self._cycles = [self._cycle(numbers) for numbers in cycles.values()]
        # If a piece requests only triads, only triads are recognized in it, and changes of chord
        # cost less.
        self._only_triads = np.array([(numbers < _N_TRIADS).all() for numbers in chords])
        vocabularies = ["triads" if only else "qualities" for only in self._only_triads]
        self._prices = np.array(
            [price_of_change(np.array([seconds]), each)[0] for each in vocabularies]
        )
        templates = unit_templates(vocabularies[self._only_triads.argmin()])
        self._templates = templates.T.astype(np.float32)
        self._known: dict[int, np.ndarray] = {}
        # Lead of each chord over the requested one, in nats, for each piece.
        self._ahead = np.zeros((len(chords), len(templates)))
        # Numbers of the pieces whose frames were drawn last, and what these frames add to `_ahead`.
        self._drawn: tuple[np.ndarray, np.ndarray] | None = None
        self._now = np.full(len(chords), FREE)
        self._numbers: list[int] = []
        self._frame = 0
        self._begin()

    def draw(
        self,
        context: np.ndarray,
        encoded: np.ndarray,
        previous: np.ndarray,
        draw: Draw,
        rows: np.ndarray,
        n_at_once: int = 1,
    ) -> np.ndarray:
        """Draw the next frame, (n_rows, n_features), of pieces for which a chord is requested.

        Parameters
        ----------
        context : ndarray of shape (n_rows, n_context)
            Output of the trunk.
        encoded : ndarray of shape (n_rows * n_strands, n_inputs)
            The past of each piece, as the emission encodes it.
        previous : ndarray of shape (n_rows, n_known)
            The past of each piece, from the attribute `known` of its `Memory`.
        draw : callable
            Function that draws frames from readouts.
        rows : ndarray of int of shape (n_rows,)
            Numbers of the pieces.
        n_at_once : int, default=1
            Number of frames that are drawn in one call to replace the rejected ones.
        """
        context = context.reshape(len(encoded), -1)
        n_read, n_known = encoded.shape[1], encoded.shape[1] + context.shape[1]
        known = np.empty((len(encoded), n_known + self._hidden.shape[1]), np.float32)
        known[:, :n_read], known[:, n_read:n_known] = encoded, context
        hidden = self._multiply(known[:, :n_known], self._hidden)
        by_piece = hidden.reshape(len(rows), -1, hidden.shape[1])
        by_piece += self._described(rows)
        np.tanh(hidden, out=known[:, n_known:])
        weight, bias = self._readout
        readout = (self._multiply(known[:, n_read:], weight) + bias).reshape(len(rows), -1)
        frames = draw(readout, previous, rows)
        ahead, evidence = self._recognize(frames, rows)
        n_left = _MOST_DRAWS - 1
        while n_left:
            wrong = [i for i, nats in enumerate(ahead.tolist()) if nats > _TOLERANCE]
            if not wrong:
                break
            n = min(max(n_at_once // len(wrong), 1), n_left)  # draws for each piece
            n_left -= n
            repeated = np.repeat(wrong, n)
            again = draw(readout[repeated], previous[repeated], rows[repeated])
            left, new = self._recognize(again, rows[repeated])
            # Take the first accepted draw of each piece, or else the one that fits its chord best.
            best = np.maximum(left, _TOLERANCE).reshape(-1, n).argmin(axis=1)
            best += np.arange(0, len(repeated), n)
            best = best[left[best] < ahead[wrong]]
            mended = repeated[best]
            frames[mended] = again[best]
            ahead[mended], evidence[mended] = left[best], new[best]
        self._drawn = rows, evidence
        return frames

    def advance(self) -> None:
        """Add the evidence of the drawn frames, and move on to the next frame of every piece."""
        if self._drawn is not None:
            rows, evidence = self._drawn
            if len(rows) == len(self._ahead):  # faster than indexing
                self._ahead += evidence
            else:
                self._ahead[rows] += evidence
            self._drawn = None
        self._frame += 1
        self._begin()

    def end(self, n_frames: int) -> None:
        """End the progression after `n_frames` more frames, as in `until_the_end`.

        There must be only one piece.
        """
        (numbers,) = self._chords
        self._frame %= len(numbers)
        self._cycles = [self._cycle(until_the_end(numbers, self._frame + n_frames))]
        self._begin()

    def take(self, pieces: np.ndarray) -> Self:
        """Return the state of the pieces numbered `pieces`."""
        taken = copy(self)
        taken._drawn, taken._numbers = None, []
        for name in ("_which", "_prices", "_ahead", "_only_triads", "_now"):
            setattr(taken, name, getattr(self, name)[pieces])
        taken._begin()
        return taken

    def _cycle(self, numbers: np.ndarray) -> tuple[list[int], np.ndarray]:
        """Return a progression as a list, and what each of its frames adds to the hidden layer."""
        weight, bias = self._of_chords
        features = self.emission.chords_of_strands(_features(numbers))
        return numbers.tolist(), features @ weight + bias

    def _begin(self) -> None:
        """Set the current chord of each piece; if the chord changes, reset the evidence."""
        numbers = [cycle[self._frame % len(cycle)] for cycle, _ in self._cycles]
        if numbers == self._numbers:
            return
        self._numbers = numbers
        before, self._now = self._now, np.array(numbers)[self._which]
        self.asked = np.flatnonzero(self._now != FREE)
        self.free = np.flatnonzero(self._now == FREE)
        self._relative = np.stack([self._compared(number) for number in numbers])
        changes = self._now != before
        self._ahead[changes] = 0
        self._ahead[self._only_triads, _N_TRIADS:] = -np.inf
        after = np.flatnonzero(changes & (before != FREE))
        self._ahead[after, before[after]] = self._prices[after]

    def _described(self, rows: np.ndarray) -> np.ndarray:
        """Return what the chords add to the hidden layer, (n_rows or 1, n_strands, n_hidden)."""
        if len(self._cycles) == 1:
            hidden = self._cycles[0][1]
            frame = self._frame % len(hidden)
            return hidden[frame : frame + 1]
        now = [hidden[self._frame % len(hidden)] for _, hidden in self._cycles]
        return np.stack(now)[self._which[rows]]

    def _recognize(self, frames: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the lead of the likeliest chord over the requested one, and the evidence, in nats.

        The lead (n_rows,) takes the drawn frames into account. The evidence (n_rows, n_chords) is
        what these frames add to `_ahead`. Each piece is computed separately, so that rounding does
        not depend on the other pieces.
        """
        chroma = pitch_classes(frames)
        roots = np.sqrt(chroma)
        several = len(self._relative) > 1
        relative = self._relative[self._which[rows]] if several else self._relative
        sums = zip(chroma.tolist(), roots.tolist(), strict=True)
        squares = [max(sum(values) - sum(each) ** 2 / N_KEYS, _FLAT) for values, each in sums]
        roots *= np.array([[CERTAINTY / math.sqrt(each)] for each in squares], np.float32)
        evidence = np.matmul(roots[:, None], relative)[:, 0]
        ahead = self._ahead.take(rows, axis=0) + evidence
        return np.maximum.reduce(ahead, axis=1), evidence

    def _compared(self, number: int) -> np.ndarray:
        """Return the template of every chord minus the template of chord `number`, (12, n_chords).

        Multiplied by the square roots of a frame's values, it compares the frame with all chords.
        """
        if number not in self._known:
            self._known[number] = self._templates - self._templates[:, [number]]
        return self._known[number]


def _features(numbers: np.ndarray) -> np.ndarray:
    """Return the chord features of every frame of a progression that repeats."""
    around = np.arange(-1, len(numbers) + LOOKAHEAD) % len(numbers)
    return chord_features(numbers[around])
