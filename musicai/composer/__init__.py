"""Training of sequence models on collections of pieces, and sampling of new pieces.

``LSTMComposer.fit`` checks pieces and labels, chooses an emission (``_checks``) and, if needed,
estimates keys (``_data``). It builds the network (``_network``), and describes the pieces by the
traits (``_conditioning``) and chords (``_chords``) that the network uses. It then trains on batches
of excerpts (``_training``), in one process or several (``_distributed``), and saves checkpoints if
the user passes a path (``_checkpoint``).

An emission is the distribution of a frame given the frames before it (``_emission``, ``_logistic``,
``_bernoulli``, ``_tied``, ``_gaussian``). The file of each emission also contains its NumPy
sampler.

The methods of a fitted composer score and predict with ``_inference`` (``_fitted``). To sample
(``_generating``), they read requests (``_requests``) and draw frames (``_sampling``) with a NumPy
version of the LSTM (``_trunk``). ``_state`` validates composers and checkpoints that are read from
files.
"""

from ._callbacks import on_epoch
from ._composer import LSTMComposer
from ._model_card import model_card

__all__ = ["LSTMComposer", "model_card", "on_epoch"]
