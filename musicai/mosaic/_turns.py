"""Styles of a mosaic: groups of recordings that take turns."""

from typing import Any, NamedTuple

import numpy as np

from ..base.styles import style_weights

CYCLE_SECONDS = 12.0
"""Usual length, in seconds, of a cycle in which each style of a blend has one turn."""

SHORTEST_TURN = 2.0
"""Approximate minimum length of a turn, in seconds. If a style has a small share, the cycle is
lengthened so that the turn of this style is long enough, unless the mosaic is too short."""


class Turns(NamedTuple):
    """Groups of recordings that take turns.

    Attributes
    ----------
    styles : list
        The style of each group; None for the group of all recordings.
    shares : ndarray of shape (n_groups,)
        Share of the time for which each group is played. Shares add up to 1.
    groups : ndarray of bool, of shape (n_groups, n_recordings)
        Which recordings are in each group.
    """

    styles: list[Any]
    shares: np.ndarray
    groups: np.ndarray

    @property
    def played(self) -> np.ndarray:
        """Whether each recording is in any group, shape (n_recordings,)."""
        return np.any(self.groups, axis=0, keepdims=True)[0]

    def at(self, times: np.ndarray, seconds: float) -> np.ndarray:
        """Return the index of the group whose turn it is at each of `times`, in seconds.

        `seconds` is the length of the mosaic.

        Examples
        --------
        >>> import numpy as np
        >>> both = make_turns({"a": 3, "b": 1}, np.array(["a", "b"]), np.array([1, 1, 2]))
        >>> both.at(np.arange(0, 24, 2), 24)
        array([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1])
        """
        cycle = max(CYCLE_SECONDS, SHORTEST_TURN / self.shares.min())
        n_cycles = max(1, round(seconds / cycle))  # whole cycles, so that each group gets its share
        places = np.asarray(times) * (n_cycles / max(seconds, 1e-9)) % 1
        return np.searchsorted(np.cumsum(self.shares)[:-1], places, side="right")

    def check(self, playable: np.ndarray, why: str) -> None:
        """Raise a ValueError if a group has no recording that can be played.

        Parameters
        ----------
        playable : ndarray of int, or of bool of shape (n_recordings,)
            The recordings that can be played, as indices or as a mask.
        why : str
            Reason why the other recordings cannot be played, for the error message.
        """
        for style, group in zip(self.styles, self.groups, strict=True):
            if not group[playable].any():
                raise ValueError(f"no recording of the style {style!r} can be played: {why}")


def make_turns(style: Any, styles: np.ndarray, recording_styles: np.ndarray) -> Turns:
    """Return the turns for one style, a blend of styles or all recordings.

    Parameters
    ----------
    style : object or dict
        A style or a blend, as in :meth:`MosaicSynthesizer.transform`; None for all recordings.
    styles : ndarray of shape (n_styles,)
        The styles of the fitted mosaic.
    recording_styles : ndarray of shape (n_recordings,)
        Number of each recording's style, counted from 1; 0 for a recording without a style.

    Raises
    ------
    ValueError
        If a style is unknown, or a share of a blend is invalid.
    """
    weights = style_weights(style, styles)
    numbers = np.flatnonzero(weights)
    numbers = numbers[np.argsort(-weights[numbers], kind="stable")]  # largest share first
    return Turns(
        styles=[None if number == 0 else styles[number - 1] for number in numbers],
        shares=weights[numbers],
        groups=(recording_styles == numbers[:, np.newaxis]) | (numbers[:, np.newaxis] == 0),
    )
