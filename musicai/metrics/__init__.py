"""Metrics of pieces, similarity of sets of pieces to real music, and baselines.

Everything takes one piece ``(n_frames, n_features)`` or a collection of pieces; metrics of harmony
take chroma of 12 pitch classes, C to B.

- Harmony, whatever the order of frames: `pitch_class_entropy`, `frame_entropy`,
  `scale_consistency`, `key_correlation`, `triad_fit`, `quiet_share`.
- Motion: `flux`, `harmonic_change`, `persistence` from frame to frame; `dynamics` over seconds.
- Progression from chord to chord: `transition_matrix`, `falling_fifths`.
- Form over many seconds: `key_stability`, `recurrence`.
- Set against set: `realism` and its parts, `overlap_area` over `REALISM_METRICS` and
  `transition_overlap`; `frechet_distance` of frames; `memorization`, since copies are realistic
  too. `report` puts all of them on a score-card, a `Report`, and compares with other real music and
  with simple baselines.
- Frame against frame: `frame_correlation`.
- For scikit-learn's searches: `RealismScorer` of composed pieces, `next_frame_score` of
  predictions.
- Baselines: `MarkovBaseline` composes; `IndependentBaseline` and `PersistenceBaseline` give
  log-likelihoods in nats, on the same grid of levels as :meth:`musicai.LSTMComposer.score`.

For no metric of a single piece is higher better: compare with the same metric of real music, at the
same frame rate.
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
