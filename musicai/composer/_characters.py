"""The character of music: what it is like over a minute or so, beside its style.

Who learns from excerpts of some seconds composes the average of all music: each piece lively here
and calm there, and all of them alike. Real pieces differ from each other. So a few numbers describe
each minute that is learned, the network is told them in most excerpts, and what it composes has the
character of music that it has learned, or lies between two. Scores and predictions, which do not
know how the piece that they hear will go on, are those of a network that is not told.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ._batches import Span

# Frames; a minute at the default rate of ChromaExtractor. What is longer has many characters.
_PART_LENGTH = 640
# Traits are told blurred, by this share of their spread: else they would tell which part of which
# piece it is, and the network could know it by heart.
_BLUR = 0.2
_TOLD = 0.7
_SMALLEST_SPREAD = 1e-6


def describe(piece: np.ndarray, shift: int) -> np.ndarray:
    """Mean of every feature and of its absolute change from frame to frame, part by part.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, n_features)
        It may lie on a disk.
    shift : int
        By how many semitones it is moved to the common key.

    Returns
    -------
    traits : ndarray of shape (n_parts, 2 * n_features)
        Of parts of one length, as nearly as can be.
    """
    parts = np.array_split(piece, max(1, round(len(piece) / _PART_LENGTH)))
    # Mapped pieces may hold integers, whose differences would wrap.
    return np.stack([_traits(np.roll(np.asarray(p, np.float32), shift, axis=1)) for p in parts])


def _traits(part: np.ndarray) -> np.ndarray:
    changes = np.abs(np.diff(part, axis=0, prepend=part[:1]))
    return np.concatenate([part.mean(0, dtype=np.float64), changes.mean(0, dtype=np.float64)])


def tell_characters(
    spans: Sequence[Span], lengths: Sequence[int], characters: Sequence[np.ndarray]
) -> np.ndarray:
    """Return the scaled traits of the part that the middle of each span is in.

    Parameters
    ----------
    spans : sequence of Span
        Excerpts.
    lengths : sequence of int
        For each span the number of frames of its piece.
    characters : sequence of ndarray of shape (n_parts, n_traits)
        Of every piece.
    """
    rows = []
    for span, n_frames in zip(spans, lengths, strict=True):
        parts = characters[span.piece]
        rows.append(parts[(span.start + span.stop) // 2 * len(parts) // n_frames])
    return np.stack(rows)


def mean_and_spread(traits: Sequence[np.ndarray]) -> np.ndarray:
    """Return by what traits are scaled, (2, n_traits); what never differs keeps its scale."""
    rows = np.concatenate(traits)
    spread = rows.std(axis=0)
    spread[spread < _SMALLEST_SPREAD] = 1
    return np.stack([rows.mean(axis=0), spread])


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
        Scaled traits of what was learned.
    styles : ndarray of shape (n_learned,)
        Numbers of their styles, 0 for none.
    style_weights : ndarray of shape (n_styles + 1,)
        Weight of every style, "none told" first, which stands for music of any style. Between
        styles lies the weighted mean of characters of each.
    n_pieces : int
        How many are wanted.
    rng : RandomState
        Source of the choice.
    """
    told = np.zeros((n_pieces, characters.shape[1]))
    for style in np.flatnonzero(style_weights):
        learned = np.flatnonzero(styles == style) if style else np.arange(len(styles))
        if len(learned) == 0:  # no part has this style alone
            learned = np.arange(len(styles))
        told += style_weights[style] * characters[rng.choice(learned, n_pieces)]
    return np.hstack([told, np.ones((n_pieces, 1))]).astype(np.float32)
