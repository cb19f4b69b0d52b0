"""Conditioning on traits, statistics that describe a short part of a piece.

Real pieces differ in character, but all samples of a model trained on short excerpts resemble the
average piece: each sample is lively in some places and calm in others. Each part of the training
pieces is therefore described by traits, and the network is conditioned on these traits in most
training excerpts. A piece sampled without a prime is conditioned on the traits of a random part of
a training piece in its style. Scores and predictions use no traits, because those of a part
would reveal its later frames.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from ._data import CHUNK_LENGTH, Collection, part_borders

# Approximate length in frames of the parts that traits describe. The traits of much longer parts
# say little about an excerpt, so the network would hardly follow them, and lose the key.
_PART_LENGTH = CHUNK_LENGTH
# Standard deviation of the noise added to traits, relative to their own standard deviation. Without
# this noise, exact traits would identify a part of a piece, and the network could memorize the
# part.
_BLUR = 0.2
# Traits are multiplied by this factor in sampling, because the noise in training weakens their
# effect: without it, sampled pieces differ less from each other than real ones do.
_EMPHASIS = 1.3
_SHARE_CONDITIONED = 0.7  # share of the training excerpts that keep their traits
_SMALLEST_SPREAD = 1e-6  # traits with a smaller standard deviation count as constant

Traits = list[np.ndarray]
"""Traits of the parts of pieces, (n_parts, n_traits), and the parts' styles, (n_parts,)."""


NO_TRAITS: Traits = [np.empty((0, 0)), np.empty(0, np.int64)]


def with_traits(training: Collection, *, before: Traits) -> tuple[Collection, Traits, np.ndarray]:
    """Add standardized traits to the training pieces.

    Parameters
    ----------
    training : Collection
        Training pieces.
    before : list of two arrays
        Traits of earlier training pieces, or `NO_TRAITS`.

    Returns
    -------
    training : Collection
        The same pieces, with standardized traits.
    traits : list of two arrays
        Traits of earlier training pieces and of these, not standardized. `sample` chooses from
        them.
    scale : ndarray of shape (2, n_traits)
        Mean and standard deviation of each trait in `traits`, from `_mean_and_spread`.
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

    The traits of a part are the mean of each feature, and the mean of its absolute change from
    frame to frame.

    Parameters
    ----------
    pieces : sequence of ndarray of shape (n_frames, n_features)
        Pieces, which may be memory-mapped.
    shifts : sequence of ndarray
        Semitones that transpose each piece to the common key; only the first entry of each array is
        used.

    Returns
    -------
    traits : list of ndarray of shape (n_parts, 2 * n_features)
        Traits of each piece, which is divided into parts of nearly equal length.
    """
    traits = []
    for piece, (shift, *_) in zip(pieces, shifts, strict=True):
        rows = []
        n_parts = max(1, round(len(piece) / _PART_LENGTH))
        for part in np.split(piece, part_borders(len(piece), n_parts)):
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
    """Return the traits in `before` and those of the training pieces, without duplicate rows.

    A part in which the style changes counts as having no style.
    """
    numbers = [
        part[0] if (part == part[0]).all() else 0
        for labels, parts in zip(styles, traits, strict=True)
        for part in np.split(labels, part_borders(len(labels), len(parts)))
    ]
    rows = np.column_stack([numbers, np.concatenate(traits)])
    if len(before[0]):
        rows = np.concatenate([np.column_stack(before[::-1]), rows])
    # List each part only once, even if several calls of partial_fit train on it.
    _, first = np.unique(rows, axis=0, return_index=True)
    rows = rows[np.sort(first)]
    return [np.ascontiguousarray(rows[:, 1:]), rows[:, 0].astype(np.int64)]


def _mean_and_spread(traits: np.ndarray) -> np.ndarray:
    """Return the mean and standard deviation of each trait, (2, n_traits).

    `traits` has the shape (n, n_traits). The standard deviation of a constant trait is set to 1.
    """
    spread = traits.std(axis=0)
    spread[spread < _SMALLEST_SPREAD] = 1
    return np.stack([traits.mean(axis=0), spread]).astype(np.float32)


def standardize(traits: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Standardize traits (n, n_traits) by the means and standard deviations in `scale`."""
    mean, spread = scale
    return ((traits - mean) / spread).astype(np.float32)


def drop_and_blur(traits: Tensor, generator: torch.Generator) -> Tensor:
    """Add noise to the traits of most training excerpts, and drop the traits of the others.

    Parameters
    ----------
    traits : Tensor of shape (n_excerpts, n_frames, n_traits)
        Standardized traits of the part that contains each frame.
    generator : torch.Generator
        Random generator for the noise and for the choice of excerpts.

    Returns
    -------
    conditioning : Tensor of shape (n_excerpts, n_frames, n_traits + 1)
        For each excerpt, its blurred traits followed by a 1, or zeros if its traits are dropped.
        The noise is the same in all frames of an excerpt, because the network could average over
        independent noise.
    """
    n_excerpts, _, n_traits = traits.shape
    device = generator.device
    noise = torch.randn((n_excerpts, 1, n_traits), generator=generator, device=device)
    draws = torch.rand((n_excerpts, 1, 1), generator=generator, device=device)
    given = torch.ones_like(traits[..., :1])
    return torch.cat([traits + _BLUR * noise, given], -1) * (draws < _SHARE_CONDITIONED)


def sample_traits(
    traits: np.ndarray, styles: np.ndarray, style: int, rng: np.random.RandomState
) -> np.ndarray:
    """Choose traits for a sampled piece; return them, emphasized, and a 1: (n_traits + 1,).

    Parameters
    ----------
    traits : ndarray of shape (n_parts, n_traits)
        Standardized traits of the training pieces.
    styles : ndarray of shape (n_parts,)
        Style number of each part; 0 for no style.
    style : int
        Style of the piece; 0 for no particular style, so that any traits may be chosen.
    rng : RandomState
        Random state for the choice.
    """
    parts = np.flatnonzero(styles == style) if style else np.arange(len(styles))
    if len(parts) == 0:  # no part has only this style
        parts = np.arange(len(styles))
    return np.append(np.float32(_EMPHASIS) * traits[rng.choice(parts)], np.float32(1))
