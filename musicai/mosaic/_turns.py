"""Styles of a mosaic: groups of recordings that take turns."""

from typing import Any, NamedTuple

import numpy as np

from ..base.styles import style_weights

CYCLE_SECONDS = 12.0
"""About how many seconds it takes until each style of a blend has had a turn."""

SHORTEST_TURN = 2.0
"""Fewest seconds of a turn; styles with small shares lengthen the cycle."""


class Turns(NamedTuple):
    """Groups of recordings that take turns.

    Attributes
    ----------
    styles : list
        The style of each group; None for the group of all recordings.
    shares : ndarray of shape (n_groups,)
        Shares of the time, which sum to one.
    groups : ndarray of bool, of shape (n_groups, n_recordings)
        The recordings in each group.
    """

    styles: list[Any]
    shares: np.ndarray
    groups: np.ndarray

    @property
    def played(self) -> np.ndarray:
        """Whether each recording is in a group, shape (n_recordings,)."""
        return np.any(self.groups, axis=0, keepdims=True)[0]

    def at(self, times: np.ndarray, seconds: float) -> np.ndarray:
        """Return the group that has its turn at each time of a piece of some seconds.

        Examples
        --------
        >>> import numpy as np
        >>> both = make_turns({"a": 3, "b": 1}, np.array(["a", "b"]), np.array([1, 1, 2]))
        >>> both.at(np.arange(0, 24, 2), 24)
        array([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1])
        """
        cycle = max(CYCLE_SECONDS, SHORTEST_TURN / self.shares.min())
        n_cycles = max(1, round(seconds / cycle))  # whole ones, so that shares are kept
        places = np.asarray(times) * (n_cycles / max(seconds, 1e-9)) % 1
        return np.searchsorted(np.cumsum(self.shares)[:-1], places, side="right")

    def check(self, playable: np.ndarray, why: str) -> None:
        """Raise a ValueError if no recording of a group can be played.

        Parameters
        ----------
        playable : ndarray of int, or of bool of shape (n_recordings,)
            The recordings that can be played.
        why : str
            Why the others cannot, for the message.
        """
        for style, group in zip(self.styles, self.groups, strict=True):
            if not group[playable].any():
                raise ValueError(f"no recording of the style {style!r} can be played: {why}")


def make_turns(style: Any, styles: np.ndarray, recording_styles: np.ndarray) -> Turns:
    """Return the turns of a style, or of a blend of styles.

    Parameters
    ----------
    style : object or dict
        As for :meth:`MosaicSynthesizer.transform`.
    styles : ndarray of shape (n_styles,)
        The known styles.
    recording_styles : ndarray of shape (n_recordings,)
        The number of the style of each recording, counted from 1; 0 for none.

    Raises
    ------
    ValueError
        If a style is unknown, or a weight is invalid.
    """
    weights = style_weights(style, styles)
    numbers = np.flatnonzero(weights)
    numbers = numbers[np.argsort(-weights[numbers], kind="stable")]  # the largest share first
    return Turns(
        styles=[None if number == 0 else styles[number - 1] for number in numbers],
        shares=weights[numbers],
        groups=(recording_styles == numbers[:, np.newaxis]) | (numbers[:, np.newaxis] == 0),
    )
