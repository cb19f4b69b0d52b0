"""The estimator."""

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
from ._chords import chords_of_pieces
from ._clock import NO_CLOCKS, clocks_of, seconds_of_frames
from ._conditioning import NO_TRAITS, Traits, with_traits
from ._data import (
    Collection,
    check_support,
    check_training,
    check_validation,
    choose_emission,
    choose_key_invariance,
    tie_pitches,
)
from ._distributed import Group, joined
from ._emission import is_tied
from ._fitted import FittedComposer
from ._inference import ONE_STYLE, mean_of_frames
from ._network import network_to_train
from ._reference import count_endings, window_scores
from ._state import check_resumed, fitted_state
from ._training import Budget, Trainer

_EMISSIONS = ("auto", "chroma", "logistic", "bernoulli", "gaussian", "independent", "mse")
# Training pieces, and frames of each, that are scored for reference if few pieces are held out.
_SCORED = 16, 64
_SIZE, _SIZE_OF_TIED = 256, 64
_RULES: dict[str, Rule] = {
    # Far beyond what can be trained; larger sizes would end in errors of memory, or never.
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


class LSTMComposer(CallbackSupportMixin, Persistent, FittedComposer):
    r"""Recurrent network that composes: trained on pieces, it samples new ones.

    An LSTM reads a piece frame by frame; after each frame it gives a probability distribution over
    the next one, which is trained by maximum likelihood, scored exactly and sampled from.

    Parameters
    ----------
    hidden_size : int or "auto", default="auto"
        Units in each layer of the LSTM, at most 65536. "auto" is 256, or 64 for piano rolls, where
        each of the 12 pitch classes has an LSTM.
    n_layers : int, default=1
        Layers of the LSTM, at most 100.
    dropout : float, default=0.3
        Share of the LSTM's output that is dropped in training, in [0, 1).
    emission : str, default="auto"
        Distribution of a frame given the past.

        - "chroma": first which feature is the loudest, which is 1, then the others, as "logistic",
          from 0 to 254/255. Of several features at 1 the first counts as the loudest.
        - "logistic": each feature given the lower ones of the same frame, a mixture of logistic
          distributions on a grid of 256 levels from 0 to 1. For data in [0, 1].
        - "bernoulli": each feature given the lower ones, 0 or 1. For binary data, such as piano
          rolls, for which weights are shared over pitch where `key_invariant` is True.
        - "gaussian": mixture of Gaussians over the whole frame. For any real-valued data.
        - "independent": as "logistic" or "bernoulli", with the features of a frame independent
          of each other. For comparison.
        - "mse": a Gaussian of one width, trained by squared error. For comparison.
        - "auto": "bernoulli" for data of zeros and ones; "chroma" for other data in [0, 1] if the
          loudest feature of every frame that sounds is 1; "logistic" for the rest of data in
          [0, 1]; else "gaussian".
    key_invariant : bool or "auto", default="auto"
        Whether transposed music is the same music in another key. If so, the key of a piece is a
        hidden variable: training pieces are transposed to a common key, by an estimate; scores
        average over the twelve keys; samples are transposed to the key asked for. The network for
        piano rolls shares its weights over pitch instead (see Notes). Features must be
        the 12 pitch classes from C on (chroma) or pitches in semitones (a piano roll, 88 wide from
        A0 on, any other width from a C on). False leaves every piece as it is. "auto" is True for
        values in [0, 1] that are 12 wide and for binary values that are 88 or 128 wide, with the
        emissions "chroma", "logistic", "bernoulli" and "independent".
    learning_rate : float, default=0.03
        Highest learning rate of AdamW; it decays to zero along a cosine over the budget that
        `max_iter` and `max_time` set.
    batch_size : int, default=16
        Excerpts of up to 128 frames in each step.
    max_iter : int, default=100
        Largest number of epochs, passes over the pieces.
    max_time : float, default=None
        Largest training time in seconds; the learning rate decays to zero within it. Progress then
        depends on the machine, so a seed no longer gives the same model twice. None for no limit.
    early_stopping : bool, default=True
        Whether to set pieces aside, stop when their score no longer rises, and keep the weights
        that did best on them. Whole pieces are set aside, and never the last one of a style; with
        no piece to spare, training runs for `max_iter` epochs.
    validation_fraction : float, default=0.1
        Share of the pieces set aside for early stopping, in (0, 1).
    n_iter_no_change : int, default=20
        Epochs without a better validation score before training stops. The score often rises
        most towards the end, where the learning rate nears zero; a small number may stop training
        before that.
    tol : float, default=1e-4
        Smallest rise of the validation score that counts as better.
    warm_start : bool, default=False
        Whether `fit` continues from the weights of the last fit. With `X_val`, these are kept
        unless training improves the validation score.
    checkpoint : str or PathLike, default=None
        File for the state of training, written about once a minute and removed when training is
        complete or has diverged. After a crash or Ctrl-C, the same fit (same parameters and
        pieces) resumes from the file and ends with the weights that it would have had; seconds of
        `max_time` count over all attempts. The file of another fit is refused. One file serves one
        fit at a time. `partial_fit` ignores it.
    device : str or torch.device, default="auto"
        Where to train, predict and score: "auto" for a GPU if there is one, "cpu", "cuda",
        "cuda:1", ... Training is in float32 on a CPU, whatever its model, and in bfloat16 on a
        GPU that has it. Sampling goes frame by frame, and is fastest in NumPy on the CPU.
    random_state : int, RandomState instance or None, default=None
        Seed of initial weights, split, order and keys of excerpts, dropout and samples. The same
        seed gives the same model on the same machine. Global random states are neither read nor
        moved.
    verbose : int, default=0
        Whether to show a progress bar.

    Attributes
    ----------
    n_features_in_ : int
        Width of a frame.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if pieces came as data frames with string column names.
    n_iter_ : int
        Number of epochs.
    loss_curve_ : list of float
        Training loss of every epoch: negative log-likelihood per frame, in nats, with dropout, and
        for "chroma" and "logistic" with redrawn frames (see Notes).
    validation_curve_ : list of float or None
        Mean log-likelihood per frame of the validation pieces after every epoch, in nats, each
        piece in its estimated key, as in training. None if no piece was set aside.
    best_validation_score_ : float or None
        `score` of the validation pieces under `weights_`, the weights of the best epoch. Unlike
        `validation_curve_`, it averages over keys, and compares with other scores.
    styles_ : ndarray of shape (n_styles,)
        The style labels, sorted.
    emission_ : str
        The emission in use, "auto" resolved.
    key_invariant_ : bool
        Whether the key is a hidden variable, "auto" resolved.
    weights_ : dict of str to ndarray
        The network's weights.

    See Also
    --------
    musicai.ChromaExtractor : Turns recordings into pieces.

    Notes
    -----
    A piece is an array (n_frames, n_features) and a collection a list of pieces of any lengths;
    methods that take one or the other answer in kind.

    Where `key_invariant_` is True and pieces are not piano rolls, the likelihood of a piece
    :math:`x` is the mean of its likelihoods in the twelve keys,

    .. math:: p(x) = \frac{1}{12} \sum_{k=0}^{11} p_0(\tau_k x),

    where :math:`\tau_k` transposes it from key :math:`k` to the common one (C major or A minor)
    and :math:`p_0` is the likelihood under the network there. Frame by frame this is a filter:
    predictions in each key are weighted by the probability of that key after the frames so far,
    by Bayes' rule. Transposing chroma changes nothing in its score. Keys of training pieces are
    estimated from their pitch classes [4]_.

    Piano rolls (`emission_` is "tied bernoulli") are read by twelve LSTMs with the same weights,
    one for each pitch class, and each note is modelled by weights that are shared over pitch [7]_,
    given the lower notes, the last frames, and the frame that followed when the piece was last
    where it is now. But for a smooth term for the register transposed music is as likely. The key
    is given to the network in a part of the excerpts, and where `sample` is asked for one.

    With the emissions "chroma", "logistic", its independent form, and "gaussian", excerpts are also
    learned with values redrawn by the network, so that small errors of sampled frames do not add up
    (exposure bias [5]_; compare scheduled sampling [6]_); a flag marks generated frames. Most
    excerpts are learned conditioned on traits of their piece, the mean of each feature and of its
    changes: a piece sampled without a prime takes the traits of a training piece of its style.
    Scores and predictions are without flag and traits, so at temperature 1 samples are close to,
    but not exactly from, the distribution that is scored.

    Where training diverges (losses or weights are not finite, or losses far above those of the
    untrained network), it returns to the last sound state with a quarter of the learning rate and
    a `ConvergenceWarning`; after three attempts a ValueError is raised.

    scikit-learn's callbacks (version 1.9 and newer) run around every epoch:
    ``composer.set_callbacks(ProgressBar())`` (which needs the package rich). A callback that asks
    for a ``fitted_estimator`` gets the composer as it would be if training ended there.

    Under ``torchrun --nproc-per-node N script.py``, or where torch's process group is initialized,
    `fit` shares the work: every process calls it with the same pieces and parameters, and ends
    with the same weights; only the first shows progress, warns and writes the checkpoint. A call
    of `fit` waits for all processes: never call it in one of them alone, unless WORLD_SIZE in its
    environment is 1. `partial_fit` is not shared.

    Pieces may be arrays mapped from files (`numpy.memmap`) that do not fit into memory: training
    reads excerpts, whatever their type. Elsewhere pieces other than float32 are converted whole.

    The unit of a log-likelihood depends on the emission. "chroma", "logistic" and "bernoulli" give
    the probability of the frame itself, rounded to the nearest of 256 levels or of two: it is at
    most 0, and a frame of 12 equally likely values has -12 ln 256 = -66.5 nats. "independent"
    gives the one or the other. "gaussian" and "mse" give a density, in the units of the data;
    where data repeats values exactly a density has no upper bound, and says little.

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

    # How often `fit` keeps the state of training, in steps, and writes it, in seconds.
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
            A style label for each piece, for `sample` to choose from; None for a piece of no
            stated style. For a single piece also a label for each frame.
        X_val : collection of array-like of shape (n_frames, n_features), default=None
            Validation pieces for early stopping, in place of a share of `X`.
        y_val : array-like of shape (n_pieces,), default=None
            A style label for each of them.
        timing : Timing, object with a `timing`, or float, or a list of them, default=None
            When the frames sound: one for all pieces, such as the extractor, or one for each, such
            as their analyses; a number is frames per second. None takes the `timing` of pieces that
            come from an extractor, as in a pipeline. Their usual tempo or rate is that of
            composed pieces: see `timing_of`. Training on measured beats starts at the first bar
            line, or at the first beat if bars are not known, so that composed pieces begin there.

        Returns
        -------
        self : LSTMComposer
            The fitted composer.

        Raises
        ------
        ValueError
            If a parameter, a piece or a label is not as described, there are fewer than two
            frames, the checkpoint is that of another fit or damaged, training diverges, or the
            timings are not of one kind of frames, or not as long as the pieces.

        Notes
        -----
        Ctrl-C ends training after the current step with a warning; `fit` returns with the best
        weights so far, and the program goes on.

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
        """Take one more pass over the pieces of `X`, from the weights as they are.

        The learning rate stays at `learning_rate` and no piece is set aside. After a `fit`, whose
        learning rate has decayed, a lower one may do better. Traits of pieces (see Notes) are
        standardized by all pieces so far.

        Parameters
        ----------
        X : collection of array-like of shape (n_frames, n_features), or one such array
            Training pieces.
        y : array-like of shape (n_pieces,), default=None
            A style label for each piece.
        styles : array-like, default=None
            All style labels of later calls. Needed in the first call unless `y` has them all.
        timing : Timing, object with a `timing`, or float, or a list of them, default=None
            As in `fit`. Those of all calls count.

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
        """Train to the end, or with `incremental` take one more pass at a constant rate."""
        self._check_validation_arguments(X_val, y_val)
        resumes = (incremental or self.warm_start) and self.__sklearn_is_fitted__()
        loss_curve = self.loss_curve_ if incremental and resumes else []
        check_values(self.get_params(deep=False), _RULES)
        # Every incremental pass has an order of its own.
        seed = draw_seed(self.random_state, *([len(loss_curve)] if incremental else []))
        with unchanged_on_error(self), joined(self.device, shared=not incremental) as group:
            training, clocks = self._read_training_data(X, y, styles, timing, resumes)
            validation = None if X_val is None else self._validation_pieces(X_val, y_val)
            checkpoint, state = None, None
            if not incremental and (self.checkpoint is not None or group.size > 1):
                checkpoint, state = self._open_checkpoint(training, validation, group, resumes)
                # An interrupted run keeps its split and order, whatever the seed is by now.
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
                # Standardized by the traits of all training pieces so far.
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
                    n_iter_no_change=self.n_iter_no_change,
                    tol=self.tol,
                    verbose=self.verbose,
                    state=state,
                    # Pieces drawn from X may be among those that the weights were learned from.
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
            # Where the weights of the start were kept, so is what they were trained on.
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
        """Return the log-likelihoods of all frames of some pieces."""
        blends = [(styles[None], ONE_STYLE) for styles in collection.styles]
        return self._score_frames(collection.pieces, blends, group.device)

    def _read_training_data(
        self, X: Any, y: Any, styles: Any, timing: Any, resumes: bool
    ) -> tuple[Collection, np.ndarray]:
        """Check the training pieces; the first ones decide on emission, styles and keys.

        Returns the pieces and the clocks.
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
                "X_val is watched for early stopping: leave it, or early_stopping=False"
            )
        if X_val is None and y_val is not None:
            raise ValueError("y_val labels the pieces of X_val, and there are none")

    def _check_same_model(self, pieces: list[np.ndarray], values: Values, styles: Any) -> None:
        """Refuse to continue training another model than the fitted one."""
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
                    f"{name}={now!r} differs from the {before!r} learned so far: leave it as it "
                    "was, or fit afresh with warm_start=False"
                )
        known = self.styles_.tolist()
        if styles is not None and known_styles([as_labels(styles)]).tolist() != known:
            raise ValueError(f"styles={styles!r} differ from those of the first call, {known}")
        check_support(pieces, self.emission_, "X", values)

    def _open_checkpoint(
        self, training: Collection, validation: Collection | None, group: Group, resumes: bool
    ) -> tuple[Checkpoint | None, dict[str, Any] | None]:
        """Open the checkpoint of this fit, in the first process, and read its state."""
        described = fingerprint(self.get_params(deep=False), self.styles_, training, validation)
        start = checksum(self.weights_) if resumes else None
        has_checkpoint = self.checkpoint is not None
        group.check_alike(
            {**described, "checkpoint": has_checkpoint, "the weights to start from": start}
        )
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
        return {**super().__getstate__(), "device": str(self.device)}  # not a torch object

    def _fitted_state(self) -> Mapping[str, Any]:
        return fitted_state(self)
