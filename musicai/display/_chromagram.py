"""A piece as a picture: time from left to right, pitch classes from bottom to top."""

from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from ._frames import colors_mean_something, draw_frames, marks_within, one_piece, scale_of
from ._matplotlib import add_colorbar, ax_to_draw_on
from ._time_axis import TimeAxis, time_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class ChromagramDisplay:
    """Chromagram of a piece, or its piano roll.

    Make it with :meth:`from_piece`, which also draws it.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, n_features)
        The frames. Twelve features are taken for the pitch classes C to B, 88 for the keys of a
        piano, A0 to C8.
    times : ndarray of shape (n_frames + 1,)
        Where each frame begins and the last one ends.
    unit : str
        What `times` are in, such as "seconds".

    Attributes
    ----------
    ax_ : matplotlib Axes
        What the chromagram is drawn on.
    figure_ : matplotlib Figure
        The figure that `ax_` is in.

    See Also
    --------
    ComparisonDisplay : Draws several pieces, on one scale of time and of colors.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai import Timing
    >>> from musicai.display import ChromagramDisplay
    >>> scale = np.eye(12)[[0, 2, 4, 5, 7, 9, 11, 0]]
    >>> display = ChromagramDisplay.from_piece(scale, timing=2, title="C major")  # a second
    >>> display.ax_.get_xlabel()
    'Time (s)'
    >>> display = ChromagramDisplay.from_piece(scale, timing=Timing.from_tempo(96))
    >>> display.ax_.get_xlabel()
    'Beats'
    """

    __module__ = "musicai.display"

    def __init__(self, piece: np.ndarray, *, times: np.ndarray, unit: str) -> None:
        self.piece = piece
        self.times = times
        self.unit = unit

    @classmethod
    def from_piece(
        cls,
        piece: Any,
        *,
        timing: Any = None,
        marks: Any = None,
        title: str | None = None,
        key: str | None = None,
        colorbar: bool = True,
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw a piece.

        Parameters
        ----------
        piece : array-like of shape (n_frames, n_features)
            One piece; values in [0, 1] use the whole range of colors.
        timing : Timing, object with a `timing`, or float, default=None
            When the frames sound: such as the extractor that made the piece, or its analysis. A
            number is frames per second. The axis counts beats where frames are beats, else seconds,
            and without a timing frames.
        marks : float or list of float, default=None
            Where to draw an upright line, in the unit of the axis: say, where a prime ends.
        title : str, default=None
            Written above, on the left.
        key : str, default=None
            Pitch classes have the names that belong to this key, such as "Eb" or "F# minor"; None
            for sharps.
        colorbar : bool, default=True
            Whether to show what the colors mean; never where all values are 0 and 1.
        ax : matplotlib Axes, default=None
            What to draw on. When None, a new figure.

        Returns
        -------
        display : ChromagramDisplay

        Raises
        ------
        ImportError
            If matplotlib is missing.
        ValueError
            If `piece` isn't one piece or lies on its side, a mark lies outside it, the timing is
            that of another number of frames, or `key` is not the name of a key.
        TypeError
            If `ax` is none to draw on, or `timing` something else.
        """
        frames = one_piece(piece, cls.__name__)
        axis = time_axis(frames, timing)
        display = cls(frames, times=axis.times, unit=axis.unit)
        return display.plot(ax, marks=marks, title=title, key=key, colorbar=colorbar)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        marks: Any = None,
        title: str | None = None,
        key: str | None = None,
        colorbar: bool = True,
    ) -> Self:
        """Draw the piece again.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            What to draw on. When None, a new figure.
        marks : float or list of float, default=None
            Where to draw an upright line, in the unit of the axis.
        title : str, default=None
            Written above, on the left.
        key : str, default=None
            Pitch classes have the names that belong to this key, such as "Eb" or "F# minor"; None
            for sharps.
        colorbar : bool, default=True
            Whether to show what the colors mean; never where all values are 0 and 1.

        Returns
        -------
        display : ChromagramDisplay
            Itself, with `ax_` and `figure_` set.

        Notes
        -----
        Of a piece with more frames than can be printed (150 to an inch) means of neighbors are
        drawn. Of the keys of a piano those in use are shown, and some around.
        """
        lines = marks_within(marks, self.times)
        ax = ax_to_draw_on(ax, (9, 3))
        image = draw_frames(
            ax,
            self.piece,
            TimeAxis(self.times, self.unit),
            scale=scale_of([self.piece]),
            marks=lines,
            title=title,
            key=key,
        )
        if colorbar and colors_mean_something([self.piece]):
            add_colorbar(image, ax, "strength")
        self.ax_ = ax
        self.figure_ = cast("Figure", ax.figure)
        return self
