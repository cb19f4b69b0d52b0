"""Access to matplotlib, and the style of all plots."""

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
"""Line colors from the magma colormap. They also differ in lightness."""


def need_matplotlib() -> ModuleType:
    """Return ``matplotlib.pyplot``, or raise an error that says how to install it."""
    need("matplotlib", extra="plot", what="a picture")
    from matplotlib import pyplot

    return pyplot


def get_ax(ax: Any, figsize: tuple[float, float], *, layout: str = "constrained") -> "Axes":
    """Return `ax`, or if it is None, the axes of a new figure of size `figsize` in inches."""
    if ax is None:
        _, ax = need_matplotlib().subplots(figsize=figsize, layout=layout)
    check_ax(ax, "ax")
    return ax


def check_ax(ax: Any, name: str) -> None:
    """Raise a TypeError unless `ax` is a rectilinear matplotlib Axes."""
    need_matplotlib()
    from matplotlib.axes import Axes

    if not isinstance(ax, Axes) or ax.name != "rectilinear":
        raise TypeError(
            f"{name} must be a matplotlib Axes with straight axes, such as pyplot.subplots() "
            f"returns, got a {type(ax).__name__}"
        )


def finish(ax: "Axes", title: Any, *, frame: bool = False) -> None:
    """Set the title, if any, and hide the top and right spines unless `frame` is True."""
    if not frame:
        ax.spines[["top", "right"]].set_visible(False)
    if title is not None:
        ax.set_title(printable(str(title)), loc="left", parse_math=False)


def ink() -> "Colormap":
    """Return a colormap: reversed magma that starts at white instead of yellow.

    Lightness decreases evenly.
    """
    need_matplotlib()
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    strength = np.linspace(0, 1, 256)
    # Above 0.86, reversed magma looks black, which would hide differences between high values.
    magma = colormaps["magma_r"](0.03 + 0.83 * strength)
    paper = np.clip(1 - strength / 0.12, 0, 1)[:, np.newaxis]
    return ListedColormap(paper + (1 - paper) * magma, name="ink")


def add_colorbar(
    image: "ScalarMappable", ax: Any, label: str, *, extend: str = "neither"
) -> "Colorbar":
    """Add a narrow color bar.

    Parameters
    ----------
    image : matplotlib ScalarMappable
        Image for which to show the color scale.
    ax : matplotlib Axes, or a list of them
        Axes from which to take space for the bar.
    label : str
        Label of the bar.
    extend : str, default="neither"
        End of the bar to draw as an arrow, for instance "min" if values may be below the scale.
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
    """Return the width of axes in inches, before matplotlib adjusts the layout."""
    return float(ax.get_window_extent().width / ax.figure.dpi)


def height_in_inches(ax: "Axes") -> float:
    """Return the height of axes in inches, before matplotlib adjusts the layout."""
    return float(ax.get_window_extent().height / ax.figure.dpi)
