"""Descriptions of the figures of a score-card: the faults that each one catches and misses."""

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
"""The row for the moves of roots, which has no mean or standard deviation."""

TOTAL, TOTAL_SAID = "overlap_area", "geometric mean"
"""The geometric mean over all metrics and the transition matrix, and its name in tables."""

DISTANCE, COPIES = "frechet_distance", "memorization"
"""The two rows below the total."""


SHARES = frozenset({"key_stability"})
"""Metrics that are shares of few cases in each excerpt, such as one pair of windows in 20 s. Their
values are nearly binary, so that the mean determines the standard deviation."""


class Words(NamedTuple):
    """Faults that a figure catches, and aspects to which it is blind."""

    catches: str
    blind_to: str


# The table in docs/guide/judging.md says the same; a test compares the two.
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
    """Return the mean and standard deviation of a metric as text, or the mean alone if a share."""
    deviation = "" if metric in SHARES else f" ± {values.std(ddof=1):.3f}"
    return f"{values.mean():.3f}{deviation}"
