"""How a piece moves, how like another it is, and what a composer's likelihood is held against.

Everything takes one piece ``(n_frames, n_features)`` or a collection of them. Likelihoods are
natural logarithms (nats) of probabilities that sum to one over a grid of levels, so they stand
beside :meth:`musicai.LSTMComposer.score` on the same footing.
"""

from ._baselines import IndependentBaseline, PersistenceBaseline
from ._motion import flux
from ._similarity import frame_correlation

__all__ = ["IndependentBaseline", "PersistenceBaseline", "flux", "frame_correlation"]
