"""Names of the figures of a scorecard, and descriptions of the faults that each one catches."""

from typing import NamedTuple

import numpy as np

COLUMNS = {
    "generated": "composed",
    "ceiling": "ceiling",
    "markov": "Markov",
    "shuffled": "shuffled",
}
"""Table headings for the sets that are compared with real music, by their keys in a `Report`."""

TRANSITIONS = "transition_matrix"
"""Name of the row for root moves, which has overlaps but no means."""

TOTAL, TOTAL_SAID = "overlap_area", "geometric mean"
"""Key of the geometric mean of all overlaps, and its name in tables."""

DISTANCE, COPIES = "frechet_distance", "memorization"
"""Names of the rows for the Fréchet distance and the share of copies."""

SHARES = frozenset({"key_stability"})
"""Metrics that are shares of only a few cases per excerpt.

Their standard deviation is not shown, because it follows largely from the mean.
"""


class Words(NamedTuple):
    """The faults that a figure catches, and the aspects to which it is blind."""

    catches: str
    blind_to: str


# The table in docs/guide/judging.md has the same texts; a test compares them.
WORDS = {
    "pitch_class_entropy": Words(
        "staying on a few notes, or having no key", "order, and what sounds together"
    ),
    "frame_entropy": Words("blurred frames and noise", "which pitch classes sound, and time"),
    "scale_consistency": Words(
        "wandering through keys", "order; a single repeated note counts as consistent"
    ),
    "key_correlation": Words("wandering through keys; noise", "order"),
    "triad_fit": Words(
        "noise, blur, clusters", "how chords follow each other; lowered by rich chords"
    ),
    "flux": Words("freezing; restlessness", "which notes move; anything beyond the next frame"),
    "harmonic_change": Words(
        "moves between distant chords; restlessness", "anything beyond the next frame"
    ),
    "persistence": Words(
        "motion that is too slow or too restless",
        "all but the loudest pitch class; anything beyond the next frame",
    ),
    "dynamics": Words(
        "always sounding equally full", "which notes sound; the order of passages; true loudness"
    ),
    "key_stability": Words("forgetting the key", "everything that happens within a key"),
    "recurrence": Words(
        "music without repetition; loops", "repetition in a different key or tempo"
    ),
    TRANSITIONS: Words(
        "wrong chord progressions", "how long chords last; whether they are major or minor"
    ),
    TOTAL: Words("anything that a metric above catches", "copies; what no metric measures"),
    DISTANCE: Words("wrong frames: blur, noise", "time: shuffled frames score perfectly"),
    COPIES: Words("copies, in any key", "copies at a different tempo"),
}


def in_words(metric: str, values: np.ndarray) -> str:
    """Format the mean of a metric, with the standard deviation unless `metric` is in `SHARES`."""
    deviation = "" if metric in SHARES else f" ± {values.std(ddof=1):.3f}"
    return f"{values.mean():.3f}{deviation}"
