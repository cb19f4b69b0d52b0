"""matplotlib, where it is installed, and the colors that our pictures share."""

from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.extras import need
from ..files.paths import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.colorbar import Colorbar
    from matplotlib.colors import Colormap

DARK, BRIGHT = "#3b0f70", "#d8456c"
"""Of lines: two colors of magma, told apart by lightness as well."""


def need_matplotlib() -> ModuleType:
    """Return ``matplotlib.pyplot``, or say which extra brings it."""
    need("matplotlib", extra="plot", what="a picture")
    from matplotlib import pyplot

    return pyplot


def ax_to_draw_on(ax: Any, figsize: tuple[float, float], *, layout: str = "constrained") -> "Axes":
    """Return `ax`, or where it is None the one ax of a new figure, of so many inches."""
    if ax is None:
        _, ax = need_matplotlib().subplots(figsize=figsize, layout=layout)
    check_ax(ax, "ax")
    return ax


def check_ax(ax: Any, name: str) -> None:
    """Raise a TypeError if `ax` is nothing to draw on with straight axes at right angles."""
    need_matplotlib()
    from matplotlib.axes import Axes

    if not isinstance(ax, Axes) or ax.name != "rectilinear":
        raise TypeError(
            f"{name} must be a matplotlib Axes with straight axes, such as pyplot.subplots() "
            f"returns, got a {type(ax).__name__}"
        )


def finish(ax: "Axes", title: Any, *, frame: bool = False) -> None:
    """Write a title above, on the left; take away the lines at top and right, but of a frame."""
    if not frame:
        ax.spines[["top", "right"]].set_visible(False)
    if title is not None:
        ax.set_title(printable(str(title)), loc="left", parse_math=False)


def ink() -> "Colormap":
    """Colors from the white of the paper to a dark ink: magma, reversed and faded in.

    Lightness falls evenly, so the picture reads without color vision and in gray print; white
    in place of magma's yellow lets silence be silence.
    """
    need_matplotlib()
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    strength = np.linspace(0, 1, 256)
    # From .86 on magma is black to the eye, and a row of full bins would hide the others.
    magma = colormaps["magma_r"](0.03 + 0.83 * strength)
    paper = np.clip(1 - strength / 0.12, 0, 1)[:, np.newaxis]
    return ListedColormap(paper + (1 - paper) * magma, name="ink")


def add_colorbar(
    image: "ScalarMappable", ax: Any, label: str, *, extend: str = "neither"
) -> "Colorbar":
    """Draw a narrow bar that says what the colors of an image mean.

    Parameters
    ----------
    image : matplotlib ScalarMappable
        What has the colors.
    ax : matplotlib Axes, or a list of them
        What the bar stands beside, and takes its room from.
    label : str
        What the numbers are.
    extend : str, default="neither"
        Where there are values beyond the colors: "min" for below.
    """
    from matplotlib.ticker import MaxNLocator

    first = ax if not isinstance(ax, (list, tuple)) else ax[0]
    bar = first.figure.colorbar(image, ax=ax, pad=0.02, fraction=0.05, extend=extend)
    bar.locator = MaxNLocator(nbins=4, steps=[1, 2, 5, 10])
    bar.ax.tick_params(length=2, labelsize="small")
    bar.set_label(label, fontsize="small")
    bar.outline.set_visible(False)
    return bar


def width_in_inches(ax: "Axes") -> float:
    """Return how wide an ax is, before its figure is laid out."""
    return float(ax.get_window_extent().width / ax.figure.dpi)


def height_in_inches(ax: "Axes") -> float:
    """Return how high an ax is, before its figure is laid out."""
    return float(ax.get_window_extent().height / ax.figure.dpi)
