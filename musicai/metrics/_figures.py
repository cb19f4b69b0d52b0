"""Figures of a scorecard, and warnings about figures that cannot be trusted."""

from dataclasses import dataclass

import numpy as np

from ._words import COPIES, TOTAL

_ENOUGH = 10
"""Minimum number of excerpts per set for reliable figures.

With fewer, overlaps vary too much, even between two sets of real music.
"""

_MOST_COPIES = 0.5
"""Share of copies that triggers a warning. In held-out recordings, the share was at most 0.1."""

_MOST_ABOVE_CEILING = 0.1
"""How far the total overlap of `_ENOUGH` generated excerpts can exceed the ceiling's by chance."""


@dataclass(frozen=True, eq=False, repr=False)
class Figures:
    """Figures of a scorecard; :class:`Report` documents the attributes."""

    n_frames: int
    frame_rate: float
    values: dict[str, dict[str, np.ndarray]]
    overlaps: dict[str, dict[str, float]]
    frechet_distances: dict[str, float]
    memorization: dict[str, float]

    @property
    def n_excerpts(self) -> int:
        """Number of excerpts drawn from each set."""
        return len(self.values["real"]["flux"])


def doubts(figures: Figures) -> list[str]:
    """Return the texts of warnings about the figures of a scorecard."""
    found = []
    enough = figures.n_excerpts >= _ENOUGH
    if not enough:
        found.append(
            f"there are too few excerpts to judge: {figures.n_excerpts} from each set, where at "
            f"least {_ENOUGH} are needed and 20 or more are better"
        )
    copies = figures.memorization
    if copies["real"] >= _MOST_COPIES:
        found.append(
            f"held-out music is in the training music ({COPIES} of real is "
            f"{copies['real']:.2f}): real and train must be different recordings, and so must all "
            "pieces of real if there is no train"
        )
    elif copies["generated"] >= _MOST_COPIES:
        found.append(
            f"most of generated is in train ({COPIES} is {copies['generated']:.2f}, that of real "
            f"{copies['real']:.2f}): the composer copies"
        )
    totals = {name: areas[TOTAL] for name, areas in figures.overlaps.items()}
    if enough and totals["generated"] > totals["ceiling"] + _MOST_ABOVE_CEILING:
        found.append(
            f"generated has more in common with real ({totals['generated']:.2f}) than other real "
            f"music has ({totals['ceiling']:.2f}): was composed music passed as train? The order "
            "of the arguments is real, generated, train"
        )
    return found
