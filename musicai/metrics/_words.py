"""Descriptions of the figures of a score-card: the faults each one catches and misses."""

from typing import NamedTuple

import numpy as np

COLUMNS = {
    "generated": "composed",
    "ceiling": "ceiling",
    "markov": "Markov",
    "shuffled": "shuffled",
}
"""The sets that are compared with real music, and their names in tables."""

TRANSITIONS = "transition_matrix"
"""The row of moves of roots, which has no mean and deviation."""

TOTAL, TOTAL_SAID = "overlap_area", "geometric mean"
"""The mean over all metrics and the transition matrix, and its name in tables."""

DISTANCE, COPIES = "frechet_distance", "memorization"
"""The rows below the total."""


SHARES = frozenset({"key_stability"})
"""Metrics that are shares of few cases in each excerpt, such as one pair of windows in 20 s: their
values are nearly binary, so the mean determines the deviation."""


class Words(NamedTuple):
    """Faults that a figure catches, and aspects that it is blind to."""

    catches: str
    blind_to: str


# The table in docs/guide/judging.md says the same, and a test compares them.
WORDS = {
    "pitch_class_entropy": Words(
        "staying on a few notes, or having no key", "order, and what sounds together"
    ),
    "frame_entropy": Words("blurred frames and noise", "which pitch classes sound, and time"),
    "scale_consistency": Words("wandering through keys", "order; one note is consistent"),
    "key_correlation": Words("wandering through keys, noise", "order"),
    "triad_fit": Words(
        "noise, blur, clusters", "how chords follow each other; rich chords fit less"
    ),
    "flux": Words("freezing, and restlessness", "which notes move, and all but the next frame"),
    "harmonic_change": Words(
        "moves between strange chords, restlessness", "all but the next frame"
    ),
    "persistence": Words(
        "motion too slow or too restless", "all but the loudest pitch class and the next frame"
    ),
    "dynamics": Words(
        "always sounding equally full", "what sounds, order of seconds, true loudness"
    ),
    "key_stability": Words("forgetting the key", "all that happens within a key"),
    "recurrence": Words(
        "nothing that ever comes back, and loops", "what comes back in another key or tempo"
    ),
    TRANSITIONS: Words("wrong progressions of chords", "how long chords last, and their mode"),
    TOTAL: Words("any of the above", "copies, and what no metric measures"),
    DISTANCE: Words("wrong frames: blur, noise", "time: shuffled frames are perfect"),
    COPIES: Words("copies, in any key", "copies in another tempo"),
}


def in_words(metric: str, values: np.ndarray) -> str:
    """Return mean and standard deviation of a metric over excerpts, for a share the mean alone."""
    deviation = "" if metric in SHARES else f" ± {values.std(ddof=1):.3f}"
    return f"{values.mean():.3f}{deviation}"
