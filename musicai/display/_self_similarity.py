"""Plot of repetition in a piece."""

from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from ..base.parameters import COUNT_RULE, check_values
from ..theory.shapes import unit_windows
from ._frames import average_runs, one_piece
from ._matplotlib import add_colorbar, finish, get_ax, ink
from ._time_axis import label_time, time_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_FRAMES = 1000
"""Maximum number of frames after averaging, so that the matrix takes at most 4 MB."""


class SelfSimilarityDisplay:
    """Self-similarity matrix of a piece.

    The matrix compares all windows of a piece; a window is a run of consecutive frames. Stripes
    parallel to the diagonal show repeated passages, and squares show passages with a constant
    harmony [1]_. Use :meth:`from_piece` to create and draw it.

    Parameters
    ----------
    similarity : ndarray of shape (n_windows, n_windows)
        Correlation of each pair of windows, from -1 to 1.
    times : ndarray of shape (n_windows + 1,)
        Start of each window, followed by the end of the last window's first frame, in `unit`.
    unit : str
        Unit of `times`, such as "seconds".

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the matrix.
    figure_ : matplotlib Figure
        Figure that contains `ax_`.

    See Also
    --------
    musicai.metrics.recurrence : Measure the amount of repetition.

    References
    ----------
    .. [1] J. Foote, "Visualizing music and audio using self-similarity", ACM Multimedia 1999.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.display import SelfSimilarityDisplay
    >>> verse, chorus = np.random.default_rng(0).random((2, 50, 12))
    >>> piece = np.concatenate([verse, chorus, verse])
    >>> display = SelfSimilarityDisplay.from_piece(piece, n_frames=10)
    >>> [bool(display.similarity[0, frame] > 0.9) for frame in (0, 50, 100)]
    [True, False, True]
    """

    __module__ = "musicai.display"

    def __init__(self, similarity: np.ndarray, *, times: np.ndarray, unit: str) -> None:
        self.similarity = similarity
        self.times = times
        self.unit = unit

    @classmethod
    def from_piece(
        cls,
        piece: Any,
        *,
        n_frames: int = 22,
        timing: Any = None,
        title: str | None = None,
        colorbar: bool = True,
        ax: "Axes | None" = None,
    ) -> Self:
        """Compare all windows of a piece, and draw the matrix.

        Parameters
        ----------
        piece : array-like of shape (n_frames_of_piece, n_features)
            One piece. If it has more than 1000 frames, adjacent frames are averaged first, which
            limits the size of the matrix.
        n_frames : int, default=22
            Length of a window in frames of `piece`. The default of 22 frames lasts about 2 s at
            the default rate of :class:`musicai.ChromaExtractor`. Short windows show chords, and
            long ones show phrases. If each frame is a beat, use about 4. Unless the piece is
            averaged, windows are compared as in :func:`musicai.metrics.recurrence`.
        timing : Timing, object with a `timing`, or float, default=None
            Timing of the frames, for instance the extractor or analysis that made the piece. A
            number means frames per second. The unit of the axes is beats if the frames follow
            beats, and seconds otherwise. Without a timing, the unit is frames.
        title : str, default=None
            Title, on the left.
        colorbar : bool, default=True
            Whether to draw a color bar.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, create a new figure.

        Returns
        -------
        display : SelfSimilarityDisplay
            The display, drawn on its axes.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        ValueError
            If `piece` is not a single piece, has its frames in columns or is shorter than a window,
            `n_frames` is not a positive integer, or the timing is invalid or has a different number
            of frames.
        TypeError
            If `ax` is not a rectilinear Axes, or `timing` has an unsupported type.
        """
        check_values({"n_frames": n_frames}, {"n_frames": COUNT_RULE})
        frames = one_piece(piece, cls.__name__)
        if len(frames) < n_frames:
            raise ValueError(
                f"a window has n_frames={n_frames}, but the piece has {len(frames)}: use fewer"
            )
        axis = time_axis(frames, timing)
        frames, borders, length = average_runs(frames, axis.times, _MOST_FRAMES)
        windows = unit_windows(frames, max(1, round(n_frames / length)))
        display = cls(windows @ windows.T, times=borders[: len(windows) + 1], unit=axis.unit)
        return display.plot(ax, title=title, colorbar=colorbar)

    def plot(
        self, ax: "Axes | None" = None, *, title: str | None = None, colorbar: bool = True
    ) -> Self:
        """Draw the matrix again.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, create a new figure.
        title : str, default=None
            Title, on the left.
        colorbar : bool, default=True
            Whether to draw a color bar.

        Returns
        -------
        display : SelfSimilarityDisplay
            The display itself, with `ax_` and `figure_` set.
        """
        ax = get_ax(ax, (5.6, 5), layout="compressed")
        image = ax.pcolorfast(
            self.times, self.times, self.similarity, cmap=ink(), vmin=0.0, vmax=1.0
        )
        ax.set_aspect("equal")
        limits = self.times[[0, -1]]
        ax.set(xlim=limits, ylim=limits)
        for ax_axis in (ax.xaxis, ax.yaxis):
            label_time(ax_axis, self.unit, limits[1] - limits[0])
        finish(ax, title)
        if colorbar:
            add_colorbar(image, ax, "correlation", extend="min")
        self.ax_ = ax
        self.figure_ = cast("Figure", ax.figure)
        return self
