"""Training data: checks of pieces and labels, choice of the emission, and padded batches.

Excerpts are padded at the end, and a mask marks their real frames. Packed sequences would be much
slower on a CPU. For key-invariant composers, chroma is transposed to the common key, but piano
rolls are not transposed.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data
from torch import Tensor

from ..base.pieces import Pack, Values, as_collection, is_collection
from ..base.styles import encode_styles, labels_per_piece
from ..base.user_warnings import warn_user
from ..theory.keys import (
    COMMON_KEY,
    N_KEYS,
    PIANO_ROLL_WIDTHS,
    SHIFTS_TO_COMMON_KEY,
    estimate_keys,
)
from ..theory.timed_piece import timing_of_piece
from ..theory.timing import Timing
from ..theory.timing_argument import timings_of
from ._chords import chord_features, numbers_of_excerpt
from ._cues import ending_cues, find_ends
from ._emission import is_bounded, is_tied
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
_FEWEST_FRAMES = 2  # training needs a frame that follows another frame

_SUPPORTS = {
    "bernoulli": "only 0 and 1",
    "chroma": "only values from 0 to 1",
    "logistic": "only values from 0 to 1",
}


def check_pieces(
    composer: BaseEstimator, X: Any, *, name: str = "X", out_of_core: bool = False
) -> tuple[list[np.ndarray], Pack]:
    """Check `X`; return its pieces, and a function that converts results to the form of `X`."""
    pieces, pack, _ = _check(composer, X, reset=False, name=name, out_of_core=out_of_core)
    return pieces, pack


def _check(
    composer: BaseEstimator, X: Any, *, reset: bool, name: str, out_of_core: bool
) -> tuple[list[np.ndarray], Pack, bool]:
    """Do what `check_pieces` does, and also return whether `X` is a collection.

    If `reset` is True, the composer stores the number and names of the features.
    """
    several = is_collection(X)
    # If `X` is a single piece, `validate_data` checks its number of features below.
    width = None if reset or (name == "X" and not several) else composer.n_features_in_
    pieces, pack = as_collection(X, n_features=width, name=name, out_of_core=out_of_core)
    first = X[0] if several else X
    tables = [piece for piece in (X if several else [X]) if hasattr(piece, "columns")]
    for table in [first, *tables] if name == "X" else tables:
        validate_data(composer, table, reset=reset, skip_check_array=True)
        reset = False
    return pieces, pack, several


def check_training(
    composer: BaseEstimator, X: Any, y: Any, timing: Any, *, reset: bool
) -> tuple[list[np.ndarray], list[np.ndarray], list[Timing | None]]:
    """Return the training pieces that have frames, their style labels and their timings.

    Pieces with measured beats, and their labels, are cut to start at the first bar line, or at the
    first beat if the downbeat is unknown.
    """
    pieces, _, several = _check(composer, X, reset=reset, name="X", out_of_core=True)
    labels = labels_per_piece(y, pieces, single=not several)
    timings: list[Timing | None] = [timing_of_piece(piece) for piece in (X if several else [X])]
    if timing is not None:
        timings = [*timings_of(timing, X, pieces)]
    n_frames = sum(map(len, pieces))
    if n_frames < _FEWEST_FRAMES:
        raise ValueError(
            f"too few frames to train on: expected at least 2, got {n_frames} "
            f"sample(s) in {len(pieces)} piece(s)"
        )
    # Start training pieces at a bar line, so that composed pieces start at one too.
    starts = [0 if each is None else each.first_bar for each in timings]
    pieces = [piece[start:] for piece, start in zip(pieces, starts, strict=True)]
    labels = [
        each if len(each) == 1 else each[start:]  # one label per piece or per frame
        for each, start in zip(labels, starts, strict=True)
    ]
    filled = [i for i, piece in enumerate(pieces) if len(piece)]
    return [pieces[i] for i in filled], [labels[i] for i in filled], [timings[i] for i in filled]


def check_validation(
    composer: BaseEstimator, X_val: Any, y_val: Any, emission: str, styles: np.ndarray
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the validation pieces and the style number of every frame."""
    pieces, _ = check_pieces(composer, X_val, name="X_val", out_of_core=True)
    check_support(pieces, emission, "X_val")
    if not any(map(len, pieces)):
        raise ValueError("X_val holds no frames: all of its pieces are empty")
    labels = labels_per_piece(y_val, pieces, single=not is_collection(X_val), name="y_val")
    return pieces, encode_styles(labels, pieces, styles)


def _support(values: Values) -> str | None:
    """Return the best emission for values in [0, 1], or None if a value is outside this range."""
    if not 0 <= values.lowest <= values.highest <= 1:
        return None
    if values.are_whole:
        return "bernoulli"
    return "chroma" if values.loudest_are_one else "logistic"


def _holds(emission: str, values: Values) -> bool:
    """Return whether an emission for values in [0, 1] can represent `values`."""
    support = _support(values)
    return support is not None and emission in (support, "chroma", "logistic")


def choose_emission(emission: str, pieces: Sequence[np.ndarray], values: Values) -> str:
    """Return the emission to use for `pieces`, whose values are summarized in `values`.

    "auto" becomes the emission that suits the values; "independent" becomes "independent bernoulli"
    or "independent logistic". Any other emission is only checked against the values.
    """
    if emission not in ("auto", "independent"):
        check_support(pieces, emission, "X", values)
        return emission
    support = _support(values)
    if support is not None:
        if emission == "auto":
            return support
        return "independent bernoulli" if values.are_whole else "independent logistic"
    if emission == "independent":
        raise ValueError(
            "emission='independent' needs values in [0, 1], and X holds others: "
            "take emission='mse' or 'gaussian', or scale X"
        )
    if pieces[0].shape[1] in PIANO_ROLL_WIDTHS and values.are_whole and values.lowest >= 0:
        warn_user(
            "pieces look like piano rolls with velocities, which are modeled as real numbers, "
            "without keys: to train on which notes sound, pass (roll > 0)"
        )
    return "gaussian"


def check_support(
    pieces: Sequence[np.ndarray], emission: str, name: str, values: Values | None = None
) -> None:
    """Raise an error if `emission` cannot represent some of the values in `pieces`.

    If `values`, a summary of all pieces, is given, pieces are read only to find the invalid one.
    """
    kind = emission.split()[-1]
    if kind not in _SUPPORTS or (values and _holds(kind, values)):
        return
    for i, piece in enumerate(pieces):
        values = Values.of([piece])
        if len(piece) and not _holds(kind, values):
            raise ValueError(
                f"{name} holds values from {values.lowest:.4g} to {values.highest:.4g} "
                f"(piece {i}), but a composer with the {emission} emission models "
                f"{_SUPPORTS[kind]}"
            )


def choose_key_invariance(key_invariant: bool | str, emission: str, n_features: int) -> bool:
    """Return `key_invariant`, with "auto" resolved.

    "auto" becomes True for chroma and piano rolls, which are recognized by the emission and the
    number of features.
    """
    if key_invariant == "auto":
        if emission.endswith("bernoulli") and n_features in PIANO_ROLL_WIDTHS:
            return True
        return is_bounded(emission) and n_features == N_KEYS
    if key_invariant and n_features < N_KEYS:
        raise ValueError(
            f"key_invariant=True needs features that are pitches in semitones, at least {N_KEYS} "
            f"of them, and X has {n_features}: take key_invariant=False"
        )
    return bool(key_invariant)


def tie_pitches(emission: str, key_invariant: bool, n_features: int) -> str:
    """Return `emission`, with weights shared over pitch if it is for key-invariant piano rolls."""
    is_roll = emission.endswith("bernoulli") and key_invariant and n_features > N_KEYS
    return emission.replace("bernoulli", "tied bernoulli") if is_roll else emission


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
        if n_drawn == 0 or sum(map(len, rest.pieces)) < _FEWEST_FRAMES:
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
    frames = np.arange(span.start, span.stop)
    return parts[frames * len(parts) // len(collection.pieces[span.piece])]
