"""Plot of a piece, with time from left to right and pitch from bottom to top."""

from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from ._frames import draw_frames, marks_within, needs_colorbar, one_piece, scale_of
from ._matplotlib import add_colorbar, get_ax
from ._time_axis import TimeAxis, time_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class ChromagramDisplay:
    """Chromagram or piano roll of a piece.

    Use :meth:`from_piece` to create and draw it.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, n_features)
        The piece. Twelve features are labeled with the pitch classes C to B. With 88 features, the
        keys of a piano from A0 to C8, each C is labeled.
    times : ndarray of shape (n_frames + 1,)
        Borders of the frames, in `unit`.
    unit : str
        Unit of `times`, such as "seconds".

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the chromagram.
    figure_ : matplotlib Figure
        Figure that contains `ax_`.

    See Also
    --------
    ComparisonDisplay : Draw several pieces with common time and color scales.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai import Timing
    >>> from musicai.display import ChromagramDisplay
    >>> scale = np.eye(12)[[0, 2, 4, 5, 7, 9, 11, 0]]
    >>> display = ChromagramDisplay.from_piece(scale, timing=2, title="C major")  # 2 frames/s
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
            One piece. The color scale covers 0 to 1, and is extended if values are outside this
            range.
        timing : Timing, object with a `timing`, or float, default=None
            Timing of the frames, for instance the extractor or analysis that made the piece. A
            number means frames per second. The unit of the axis is beats if the frames follow
            beats, and seconds otherwise. Without a timing, the unit is frames.
        marks : float or list of float, default=None
            Positions of vertical lines, in the unit of the axis. For instance, mark the end of a
            prime.
        title : str, default=None
            Title, on the left.
        key : str, default=None
            Key, such as "Eb" or "F# minor". Pitch classes are labeled with flats in flat keys,
            otherwise with sharps.
        colorbar : bool, default=True
            Whether to draw a color bar. It is always omitted if all values are 0 or 1.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, create a new figure.

        Returns
        -------
        display : ChromagramDisplay
            The display, drawn on its axes.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        ValueError
            If `piece` is not a single piece, has no frames or has its frames in columns, a mark is
            outside the piece, the timing is invalid or has a different number of frames, or `key`
            is not a key.
        TypeError
            If `ax` is not a rectilinear Axes, or `timing` has an unsupported type.
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
            Axes to draw on. If None, create a new figure.
        marks : float or list of float, default=None
            Positions of vertical lines, in the unit of the axis.
        title : str, default=None
            Title, on the left.
        key : str, default=None
            Key, such as "Eb" or "F# minor". Pitch classes are labeled with flats in flat keys,
            otherwise with sharps.
        colorbar : bool, default=True
            Whether to draw a color bar. It is always omitted if all values are 0 or 1.

        Returns
        -------
        display : ChromagramDisplay
            The display itself, with `ax_` and `figure_` set.

        Notes
        -----
        If the plot would have more than 150 frames per inch, adjacent frames are averaged. A piano
        roll, unless it is silent, shows only the range of keys in use, with a margin.
        """
        lines = marks_within(marks, self.times)
        ax = get_ax(ax, (9, 3))
        image = draw_frames(
            ax,
            self.piece,
            TimeAxis(self.times, self.unit),
            scale=scale_of([self.piece]),
            marks=lines,
            title=title,
            key=key,
        )
        if colorbar and needs_colorbar([self.piece]):
            add_colorbar(image, ax, "strength")
        self.ax_ = ax
        self.figure_ = cast("Figure", ax.figure)
        return self
