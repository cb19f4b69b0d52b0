"""The character of a piece: what it is like as a whole, beside its style.

Who learns from excerpts of some seconds composes the average of all music: each piece lively here
and calm there, and all of them alike. Real pieces differ from each other. So a few numbers describe
each piece that is learned, the network is told them in most excerpts, and what it composes has the
character of a piece that it has learned, or between two. Scores and predictions, which do not know
how the piece that they hear will be as a whole, are those of a network that is not told.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from .._pieces import frame_blocks

# Shares of a piece are told blurred, by this share of their spread over pieces: else they would
# tell which piece it is, and the network could know it by heart.
_BLUR = 0.2
_TOLD = 0.7
_SMALLEST_SPREAD = 1e-6


def describe(piece: np.ndarray, shift: int) -> np.ndarray:
    """Mean of every feature of a piece and of its absolute change from frame to frame.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, n_features)
        It may lie on a disk.
    shift : int
        By how many semitones it is moved to the common key.

    Returns
    -------
    traits : ndarray of shape (2 * n_features,)
    """
    total = np.zeros(piece.shape[1])
    change = np.zeros(piece.shape[1])
    last = np.asarray(piece[:1], np.float64)
    for block in frame_blocks(piece):
        total += block.sum(0, dtype=np.float64)
        change += np.abs(np.diff(block, axis=0, prepend=last)).sum(0, dtype=np.float64)
        last = block[-1:]
    means = total / len(piece), change / max(1, len(piece) - 1)
    return np.roll(means, shift, axis=1).ravel()


def mean_and_spread(traits: Sequence[np.ndarray]) -> np.ndarray:
    """Return by what traits are scaled, (2, n_traits); what never differs keeps its scale."""
    spread = np.std(traits, axis=0)
    spread[spread < _SMALLEST_SPREAD] = 1
    return np.stack([np.mean(traits, axis=0), spread])


def told_or_not(characters: Tensor, generator: torch.Generator) -> Tensor:
    """What the network is told of excerpts while training: mostly a blurred character.

    Parameters
    ----------
    characters : Tensor of shape (n_excerpts, n_traits)
        Scaled traits.
    generator : torch.Generator
        Decides which are told.

    Returns
    -------
    told : Tensor of shape (n_excerpts, n_traits + 1)
        A last column of ones marks what is told; the others are zero throughout.
    """
    blur = torch.randn(characters.shape, generator=generator, device=generator.device)
    told = torch.rand((len(characters), 1), generator=generator, device=generator.device) < _TOLD
    return torch.cat([characters + _BLUR * blur, torch.ones_like(characters[:, :1])], 1) * told


def draw_characters(
    characters: np.ndarray,
    styles: np.ndarray,
    style_weights: np.ndarray,
    n_pieces: int,
    rng: np.random.RandomState,
) -> np.ndarray:
    """Choose what the network is told of pieces to compose, (n_pieces, n_traits + 1).

    Parameters
    ----------
    characters : ndarray of shape (n_learned, n_traits)
        Scaled traits of the pieces that were learned.
    styles : ndarray of shape (n_learned,)
        Numbers of their styles, 0 for none.
    style_weights : ndarray of shape (n_styles + 1,)
        Weight of every style, "none told" first, which stands for pieces of any style. Between
        styles lies the weighted mean of pieces of each.
    n_pieces : int
        How many are wanted.
    rng : RandomState
        Source of the choice.
    """
    told = np.zeros((n_pieces, characters.shape[1]))
    for style in np.flatnonzero(style_weights):
        learned = np.flatnonzero(styles == style) if style else np.arange(len(styles))
        if len(learned) == 0:  # its pieces have other styles too, and were not described apart
            learned = np.arange(len(styles))
        told += style_weights[style] * characters[rng.choice(learned, n_pieces)]
    return np.hstack([told, np.ones((n_pieces, 1))]).astype(np.float32)
