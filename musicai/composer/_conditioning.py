"""Piece-level conditioning: traits that describe a minute of music.

A model trained on short excerpts samples the average piece: every piece is lively in some places
and calm in others, and all are similar. Real pieces differ from each other. So each minute of the
training pieces is described by a few traits, the network is conditioned on them in most excerpts,
and each sampled piece takes the traits of a training piece. Scores and predictions use no traits:
traits describe a whole minute, so they would reveal the future.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from ._data import Collection

# Frames; a minute at the default rate of ChromaExtractor. A longer piece has several parts.
_PART_LENGTH = 640
# Traits are blurred by this share of their spread: exact ones would identify the part of a piece,
# and the network could memorize it.
_BLUR = 0.2
_SHARE_CONDITIONED = 0.7
_SMALLEST_SPREAD = 1e-6

Traits = list[np.ndarray]
"""Traits of parts of pieces, (n_parts, n_traits), and their style numbers, (n_parts,)."""


NO_TRAITS: Traits = [np.empty((0, 0)), np.empty(0, np.int64)]


def with_traits(training: Collection, *, before: Traits) -> tuple[Collection, Traits, np.ndarray]:
    """Describe the training pieces by standardized traits.

    Parameters
    ----------
    training : Collection
        Training pieces.
    before : list of two arrays
        Traits known from earlier training pieces, or `NO_TRAITS`.

    Returns
    -------
    training : Collection
        The same pieces, with standardized traits.
    traits : list of two arrays
        All known traits, for samples to choose from.
    scale : ndarray of shape (2, n_traits)
        Mean and spread of all known traits.
    """
    parts = _describe_pieces(training.pieces, training.shifts)
    traits = _known_traits(parts, training.styles, before)
    scale = _mean_and_spread(traits[0])
    standardized = [standardize(values, scale) for values in parts]
    return replace(training, traits=standardized), traits, scale


def _describe_pieces(
    pieces: Sequence[np.ndarray], shifts: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """Return the traits of every part of every piece.

    Traits are the mean of each feature and of its absolute change from frame to frame.

    Parameters
    ----------
    pieces : sequence of ndarray of shape (n_frames, n_features)
        They may be mapped from files.
    shifts : sequence of ndarray
        The semitones, first of each, that move a piece to the common key.

    Returns
    -------
    traits : list of ndarray of shape (n_parts, 2 * n_features)
        Parts of a piece are as equally long as can be.
    """
    traits = []
    for piece, (shift, *_) in zip(pieces, shifts, strict=True):
        rows = []
        for part in np.array_split(piece, max(1, round(len(piece) / _PART_LENGTH))):
            # Mapped pieces may hold integers, whose differences would wrap.
            frames = np.roll(np.asarray(part, np.float32), int(shift), axis=1)
            changes = np.abs(np.diff(frames, axis=0, prepend=frames[:1]))
            means = [values.mean(0, dtype=np.float64) for values in (frames, changes)]
            rows.append(np.concatenate(means))
        traits.append(np.stack(rows))
    return traits


def _known_traits(
    traits: Sequence[np.ndarray], styles: Sequence[np.ndarray], before: Traits
) -> Traits:
    """Return the distinct traits of the training pieces, and of those `before`.

    A part in which the style changes counts as one of no stated style.
    """
    numbers = [
        part[0] if (part == part[0]).all() else 0
        for labels, parts in zip(styles, traits, strict=True)
        for part in np.array_split(labels, len(parts))
    ]
    rows = np.column_stack([numbers, np.concatenate(traits)])
    if len(before[0]):
        rows = np.concatenate([np.column_stack(before[::-1]), rows])
    # Pieces of several calls of partial_fit are listed once.
    _, first = np.unique(rows, axis=0, return_index=True)
    rows = rows[np.sort(first)]
    return [np.ascontiguousarray(rows[:, 1:]), rows[:, 0].astype(np.int64)]


def _mean_and_spread(traits: np.ndarray) -> np.ndarray:
    """Return the mean and standard deviation of traits (n, n_traits), of shape (2, n_traits).

    The spread of a trait that never differs is 1.
    """
    spread = traits.std(axis=0)
    spread[spread < _SMALLEST_SPREAD] = 1
    return np.stack([traits.mean(axis=0), spread]).astype(np.float32)


def standardize(traits: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return traits (n, n_traits) in units of the mean and spread in `scale` (2, n_traits)."""
    mean, spread = scale
    return ((traits - mean) / spread).astype(np.float32)


def drop_and_blur(traits: Tensor, generator: torch.Generator) -> Tensor:
    """Blur the traits of most training excerpts, and drop those of the others.

    Parameters
    ----------
    traits : Tensor of shape (n_excerpts, n_traits)
        Standardized traits.
    generator : torch.Generator
        Source of the noise and of the choice.

    Returns
    -------
    conditioning : Tensor of shape (n_excerpts, n_traits + 1)
        A last column of ones marks traits that are given; the other rows are all zeros.
    """
    noise = torch.randn(traits.shape, generator=generator, device=generator.device)
    draws = torch.rand((len(traits), 1), generator=generator, device=generator.device)
    given = torch.ones_like(traits[:, :1])
    return torch.cat([traits + _BLUR * noise, given], 1) * (draws < _SHARE_CONDITIONED)


def sample_traits(
    traits: np.ndarray, styles: np.ndarray, style: int, rng: np.random.RandomState
) -> np.ndarray:
    """Choose the traits of a sampled piece, of shape (n_traits + 1,).

    Parameters
    ----------
    traits : ndarray of shape (n_parts, n_traits)
        Standardized traits of the training pieces.
    styles : ndarray of shape (n_parts,)
        Their style numbers, 0 for none.
    style : int
        The style to choose from; 0 stands for music of any style.
    rng : RandomState
        Source of the choice.
    """
    parts = np.flatnonzero(styles == style) if style else np.arange(len(styles))
    if len(parts) == 0:  # no part has this style alone
        parts = np.arange(len(styles))
    return np.append(traits[rng.choice(parts)], np.float32(1))
