"""What each figure of a score-card catches, and what it is blind to, in a few words."""

from typing import NamedTuple

COLUMNS = {
    "generated": "composed",
    "ceiling": "ceiling",
    "markov": "Markov",
    "shuffled": "shuffled",
}
"""The sets that overlap with real music, and what they are called in tables."""

TOTAL = "overlap_area"
"""The geometric mean over all metrics and the transition matrix."""


class Words(NamedTuple):
    """What a figure catches, and what it is blind to."""

    catches: str
    blind_to: str


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
    "harmonic_change": Words("moves between strange chords", "all but the next frame"),
    "persistence": Words("motion too slow or too restless", "all but the loudest pitch class"),
    "dynamics": Words("always sounding equally full", "what sounds, order, true loudness"),
    "key_stability": Words("forgetting the key", "whether anything else happens"),
    "recurrence": Words(
        "nothing that ever comes back, and loops", "what comes back in another key or tempo"
    ),
    "transition_matrix": Words("wrong progressions of chords", "how long a chord lasts, and mode"),
    "overlap_area": Words("any of the above", "copies, and what no metric here measures"),
    "frechet_distance": Words("wrong frames: blur, noise", "time: shuffled frames are perfect"),
    "memorisation": Words("copies, in any key", "copies in another tempo"),
}
