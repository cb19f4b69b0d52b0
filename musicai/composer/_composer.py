"""The estimator `LSTMComposer`: parameters and training."""

import os
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Self

import numpy as np
import torch
from sklearn.utils import Tags

from ..base.parameters import (
    COUNT_RULE,
    SEED_RULE,
    VERBOSE_RULE,
    Rule,
    check_values,
    draw_seed,
    is_bool,
    is_file_name,
    is_integer,
    is_one_of,
    is_real,
    unchanged_on_error,
)
from ..base.persistence import Persistent
from ..base.pieces import Values
from ..base.styles import as_labels, encode_styles, known_styles
from ._callbacks import CallbackSupportMixin, train_with_callbacks
from ._checkpoint import Checkpoint, checksum, fingerprint
from ._checks import (
    check_support,
    check_training,
    check_validation,
    choose_emission,
    choose_key_invariance,
    tie_pitches,
)
from ._chords import chords_of_pieces
from ._clock import NO_CLOCKS, clocks_of, seconds_of_frames
from ._conditioning import NO_TRAITS, Traits, with_traits
from ._data import Collection
from ._distributed import Group, joined
from ._emission import is_tied
from ._generating import SamplingComposer
from ._inference import ONE_STYLE, mean_of_frames
from ._network import network_to_train
from ._progress import Budget
from ._reference import count_endings, window_scores
from ._state import check_resumed, fitted_state
from ._training import Trainer

_EMISSIONS = ("auto", "chroma", "logistic", "bernoulli", "gaussian", "independent", "mse")
# If there are fewer than 16 validation pieces, the first 64 frames of up to 16 training pieces are
# also scored for reference.
_SCORED = 16, 64
# Values of hidden_size="auto": in general, and for piano rolls with weights shared over pitch.
_SIZE, _SIZE_OF_TIED = 256, 64
_RULES: dict[str, Rule] = {
    # Larger networks would run out of memory, or never finish training.
    "hidden_size": (
        lambda v: is_one_of(v, ("auto",)) or (is_integer(v, 1) and v <= 2**16),
        "an integer from 1 to 65536 or 'auto'",
    ),
    "n_layers": (lambda v: is_integer(v, 1) and v <= 100, "an integer from 1 to 100"),
    "dropout": (lambda v: is_real(v) and 0 <= v < 1, "a number in [0, 1)"),
    "emission": (lambda v: is_one_of(v, _EMISSIONS), f"one of {_EMISSIONS}"),
    "key_invariant": (lambda v: is_bool(v) or is_one_of(v, ("auto",)), "True, False or 'auto'"),
    "learning_rate": (lambda v: is_real(v) and v > 0, "a positive number"),
    "batch_size": COUNT_RULE,
    "max_iter": COUNT_RULE,
    "max_time": (lambda v: v is None or (is_real(v) and v > 0), "a positive number or None"),
    "early_stopping": (is_bool, "True or False"),
    "validation_fraction": (lambda v: is_real(v) and 0 < v < 1, "a number in (0, 1)"),
    "n_iter_no_change": COUNT_RULE,
    "tol": (lambda v: is_real(v) and v >= 0, "a number of at least 0"),
    "warm_start": (is_bool, "True or False"),
    "checkpoint": (lambda v: v is None or is_file_name(v), "a path (str or PathLike) or None"),
    "random_state": SEED_RULE,
    "verbose": VERBOSE_RULE,
}


class LSTMComposer(CallbackSupportMixin, Persistent, SamplingComposer):
    r"""LSTM that learns from pieces of music and composes new ones.

    An LSTM reads a piece frame by frame and models the probability distribution of the next frame.
    It is trained by maximum likelihood, computes exact log-likelihoods, and samples new pieces.

    Parameters
    ----------
    hidden_size : int or "auto", default="auto"
        Number of units in each layer of the LSTM, at most 65536. "auto" is 256, or 64 if weights
        are shared over pitch (see `key_invariant`).
    n_layers : int, default=1
        Number of layers of the LSTM, at most 100.
    dropout : float, default=0.3
        Dropout rate of the LSTM's output in training, in [0, 1). If weights are shared over pitch,
        inputs of the LSTM and hidden units of the emission are also dropped, at 0.4 times this
        rate.
    emission : str, default="auto"
        Distribution of a frame given the previous frames.

        - "chroma": first which feature is the loudest, with the value 1, or that no feature is 1;
          then the other features as in "logistic", but at most 254/255. If several features are 1,
          the first counts as the loudest.
        - "logistic": each feature given the features before it in the frame, as a mixture of
          logistic distributions on 256 levels from 0 to 1. For data in [0, 1].
        - "bernoulli": each feature, 0 or 1, given the features before it in the frame. For binary
          data such as piano rolls. If `key_invariant_` is True and there are more than 12
          features, weights are shared over pitch.
        - "gaussian": mixture of Gaussians over the whole frame. For any real-valued data.
        - "independent": like "logistic" or "bernoulli", but with independent features. For
          comparison.
        - "mse": Gaussian with a single standard deviation for standardized features, equivalent to
          minimizing their squared error. For comparison.
        - "auto": "bernoulli" for binary data; for other data in [0, 1], "chroma" if the largest
          value of every non-silent frame is 1, and "logistic" if not; "gaussian" for all other
          data.
    key_invariant : bool or "auto", default="auto"
        Whether to treat transposed music as the same music in another key. If True, the key of a
        piece is a hidden variable: training pieces are transposed from their estimated keys to a
        common key, likelihoods are averaged over the twelve keys, and samples are transposed to the
        requested or drawn key. The network for piano rolls shares its weights over pitch instead
        (see Notes). Features must be the 12 pitch classes from C (chroma), or pitches in semitones
        (piano rolls, from A0 if there are 88 features and from a C otherwise). If False, pieces are
        not transposed. "auto" is True for 12 features in [0, 1], unless the emission is "gaussian"
        or "mse", and for 88 or 128 binary features with the emission "auto", "bernoulli" or
        "independent".
    learning_rate : float, default=0.03
        Peak learning rate of AdamW. After a warm-up, the rate decays to zero along a cosine over
        the budget set by `max_iter` and `max_time`, or sooner with early stopping.
    batch_size : int, default=16
        Number of excerpts in a training step. An excerpt has at most 128 frames.
    max_iter : int, default=100
        Maximum number of epochs.
    max_time : float, default=None
        Maximum training time in seconds; None for no limit. With a limit, the number of steps and
        the learning rate depend on the speed of the machine, so results are not reproducible.
    early_stopping : bool, default=True
        Whether to end training if the score of validation pieces no longer improves (see
        `n_iter_no_change`), and keep the weights with the best score. Without `X_val`, some of the
        pieces are set aside for validation. Only whole pieces are set aside, and at least one piece
        of each style is left for training. If no piece can be spared, training ends only after
        `max_iter` epochs or `max_time` seconds.
    validation_fraction : float, default=0.1
        Fraction of the pieces set aside for early stopping, in (0, 1).
    n_iter_no_change : int, default=20
        Number of epochs without improvement after which training returns to the best weights. The
        learning rate then decays to zero over as many further epochs, unless the budget is spent
        first, and training ends. This decay often improves the validation score again.
    tol : float, default=1e-4
        Smallest increase of the validation score that counts as an improvement.
    warm_start : bool, default=False
        Whether `fit` continues from the weights of the last fit. With `X_val`, these weights are
        kept unless training improves the validation score.
    checkpoint : str or PathLike, default=None
        File for the training state, written about once a minute and removed when training completes
        or diverges. After a crash or Ctrl-C, the same fit (same parameters and pieces) resumes from
        the file and ends with the weights of an uninterrupted fit. `max_time` limits the total time
        of all attempts. If the file is from another fit, `fit` raises an error. Concurrent fits
        need different files. `partial_fit` ignores this parameter.
    device : str or torch.device, default="auto"
        Device for training, prediction and scoring: "cpu", "cuda", "cuda:1" and so on, or "auto"
        for a GPU if one is available. Training uses float32 on CPUs, and bfloat16 on GPUs that
        support it. Sampling runs frame by frame in NumPy on the CPU.
    random_state : int, RandomState instance or None, default=None
        Seed for initial weights, validation split, choice and order of excerpts, dropout and other
        noise in training, and samples. The same seed gives the same model on the same machine.
        Global random states are neither read nor changed.
    verbose : int, default=0
        Whether to show a progress bar.

    Attributes
    ----------
    n_features_in_ : int
        Number of features in a frame.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if pieces were data frames with string column names.
    n_iter_ : int
        Number of epochs.
    loss_curve_ : list of float
        Training loss of every epoch: negative log-likelihood in nats per frame, with dropout and,
        for some emissions, with redrawn frames (see Notes).
    validation_curve_ : list of float or None
        Mean log-likelihood of the validation pieces after every epoch, in nats per frame. If
        `key_invariant_` is True, chroma is scored only in its estimated key, as in training. None
        without validation pieces.
    best_validation_score_ : float or None
        `score` of the validation pieces with `weights_`; None without validation pieces. `score`
        averages chroma over the twelve keys if `key_invariant_` is True, unlike
        `validation_curve_`.
    styles_ : ndarray of shape (n_styles,)
        Style labels, sorted.
    emission_ : str
        Emission of the network, with "auto" and "independent" resolved, such as "chroma" or
        "independent logistic". If weights are shared over pitch, "tied bernoulli" or "independent
        tied bernoulli".
    key_invariant_ : bool
        Value of `key_invariant`, with "auto" resolved.
    weights_ : dict of str to ndarray
        Weights of the network.

    See Also
    --------
    musicai.ChromaExtractor : Convert recordings to pieces of chroma.
    musicai.PianoRollExtractor : Convert MIDI files to piano rolls.

    Notes
    -----
    A piece is an array (n_frames, n_features), and a collection is a list of pieces of any
    lengths. `predict`, `score_samples`, `next_frames` and `next_chords` return one result for a
    piece, and one result per piece for a collection. `score` always returns a single number.

    If `key_invariant_` is True and weights are not shared over pitch, the likelihood of a piece
    :math:`x` is the mean of its likelihoods in the twelve keys,

    .. math:: p(x) = \frac{1}{12} \sum_{k=0}^{11} p_0(\tau_k x),

    where :math:`\tau_k` transposes the piece from key :math:`k` to the common key (C major or A
    minor), and :math:`p_0` is the likelihood under the network. Frame by frame, predictions in each
    key are weighted by the posterior probability of that key given the previous frames. Transposing
    chroma does not change its score. Keys of training pieces are estimated from their pitch classes
    [4]_.

    If weights are shared over pitch [7]_, twelve LSTMs with the same weights, one per pitch class,
    read the piano roll. Each note is modeled given the previous frames and, unless features are
    independent, the lower notes of the frame. The network also reads the frame that followed the
    earlier passage that best matches the last frames. Within the range of the training notes,
    transposition changes the likelihood only through a smooth dependence on register. The network
    is conditioned on the key in some of the training excerpts, and in `sample` if a key is
    requested or determined by chords.

    With the emissions "chroma", "logistic", "gaussian", and "independent" for data that is not
    binary, the network redraws the values of some training frames. It thereby learns to cope with
    small errors of sampled frames, which would otherwise add up (exposure bias [5]_; compare
    scheduled sampling [6]_). An input of the network marks redrawn and sampled frames. In training,
    most excerpts are conditioned on traits of parts of about 128 frames: the mean of each feature
    and of its absolute changes. A piece sampled without a prime is conditioned on those of a random
    part of a training piece in its style. Scores and predictions use neither the mark nor the
    traits. At temperature 1, the distribution of samples is therefore close to the distribution
    that is scored, but not identical to it.

    If training diverges (losses, scores or weights are not finite, or losses are far above those of
    the untrained network), `fit` returns to the last good state, divides the learning rate by 4,
    and issues a `ConvergenceWarning`. After three retries, it raises a ValueError.

    With scikit-learn 1.9 or newer, ``composer.set_callbacks(callback)`` registers a callback that
    runs before and after `fit` and each of its epochs. If the callback requests
    ``fitted_estimator``, it gets the composer as if training had ended with that epoch.

    Under ``torchrun --nproc-per-node N script.py``, or if torch's process group is initialized,
    `fit` shares the work: every process calls it with the same pieces and parameters, and ends with
    the same weights. Only the first process shows progress, warns of divergence or interruption,
    and writes the checkpoint. `fit` waits for all processes, so call it in all of them. To fit in a
    single process, remove WORLD_SIZE from the environment of that process. `partial_fit` is not
    shared.

    Training pieces may be memory-mapped arrays (`numpy.memmap`) of any numeric data type. They need
    not fit into memory, because training reads only excerpts. Other methods convert whole pieces to
    float32.

    The meaning of a log-likelihood depends on the emission. "gaussian" and "mse" give log-densities
    in the units of the data, which can be positive. All other emissions give log-probabilities of
    frames, which are at most 0. "chroma" and "logistic" round values to 256 levels: if all levels
    of 12 features are equally likely, a frame scores -12 ln 256 = -66.5 nats.

    References
    ----------
    .. [1] N. Boulanger-Lewandowski, Y. Bengio, P. Vincent. Modeling temporal dependencies in
       high-dimensional sequences: application to polyphonic music generation and transcription.
       ICML 2012.
    .. [2] T. Salimans, A. Karpathy, X. Chen, D. Kingma. PixelCNN++: improving the PixelCNN with
       discretized logistic mixture likelihood and other modifications. ICLR 2017.
    .. [3] C. Bishop. Mixture density networks. Aston University, 1994.
    .. [4] C. Krumhansl. Cognitive foundations of musical pitch. Oxford University Press, 1990,
       chapter 4.
    .. [5] M. Ranzato, S. Chopra, M. Auli, W. Zaremba. Sequence level training with recurrent
       neural networks. ICLR 2016.
    .. [6] S. Bengio, O. Vinyals, N. Jaitly, N. Shazeer. Scheduled sampling for sequence
       prediction with recurrent neural networks. NIPS 2015.
    .. [7] D. D. Johnson. Generating polyphonic music using tied parallel networks. EvoMUSART 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai import LSTMComposer
    >>> scale = np.eye(12, dtype=np.float32)[[0, 2, 4, 5, 7, 9, 11] * 4]
    >>> composer = LSTMComposer(hidden_size=16, max_iter=30, random_state=0).fit([scale] * 8)
    >>> composer.predict(scale).shape
    (28, 12)
    >>> melody = composer.sample(7, prime=scale, random_state=0)
    >>> melody.shape
    (7, 12)
    """

    __module__ = "musicai"

    loss_curve_: list[float]
    weights_: dict[str, np.ndarray]
    _traits: Traits
    _reference: np.ndarray
    _n_endings: int
    _optimizer_state: dict[str, Any] | None

    _steps_between_snapshots = 50
    _seconds_between_checkpoints = 60.0

    def __init__(
        self,
        *,
        hidden_size: int | str = "auto",
        n_layers: int = 1,
        dropout: float = 0.3,
        emission: str = "auto",
        key_invariant: bool | str = "auto",
        learning_rate: float = 0.03,
        batch_size: int = 16,
        max_iter: int = 100,
        max_time: float | None = None,
        early_stopping: bool = True,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 20,
        tol: float = 1e-4,
        warm_start: bool = False,
        checkpoint: str | os.PathLike[str] | None = None,
        device: str | torch.device = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.hidden_size = hidden_size
        self.n_layers = n_layers
        self.dropout = dropout
        self.emission = emission
        self.key_invariant = key_invariant
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.max_time = max_time
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.checkpoint = checkpoint
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        timing: Any = None,
    ) -> Self:
        """Train on the pieces of `X`.

        Parameters
        ----------
        X : collection of array-like of shape (n_frames, n_features), or one such array
            Training pieces. Pieces without frames are skipped.
        y : array-like of shape (n_pieces,), default=None
            Style label of each piece, on which `sample` can later be conditioned; None for a piece
            without a style. Instead of one label, a piece may have a list of labels, one per frame.
        X_val : collection of array-like of shape (n_frames, n_features), default=None
            Validation pieces for early stopping. None sets aside a fraction of `X`, unless
            `early_stopping` is False.
        y_val : array-like of shape (n_pieces,), default=None
            Style label of each validation piece.
        timing : Timing, object with a `timing`, float, or list of these, default=None
            Timing of the frames: one for all pieces, such as the extractor that made them, or a
            list with one per piece, such as the analyses of the recordings. A number means frames
            per second. None uses the `timing` that an extractor has attached to the pieces, as in
            a pipeline. `timing_of` derives the timing of composed pieces from it. Training on
            measured beats starts at the first bar line, or at the first beat if the downbeat is
            unknown, so that composed pieces begin in the same way.

        Returns
        -------
        self : LSTMComposer
            The fitted composer.

        Raises
        ------
        ValueError
            If a parameter, piece or label is invalid, there are fewer than two frames, the
            checkpoint cannot be written, is damaged or is from another fit, training diverges,
            timings mix different kinds of frames, or a timing differs from its piece in length.
        TypeError
            If `X`, `X_val` or `timing` is of an unsupported type.

        Notes
        -----
        Ctrl-C ends training after the current step with a warning. `fit` then returns with the best
        weights so far, and the program continues.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import LSTMComposer
        >>> scale = np.eye(12, dtype=np.float32)[[0, 2, 4, 5, 7, 9, 11] * 4]
        >>> pieces, styles = [scale, scale[::-1]] * 4, ["up", "down"] * 4
        >>> composer = LSTMComposer(hidden_size=16, max_iter=5, random_state=0).fit(pieces, styles)
        >>> composer.n_iter_, list(composer.styles_)
        (5, ['down', 'up'])
        """
        return self._fit(X, y, X_val, y_val, timing=timing)

    def partial_fit(self, X: Any, y: Any = None, styles: Any = None, *, timing: Any = None) -> Self:
        """Train for one more epoch on the pieces of `X`.

        The learning rate rises during the first 50 steps (counted over all calls since the last
        `fit`), and then stays at `learning_rate`. No pieces are set aside for validation. After
        `fit`, which ends with a learning rate near zero, a lower `learning_rate` may work better.
        Traits of pieces (see the Notes of the class) are standardized over all pieces so far.

        Parameters
        ----------
        X : collection of array-like of shape (n_frames, n_features), or one such array
            Training pieces.
        y : array-like of shape (n_pieces,), default=None
            Style label of each piece.
        styles : array-like, default=None
            All style labels that will occur. Required in the first call unless `y` contains all of
            them.
        timing : Timing, object with a `timing`, float, or list of these, default=None
            Timing of the frames, as in `fit`. Timings of all calls are combined.

        Returns
        -------
        self : LSTMComposer
            The composer.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import LSTMComposer
        >>> scale = np.eye(12, dtype=np.float32)[[0, 2, 4, 5, 7, 9, 11] * 4]
        >>> composer = LSTMComposer(hidden_size=16, random_state=0)
        >>> for piece in (scale, scale[::-1]):
        ...     composer = composer.partial_fit([piece])
        >>> len(composer.loss_curve_)
        2
        """
        return self._fit(X, y, styles=styles, timing=timing, incremental=True)

    def _fit(
        self,
        X: Any,
        y: Any,
        X_val: Any = None,
        y_val: Any = None,
        *,
        styles: Any = None,
        timing: Any = None,
        incremental: bool = False,
    ) -> Self:
        """Implement `fit`, or `partial_fit` if `incremental` is True."""
        self._check_validation_arguments(X_val, y_val)
        resumes = (incremental or self.warm_start) and self.__sklearn_is_fitted__()
        loss_curve = self.loss_curve_ if incremental and resumes else []
        check_values(self.get_params(deep=False), _RULES)
        # Cut and order excerpts differently in each call of `partial_fit`.
        seed = draw_seed(self.random_state, *([len(loss_curve)] if incremental else []))
        with unchanged_on_error(self), joined(self.device, shared=not incremental) as group:
            training, clocks = self._read_training_data(X, y, styles, timing, resumes)
            validation = None if X_val is None else self._validation_pieces(X_val, y_val)
            checkpoint, state = None, None
            if not incremental and (self.checkpoint is not None or group.size > 1):
                checkpoint, state = self._open_checkpoint(training, validation, group, resumes)
                # A resumed fit keeps its validation split and its order of excerpts, even if
                # `random_state` is not an integer.
                seed = group.share(lambda: state["seed"] if state else seed)
            rng = np.random.RandomState(seed)
            if validation is None and self.early_stopping and not incremental:
                validation, training = training.split(self.validation_fraction, rng)
            network = network_to_train(
                self.emission_,
                training.pieces,
                weights=self.weights_ if resumes else None,
                seed=int(rng.randint(2**31)),
                n_styles=len(self.styles_),
                hidden_size=self._hidden_size,
                n_layers=self.n_layers,
                dropout=self.dropout,
            )
            if state:
                check_resumed(state, network)
            traits = NO_TRAITS
            if network.has_traits:
                training, traits, scale = with_traits(
                    training, before=self._traits if resumes else NO_TRAITS
                )
                network.trait_scale.copy_(torch.from_numpy(scale))
            if network.chords is not None:
                chords = chords_of_pieces(training.pieces, seconds_of_frames(clocks))
                training = replace(training, chords=chords)
            trainer = Trainer(
                network.to(group.device),
                learning_rate=self.learning_rate,
                batch_size=self.batch_size,
                seed=seed,
                group=group,
                n_iter_no_change=self.n_iter_no_change,
                budget=None if incremental else Budget(self.max_iter, self.max_time),
                checkpoint=checkpoint,
                steps_between_snapshots=self._steps_between_snapshots,
            )
            if incremental:
                if resumes and self._optimizer_state is not None:
                    trainer.optimizer.resume(self._optimizer_state)
                    trainer.progress.untrained_loss = self._optimizer_state["untrained_loss"]
                loss_curve = [*loss_curve, trainer.run_epoch(training)]
                trainer.check_finite()
            else:
                train = partial(
                    trainer.run,
                    training,
                    validation,
                    tol=self.tol,
                    verbose=self.verbose,
                    state=state,
                    # Only `X_val` allows a fair score of these weights: an earlier fit may have
                    # trained on the pieces that are now split from X for validation.
                    start=self.weights_ if resumes and X_val is not None else None,
                )
                if getattr(self, "_skl_callbacks", None) and group.is_first:
                    known = {
                        "_traits": traits,
                        "_clocks": clocks,
                        "_reference": np.empty(0),
                        "_n_endings": len(training.pieces),
                        "_optimizer_state": None,
                    }
                    train_with_callbacks(train, self, X, y, known)
                else:
                    train()
                loss_curve = trainer.progress.loss_curve
            # If the initial weights were kept, also keep the traits, clocks and reference scores of
            # the pieces that they were trained on.
            weights = trainer.best_weights()
            changed = incremental or not resumes or checksum(weights) != checksum(self.weights_)
            if changed:
                self._traits, self._clocks = traits, clocks
            self.weights_ = weights
            self.loss_curve_ = loss_curve
            self.n_iter_ = len(loss_curve)
            self.validation_curve_ = trainer.progress.validation_curve
            scores = self._reference_scores(validation, group) if validation else []
            self.best_validation_score_ = mean_of_frames(scores) if validation else None
            if changed:
                if len(scores) < _SCORED[0]:
                    scores += self._reference_scores(training.beginnings(*_SCORED), group)
                self._reference = window_scores(scores)
                n_endings = count_endings([len(piece) for piece in training.pieces])
                learned_before = self._n_endings if incremental and resumes else 0
                self._n_endings = learned_before + n_endings
            self._optimizer_state = None
            if incremental:
                untrained = trainer.progress.untrained_loss
                self._optimizer_state = {**trainer.optimizer.state(), "untrained_loss": untrained}
        return self

    @property
    def _hidden_size(self) -> int:
        if self.hidden_size == "auto":
            return _SIZE_OF_TIED if is_tied(self.emission_) else _SIZE
        return int(self.hidden_size)

    def _reference_scores(self, collection: Collection, group: Group) -> list[np.ndarray]:
        """Return the log-likelihood of every frame of each piece, in nats."""
        blends = [(styles[None], ONE_STYLE) for styles in collection.styles]
        return self._score_frames(collection.pieces, blends, group.device)

    def _read_training_data(
        self, X: Any, y: Any, styles: Any, timing: Any, resumes: bool
    ) -> tuple[Collection, np.ndarray]:
        """Check the training pieces; unless `resumes`, set the attributes that describe them.

        These attributes are the number and names of features, the styles, the emission and the key
        invariance. Returns the pieces, and the table of clocks that includes their timings.
        """
        pieces, labels, timings = check_training(self, X, y, timing, reset=not resumes)
        if not resumes:
            self.styles_ = known_styles(labels if styles is None else [as_labels(styles)])
        numbers = encode_styles(labels, pieces, self.styles_, strict=True)
        values = Values.of(pieces)
        if resumes:
            self._check_same_model(pieces, values, styles)
        else:
            self.emission_ = choose_emission(self.emission, pieces, values)
            self.key_invariant_ = choose_key_invariance(
                self.key_invariant, self.emission_, self.n_features_in_
            )
            self.emission_ = tie_pitches(self.emission_, self.key_invariant_, self.n_features_in_)
        training = Collection.of(pieces, numbers, self.emission_, self.key_invariant_)
        clocks = clocks_of(timings, numbers, before=self._clocks if resumes else NO_CLOCKS)
        return training, clocks

    def _validation_pieces(self, X_val: Any, y_val: Any) -> Collection:
        pieces, styles = check_validation(self, X_val, y_val, self.emission_, self.styles_)
        return Collection.of(pieces, styles, self.emission_, self.key_invariant_)

    def _check_validation_arguments(self, X_val: Any, y_val: Any) -> None:
        if X_val is not None and not self.early_stopping:
            raise ValueError(
                "X_val is used for early stopping only: leave out X_val, or set early_stopping=True"
            )
        if X_val is None and y_val is not None:
            raise ValueError("y_val has labels but X_val is None: pass X_val, or leave out y_val")

    def _check_same_model(self, pieces: list[np.ndarray], values: Values, styles: Any) -> None:
        """Raise an error if parameters, `styles` or pieces do not match the fitted model."""
        learned = {
            "hidden_size": self.weights_["lstm.weight_hh_l0"].shape[1],
            "n_layers": sum(name.startswith("lstm.weight_hh") for name in self.weights_),
            "emission": self.emission_.replace("tied ", ""),
            "key_invariant": self.key_invariant_,
        }
        for name, before in learned.items():
            now = getattr(self, name)
            settled = now == "auto" or (name == "emission" and now == before.split()[0])
            if now != before and not settled:
                raise ValueError(
                    f"{name}={now!r} differs from {before!r} in the fitted model: set it back, or "
                    "fit a new model with warm_start=False"
                )
        known = self.styles_.tolist()
        if styles is not None and known_styles([as_labels(styles)]).tolist() != known:
            raise ValueError(f"styles={styles!r} differ from those of the first call, {known}")
        check_support(pieces, self.emission_, "X", values)

    def _open_checkpoint(
        self, training: Collection, validation: Collection | None, group: Group, resumes: bool
    ) -> tuple[Checkpoint | None, dict[str, Any] | None]:
        """Return the checkpoint of this fit and the state saved in it; either can be None.

        Raises an error if processes that train together differ in pieces, parameters or initial
        weights. Only the first process gets the checkpoint; all processes get the state.
        """
        described = fingerprint(self.get_params(deep=False), self.styles_, training, validation)
        start = checksum(self.weights_) if resumes else None
        has_checkpoint = self.checkpoint is not None
        group.check_alike({**described, "checkpoint": has_checkpoint, "the initial weights": start})
        if self.checkpoint is None:
            return None, None
        checkpoint = Checkpoint(
            self.checkpoint,
            described,
            start,
            seconds_between_writes=self._seconds_between_checkpoints,
        )
        state = group.share(checkpoint.open)
        return (checkpoint if group.is_first else None), state

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "device": str(self.device)}  # instead of a torch object

    def _fitted_state(self) -> Mapping[str, Any]:
        return fitted_state(self)
