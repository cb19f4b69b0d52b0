"""Metrics of pieces, similarity of sets of pieces to real music, and baselines.

Metrics take one piece ``(n_frames, n_features)`` or a collection of pieces. Most of them need
chroma: 12 pitch classes, from C to B.

- Harmony, regardless of the order of frames: `pitch_class_entropy`, `frame_entropy`,
  `scale_consistency`, `key_correlation`, `triad_fit`, `quiet_share`.
- Motion: `flux`, `harmonic_change` and `persistence` from frame to frame; `dynamics` over windows
  of a second.
- Progression, from chord to chord: `transition_matrix`, `falling_fifths`.
- Form, over many seconds: `key_stability`, `recurrence`.
- Comparison of two sets of pieces: `overlap_area` compares the values of one metric, and
  `transition_overlap` compares root moves. `realism` combines the overlaps in all
  `REALISM_METRICS` and in root moves. `frechet_distance` compares frames. `memorization` finds
  copies, which `realism` cannot detect. `report` returns a scorecard, a `Report`, with all of these
  figures, and with those of other real music and simple baselines for comparison.
- Comparison of two pieces frame by frame: `frame_correlation`.
- Scorers for scikit-learn's searches: `RealismScorer` judges composed pieces, `next_frame_score`
  judges predictions.
- Baselines: `MarkovBaseline` composes; `IndependentBaseline` and `PersistenceBaseline` return
  log-likelihoods in nats, comparable with those from :meth:`musicai.LSTMComposer.score`.

For metrics of single pieces, higher is not better: compare a value with the value for real music at
the same frame rate.
"""

from ._baselines import IndependentBaseline, PersistenceBaseline
from ._card import Report
from ._form import key_stability, recurrence
from ._frechet import frechet_distance
from ._harmony import (
    frame_entropy,
    key_correlation,
    pitch_class_entropy,
    quiet_share,
    scale_consistency,
    triad_fit,
)
from ._markov import MarkovBaseline
from ._memorization import memorization
from ._motion import dynamics, flux, harmonic_change, persistence
from ._overlap import overlap_area, transition_overlap
from ._progression import falling_fifths, transition_matrix
from ._realism import REALISM_METRICS, realism
from ._report import report
from ._scorers import RealismScorer, next_frame_score
from ._similarity import frame_correlation

__all__ = [
    "REALISM_METRICS",
    "IndependentBaseline",
    "MarkovBaseline",
    "PersistenceBaseline",
    "RealismScorer",
    "Report",
    "dynamics",
    "falling_fifths",
    "flux",
    "frame_correlation",
    "frame_entropy",
    "frechet_distance",
    "harmonic_change",
    "key_correlation",
    "key_stability",
    "memorization",
    "next_frame_score",
    "overlap_area",
    "persistence",
    "pitch_class_entropy",
    "quiet_share",
    "realism",
    "recurrence",
    "report",
    "scale_consistency",
    "transition_matrix",
    "transition_overlap",
    "triad_fit",
]
