"""From pieces of any lengths to padded batches.

Batches are padded at the end and carry a mask; packed sequences do the same ten times slower on a
CPU.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from ._keys import COMMON_KEY, N_KEYS, UNTOLD_KEY

# Frames per excerpt in training: gradients reach back this far.
CHUNK_LENGTH = 128
# Share of the excerpts moved to any key whose key is not told: the network then listens for it as
# well, and what it learns of one key serves the others.
_UNTOLD_KEYS = 0.3


@dataclass(frozen=True)
class Collection:
    """Pieces with the style of every frame, their keys, and where they may be moved.

    An excerpt of piece i is learned moved up by one of ``shifts[i]`` semitones, drawn each time.
    Of pieces to learn `characters` may hold the scaled traits of each, part by part.
    """

    pieces: Sequence[np.ndarray]
    styles: Sequence[np.ndarray]
    keys: Sequence[int]
    shifts: Sequence[np.ndarray]
    characters: Sequence[np.ndarray] | None = None

    def split(self, share: float, rng: np.random.RandomState) -> tuple["Collection", "Collection"]:
        """Draw a share of the pieces, at least one; return these and the others."""
        left = Counter(style for styles in self.styles for style in set(styles.tolist()))
        spare, last = [], []  # pieces that are the last of their style stay with the others
        for i in rng.permutation(len(self.pieces)):
            styles = set(self.styles[i].tolist())
            if all(left[style] > 1 for style in styles):
                spare.append(i)
                left.subtract(styles)
            else:
                last.append(i)
        n_drawn = max(1, min(round(share * len(self.pieces)), len(spare)))
        order = spare + last
        return self.take(order[:n_drawn]), self.take(order[n_drawn:])

    def take(self, numbers: Sequence[int]) -> "Collection":
        """Return the pieces of these numbers."""
        return Collection(
            pieces=[self.pieces[i] for i in numbers],
            styles=[self.styles[i] for i in numbers],
            keys=[self.keys[i] for i in numbers],
            shifts=[self.shifts[i] for i in numbers],
        )


@dataclass(frozen=True, slots=True)
class Span:
    """Frames `start` to `stop` of piece number `piece`, moved by `shift` semitones into `key`."""

    piece: int
    start: int
    stop: int
    shift: int = 0
    key: int = COMMON_KEY

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True)
class Batch:
    """Padded excerpts, (batch, n_frames, ...); `mask` is true where there is a frame."""

    frames: Tensor
    previous: Tensor
    start: Tensor
    styles: Tensor
    keys: Tensor
    mask: Tensor


def training_batches(
    collection: Collection, batch_size: int, rng: np.random.RandomState
) -> Iterator[list[Span]]:
    """Cut every piece into chunks from a random offset and shuffle them; one pass over all."""
    spans = []
    for i, piece in enumerate(collection.pieces):
        for span in _chunks(i, len(piece), rng):
            shifts = collection.shifts[i]
            shift = int(shifts[rng.randint(len(shifts))])
            told = len(shifts) == 1 or rng.random_sample() >= _UNTOLD_KEYS
            key = (collection.keys[i] + shift) % N_KEYS if told else UNTOLD_KEY
            spans.append(replace(span, shift=shift, key=key))
    order = rng.permutation(len(spans))
    for first in range(0, len(spans), batch_size):
        yield [spans[i] for i in order[first : first + batch_size]]


def _chunks(piece: int, n_frames: int, rng: np.random.RandomState) -> list[Span]:
    # Pieces that fit into one chunk stay whole.
    offset = rng.randint(1, CHUNK_LENGTH + 1) if n_frames > CHUNK_LENGTH else n_frames
    borders = [0, *range(offset, n_frames, CHUNK_LENGTH), n_frames]
    return [Span(piece, a, b) for a, b in pairwise(borders) if b > a]


def collate(
    spans: Sequence[Span],
    pieces: Sequence[np.ndarray],
    styles: Sequence[np.ndarray],
    before: Tensor,
) -> Batch:
    """Copy the frames of `spans`, and the frame before each, into one padded batch.

    Parameters
    ----------
    spans : sequence of Span
        What to copy.
    pieces : sequence of ndarray of shape (n_frames, n_features)
        Where to copy it from.
    styles : sequence of integer ndarray of shape (n_frames,)
        The style of every frame of every piece.
    before : Tensor of shape (n_features,)
        What stands before the first frame of a piece. The batch lies on its device.
    """
    shape = len(spans), max(map(len, spans))
    n_features = pieces[0].shape[1]
    frames = np.zeros((*shape, n_features), np.float32)
    previous = np.zeros_like(frames)
    start = np.zeros(shape, np.float32)
    style = np.zeros(shape, np.int64)
    keys = np.zeros(shape, np.int64)
    mask = np.zeros(shape, bool)
    origin = before.cpu().numpy()
    for row, span in enumerate(spans):
        heard = pieces[span.piece][max(span.start - 1, 0) : span.stop]
        if span.shift:
            heard = np.roll(heard, span.shift, axis=1)
        frames[row, : len(span)] = heard[-len(span) :]
        if span.start == 0:
            start[row, 0] = 1
            previous[row, 0] = origin
            previous[row, 1 : len(span)] = heard[:-1]
        else:
            previous[row, : len(span)] = heard[:-1]
        style[row, : len(span)] = styles[span.piece][span.start : span.stop]
        keys[row, : len(span)] = span.key
        mask[row, : len(span)] = True
    arrays = (frames, previous, start, style, keys, mask)
    return Batch(*(torch.from_numpy(array).to(before.device) for array in arrays))
