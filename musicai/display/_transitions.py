"""Which chord follows which, as a picture."""

from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
from sklearn.utils.validation import check_array

from ..base.parameters import check_values, is_real
from ..base.pieces import N_PITCH_CLASSES
from ..metrics import transition_matrix
from ._frames import pitch_names
from ._matplotlib import add_colorbar, ax_to_draw_on, finish, height_in_inches, ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class TransitionMatrixDisplay:
    """How often the root of the harmony moves from where to where, in a common key.

    Make it with :meth:`from_pieces` or :meth:`from_matrix`, which also draw it.

    Parameters
    ----------
    matrix : ndarray of shape (12, 12)
        Share of all moves that go from the root of the row to the root of the column, C to B, in
        C major or A minor, as :func:`musicai.metrics.transition_matrix` counts them.

    Attributes
    ----------
    ax_ : matplotlib Axes
        What the matrix is drawn on.
    figure_ : matplotlib Figure
        The figure that `ax_` is in.

    See Also
    --------
    musicai.metrics.transition_overlap : What the moves of two sets of pieces have in common.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.display import TransitionMatrixDisplay
    >>> chords = [np.isin(np.arange(12), notes) for notes in ([0, 4, 7], [5, 9, 0], [7, 11, 2])]
    >>> cadence = np.repeat([chords[i] for i in (0, 1, 2, 0)], 8, axis=0)
    >>> display = TransitionMatrixDisplay.from_pieces(cadence)
    >>> display.ax_.get_ylabel(), float(display.matrix[0, 5].round(2))  # from C to F
    ('from', 0.33)

    Two sets are drawn beside each other on one scale of colors by `largest`:

    >>> from matplotlib import pyplot
    >>> figure, axes = pyplot.subplots(1, 2, figsize=(10, 4.5), layout="constrained")
    >>> for ax, pieces in zip(axes, [cadence, cadence[::-1]]):
    ...     display = TransitionMatrixDisplay.from_pieces(pieces, largest=0.4, ax=ax)
    """

    __module__ = "musicai.display"

    def __init__(self, matrix: np.ndarray) -> None:
        self.matrix = matrix

    @classmethod
    def from_pieces(
        cls,
        X: Any,
        *,
        largest: float | None = None,
        title: str | None = None,
        colorbar: bool = True,
        ax: "Axes | None" = None,
    ) -> Self:
        """Count the moves in some pieces, and draw them.

        Parameters
        ----------
        X : array-like of shape (n_frames, 12), or a collection of them
            Chroma. Every piece is first transposed to C major or A minor; every move of every
            piece counts alike.
        largest : float, default=None
            The share that has the darkest color; give it to compare pictures. When None, that of
            the commonest move.
        title : str, default=None
            Written above, on the left.
        colorbar : bool, default=True
            Whether to show what the colors mean.
        ax : matplotlib Axes, default=None
            What to draw on. When None, a new figure.

        Returns
        -------
        display : TransitionMatrixDisplay

        Raises
        ------
        ImportError
            If matplotlib is missing.
        ValueError
            If `X` is not chroma, or `largest` no share.
        """
        return cls(transition_matrix(X)).plot(ax, largest=largest, title=title, colorbar=colorbar)

    @classmethod
    def from_matrix(
        cls,
        matrix: Any,
        *,
        largest: float | None = None,
        title: str | None = None,
        colorbar: bool = True,
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw a matrix that was counted before.

        Parameters
        ----------
        matrix : array-like of shape (12, 12)
            What :func:`musicai.metrics.transition_matrix` returns.
        largest : float, default=None
            The share that has the darkest color. When None, that of the commonest move.
        title : str, default=None
            Written above, on the left.
        colorbar : bool, default=True
            Whether to show what the colors mean.
        ax : matplotlib Axes, default=None
            What to draw on. When None, a new figure.

        Returns
        -------
        display : TransitionMatrixDisplay

        Raises
        ------
        ImportError
            If matplotlib is missing.
        ValueError
            If `matrix` is none of shares, or `largest` no share.
        """
        table = check_array(matrix, dtype=np.float64, input_name="matrix")
        if table.shape != (N_PITCH_CLASSES, N_PITCH_CLASSES) or table.min() < 0 or table.max() > 1:
            raise ValueError(
                f"matrix has shape {table.shape} and values from {table.min():.4g} to "
                f"{table.max():.4g} where shares of moves of shape (12, 12) are expected; for "
                "pieces use from_pieces"
            )
        return cls(table).plot(ax, largest=largest, title=title, colorbar=colorbar)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        largest: float | None = None,
        title: str | None = None,
        colorbar: bool = True,
    ) -> Self:
        """Draw the matrix again.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            What to draw on. When None, a new figure.
        largest : float, default=None
            The share that has the darkest color. When None, that of the commonest move.
        title : str, default=None
            Written above, on the left.
        colorbar : bool, default=True
            Whether to show what the colors mean.

        Returns
        -------
        display : TransitionMatrixDisplay
            Itself, with `ax_` and `figure_` set.
        """
        if largest is None:
            largest = float(self.matrix.max()) or 1.0
        check_values(
            {"largest": largest},
            {"largest": (lambda v: is_real(v) and 0 < v <= 1, "a share above 0, up to 1")},
        )
        ax = ax_to_draw_on(ax, (5.6, 4.8), layout="compressed")
        from matplotlib.ticker import PercentFormatter

        image = ax.imshow(self.matrix, cmap=ink(), vmin=0.0, vmax=largest, interpolation="nearest")
        _draw_grid(ax)
        last = N_PITCH_CLASSES - 0.5
        ax.set(xlim=(-0.5, last), ylim=(last, -0.5))
        ax.set(xlabel="to (root, in C major or A minor)", ylabel="from")
        finish(ax, title, frame=True)
        if colorbar:
            bar = add_colorbar(image, ax, "of all moves")
            bar.ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        self.ax_ = ax
        self.figure_ = cast("Figure", ax.figure)
        return self


def _draw_grid(ax: "Axes") -> None:
    size = float(np.clip(72 * height_in_inches(ax) / N_PITCH_CLASSES * 0.5, 5, 9))
    ticks = range(N_PITCH_CLASSES)
    ax.set_xticks(ticks, pitch_names(None), fontsize=size)
    ax.set_yticks(ticks, pitch_names(None), fontsize=size)
    ax.tick_params(length=0)
    # A root can't move to itself: the diagonal has no share, and is no move that is avoided.
    ax.plot(ticks, ticks, linestyle="none", marker="_", color="0.75", markersize=size / 2)
    borders = np.arange(1, N_PITCH_CLASSES) - 0.5
    ax.hlines(borders, -0.5, N_PITCH_CLASSES - 0.5, color="0.9", linewidth=0.5)
    ax.vlines(borders, -0.5, N_PITCH_CLASSES - 0.5, color="0.9", linewidth=0.5)
