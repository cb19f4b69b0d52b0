"""Plot of the training curves of a composer."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..base.parameters import check_values, is_real
from ..base.steps import last_step
from ..files.paths import printable
from ._matplotlib import BRIGHT, DARK, finish, get_ax

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DASHES = ["-", (0, (8, 2)), (0, (1, 1)), (0, (8, 2, 1, 2)), (0, (3, 3))]
_GRAYS = ["0.2", "0.5", "0.35"]
"""Colors of baselines: with five dash patterns, three grays distinguish fifteen lines."""

_LEARNED = ("loss_curve_", "validation_curve_", "emission_")


class TrainingCurveDisplay:
    """Training and validation log-likelihood of each epoch, compared with baselines.

    For a key-invariant composer, the curves show the score of chroma in each piece's estimated key,
    whereas `score` averages over the twelve keys.

    Use :meth:`from_estimator` to create and draw it. For scores as a function of the size of the
    training set, see :class:`sklearn.model_selection.LearningCurveDisplay`.

    Parameters
    ----------
    training_scores : array-like of shape (n_epochs,)
        Mean log-likelihood per frame of the training pieces during each epoch, in nats: the
        composer's `loss_curve_` with its sign changed.
    validation_scores : array-like of shape (n_epochs,) or None
        Mean log-likelihood per frame of the validation pieces after each epoch, in nats.
    baselines : dict of str to float, default=None
        Mean log-likelihood per frame of other models by name, in nats.

    Attributes
    ----------
    best_epoch_ : int or None
        Epoch with the highest validation score, counted from 1; None without validation scores.
    ax_ : matplotlib Axes
        Axes with the curves.
    figure_ : matplotlib Figure
        Figure that contains `ax_`.

    See Also
    --------
    musicai.metrics.IndependentBaseline : Baseline that ignores earlier frames.
    musicai.metrics.PersistenceBaseline : Stronger baseline, conditioned on the previous frame.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai import LSTMComposer
    >>> from musicai.display import TrainingCurveDisplay
    >>> X = np.random.default_rng(0).random((4, 50, 12))
    >>> composer = LSTMComposer(hidden_size=8, max_iter=3, random_state=0).fit(X)
    >>> display = TrainingCurveDisplay.from_estimator(composer, baselines={"chance": 0.0})
    >>> display.ax_.get_xlabel()
    'epoch'
    """

    __module__ = "musicai.display"

    def __init__(
        self,
        training_scores: Any,
        validation_scores: Any,
        *,
        baselines: Mapping[str, float] | None = None,
    ) -> None:
        self.training_scores = training_scores
        self.validation_scores = validation_scores
        self.baselines = baselines

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        baselines: Mapping[str, float] | None = None,
        title: str | None = None,
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw the training curves of a composer.

        Parameters
        ----------
        estimator : LSTMComposer, or Pipeline or search that ends in one
            Fitted estimator. The curves are the composer's `loss_curve_`, with its sign changed,
            and `validation_curve_`. For a parameter search, the composer in `best_estimator_` is
            used.
        baselines : dict of str to float, default=None
            Mean log-likelihood per frame of other models by name, in nats, as returned by their
            `score`. They are drawn as horizontal lines. If a baseline is close to the curves of a
            key-invariant composer, compare it with the composer's `score`, which does not use the
            estimated key.
        title : str, default=None
            Title, on the left.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, create a new figure. The legend is to the right of the axes;
            use a figure with ``layout="constrained"`` to make room for it.

        Returns
        -------
        display : TrainingCurveDisplay
            The display, drawn on its axes.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        NotFittedError
            If `estimator` is not fitted.
        TypeError
            If `estimator` is not a composer and does not end in one, `baselines` is not a dict, or
            `ax` is not a rectilinear Axes.
        ValueError
            If the score of a baseline is not a finite number.
        """
        _, composer = last_step(estimator)
        check_is_fitted(composer)
        if not all(hasattr(composer, name) for name in _LEARNED):
            raise TypeError(
                f"a {type(composer).__name__} has no loss_curve_ in nats per frame: pass a fitted "
                "LSTMComposer, or a pipeline that ends in one"
            )
        if baselines is not None and not isinstance(baselines, Mapping):
            raise TypeError(
                f"baselines are a {type(baselines).__name__}; expected a dict of names and scores, "
                'such as {"each value by itself": -40.0}'
            )
        check_values(
            dict(baselines or {}),
            dict.fromkeys(baselines or (), (is_real, "a finite score")),
        )
        return cls(
            -np.asarray(composer.loss_curve_),
            composer.validation_curve_,
            baselines=baselines,
        ).plot(ax, title=title)

    def plot(self, ax: "Axes | None" = None, *, title: str | None = None) -> Self:
        """Draw the curves again.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, create a new figure. The legend is to the right of the axes;
            use a figure with ``layout="constrained"`` to make room for it.
        title : str, default=None
            Title, on the left.

        Returns
        -------
        display : TrainingCurveDisplay
            The display itself, with `best_epoch_`, `ax_` and `figure_` set.
        """
        ax = get_ax(ax, (8.5, 4))
        from matplotlib.ticker import MaxNLocator

        n_before = len(ax.lines)
        _draw_curve(ax, self.training_scores, BRIGHT, "training (with dropout)", "--")
        self.best_epoch_ = None
        if self.validation_scores is not None:
            _draw_curve(ax, self.validation_scores, DARK, "validation", "-")
            self.best_epoch_ = int(np.argmax(self.validation_scores)) + 1
            best = self.validation_scores[self.best_epoch_ - 1]
            label = f"best: epoch {self.best_epoch_}, {best:.2f}".replace("-", "\N{MINUS SIGN}")
            ax.plot(self.best_epoch_, best, "o", color=DARK, label=label)
        for i, (name, score) in enumerate((self.baselines or {}).items()):
            ax.axhline(
                score,
                color=_GRAYS[i % len(_GRAYS)],
                linestyle=_DASHES[i % len(_DASHES)],
                linewidth=1.3,
                label=printable(str(name)) or " ",
                zorder=1.5,  # behind the curves
            )
        ax.xaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True))
        ax.set(xlabel="epoch", ylabel="log-likelihood\n(nats per frame)")
        _draw_legend(ax, n_before)
        finish(ax, title)
        self.ax_ = ax
        self.figure_ = cast("Figure", ax.figure)
        return self


def _draw_curve(ax: "Axes", scores: Any, color: str, label: str, style: str) -> None:
    epochs = np.arange(1, len(scores) + 1)
    marker = "." if len(epochs) == 1 else ""  # a line needs two points
    ax.plot(epochs, scores, color=color, linestyle=style, marker=marker, label=label)


def _draw_legend(ax: "Axes", n_others: int) -> None:
    # Set labels later: matplotlib would omit labels that start with "_", and parse "$" as TeX.
    others, ours = ax.lines[:n_others], ax.lines[n_others:]
    lines = [line for line in others if not str(line.get_label()).startswith("_")] + list(ours)
    numbers = [str(i) for i in range(len(lines))]
    # Put the legend to the right of the axes, so that it does not cover the curves.
    legend = ax.legend(
        lines,
        numbers,
        loc="upper left",
        bbox_to_anchor=(1, 1),
        borderaxespad=0.2,
        handlelength=3,  # long enough for the dash patterns
        fontsize="small",
        frameon=False,
    )
    for text, line in zip(legend.get_texts(), lines, strict=True):
        text.set(text=line.get_label(), parse_math=False)
