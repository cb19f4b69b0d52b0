"""Learning collections of pieces, and composing new ones.

``fit`` goes through the modules in this order (``_fitting`` is all of it): parameters and pieces
are checked (``_checks``, ``_inputs``), keys, styles and characters are found and the network is
built (``_preparing``, ``_keys``, ``_characters``, ``_network``), excerpts become batches
(``_batches``), a batch a loss (``_loss``, ``_own_frames``), a loss a step (``_optimizer``), steps
make epochs until the budget is spent (``_training``, ``_progress``), watched for sense
(``_divergence``), kept in a file (``_checkpoint``) and shared by processes (``_distributed``). The
distribution of a frame is an emission: its likelihood in torch (``_emissions``, ``_nade``,
``_gaussian``), its draws in NumPy (``_draws``, ``_nade_draws``, ``_gaussian_draws``).
``_inference`` hears music with what was learned, ``_composing`` and ``_sampler`` compose,
``_opened`` decides what a file of a composer must hold. :class:`LSTMComposer` is all of it.
"""

from ._composer import LSTMComposer

__all__ = ["LSTMComposer"]
