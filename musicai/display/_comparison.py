"""Several pieces one above the other, on one scale."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from ..base.pieces import as_collection
from ._frames import colors_mean_something, draw_frames, marks_within, one_piece, scale_of
from ._matplotlib import add_colorbar, check_ax, need_matplotlib
from ._time_axis import TimeAxis, label_time, time_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class ComparisonDisplay:
    """Pieces one above the other, on one scale of time and of colors.

    Make it with :meth:`from_pieces`, which also draws it.

    Parameters
    ----------
    pieces : dict of str to ndarray of shape (n_frames, n_features)
        The pieces, from top to bottom, with their names.
    times : dict of str to ndarray of shape (n_frames + 1,)
        For each where its frames begin and the last one ends.
    unit : str
        What `times` are in, such as "seconds".

    Attributes
    ----------
    axes_ : list of matplotlib Axes
        What the pieces are drawn on, from top to bottom.
    figure_ : matplotlib Figure
        The figure that they are in.

    See Also
    --------
    ChromagramDisplay : Draws one piece.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.display import ComparisonDisplay
    >>> real, composed = np.random.default_rng(0).random((2, 40, 12))
    >>> display = ComparisonDisplay.from_pieces(
    ...     {"real": real, "composed": composed}, timing=10, marks={"composed": 1.5}
    ... )
    >>> [ax.get_title("left") for ax in display.axes_]
    ['real', 'composed']
    """

    __module__ = "musicai.display"

    def __init__(
        self, pieces: dict[str, np.ndarray], *, times: dict[str, np.ndarray], unit: str
    ) -> None:
        self.pieces = pieces
        self.times = times
        self.unit = unit

    @classmethod
    def from_pieces(
        cls,
        pieces: Mapping[str, Any],
        *,
        timing: Any = None,
        marks: Mapping[str, Any] | None = None,
        key: str | None = None,
        colorbar: bool = True,
        axes: "Sequence[Axes] | None" = None,
    ) -> Self:
        """Draw some pieces.

        Parameters
        ----------
        pieces : dict of str to array-like of shape (n_frames, n_features)
            The pieces, from top to bottom; the names are their titles. All are of one width.
        timing : Timing, object with a `timing`, or float, or a dict of them, default=None
            When the frames sound: such as the extractor that made the pieces. A number is frames
            per second. One for all, or a dict with one for each name. The axis counts beats where
            frames are beats, else seconds, and without a timing frames.
        marks : dict of str to float or list of float, default=None
            For some of the names, where to draw an upright line, in the unit of the axis: say,
            where what was given ends and what was composed begins.
        key : str, default=None
            Pitch classes have the names that belong to this key, such as "Eb" or "F# minor"; None
            for sharps.
        colorbar : bool, default=True
            Whether to show what the colors mean; never where all values are 0 and 1.
        axes : list of matplotlib Axes, default=None
            What to draw on, one for each piece. When None, a new figure.

        Returns
        -------
        display : ComparisonDisplay

        Raises
        ------
        ImportError
            If matplotlib is missing.
        TypeError
            If `pieces` or `marks` is no dict, `axes` no list of axes to draw on, or `timing`
            something else.
        ValueError
            If the pieces differ in width, one has no frame or lies on its side, a mark has the name
            of none or lies outside its piece, there are not as many axes as pieces, or timings are
            not for these pieces or in different units, or `key` is not the name of a key.
        """
        if not isinstance(pieces, Mapping):
            raise TypeError(
                f"pieces are a {type(pieces).__name__} where a dict of names and pieces is "
                'expected, such as {"real": piece, "composed": other}'
            )
        frames = {
            name: one_piece(piece, cls.__name__, name=f"pieces[{name!r}]")
            for name, piece in pieces.items()
        }
        as_collection(list(frames.values()), name="pieces")  # some, and all of one width
        times, unit = _times_of(frames, timing)
        display = cls(frames, times=times, unit=unit)
        return display.plot(axes, marks=marks, key=key, colorbar=colorbar)

    def plot(
        self,
        axes: "Sequence[Axes] | None" = None,
        *,
        marks: Mapping[str, Any] | None = None,
        key: str | None = None,
        colorbar: bool = True,
    ) -> Self:
        """Draw the pieces again.

        Parameters
        ----------
        axes : list of matplotlib Axes, default=None
            What to draw on, one for each piece. When None, a new figure.
        marks : dict of str to float or list of float, default=None
            For some of the names, where to draw an upright line, in the unit of the axis.
        key : str, default=None
            Pitch classes have the names that belong to this key, such as "Eb" or "F# minor"; None
            for sharps.
        colorbar : bool, default=True
            Whether to show what the colors mean; never where all values are 0 and 1.

        Returns
        -------
        display : ComparisonDisplay
            Itself, with `axes_` and `figure_` set.
        """
        pyplot = need_matplotlib()
        lines = self._marks(marks)
        if axes is None:
            figsize = (9, 0.5 + 2.3 * len(self.pieces))
            _, grid = pyplot.subplots(
                len(self.pieces), 1, squeeze=False, figsize=figsize, layout="constrained"
            )
            axes = grid[:, 0]
        if not isinstance(axes, (Sequence, np.ndarray)):
            raise TypeError(f"axes must be a list of matplotlib Axes, got a {type(axes).__name__}")
        for i, ax in enumerate(axes):
            check_ax(ax, f"axes[{i}]")
        if len(axes) != len(self.pieces):
            raise ValueError(f"{len(axes)} axes are given for {len(self.pieces)} pieces")
        scale = scale_of(self.pieces.values())
        start = min(times[0] for times in self.times.values())
        end = max(times[-1] for times in self.times.values())
        for ax, (name, piece) in zip(axes, self.pieces.items(), strict=True):
            image = draw_frames(
                ax,
                piece,
                TimeAxis(self.times[name], self.unit),
                scale=scale,
                marks=lines[name],
                title=name,
                key=key,
            )
            ax.set_xlim(start, end)
            label_time(ax.xaxis, self.unit, end - start)
            ax.label_outer()
        self.axes_ = list(axes)
        self.figure_ = cast("Figure", self.axes_[0].figure)
        if colorbar and colors_mean_something(self.pieces.values()):
            add_colorbar(image, self.axes_, "strength")
        return self

    def _marks(self, marks: Any) -> dict[str, np.ndarray]:
        """Check marks, and return those of every piece."""
        given = {} if marks is None else marks
        if not isinstance(given, Mapping):
            raise TypeError(
                f"marks are a {type(given).__name__} where a dict of names and places is expected, "
                f"such as {{{next(iter(self.pieces))!r}: 1.5}}"
            )
        unknown = [name for name in given if name not in self.pieces]
        if unknown:
            raise ValueError(f"marks are for {unknown}, but pieces are {list(self.pieces)}")
        return {
            name: marks_within(given.get(name), times, name=f"marks[{name!r}]")
            for name, times in self.times.items()
        }


def _times_of(pieces: Mapping[str, np.ndarray], timing: Any) -> tuple[dict[str, np.ndarray], str]:
    """Return where the frames of each piece are, and the unit that all have in common."""
    if isinstance(timing, (list, tuple, np.ndarray)):
        raise TypeError(
            f"timing is of type {type(timing).__name__} where one for all pieces or a dict is "
            f"expected, such as {{{next(iter(pieces))!r}: extractor}} with one for each name"
        )
    one_each = isinstance(timing, Mapping) and not hasattr(timing, "timing")
    given = timing if one_each else dict.fromkeys(pieces, timing)
    if set(given) != set(pieces):
        raise ValueError(f"timings are for {list(given)}, but pieces are {list(pieces)}")
    axes = {name: time_axis(piece, given[name]) for name, piece in pieces.items()}
    units = {name: axis.unit for name, axis in axes.items()}
    if len(set(units.values())) > 1:
        raise ValueError(f"pieces are drawn on one axis, and their timings count {units}")
    return {name: axis.times for name, axis in axes.items()}, units[next(iter(units))]
