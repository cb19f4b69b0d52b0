"""Plot of several pieces with common time and color scales."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from ..base.pieces import as_collection
from ._frames import draw_frames, marks_within, needs_colorbar, one_piece, scale_of
from ._matplotlib import add_colorbar, check_ax, need_matplotlib
from ._time_axis import TimeAxis, label_time, time_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class ComparisonDisplay:
    """Several pieces, one above the other, with common time and color scales.

    Use :meth:`from_pieces` to create and draw it.

    Parameters
    ----------
    pieces : dict of str to ndarray of shape (n_frames, n_features)
        The pieces by name, from top to bottom.
    times : dict of str to ndarray of shape (n_frames + 1,)
        Borders of the frames of each piece, in `unit`.
    unit : str
        Unit of `times`, such as "seconds".

    Attributes
    ----------
    axes_ : list of matplotlib Axes
        Axes of the pieces, from top to bottom.
    figure_ : matplotlib Figure
        Figure that contains `axes_`.

    See Also
    --------
    ChromagramDisplay : Draw one piece.

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
        """Draw several pieces.

        Parameters
        ----------
        pieces : dict of str to array-like of shape (n_frames, n_features)
            The pieces by name, from top to bottom. The names become titles. All pieces must have
            the same number of features.
        timing : Timing, object with a `timing`, float, or dict of these, default=None
            Timing of the frames, for instance the extractor of the pieces. Pass one timing for all
            pieces, or a dict with one for each name. A number means frames per second. The unit of
            the axis is beats if the frames follow beats, and seconds otherwise. Without a timing,
            the unit is frames.
        marks : dict of str to float or list of float, default=None
            Positions of vertical lines in each piece, by name, in the unit of the axis. For
            instance, mark the end of a prime.
        key : str, default=None
            Key, such as "Eb" or "F# minor". Pitch classes are labeled with flats in flat keys,
            otherwise with sharps.
        colorbar : bool, default=True
            Whether to draw a color bar. It is always omitted if all values are 0 or 1.
        axes : list of matplotlib Axes, default=None
            Axes to draw on, one for each piece. If None, create a new figure.

        Returns
        -------
        display : ComparisonDisplay
            The display, drawn on its axes.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        TypeError
            If `pieces` or `marks` is not a dict, `axes` is not a list of rectilinear Axes, or
            `timing` has an unsupported type.
        ValueError
            If `pieces` is empty, a piece has no frames or has its frames in columns, an item is a
            collection of pieces, the pieces have different numbers of features, a mark has an
            unknown name or is outside its piece, the number of axes is wrong, timings do not fit
            the pieces or have different units, or `key` is not a key.
        """
        if not isinstance(pieces, Mapping):
            raise TypeError(
                f"pieces are a {type(pieces).__name__}; expected a dict of names and pieces, "
                'such as {"real": piece, "composed": other}'
            )
        frames = {
            name: one_piece(piece, cls.__name__, name=f"pieces[{name!r}]")
            for name, piece in pieces.items()
        }
        as_collection(list(frames.values()), name="pieces")  # checks the number of features
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
            Axes to draw on, one for each piece. If None, create a new figure.
        marks : dict of str to float or list of float, default=None
            Positions of vertical lines in each piece, by name, in the unit of the axis.
        key : str, default=None
            Key, such as "Eb" or "F# minor". Pitch classes are labeled with flats in flat keys,
            otherwise with sharps.
        colorbar : bool, default=True
            Whether to draw a color bar. It is always omitted if all values are 0 or 1.

        Returns
        -------
        display : ComparisonDisplay
            The display itself, with `axes_` and `figure_` set.
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
            raise ValueError(f"got {len(axes)} axes for {len(self.pieces)} pieces")
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
        if colorbar and needs_colorbar(self.pieces.values()):
            add_colorbar(image, self.axes_, "strength")
        return self

    def _marks(self, marks: Any) -> dict[str, np.ndarray]:
        """Validate `marks`, and return the positions of the lines in each piece, by name."""
        given = {} if marks is None else marks
        if not isinstance(given, Mapping):
            raise TypeError(
                f"marks are a {type(given).__name__}; expected a dict of names and positions, "
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
    """Return the borders of the frames of each piece, by name, and their common unit."""
    if isinstance(timing, (list, tuple, np.ndarray)):
        raise TypeError(
            f"timing is of type {type(timing).__name__}; expected one for all pieces, or a dict "
            f"with one for each name, such as {{{next(iter(pieces))!r}: extractor}}"
        )
    one_each = isinstance(timing, Mapping) and not hasattr(timing, "timing")
    given = timing if one_each else dict.fromkeys(pieces, timing)
    if set(given) != set(pieces):
        raise ValueError(f"timings are for {list(given)}, but pieces are {list(pieces)}")
    axes = {name: time_axis(piece, given[name]) for name, piece in pieces.items()}
    units = {name: axis.unit for name, axis in axes.items()}
    if len(set(units.values())) > 1:
        raise ValueError(f"pieces share one axis, but their timings have different units: {units}")
    return {name: axis.times for name, axis in axes.items()}, units[next(iter(units))]
