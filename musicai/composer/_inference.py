"""Inference on given pieces: log-likelihoods, expected frames, and the probability of each key.

The network reads every piece in each possible key in parallel, with a row of the batch for each
key. It reads window by window and carries its state over, so that memory is bounded for pieces of
any length. The keys form a mixture that starts with equal weights, which Bayes' rule updates frame
by frame. The likelihood of a piece is thus exactly the mean of its likelihoods in the keys.

A blend of styles is also a mixture, but with constant weights: the style of every frame is drawn
independently of the styles of earlier frames. The network reads the piece in each style in
parallel, and the probability of a frame is the weighted mean of its probabilities in the styles.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.special import logsumexp
from torch import Tensor

from ..theory.keys import COMMON_KEY, SHIFTS_TO_COMMON_KEY
from ._data import NO_SHIFT, UNKNOWN_KEY, Batch, Collection, Span, collate
from ._matches import find_matches
from ._network import Network, State

_WINDOW = 128  # number of frames of each piece to compute at once
_FRAMES_AT_ONCE = 8192  # number of frames to compute at once, of all pieces in all keys and styles
_IMPOSSIBLE = -1e30  # replaces a log-probability of minus infinity

ONE_STYLE = np.ones(1)
"""Weights of a single style, without blending."""


@dataclass(frozen=True)
class _Window:
    """Window of frames of some pieces, as read by the network in every key."""

    spans: Sequence[Span]
    """Frames of each piece that the window covers."""
    batch: Batch
    """Batch with a row for each piece, key and style; the style varies fastest, then the key."""
    context: Tensor
    """Output of the network for each row and frame."""
    log_probs: np.ndarray
    """Log-probability of every frame in every key, (n_pieces, n_keys, n_frames)."""
    log_weights: np.ndarray
    """Log-probability of every key before each frame and after the last one.

    The shape is (n_pieces, n_keys, n_frames + 1).
    """

    @property
    def mixed(self) -> np.ndarray:
        """Log-probability of every frame, marginalized over the keys, (n_pieces, n_frames)."""
        return logsumexp(self.log_weights[..., :-1] + self.log_probs, axis=1)


def score_frames(
    network: Network,
    pieces: Sequence[np.ndarray],
    styles: Sequence[np.ndarray],
    shifts: Sequence[np.ndarray],
    *,
    weights: np.ndarray = ONE_STYLE,
    window: int = _WINDOW,
    frames_at_once: int = _FRAMES_AT_ONCE,
) -> list[np.ndarray]:
    """Return the log-probability of every frame given the frames before it, in nats.

    Parameters
    ----------
    network : Network
        The network.
    pieces : sequence of ndarray of shape (n_frames, n_features)
        Pieces to score.
    styles : sequence of integer ndarray of shape (n_frames,) or (n_styles, n_frames)
        Style number of every frame; for a blend, one row for each of its styles.
    shifts : sequence of integer ndarray of shape (n_keys,)
        Semitones that transpose each piece from each possible key to the common key.
    weights : ndarray of shape (n_styles,), default=(1.0,)
        Weight of each style of a blend.
    window, frames_at_once : int
        Numbers of frames to compute at once: of each piece, and of all pieces in all keys and
        styles. They affect only memory and speed.
    """
    scores = [np.zeros(len(piece), np.float32) for piece in pieces]
    for part in _read(network, pieces, styles, shifts, weights, window, frames_at_once):
        for span, values in zip(part.spans, part.mixed, strict=True):
            scores[span.piece][span.start : span.stop] = values[: len(span)]
    return scores


def mean_score(network: Network, collection: Collection) -> float:
    """Return the mean log-likelihood of pieces, in nats per frame.

    A key-invariant network scores each piece in its estimated key only or, if weights are shared
    over pitch, without conditioning on a key.
    """
    shifts = [SHIFTS_TO_COMMON_KEY[[key]] for key in collection.keys]
    if network.emission.is_tied:
        shifts = [NO_SHIFT] * len(shifts)
    scores = score_frames(network, collection.pieces, collection.styles, shifts)
    return mean_of_frames(scores)


def mean_of_frames(scores: Sequence[np.ndarray]) -> float:
    """Return the mean of the scores of all frames; `scores` has one array (n_frames,) per piece."""
    return float(np.concatenate(scores).mean(dtype=np.float64))


def expect_next(
    network: Network,
    pieces: Sequence[np.ndarray],
    styles: Sequence[np.ndarray],
    shifts: Sequence[np.ndarray],
    *,
    weights: np.ndarray = ONE_STYLE,
    window: int = _WINDOW,
    frames_at_once: int = _FRAMES_AT_ONCE,
) -> list[np.ndarray]:
    """Return the expected frame after every frame of each piece, (n_frames, n_features).

    Parameters are those of `score_frames`.
    """
    # Each frame is predicted in the step that scores it. To predict the frame after the last one,
    # append a frame of any content.
    extended = [np.concatenate([piece, piece[-1:]]) for piece in pieces]
    extended_styles = [np.concatenate([style, style[..., -1:]], -1) for style in styles]
    expected = [np.zeros_like(piece) for piece in extended]
    for part in _read(network, extended, extended_styles, shifts, weights, window, frames_at_once):
        of_keys = np.exp(part.log_weights[..., :-1]).astype(np.float32)
        with torch.inference_mode():
            mask = part.batch.mask
            means = torch.zeros_like(part.batch.frames)
            means[mask] = network.emission.mean(part.context[mask], part.batch.previous[mask])
        n_pieces, n_keys, n_frames = of_keys.shape
        by_style = means.cpu().numpy().reshape(n_pieces, n_keys, len(weights), n_frames, -1)
        by_key = np.einsum("pksfx,s->pkfx", by_style, weights.astype(np.float32))
        for row, span in enumerate(part.spans):
            frames = expected[span.piece][span.start : span.stop]
            for key, shift in enumerate(shifts[span.piece]):
                back = np.roll(by_key[row, key, : len(span)], -shift, axis=1)
                frames += of_keys[row, key, : len(span), None] * back
    return [frames[1:] for frames in expected]


def read_primes(
    network: Network,
    pieces: Sequence[np.ndarray],
    styles: Sequence[np.ndarray],
    shifts: Sequence[np.ndarray],
    *,
    weights: np.ndarray = ONE_STYLE,
    window: int = _WINDOW,
    frames_at_once: int = _FRAMES_AT_ONCE,
) -> list[tuple[np.ndarray, float]]:
    """Return the key probabilities and the log-likelihood of each piece, as a list of pairs.

    The probabilities (n_keys,) are those after the last frame. The log-likelihood is the sum over
    the frames of the piece, in nats. Parameters are those of `score_frames`.
    """
    odds = [np.full(len(keys), 1 / len(keys)) for keys in shifts]
    nats = [0.0] * len(pieces)
    for part in _read(network, pieces, styles, shifts, weights, window, frames_at_once):
        for span, log_weights, values in zip(part.spans, part.log_weights, part.mixed, strict=True):
            odds[span.piece] = np.exp(log_weights[:, len(span)])
            nats[span.piece] += float(values[: len(span)].sum())
    return list(zip(odds, nats, strict=True))


def _read(
    network: Network,
    pieces: Sequence[np.ndarray],
    styles: Sequence[np.ndarray],
    shifts: Sequence[np.ndarray],
    weights: np.ndarray,
    window: int,
    frames_at_once: int,
) -> Iterator[_Window]:
    """Read all pieces in batches of similar length; yield the windows one by one."""
    # The collection holds each piece, but not its shifts, once per style of the blend.
    collection = Collection(
        [piece for piece in pieces for _ in weights],
        [numbers for of_piece in styles for numbers in np.atleast_2d(of_piece)],
        [],
        shifts,
    )
    if network.emission.is_tied:
        matches = [found for found in map(find_matches, pieces) for _ in weights]
        collection = replace(collection, matches=matches)
    rows_at_once = frames_at_once // (len(shifts[0]) * len(weights))
    for numbers in _groups([len(piece) for piece in pieces], window, rows_at_once):
        yield from _read_group(network, numbers, collection, weights, window)


def _groups(lengths: Sequence[int], window: int, frames_at_once: int) -> Iterator[list[int]]:
    """Divide pieces into batches of similar lengths; yield the numbers of the pieces in each batch.

    The longest pieces come first, and pieces without frames are left out.
    """
    group: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        longest = min(window, lengths[group[0]]) if group else 0
        if group and (len(group) + 1) * longest > frames_at_once:
            yield group
            group = []
        if lengths[i]:
            group.append(i)
    if group:
        yield group


@torch.inference_mode()
def _read_group(
    network: Network,
    numbers: Sequence[int],
    collection: Collection,
    styles: np.ndarray,
    window: int,
) -> Iterator[_Window]:
    """Read the pieces `numbers`, sorted from longest to shortest, together; yield their windows.

    `styles` holds the weight of each style of the blend.
    """
    n_styles, shifts = len(styles), collection.shifts
    pieces = collection.pieces[::n_styles]
    n_keys = len(shifts[0])
    n_strands = network.emission.n_strands
    key = UNKNOWN_KEY if network.emission.is_tied else COMMON_KEY
    state: State | None = None
    weights = np.full((len(numbers), n_keys), -np.log(n_keys))
    for start in range(0, len(pieces[numbers[0]]), window):
        spans = [
            Span(i, start, min(start + window, len(pieces[i])))
            for i in numbers
            if start < len(pieces[i])
        ]
        rows = [
            replace(span, piece=n_styles * span.piece + i, shift=int(s), key=key)
            for span in spans
            for s in shifts[span.piece]
            for i in range(n_styles)
        ]
        batch = collate(rows, collection, network.emission.origin)
        if state is not None:  # drop pieces that have ended
            hidden, cell = (each[:, : n_strands * len(rows)].contiguous() for each in state)
            state = hidden, cell
        context, state = network(batch.previous, batch.start, batch.styles, batch.keys, state)
        log_probs = torch.zeros_like(batch.start)
        mask = batch.mask
        log_probs[mask] = network.emission.log_prob(
            batch.frames[mask], context[mask], batch.previous[mask]
        )
        by_key = log_probs.cpu().numpy().astype(np.float64).reshape(len(spans), n_keys, -1)
        if n_styles > 1:
            by_style = by_key.reshape(len(spans), n_keys, n_styles, -1)
            by_key = logsumexp(by_style, axis=2, b=styles[:, None])
        # A frame that is impossible in every key is no evidence for any key.
        evidence = np.maximum(by_key, _IMPOSSIBLE).cumsum(-1)
        joint = weights[: len(spans), :, None] + np.pad(evidence, ((0, 0), (0, 0), (1, 0)))
        # A NaN from a diverged network also appears in the score, so no warning is needed.
        with np.errstate(invalid="ignore"):
            log_weights = joint - logsumexp(joint, axis=1, keepdims=True)
        weights = log_weights[..., -1]
        yield _Window(spans, batch, context, by_key, log_weights)
