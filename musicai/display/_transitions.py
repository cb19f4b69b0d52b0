"""Plot of transitions between chord roots."""

from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
from sklearn.utils.validation import check_array

from ..base.parameters import check_values, is_real
from ..base.pieces import N_PITCH_CLASSES
from ..metrics import transition_matrix
from ._frames import pitch_names
from ._matplotlib import add_colorbar, finish, get_ax, height_in_inches, ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class TransitionMatrixDisplay:
    """Transition matrix of chord roots, in a common key.

    Use :meth:`from_pieces` or :meth:`from_matrix` to create and draw it.

    Parameters
    ----------
    matrix : ndarray of shape (12, 12)
        Share of all transitions that lead from the root of the row to the root of the column. The
        roots are C to B, after transposition of the pieces to C major or A minor. See
        :func:`musicai.metrics.transition_matrix`.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the matrix.
    figure_ : matplotlib Figure
        Figure that contains `ax_`.

    See Also
    --------
    musicai.metrics.transition_overlap : Compare the transitions of two sets of pieces.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.display import TransitionMatrixDisplay
    >>> chords = [np.isin(np.arange(12), notes) for notes in ([0, 4, 7], [5, 9, 0], [7, 11, 2])]
    >>> cadence = np.repeat([chords[i] for i in (0, 1, 2, 0)], 8, axis=0)
    >>> display = TransitionMatrixDisplay.from_pieces(cadence)
    >>> display.ax_.get_ylabel(), float(display.matrix[0, 5].round(2))  # from C to F
    ('from', 0.33)

    To draw two sets side by side with the same color scale, pass `largest`:

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
        """Count the transitions in pieces, and draw the matrix.

        Parameters
        ----------
        X : array-like of shape (n_frames, 12), or a collection of them
            Chroma. Each piece is first transposed to C major or A minor. Every transition in
            every piece has the same weight.
        largest : float, default=None
            Share that is drawn in the darkest color. To compare plots, use the same value for all
            of them. If None, use the share of the most common transition.
        title : str, default=None
            Title, on the left.
        colorbar : bool, default=True
            Whether to draw a color bar.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, create a new figure.

        Returns
        -------
        display : TransitionMatrixDisplay
            The display, drawn on its axes.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        ValueError
            If `X` is not chroma, or `largest` is not above 0 and at most 1.
        TypeError
            If `ax` is not a rectilinear Axes.
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
        """Draw a transition matrix.

        Parameters
        ----------
        matrix : array-like of shape (12, 12)
            Matrix from :func:`musicai.metrics.transition_matrix`.
        largest : float, default=None
            Share that is drawn in the darkest color. If None, use the share of the most common
            transition.
        title : str, default=None
            Title, on the left.
        colorbar : bool, default=True
            Whether to draw a color bar.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, create a new figure.

        Returns
        -------
        display : TransitionMatrixDisplay
            The display, drawn on its axes.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        ValueError
            If `matrix` does not have shape (12, 12) and values from 0 to 1, or `largest` is not
            above 0 and at most 1.
        TypeError
            If `ax` is not a rectilinear Axes.
        """
        table = check_array(matrix, dtype=np.float64, input_name="matrix")
        if table.shape != (N_PITCH_CLASSES, N_PITCH_CLASSES) or table.min() < 0 or table.max() > 1:
            raise ValueError(
                f"matrix has shape {table.shape} and values from {table.min():.4g} to "
                f"{table.max():.4g}; expected shares of transitions of shape (12, 12). For "
                "pieces, use from_pieces"
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
            Axes to draw on. If None, create a new figure.
        largest : float, default=None
            Share that is drawn in the darkest color. If None, use the share of the most common
            transition.
        title : str, default=None
            Title, on the left.
        colorbar : bool, default=True
            Whether to draw a color bar.

        Returns
        -------
        display : TransitionMatrixDisplay
            The display itself, with `ax_` and `figure_` set.
        """
        if largest is None:
            largest = float(self.matrix.max()) or 1.0
        check_values(
            {"largest": largest},
            {"largest": (lambda v: is_real(v) and 0 < v <= 1, "a share above 0, up to 1")},
        )
        ax = get_ax(ax, (5.6, 4.8), layout="compressed")
        from matplotlib.ticker import PercentFormatter

        image = ax.imshow(self.matrix, cmap=ink(), vmin=0.0, vmax=largest, interpolation="nearest")
        _draw_grid(ax)
        last = N_PITCH_CLASSES - 0.5
        ax.set(xlim=(-0.5, last), ylim=(last, -0.5))
        ax.set(xlabel="to (root, in C major or A minor)", ylabel="from")
        finish(ax, title, frame=True)
        if colorbar:
            bar = add_colorbar(image, ax, "share of transitions")
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
    # Mark the diagonal, which is empty by definition: a transition leads to a different root.
    ax.plot(ticks, ticks, linestyle="none", marker="_", color="0.75", markersize=size / 2)
    borders = np.arange(1, N_PITCH_CLASSES) - 0.5
    ax.hlines(borders, -0.5, N_PITCH_CLASSES - 0.5, color="0.9", linewidth=0.5)
    ax.vlines(borders, -0.5, N_PITCH_CLASSES - 0.5, color="0.9", linewidth=0.5)
