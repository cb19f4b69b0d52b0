"""matplotlib, where it is installed, and the colours that our pictures share."""

from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.colors import Colormap


def need_matplotlib() -> ModuleType:
    """Return ``matplotlib.pyplot``, or say which extra brings it."""
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError("pictures need matplotlib: pip install musicai[plot]") from error
    return pyplot


def ink() -> "Colormap":
    """Colours from the white of the paper to a dark ink: magma, reversed and faded in.

    Lightness falls evenly, so the picture reads without colour vision and in grey print; white
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
