"""A piece as a picture: time from left to right, pitch classes from bottom to top."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .._parameters import is_real
from .._pieces import as_collection
from ._matplotlib import ink, need_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PITCH_CLASSES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")


class ChromagramDisplay:
    """Chromagram of a piece.

    Make it with :meth:`from_piece`, which also draws it.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, n_features)
        The frames. Twelve features are taken for the pitch classes C to B.
    frame_rate : float
        Frames per second, as an extractor's `frame_rate`.

    Attributes
    ----------
    ax_ : matplotlib Axes
        What the chromagram is drawn on.
    figure_ : matplotlib Figure
        The figure that `ax_` is in.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.display import ChromagramDisplay
    >>> scale = np.eye(12)[[0, 2, 4, 5, 7, 9, 11, 0]]
    >>> display = ChromagramDisplay.from_piece(scale, frame_rate=2, title="C major")
    >>> display.ax_.get_xlabel()
    'seconds'
    """

    __module__ = "musicai.display"

    def __init__(self, piece: np.ndarray, *, frame_rate: float) -> None:
        self.piece = piece
        self.frame_rate = frame_rate

    @classmethod
    def from_piece(
        cls,
        piece: Any,
        *,
        frame_rate: float,
        ax: "Axes | None" = None,
        title: str | None = None,
    ) -> Self:
        """Draw a piece.

        Parameters
        ----------
        piece : array-like of shape (n_frames, n_features)
            One piece; values in [0, 1] use the whole range of colours.
        frame_rate : float
            Frames per second, as an extractor's `frame_rate`.
        ax : matplotlib Axes, default=None
            What to draw on. When None, a new figure.
        title : str, default=None
            Written above, on the left.

        Returns
        -------
        display : ChromagramDisplay

        Raises
        ------
        ImportError
            If matplotlib is missing.
        ValueError
            If `piece` isn't one piece, or `frame_rate` not a positive number.
        """
        if not is_real(frame_rate) or frame_rate <= 0:
            raise ValueError(
                f"frame_rate must be a positive number of frames per second, got {frame_rate}"
            )
        pieces, _ = as_collection(piece, name="piece")
        if len(pieces) != 1 or len(pieces[0]) == 0:
            raise ValueError(
                f"ChromagramDisplay draws one piece with at least one frame, got {len(pieces)} "
                f"with {sum(map(len, pieces))} frames in all: draw each piece on an ax of its own"
            )
        return cls(pieces[0], frame_rate=frame_rate).plot(ax, title=title)

    def plot(self, ax: "Axes | None" = None, *, title: str | None = None) -> Self:
        """Draw the piece again.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            What to draw on. When None, a new figure.
        title : str, default=None
            Written above, on the left.

        Returns
        -------
        display : ChromagramDisplay
            Itself, with `ax_` and `figure_` set.
        """
        pyplot = need_matplotlib()
        if ax is None:
            _, ax = pyplot.subplots(figsize=(9, 3), layout="constrained")
        n_frames, n_features = self.piece.shape
        ax.imshow(
            self.piece.T,
            origin="lower",
            aspect="auto",
            interpolation="nearest",
            cmap=ink(),
            vmin=min(0.0, float(self.piece.min())),
            vmax=max(1.0, float(self.piece.max())),
            extent=(0, n_frames / self.frame_rate, -0.5, n_features - 0.5),
        )
        ax.set_xlabel("seconds")
        if n_features == len(_PITCH_CLASSES):
            ax.set_yticks(range(n_features), _PITCH_CLASSES, fontsize="small")
            ax.set_ylabel("pitch class")
        else:
            ax.set_ylabel("feature")
        ax.tick_params(axis="y", length=0)
        ax.spines[["top", "right"]].set_visible(False)
        if title is not None:
            ax.set_title(title, loc="left")
        self.ax_ = ax
        self.figure_ = ax.figure
        return self
