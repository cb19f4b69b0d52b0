"""Training sequence models on collections of pieces, and sampling new ones.

``LSTMComposer.fit`` leads through the modules in this order: pieces and labels are checked, an
emission is chosen and keys are estimated (``_data``), the network is built (``_network``) and each
piece described by traits (``_conditioning``); then excerpts become batches, batches a loss and
losses steps (``_training``), in this process or in several (``_distributed``), with the state in a
file (``_checkpoint``). The distribution of a frame is an emission (``_emission``, ``_logistic``,
``_bernoulli``, ``_tied``, ``_gaussian``), each with its NumPy sampler in the same file. The methods
of a fitted composer (``_fitted``) score and predict (``_inference``) or read requests
(``_requests``) and sample (``_sampling``, on the LSTM of ``_trunk``).
``_state`` declares the state that files of composers must have.
"""

from ._callbacks import on_epoch
from ._composer import LSTMComposer
from ._model_card import model_card

__all__ = ["LSTMComposer", "model_card", "on_epoch"]
