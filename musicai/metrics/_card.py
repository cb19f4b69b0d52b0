"""The scorecard that `report` returns, and its conversion to text, HTML and a dict."""

from textwrap import wrap

from ._card_html import as_html
from ._figures import Figures, doubts
from ._words import COLUMNS, COPIES, DISTANCE, TOTAL, TOTAL_SAID, TRANSITIONS, in_words


class Report(Figures):
    """Similarity of composed music to real music, as returned by :func:`report`.

    A report prints as a table. Notebooks show it as HTML.

    Attributes
    ----------
    n_frames : int
        Length of each excerpt, in frames.
    frame_rate : float
        Frames per second.
    values : dict of dict of ndarray of shape (n_excerpts,)
        The value of each metric for each excerpt, by set and metric: ``values["real"]["flux"]``.
        The sets are "real", "generated", "ceiling" (other real music), "markov" and "shuffled". The
        last two may have fewer excerpts, because excerpts for which a metric may be undefined
        are left out.
    overlaps : dict of dict of float
        Overlap of every other set with "real", by set and metric. Besides the metrics, each inner
        dict has the keys "transition_matrix", for root moves, and "overlap_area", for the geometric
        mean of all overlaps.
    frechet_distances : dict of float
        Fréchet distance of every other set from "real", by set. Frames are transposed to a common
        key first.
    memorization : dict of float
        Shares of "real" and "generated" that are copied from the training music, by set. If
        `report` was called without training music, half of the real music takes its place.

    See Also
    --------
    report : Computes a report and explains its figures.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import report
    >>> rng = np.random.default_rng(0)
    >>> walk = lambda: np.eye(12)[np.repeat(rng.integers(12, size=60).cumsum() % 12, 5)]
    >>> real, composed, train = ([walk() for _ in range(12)] for _ in range(3))
    >>> card = report(real, composed, train, timing=10)
    >>> card.n_frames, card.n_excerpts
    (300, 12)
    >>> sorted(card.values)
    ['ceiling', 'generated', 'markov', 'real', 'shuffled']
    >>> 0 <= card.overlaps["generated"]["flux"] <= 1
    True
    """

    __module__ = "musicai.metrics"

    def to_dict(self) -> dict[str, float]:
        """Return all figures in a flat dict.

        Returns
        -------
        figures : dict of str to float
            Each metric of composed music has three figures: a mean, such as ``flux``, a standard
            deviation, ``flux_std``, and an overlap with real music, ``flux_overlap``. Four more
            figures are ``overlap_area`` (the geometric mean of all overlaps),
            ``transition_matrix_overlap``, ``frechet_distance`` and ``memorization``. The other sets
            have the same figures except memorization, with the prefixes ``ceiling_``, ``markov_``
            and ``shuffled_``. Real music has only means, standard deviations and memorization, with
            the prefix ``real_``. ``n_excerpts``, ``n_frames`` and ``frame_rate`` come last.
        """
        figures: dict[str, float] = {}
        for name in ("generated", "real", *[each for each in COLUMNS if each != "generated"]):
            prefix = "" if name == "generated" else f"{name}_"
            overlaps = self.overlaps.get(name)
            if overlaps:
                figures[f"{prefix}{TOTAL}"] = overlaps[TOTAL]
            for metric, values in self.values[name].items():
                figures[f"{prefix}{metric}"] = float(values.mean())
                figures[f"{prefix}{metric}_std"] = float(values.std(ddof=1))
                if overlaps:
                    figures[f"{prefix}{metric}_overlap"] = overlaps[metric]
            if overlaps:
                figures[f"{prefix}{TRANSITIONS}_overlap"] = overlaps[TRANSITIONS]
                figures[f"{prefix}{DISTANCE}"] = self.frechet_distances[name]
            if name in self.memorization:
                figures[f"{prefix}{COPIES}"] = self.memorization[name]
        figures["n_excerpts"] = self.n_excerpts
        figures["n_frames"] = self.n_frames
        figures["frame_rate"] = self.frame_rate
        return figures

    def to_html(self) -> str:
        """Return the scorecard as HTML that can be embedded in a page or saved to a file.

        Returns
        -------
        html : str
            An ASCII ``div`` that includes its style sheet and needs no scripts. In each row with
            overlaps, a bar shows the overlap of composed with real music, and marks show the
            overlaps of the ceiling and the baselines.
        """
        return as_html(self)

    def _repr_html_(self) -> str:
        return self.to_html()

    def __repr__(self) -> str:
        totals = [f"{name}={areas[TOTAL]:.3f}" for name, areas in self.overlaps.items()]
        return f"Report({', '.join(totals)}, n_excerpts={self.n_excerpts})"

    def __str__(self) -> str:
        rule = "-" * len(_line(_HEAD))
        seconds = self.n_frames / self.frame_rate
        scores = [
            _line(
                [
                    metric,
                    in_words(metric, real),
                    in_words(metric, self.values["generated"][metric]),
                    *self._areas(metric),
                ]
            )
            for metric, real in self.values["real"].items()
        ]
        distances = [f"{self.frechet_distances[name]:.3g}" for name in COLUMNS]
        copies = [f"{self.memorization[name]:.3f}" for name in ("real", "generated")]
        return "\n".join(
            [
                f"Scorecard of {self.n_excerpts} excerpts of {self.n_frames} frames "
                f"({seconds:.1f} s) each",
                "",
                f"{'mean ± deviation':>50}{'overlap with real':>40}",
                _line(_HEAD),
                rule,
                *scores,
                _line([TRANSITIONS, "", "", *self._areas(TRANSITIONS)]),
                rule,
                _line([TOTAL_SAID, "", "", *self._areas(TOTAL)]),
                _line([DISTANCE, "", "", *distances]),
                _line([COPIES, *copies]),
                "",
                *_FOOT,
                *(line for doubt in doubts(self) for line in wrap(f"Note: {doubt}.", len(rule))),
            ]
        )

    def _areas(self, metric: str) -> list[str]:
        return [f"{self.overlaps[name][metric]:.2f}" for name in COLUMNS]


_FOOT = (
    "ceiling: other real music. Markov: a chain that remembers one frame. shuffled: frames of real",
    "music in random order. Overlaps range from 0 to 1; expect no more than the ceiling.",
)
_HEAD = ["", "real", *COLUMNS.values()]
_HEAD.insert(2, COLUMNS["generated"])


def _line(cells: list[str]) -> str:
    name, *others = cells
    widths = (15, 15, 10, 10, 10, 10)
    return f"{name:20}" + "".join(f"{cell:>{n}}" for cell, n in zip(others, widths, strict=False))
