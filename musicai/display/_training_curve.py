"""How a composer learned, as a picture."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..base.parameters import check_values, is_real
from ..base.steps import last_step
from ..files.paths import printable
from ._matplotlib import BRIGHT, DARK, ax_to_draw_on, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DASHES = ["-", (0, (8, 2)), (0, (1, 1)), (0, (8, 2, 1, 2)), (0, (3, 3))]
_GRAYS = ["0.2", "0.5", "0.35"]
"""Of baselines: three grays and five patterns make fifteen lines."""

_LEARNED = ("loss_curve_", "validation_curve_", "emission_")


class TrainingCurveDisplay:
    """Log-likelihood after every epoch of training, beside what simple models reach.

    Where the key is a hidden variable the curves are of pieces in the key that they are estimated
    to be in, which a `score` does not know.

    Make it with :meth:`from_estimator`, which also draws it. It is no learning curve, which is
    scikit-learn's word for scores over the size of the training set
    (:class:`sklearn.model_selection.LearningCurveDisplay`).

    Parameters
    ----------
    training_scores : array-like of shape (n_epochs,)
        Mean log-likelihood per frame of the music that was learned, in nats.
    validation_scores : array-like of shape (n_epochs,) or None
        That of the pieces that were set aside.
    baselines : dict of str to float, default=None
        Names and scores of other models.

    Attributes
    ----------
    best_epoch_ : int or None
        The epoch, counted from 1, with the highest validation score.
    ax_ : matplotlib Axes
        What the curves are drawn on.
    figure_ : matplotlib Figure
        The figure that `ax_` is in.

    See Also
    --------
    musicai.metrics.IndependentBaseline : A model to compare with.
    musicai.metrics.PersistenceBaseline : A better one.

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
        """Draw how a composer learned.

        Parameters
        ----------
        estimator : LSTMComposer, or Pipeline or search that ends in one
            Fitted; of a search its `best_estimator_`. Its `loss_curve_` and `validation_curve_`
            are drawn.
        baselines : dict of str to float, default=None
            Names and scores to compare with, drawn as level lines: mean log-likelihood per frame
            in nats, as `score` gives them. `score` does not know the key of a piece, and the
            curves do: beside a baseline that is near them stands the composer's own `score`.
        title : str, default=None
            Written above, on the left.
        ax : matplotlib Axes, default=None
            What to draw on. When None, a new figure. The legend stands on its right: give the
            figure ``layout="constrained"``, which makes room.

        Returns
        -------
        display : TrainingCurveDisplay

        Raises
        ------
        ImportError
            If matplotlib is missing.
        NotFittedError
            If `estimator` has not learned.
        TypeError
            If `estimator` is no composer, `baselines` no dict, or `ax` none to draw on.
        ValueError
            If the score of a baseline is no finite number.
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
                f"baselines are a {type(baselines).__name__} where a dict of names and scores is "
                'expected, such as {"each value by itself": -40.0}'
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
            What to draw on. When None, a new figure. The legend stands on its right: give the
            figure ``layout="constrained"``, which makes room.
        title : str, default=None
            Written above, on the left.

        Returns
        -------
        display : TrainingCurveDisplay
            Itself, with `best_epoch_`, `ax_` and `figure_` set.
        """
        ax = ax_to_draw_on(ax, (8.5, 4))
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
    marker = "." if len(epochs) == 1 else ""  # a line has two ends
    ax.plot(epochs, scores, color=color, linestyle=style, marker=marker, label=label)


def _draw_legend(ax: "Axes", n_others: int) -> None:
    # Names are the user's: matplotlib would leave out those with "_" in front, and read "$" as TeX.
    others, own = ax.lines[:n_others], ax.lines[n_others:]
    lines = [line for line in others if not str(line.get_label()).startswith("_")] + list(own)
    numbers = [str(i) for i in range(len(lines))]
    # Beside the ax: nothing of a curve is under it, and a constrained layout makes room.
    legend = ax.legend(
        lines,
        numbers,
        loc="upper left",
        bbox_to_anchor=(1, 1),
        borderaxespad=0.2,
        handlelength=3,  # or patterns are cut off
        fontsize="small",
        frameon=False,
    )
    for text, line in zip(legend.get_texts(), lines, strict=True):
        text.set(text=line.get_label(), parse_math=False)
