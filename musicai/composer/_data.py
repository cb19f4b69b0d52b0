"""Training data: collections of pieces, excerpts, and padded batches.

Excerpts are padded at the end, and a mask marks their real frames. Packed sequences would be much
slower on a CPU. For key-invariant composers, chroma is transposed to the common key, but piano
rolls are not transposed.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self

import numpy as np
import torch
from torch import Tensor

from ..theory.keys import (
    COMMON_KEY,
    N_KEYS,
    SHIFTS_TO_COMMON_KEY,
    estimate_keys,
)
from ._chords import chord_features, numbers_of_excerpt
from ._cues import ending_cues, find_ends
from ._emission import is_tied
from ._matches import Matches, find_matches
from ._roll_memory import known_before

UNKNOWN_KEY = N_KEYS  # key numbers are below N_KEYS
NO_SHIFT = np.zeros(1, int)
# Maximum number of frames in a training excerpt. Gradients are not propagated beyond an excerpt.
CHUNK_LENGTH = 128
# Share of the training excerpts of piano rolls for which the key is withheld. In scoring, the
# key is always withheld.
_SHARE_OF_UNKNOWN_KEYS = 0.7

# To save time, only every fourth excerpt of a batch trains the emission that is conditioned on
# chords.
EXCERPTS_PER_CHORDS = 4

# In each epoch, at most about one excerpt in this many has the cues of an ending.
_SPANS_FOR_AN_ENDING = 4

_BATCHES_SORTED = 8  # excerpts are sorted by length within blocks of this many batches
FEWEST_FRAMES = 2  # training needs a frame that follows another frame


@dataclass(frozen=True)
class Collection:
    """Pieces with the style of every frame, their keys, and their transpositions in training.

    Every attribute has one entry per piece, or is None if it is not needed.

    Attributes
    ----------
    pieces : sequence of ndarray of shape (n_frames, n_features)
        The pieces.
    styles : sequence of integer ndarray of shape (n_frames,)
        Style number of every frame.
    keys : sequence of int
        Number of the estimated key; `COMMON_KEY` if the composer is not key-invariant.
    shifts : sequence of integer ndarray of shape (n_shifts,)
        Semitones by which excerpts may be transposed. In training, the only entry is the shift to
        the common key, or 0 if pieces are not transposed.
    traits : sequence of ndarray of shape (n_parts, n_traits), or None
        Standardized traits of the parts of each piece.
    ends : sequence of int, or None
        Length of the piece in frames, without the silent frames at its end.
    chords : sequence of integer ndarray of shape (n_vocabularies, n_frames), or None
        Chord number of every frame in each vocabulary.
    matches : sequence of Matches, or None
        Matches of the frames of each piano roll (see `_matches`).
    """

    pieces: Sequence[np.ndarray]
    styles: Sequence[np.ndarray]
    keys: Sequence[int]
    shifts: Sequence[np.ndarray]
    traits: Sequence[np.ndarray] | None = None
    ends: Sequence[int] | None = None
    chords: Sequence[np.ndarray] | None = None
    matches: Sequence[Matches] | None = None

    @classmethod
    def of(
        cls,
        pieces: Sequence[np.ndarray],
        styles: Sequence[np.ndarray],
        emission: str,
        key_invariant: bool,
    ) -> Self:
        """Make a collection: find the ends of pieces and, if needed, their keys and matches."""
        ends = find_ends(pieces)
        if not key_invariant:
            keys, shifts = [COMMON_KEY] * len(pieces), [NO_SHIFT] * len(pieces)
            return cls(pieces, styles, keys, shifts, ends=ends)
        keys = estimate_keys(pieces)
        if is_tied(emission):
            matches = [find_matches(piece) for piece in pieces]
            shifts = [NO_SHIFT] * len(pieces)
            return cls(pieces, styles, keys, shifts, ends=ends, matches=matches)
        shifts = [SHIFTS_TO_COMMON_KEY[[key]] for key in keys]
        return cls(pieces, styles, keys, shifts, ends=ends)

    def split(
        self, share: float, rng: np.random.RandomState
    ) -> tuple["Collection | None", "Collection"]:
        """Set aside a random share of the pieces for validation, at least one if possible.

        At least one piece of each style is left for training. If fewer than two training frames
        would be left, no piece is set aside. Returns the validation pieces, or None, and the
        training pieces.
        """
        left = Counter(style for styles in self.styles for style in set(styles.tolist()))
        spare, last = [], []
        for i in rng.permutation(len(self.pieces)):
            styles = set(self.styles[i].tolist())
            if all(left[style] > 1 for style in styles):
                spare.append(i)
                left.subtract(styles)
            else:
                last.append(i)
        n_drawn = min(max(1, round(share * len(self.pieces))), len(spare))
        order = spare + last
        drawn, rest = self._take(order[:n_drawn]), self._take(order[n_drawn:])
        if n_drawn == 0 or sum(map(len, rest.pieces)) < FEWEST_FRAMES:
            return None, self
        return drawn, rest

    def part(self, rank: int, size: int) -> "Collection":
        """Sort the pieces by length; return every `size`-th of them, starting at index `rank`."""
        by_length = sorted(range(len(self.pieces)), key=lambda i: len(self.pieces[i]))
        return self._take(by_length[rank::size])

    def beginnings(self, n_pieces: int, n_frames: int) -> "Collection":
        """Return the first `n_frames` frames of up to `n_pieces` evenly spaced pieces."""
        some = self._take(range(0, len(self.pieces), -(-len(self.pieces) // n_pieces)))
        pieces = [np.asarray(piece[:n_frames], np.float32) for piece in some.pieces]
        return replace(some, pieces=pieces, styles=[each[:n_frames] for each in some.styles])

    def _take(self, numbers: Sequence[int]) -> "Collection":
        return Collection(
            pieces=[self.pieces[i] for i in numbers],
            styles=[self.styles[i] for i in numbers],
            keys=[self.keys[i] for i in numbers],
            shifts=[self.shifts[i] for i in numbers],
            ends=None if self.ends is None else [self.ends[i] for i in numbers],
            matches=None if self.matches is None else [self.matches[i] for i in numbers],
        )


@dataclass(frozen=True, slots=True)
class Span:
    """Excerpt of piece number `piece`: its frames from `start` to `stop` - 1.

    The excerpt is transposed by `shift` semitones. `key` is the number of its key after
    transposition, or `UNKNOWN_KEY` if the key is withheld. If `ends` is True, the excerpt ends with
    its piece and has the cues of the ending.
    """

    piece: int
    start: int
    stop: int
    shift: int = 0
    key: int = COMMON_KEY
    ends: bool = False

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True)
class Batch:
    """Padded excerpts, as tensors of shape (batch, n_frames, ...).

    `mask` is True for frames and False for padding. `previous` holds the frame before each frame
    or, for piano rolls with weights shared over pitch, all inputs that describe the past of the
    frame. `start` is 1 at the first frame of a piece. `traits` (batch, n_frames, n_traits) is set
    if the collection has traits. If the collection has chords, `chords` (n, n_frames,
    N_CHORD_FEATURES) describes the frames of every fourth excerpt (`EXCERPTS_PER_CHORDS`). `cues`
    (batch, n_frames, N_CUES) is set if any excerpt has the cues of an ending.
    """

    frames: Tensor
    previous: Tensor
    start: Tensor
    styles: Tensor
    keys: Tensor
    mask: Tensor
    traits: Tensor | None = None
    cues: Tensor | None = None
    chords: Tensor | None = None


def training_batches(
    collection: Collection, batch_size: int, rng: np.random.RandomState
) -> list[list[Span]]:
    """Cut all pieces into excerpts, from random offsets; return the excerpts in batches.

    At most one excerpt per piece has the cues of an ending, and at most about a quarter of all
    excerpts do.
    """
    closed = _pieces_with_cues(collection, rng)
    spans = [
        span
        for i, piece in enumerate(collection.pieces)
        for span in _spans(i, len(piece), closed.get(i), rng)
    ]
    for number, span in enumerate(spans):
        shifts = collection.shifts[span.piece]
        shift = int(shifts[rng.randint(len(shifts))])
        known = collection.matches is None or rng.random_sample() >= _SHARE_OF_UNKNOWN_KEYS
        key = (collection.keys[span.piece] + shift) % N_KEYS if known else UNKNOWN_KEY
        spans[number] = replace(span, shift=shift, key=key)
    order = _alike_in_length(rng.permutation(len(spans)), spans, batch_size, rng)
    return [
        [spans[i] for i in order[first : first + batch_size]]
        for first in range(0, len(spans), batch_size)
    ]


def _alike_in_length(
    order: np.ndarray, spans: Sequence[Span], batch_size: int, rng: np.random.RandomState
) -> np.ndarray:
    """Rearrange `order` so that each batch has excerpts of similar length.

    Padding takes as much time as real frames. If the excerpts were in random order, much of the
    training time would be spent on padding.
    """
    lengths = np.array([len(spans[i]) for i in order])
    blocks = np.arange(len(order)) // (_BATCHES_SORTED * batch_size)
    order = order[np.lexsort((lengths, blocks))]
    n_batches = len(order) // batch_size  # a smaller last batch stays last
    whole = order[: n_batches * batch_size].reshape(n_batches, batch_size)
    return np.concatenate([rng.permutation(whole).ravel(), order[whole.size :]])


def _pieces_with_cues(collection: Collection, rng: np.random.RandomState) -> dict[int, int]:
    """Draw pieces whose endings may have cues in this epoch; map their numbers to their ends."""
    if collection.ends is None:
        return {}
    n_chunks = sum(-(-len(piece) // CHUNK_LENGTH) for piece in collection.pieces)
    drawn = rng.permutation(len(collection.pieces))[: -(-n_chunks // _SPANS_FOR_AN_ENDING)]
    return {int(i): collection.ends[i] for i in drawn if collection.ends[i]}


def _spans(
    piece: int, n_frames: int, end: int | None, rng: np.random.RandomState
) -> Iterator[Span]:
    """Yield the excerpts of a piece. If `end` is given, one of them may end there and have cues.

    So that the network also learns endings without cues, a long piece has cues in only half of the
    epochs for which it is drawn. A short piece with an `end` is yielded as a whole without cues;
    then its last frames before `end` (32 to 128, if it has as many) are yielded with cues.
    """
    is_short = n_frames <= CHUNK_LENGTH
    if end is None or not (is_short or rng.randint(2)):
        yield from _chunks(piece, n_frames, rng)
        return
    start = max(0, end - rng.randint(CHUNK_LENGTH // 4, CHUNK_LENGTH + 1))
    yield from _chunks(piece, n_frames if is_short else start, rng)
    yield Span(piece, start, end, ends=True)


def _chunks(piece: int, n_frames: int, rng: np.random.RandomState) -> Iterator[Span]:
    offset = rng.randint(1, CHUNK_LENGTH + 1) if n_frames > CHUNK_LENGTH else n_frames
    borders = [0, *range(offset, n_frames, CHUNK_LENGTH), n_frames]
    for start, stop in pairwise(borders):
        if stop > start:
            yield Span(piece, start, stop)


def collate(spans: Sequence[Span], collection: Collection, origin: Tensor) -> Batch:
    """Make a padded batch of the excerpts `spans`.

    Parameters
    ----------
    spans : sequence of Span
        Excerpts of the pieces in `collection`.
    collection : Collection
        Pieces, with their styles, keys and other descriptions.
    origin : Tensor of shape (n_features,)
        Stand-in for the frame before the first one of a piece. The batch is moved to the device of
        this tensor.
    """
    shape = len(spans), max(map(len, spans))
    n_features = collection.pieces[0].shape[1]
    frames = np.zeros((*shape, n_features), np.float32)
    previous = np.zeros_like(frames)
    start = np.zeros(shape, np.float32)
    styles = np.zeros(shape, np.int64)
    keys = np.zeros(shape, np.int64)
    mask = np.zeros(shape, bool)
    before = origin.cpu().numpy()
    for row, span in enumerate(spans):
        n_frames = span.stop - span.start
        excerpt = collection.pieces[span.piece][max(span.start - 1, 0) : span.stop]
        if span.shift:
            excerpt = np.roll(excerpt, span.shift, axis=1)
        frames[row, :n_frames] = excerpt[-n_frames:]
        if span.start == 0:
            start[row, 0] = 1
            previous[row, 0] = before
            previous[row, 1:n_frames] = excerpt[:-1]
        else:
            previous[row, :n_frames] = excerpt[:-1]
        styles[row, :n_frames] = collection.styles[span.piece][span.start : span.stop]
        keys[row, :n_frames] = span.key
        mask[row, :n_frames] = True
    arrays = {
        "frames": frames,
        "previous": previous,
        "start": start,
        "styles": styles,
        "keys": keys,
        "mask": mask,
    }
    if collection.matches is not None:
        arrays["previous"] = _known(spans, collection)
    if collection.traits is not None:
        arrays["traits"] = padded([_traits_of(span, collection) for span in spans])
    if any(span.ends for span in spans):
        arrays["cues"] = padded([ending_cues(np.arange(len(s), 0, -1)) * s.ends for s in spans])
    if collection.chords is not None:
        numbers = [
            numbers_of_excerpt(collection.chords[s.piece], s.start, s.stop, s.shift, shape[1])
            for s in spans[::EXCERPTS_PER_CHORDS]
        ]
        arrays["chords"] = chord_features(np.stack(numbers))
    return Batch(**{name: torch.from_numpy(x).to(origin.device) for name, x in arrays.items()})


def _known(spans: Sequence[Span], collection: Collection) -> np.ndarray:
    """Return the padded inputs that describe the past of each frame, for piano rolls."""
    assert collection.matches is not None
    return padded(
        [
            known_before(
                collection.pieces[span.piece], collection.matches[span.piece], span.start, span.stop
            )
            for span in spans
        ]
    )


def padded(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Stack arrays (n, n_values) of different lengths n, padded with zeros at the end.

    The padded length is that of the longest array, but at least 1.
    """
    stacked = np.zeros((len(arrays), max(1, *map(len, arrays)), arrays[0].shape[1]), np.float32)
    for rows, each in zip(stacked, arrays, strict=True):
        rows[: len(each)] = each
    return stacked


def _traits_of(span: Span, collection: Collection) -> np.ndarray:
    """Return the traits of each frame of `span`, (n_frames, n_traits): those of its part."""
    assert collection.traits is not None
    parts = collection.traits[span.piece]
    borders = part_borders(len(collection.pieces[span.piece]), len(parts))
    frames = np.arange(span.start, span.stop)
    return parts[np.searchsorted(borders, frames, side="right")]


def part_borders(n_frames: int, n_parts: int) -> np.ndarray:
    """Return the borders between parts of nearly equal length of a piece, (n_parts - 1,)."""
    return np.arange(1, n_parts) * n_frames // n_parts
