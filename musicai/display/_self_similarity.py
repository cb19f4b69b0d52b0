"""What comes back in a piece, as a picture."""

from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from ..base.parameters import COUNT_RULE, check_values
from ..theory.shapes import unit_windows
from ._frames import one_piece, shortened
from ._matplotlib import add_colorbar, ax_to_draw_on, finish, ink
from ._time_axis import label_time, time_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_FRAMES = 1000
"""Of a longer piece means are compared; the matrix takes 4 MB."""


class SelfSimilarityDisplay:
    """How like every moment of a piece is to every other.

    Stripes beside the diagonal are passages that come back, squares are passages that stay in
    one harmony [1]_. Make it with :meth:`from_piece`, which also draws it.

    Parameters
    ----------
    similarity : ndarray of shape (n_moments, n_moments)
        Correlation of any two moments, from -1 to 1.
    times : ndarray of shape (n_moments + 1,)
        Where each moment begins, and where the next one would.
    unit : str
        What `times` are in, such as "seconds".

    Attributes
    ----------
    ax_ : matplotlib Axes
        What the matrix is drawn on.
    figure_ : matplotlib Figure
        The figure that `ax_` is in.

    See Also
    --------
    musicai.metrics.recurrence : Says by a number how much comes back.

    References
    ----------
    .. [1] J. Foote, "Visualizing music and audio using self-similarity", ACM Multimedia 1999.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.display import SelfSimilarityDisplay
    >>> verse, chorus = np.random.default_rng(0).random((2, 50, 12))
    >>> song = np.concatenate([verse, chorus, verse])
    >>> display = SelfSimilarityDisplay.from_piece(song, n_frames=10)
    >>> [bool(display.similarity[0, moment] > 0.9) for moment in (0, 50, 100)]
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
        """Compare the moments of a piece, and draw them.

        Parameters
        ----------
        piece : array-like of shape (n_frames_of_piece, n_features)
            One piece. One of more than 1000 frames is shortened first, by means of neighbors,
            so that an hour takes no more memory than a minute.
        n_frames : int, default=22
            Length of a moment, in frames of `piece`: 2 s at the default rate of
            :class:`musicai.ChromaExtractor`. Its similarity with another one is that of
            :func:`musicai.metrics.recurrence`, but for a piece that is shortened. Short moments
            show chords, long ones phrases. Frames that are beats are long: take 4 of them or so.
        timing : Timing, object with a `timing`, or float, default=None
            When the frames sound: such as the extractor that made the piece, or its analysis. A
            number is frames per second. The axes counts beats where frames are beats, else seconds,
            and without a timing frames.
        title : str, default=None
            Written above, on the left.
        colorbar : bool, default=True
            Whether to show what the colors mean.
        ax : matplotlib Axes, default=None
            What to draw on. When None, a new figure.

        Returns
        -------
        display : SelfSimilarityDisplay

        Raises
        ------
        ImportError
            If matplotlib is missing.
        ValueError
            If `piece` isn't one piece, or is shorter than a moment, or the timing is that of
            another number of frames.
        TypeError
            If `timing` is something else.
        """
        check_values({"n_frames": n_frames}, {"n_frames": COUNT_RULE})
        frames = one_piece(piece, cls.__name__)
        if len(frames) < n_frames:
            raise ValueError(
                f"a moment has n_frames={n_frames}, but the piece has {len(frames)}: take fewer"
            )
        axis = time_axis(frames, timing)
        frames, borders, length = shortened(frames, axis.times, _MOST_FRAMES)
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
            What to draw on. When None, a new figure.
        title : str, default=None
            Written above, on the left.
        colorbar : bool, default=True
            Whether to show what the colors mean.

        Returns
        -------
        display : SelfSimilarityDisplay
            Itself, with `ax_` and `figure_` set.
        """
        ax = ax_to_draw_on(ax, (5.6, 5), layout="compressed")
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
