"""Training of sequence models on collections of pieces, and sampling of new pieces.

``LSTMComposer.fit`` uses the modules in this order: it checks pieces and labels, chooses an
emission and estimates keys (``_data``), builds the network (``_network``) and describes each piece
by traits (``_conditioning``). It then trains on batches of excerpts (``_training``), in one process
or several (``_distributed``), and saves its state in a file (``_checkpoint``). An emission is the
distribution of a frame (``_emission``, ``_logistic``, ``_bernoulli``, ``_tied``, ``_gaussian``);
its NumPy sampler is in the same file. The methods of a fitted composer (``_fitted``) score and
predict with ``_inference``. To sample, they read requests (``_requests``) and draw frames
(``_sampling``) with the LSTM in ``_trunk``. ``_state`` validates composers and checkpoints that are
read from files.
"""

from ._callbacks import on_epoch
from ._composer import LSTMComposer
from ._model_card import model_card

__all__ = ["LSTMComposer", "model_card", "on_epoch"]
