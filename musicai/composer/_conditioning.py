"""Conditioning on traits, which describe about a minute of music.

A model trained on short excerpts samples pieces that all resemble the average piece: each is lively
in some places and calm in others. Real pieces differ from each other. So each minute of the
training pieces is described by traits, and the network is conditioned on them in most training
excerpts. A piece that is sampled without a prime takes the traits of a minute of a training piece.
Scores and predictions use no traits: traits describe a whole minute, so they would reveal the
future.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from ._data import Collection

# A piece is described in parts of about this many frames, a minute at the default frame rate of
# `ChromaExtractor`.
_PART_LENGTH = 640
# Standard deviation of the noise added to traits, as a share of their spread. Exact traits would
# identify a part of a piece, and the network could memorize it.
_BLUR = 0.2
_SHARE_CONDITIONED = 0.7  # share of the training excerpts that keep their traits
_SMALLEST_SPREAD = 1e-6  # traits with a smaller standard deviation count as constant

Traits = list[np.ndarray]
"""Traits of the parts of pieces, (n_parts, n_traits), and the style number of each, (n_parts,)."""


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
        Mean and standard deviation of each trait over all known parts; see `_mean_and_spread`.
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
        Pieces, which may be memory-mapped.
    shifts : sequence of ndarray
        For each piece, the semitones that move it to the common key; only the first entry counts.

    Returns
    -------
    traits : list of ndarray of shape (n_parts, 2 * n_features)
        The parts of a piece are as equal in length as possible.
    """
    traits = []
    for piece, (shift, *_) in zip(pieces, shifts, strict=True):
        rows = []
        for part in np.array_split(piece, max(1, round(len(piece) / _PART_LENGTH))):
            # Memory-mapped pieces may hold unsigned integers, whose differences would wrap around.
            frames = np.roll(np.asarray(part, np.float32), int(shift), axis=1)
            changes = np.abs(np.diff(frames, axis=0, prepend=frames[:1]))
            means = [values.mean(0, dtype=np.float64) for values in (frames, changes)]
            rows.append(np.concatenate(means))
        traits.append(np.stack(rows))
    return traits


def _known_traits(
    traits: Sequence[np.ndarray], styles: Sequence[np.ndarray], before: Traits
) -> Traits:
    """Return the traits in `before` and those of the training pieces, each row only once.

    A part in which the style changes counts as having no style.
    """
    numbers = [
        part[0] if (part == part[0]).all() else 0
        for labels, parts in zip(styles, traits, strict=True)
        for part in np.array_split(labels, len(parts))
    ]
    rows = np.column_stack([numbers, np.concatenate(traits)])
    if len(before[0]):
        rows = np.concatenate([np.column_stack(before[::-1]), rows])
    # List a piece once even if several calls of partial_fit train on it.
    _, first = np.unique(rows, axis=0, return_index=True)
    rows = rows[np.sort(first)]
    return [np.ascontiguousarray(rows[:, 1:]), rows[:, 0].astype(np.int64)]


def _mean_and_spread(traits: np.ndarray) -> np.ndarray:
    """Return the mean and standard deviation of traits (n, n_traits), of shape (2, n_traits).

    A constant trait is given a standard deviation of 1.
    """
    spread = traits.std(axis=0)
    spread[spread < _SMALLEST_SPREAD] = 1
    return np.stack([traits.mean(axis=0), spread]).astype(np.float32)


def standardize(traits: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Subtract the means from traits (n, n_traits) and divide by the spreads, given in `scale`."""
    mean, spread = scale
    return ((traits - mean) / spread).astype(np.float32)


def drop_and_blur(traits: Tensor, generator: torch.Generator) -> Tensor:
    """Blur the traits of most training excerpts, and drop the traits of the others.

    Parameters
    ----------
    traits : Tensor of shape (n_excerpts, n_traits)
        Standardized traits.
    generator : torch.Generator
        Source of the noise and of the choice of excerpts.

    Returns
    -------
    conditioning : Tensor of shape (n_excerpts, n_traits + 1)
        Rows hold blurred traits followed by a 1, or only zeros where traits are dropped.
    """
    noise = torch.randn(traits.shape, generator=generator, device=generator.device)
    draws = torch.rand((len(traits), 1), generator=generator, device=generator.device)
    given = torch.ones_like(traits[:, :1])
    return torch.cat([traits + _BLUR * noise, given], 1) * (draws < _SHARE_CONDITIONED)


def sample_traits(
    traits: np.ndarray, styles: np.ndarray, style: int, rng: np.random.RandomState
) -> np.ndarray:
    """Choose traits for a sampled piece; return them followed by a 1, (n_traits + 1,).

    Parameters
    ----------
    traits : ndarray of shape (n_parts, n_traits)
        Standardized traits of the training pieces.
    styles : ndarray of shape (n_parts,)
        Style number of each part; 0 for no style.
    style : int
        The style to choose from; 0 stands for music of any style.
    rng : RandomState
        Source of the choice.
    """
    parts = np.flatnonzero(styles == style) if style else np.arange(len(styles))
    if len(parts) == 0:  # no part has this style alone
        parts = np.arange(len(styles))
    return np.append(traits[rng.choice(parts)], np.float32(1))
