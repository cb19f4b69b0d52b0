"""The estimator: what scikit-learn's users see of the composer."""

import os
import warnings
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from .._pieces import Pack, is_collection
from .._version import __version__
from ._batches import Collection
from ._checkpoint import Checkpoint
from ._checks import (
    as_rng,
    check_parameters,
    check_sampling,
    check_unchanged,
    choose_device,
    draw_seed,
    unchanged_on_error,
)
from ._distributed import Group, joined
from ._fingerprint import fingerprint
from ._inference import expect_next, mean_score, score_frames
from ._inputs import check_pieces, check_prime, check_training, check_validation
from ._network import Network, empty_network, export_weights, learned_network
from ._progress import Budget
from ._sampler import sample_pieces
from ._styles import as_labels, encode_styles, known_styles, labels_per_piece, style_number
from ._support import choose_emission, frames_peak_at_one
from ._training import Trainer
from ._transposition import is_piano_roll


class LSTMComposer(BaseEstimator):
    """Recurrent network that learns pieces and composes new ones.

    An LSTM hears a piece frame by frame; after each frame it gives a probability distribution
    over the next frame, which is trained by maximum likelihood, scored exactly and sampled from.

    Parameters
    ----------
    hidden_size : int, default=256
        Units in each layer of the LSTM.
    n_layers : int, default=1
        Layers of the LSTM.
    dropout : float, default=0.3
        Share of the LSTM's output that is dropped while training, in [0, 1).
    emission : {"auto", "logistic", "bernoulli", "gaussian", "independent", "mse"}, default="auto"
        Distribution of a frame given the past.

        - "logistic": each feature given the lower ones of the same frame, a mixture of logistic
          distributions on a grid of 256 levels from 0 to 1. For data in [0, 1], as chroma is.
        - "bernoulli": each feature given the lower ones, 0 or 1. For binary data, as piano rolls
          are.
        - "gaussian": mixture of Gaussians over the whole frame. For any real-valued data.
        - "independent": as "logistic" or "bernoulli", with the features of a frame independent
          of each other. For comparison.
        - "mse": a Gaussian of one width, trained by squared error. For comparison.
        - "auto": "bernoulli" for data of zeros and ones, "logistic" for data in [0, 1], else
          "gaussian".
    transpose : bool or "auto", default="auto"
        Whether to move every excerpt by a random number of semitones, from 5 down to 6 up, each
        time it is learned: the features must be pitches in semitones (a piano roll; notes stay
        within its range) or the 12 pitch classes (chroma, which comes round). It takes longer
        to learn and generalises better; music composed then holds its key less. "auto" does so
        for piano rolls (binary, 88 or 128 wide).
    learning_rate : float, default=0.03
        Highest learning rate of AdamW; it decays to zero along a cosine over the budget that
        `max_iter` and `max_time` give.
    batch_size : int, default=16
        Excerpts of up to 128 frames in each step.
    max_iter : int, default=100
        Passes over the pieces (epochs).
    max_time : float, default=None
        Seconds that training may take at most; the learning rate decays to zero within them.
        How far training gets then depends on the machine, so a seed no longer gives the same
        model twice. None for no limit.
    early_stopping : bool, default=True
        Whether to set pieces aside, stop when their score no longer rises, and keep the weights
        that did best on them. Whole pieces are set aside, never a part of one; with a single
        piece there is nothing to set aside, and training runs for `max_iter` epochs.
    validation_fraction : float, default=0.1
        Share of the pieces set aside for early stopping, in (0, 1).
    n_iter_no_change : int, default=20
        Epochs without a better validation score before training stops. The score often rises
        most towards the end, where the learning rate nears zero; with a small number training may
        stop before it gets there, as the rate decays over the whole budget all the same.
    tol : float, default=1e-4
        Smallest rise of the validation score that counts as better.
    warm_start : bool, default=False
        Whether `fit` goes on from the weights of the last fit. Where `X_val` is given and
        nothing that follows does better on it, they are kept.
    checkpoint : str or PathLike, default=None
        File in which `fit` keeps how far it has come: it is written about once a minute, and
        removed when training is complete. Where a fit was cut short, by a crash or by Ctrl-C, the
        same fit (same parameters and pieces) goes on from the file and ends with the weights that
        it would have had; seconds of `max_time` count over all attempts. The file of another fit
        is refused. One file serves one fit at a time. `partial_fit` ignores it.
    device : str or torch.device, default="auto"
        Where to compute: "auto" for a GPU where there is one, "cpu", "cuda", "cuda:1", ...
    random_state : int, RandomState instance or None, default=None
        Seed of initial weights, split, order and dropout. The same seed gives the same model on
        the same machine. Global random states are neither read nor moved.
    verbose : int, default=0
        Whether to show a progress bar.

    Attributes
    ----------
    n_features_in_ : int
        Width of a frame.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where pieces came as data frames with string column names.
    n_iter_ : int
        Epochs run.
    loss_curve_ : list of float
        Training loss (negative log-likelihood per frame, nats, with dropout) of every epoch.
    validation_scores_ : list of float or None
        Validation score (mean log-likelihood per frame, nats) of every epoch; None where no
        piece was set aside.
    best_validation_score_ : float or None
        The highest of them; the weights are those of its epoch. With `warm_start` and `X_val`
        it may be the score of the weights that training began with.
    styles_ : ndarray of shape (n_styles,)
        The style labels learned, sorted.
    emission_ : str
        The emission in use, "auto" resolved.
    weights_ : dict of str to ndarray
        The network's weights.

    See Also
    --------
    musicai.ChromaExtractor : Turns recordings into pieces.

    Notes
    -----
    Everywhere a piece is an array (n_frames, n_features) and a collection a list of pieces of any
    lengths; methods that take one or the other answer in kind.

    Under ``torchrun --nproc-per-node N script.py``, or where torch's process group is initialised,
    `fit` shares the work: every process calls it with the same pieces and parameters, learns its
    share of each batch, and ends with the same weights; only the first shows progress, warns and
    writes the checkpoint. ``device="auto"`` gives each process a GPU of its own. A call of `fit`
    waits for all processes: never call it in one of them alone, unless WORLD_SIZE in its
    environment is 1. Where one fails the others fail as well. `partial_fit` is not shared.

    Pieces may be arrays mapped from files (`numpy.memmap`) that memory would not hold: learning
    reads excerpts, whatever their type. Elsewhere pieces other than float32 are converted whole.

    Where training diverges (losses or weights are no longer finite, or losses far above those of
    the untrained network), it goes back to the last good state and on with a quarter of the
    learning rate, with a `ConvergenceWarning`; after three attempts a ValueError is raised.

    What a log-likelihood measures depends on the emission. "logistic" and "bernoulli" give the
    probability of the frame itself, rounded to the nearest of 256 levels or of two: it is at
    most 0, and a frame of 12 values that were equally likely would have -12 ln 256 = -66.5 nats.
    "independent" gives the one or the other. "gaussian" and "mse" give a density, in the units of
    the data; where data repeats values exactly a density has no upper bound, and says little.

    References
    ----------
    .. [1] N. Boulanger-Lewandowski, Y. Bengio, P. Vincent. Modeling temporal dependencies in
       high-dimensional sequences: application to polyphonic music generation and transcription.
       ICML 2012.
    .. [2] T. Salimans, A. Karpathy, X. Chen, D. Kingma. PixelCNN++: improving the PixelCNN with
       discretized logistic mixture likelihood and other modifications. ICLR 2017.
    .. [3] C. Bishop. Mixture density networks. Aston University, 1994.

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

    def __init__(
        self,
        *,
        hidden_size: int = 256,
        n_layers: int = 1,
        dropout: float = 0.3,
        emission: str = "auto",
        transpose: bool | str = "auto",
        learning_rate: float = 0.03,
        batch_size: int = 16,
        max_iter: int = 100,
        max_time: float | None = None,
        early_stopping: bool = True,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 20,
        tol: float = 1e-4,
        warm_start: bool = False,
        checkpoint: str | os.PathLike | None = None,
        device: str | torch.device = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.hidden_size = hidden_size
        self.n_layers = n_layers
        self.dropout = dropout
        self.emission = emission
        self.transpose = transpose
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

    def fit(self, X: Any, y: Any = None, *, X_val: Any = None, y_val: Any = None) -> Self:
        """Learn the pieces of `X`.

        Parameters
        ----------
        X : collection of array-like of shape (n_frames, n_features), or one such array
            Pieces to learn. Pieces without frames are skipped.
        y : array-like of shape (n_pieces,), default=None
            A style label for each piece, for `sample` to choose from; None for a piece of no
            stated style. For a single piece also a label for each frame.
        X_val : collection of array-like of shape (n_frames, n_features), default=None
            Pieces to watch for early stopping, where the split is not left to the composer.
        y_val : array-like of shape (n_pieces,), default=None
            A style label for each of them.

        Returns
        -------
        self : LSTMComposer
            The fitted composer.

        Raises
        ------
        ValueError
            If a parameter, a piece or a label is not as described, there are fewer than two
            frames, the checkpoint is that of another fit or damaged, or training diverges.
        """
        check_parameters(self)
        if X_val is not None and not self.early_stopping:
            raise ValueError(
                "X_val is watched for early stopping: leave it, or early_stopping=False"
            )
        if X_val is None and y_val is not None:
            raise ValueError("y_val labels the pieces of X_val, and there are none")
        go_on = self.warm_start and self.__sklearn_is_fitted__()
        seed = draw_seed(self.random_state)
        with unchanged_on_error(self), joined(self._device()) as group:
            training = self._begin(X, y, None, go_on)
            validation = check_validation(self, X_val, y_val) if X_val is not None else None
            checkpoint, state = self._open_checkpoint(training, validation, go_on, group)
            # A run that is gone on with keeps its split and order, whatever the seed is by now.
            seed = group.share(lambda: state["seed"] if state else seed)
            rng = np.random.RandomState(seed)
            peaked = frames_peak_at_one(training.pieces)
            if X_val is None and self.early_stopping and len(training.pieces) > 1:
                validation, training = training.split(self.validation_fraction, rng)
            network = self._network_to_train(training, rng, go_on, group)
            progress = self._trainer(network, training, seed, group).run(
                training,
                validation,
                budget=Budget(self.max_iter, self.max_time),
                n_iter_no_change=self.n_iter_no_change,
                tol=self.tol,
                verbose=self.verbose,
                checkpoint=checkpoint,
                state=state,
                # Pieces drawn from X may be among those that the weights were learned from.
                start_counts=go_on and X_val is not None,
            )
            self.weights_ = progress.best_weights
            self._peaked = peaked
            self._optimizer_state: dict[str, Any] | None = None
            self.loss_curve_ = progress.loss_curve
            self.n_iter_ = progress.n_epochs
            self.validation_scores_ = progress.validation_scores
            self.best_validation_score_ = progress.best_score
        return self

    def partial_fit(self, X: Any, y: Any = None, styles: Any = None) -> Self:
        """Take one more pass over the pieces of `X`, from the weights as they are.

        The learning rate stays at `learning_rate` and no piece is set aside. After a `fit`, whose
        learning rate has decayed, a lower one may do better.

        Parameters
        ----------
        X : collection of array-like of shape (n_frames, n_features), or one such array
            Pieces to learn.
        y : array-like of shape (n_pieces,), default=None
            A style label for each piece.
        styles : array-like, default=None
            All style labels that later calls will bring. Needed in the first call unless `y` holds
            them all.

        Returns
        -------
        self : LSTMComposer
            The composer.
        """
        check_parameters(self)
        go_on = self.__sklearn_is_fitted__()
        n_epochs = self.n_iter_ if go_on else 0
        seed = draw_seed(self.random_state, n_epochs)  # every pass has an order of its own
        with unchanged_on_error(self):
            training = self._begin(X, y, styles, go_on)
            group = Group(self._device())
            network = self._network_to_train(training, np.random.RandomState(seed), go_on, group)
            trainer = self._trainer(network, training, seed, group)
            if go_on and self._optimizer_state is not None:
                trainer.resume(self._optimizer_state)
            loss = trainer.run_epoch(training)
            trainer.check_finite()
            self.weights_ = export_weights(network)
            self._peaked = frames_peak_at_one(training.pieces) and (not go_on or self._peaked)
            self._optimizer_state = trainer.state()
            self.loss_curve_ = [*(self.loss_curve_ if go_on else []), loss]
            self.n_iter_ = n_epochs + 1
            self.validation_scores_ = self.best_validation_score_ = None
        return self

    def predict(self, X: Any, *, style: Any = None) -> Any:
        """Tell what comes next, at every frame.

        Parameters
        ----------
        X : collection of array-like of shape (n_frames, n_features), or one such array
            Pieces to hear.
        style : object, default=None
            One of `styles_`, for all pieces; None to tell no style.

        Returns
        -------
        expected : list of ndarray of shape (n_frames, n_features), or one such array
            Row t is the expected frame t + 1 given frames 0 to t; the last row tells what follows
            the piece.
        """
        pieces, pack, _ = self._heard(X, None)
        number = style_number(style, self.styles_)
        styles = [np.full(len(piece), number) for piece in pieces]
        return pack(expect_next(self._network(), pieces, styles))

    def score_samples(self, X: Any, y: Any = None) -> Any:
        """Log-likelihood of every frame given the frames before it.

        Parameters
        ----------
        X : collection of array-like of shape (n_frames, n_features), or one such array
            Pieces to score.
        y : array-like of shape (n_pieces,), default=None
            A style label for each piece; None to tell no style.

        Returns
        -------
        log_likelihood : list of ndarray of shape (n_frames,), or one such array
            In nats. The first frame of a piece is scored too, from a learned start.
        """
        pieces, pack, styles = self._heard(X, y)
        return pack(score_frames(self._network(), pieces, styles))

    def score(self, X: Any, y: Any = None) -> float:
        """Mean log-likelihood per frame, over all frames of all pieces.

        Parameters
        ----------
        X : collection of array-like of shape (n_frames, n_features), or one such array
            Pieces to score.
        y : array-like of shape (n_pieces,), default=None
            A style label for each piece; None to tell no style.

        Returns
        -------
        score : float
            In nats per frame; higher is better.
        """
        pieces, _, styles = self._heard(X, y)
        if not any(map(len, pieces)):
            raise ValueError("X holds no frames to score: all of its pieces are empty")
        return mean_score(self._network(), Collection(pieces, styles))

    def sample(
        self,
        n_frames: int,
        *,
        n_pieces: int | None = None,
        prime: Any = None,
        style: Any = None,
        temperature: float = 1.0,
        random_state: int | np.random.RandomState | None = None,
    ) -> Any:
        """Compose.

        Parameters
        ----------
        n_frames : int
            Number of new frames.
        n_pieces : int, default=None
            How many pieces to compose at once; None for a single one.
        prime : array-like of shape (n_prime_frames, n_features), or a collection, default=None
            Music to go on from, exactly where it stops; it is not part of the result. A
            collection gives one new piece for each prime. None starts from nothing.
        style : object, default=None
            One of `styles_`; None for no stated style.
        temperature : float, default=1.0
            1 samples from the learned distribution; below 1 likely choices become likelier.
            It acts on the weights of the choices (the mixture's components, the probability of a
            note), not on the width of the components; the single Gaussian of "mse" has nothing
            else, so there it is the width. At least 0.0001.
        random_state : int, RandomState instance or None, default=None
            Seed of the draws; None takes the estimator's own `random_state`.

        Returns
        -------
        piece : ndarray of shape (n_frames, n_features), or a list of them
            float32; a list where `n_pieces` is given or `prime` is a collection. Where all frames
            learned are silent or have a loudest feature of exactly 1, as chroma does, all composed
            frames sound, and their loudest feature is 1.

        Raises
        ------
        ValueError
            If the style is unknown, the prime has another width or values that the emission does
            not know, or another argument is out of range.
        """
        check_is_fitted(self)
        check_sampling(
            n_frames=n_frames,
            n_pieces=n_pieces,
            temperature=temperature,
            random_state=random_state,
        )
        primes = check_prime(self, prime, n_pieces)
        pieces = sample_pieces(
            self._network(),
            n_frames,
            n_pieces=n_pieces or len(primes),
            primes=primes,
            style=style_number(style, self.styles_),
            temperature=temperature,
            peaked=self._peaked and self.emission_ == "logistic",
            rng=as_rng(self.random_state if random_state is None else random_state),
        )
        alone = n_pieces is None and not is_collection(prime)
        return pieces[0] if alone else pieces

    def _heard(self, X: Any, y: Any) -> tuple[list[np.ndarray], Pack, list[np.ndarray]]:
        """Check pieces to hear: the pieces, how to pack results, the style of every frame."""
        check_is_fitted(self)
        pieces, pack = check_pieces(self, X)
        labels = labels_per_piece(y, pieces, single=not is_collection(X))
        return pieces, pack, encode_styles(labels, pieces, self.styles_)

    def _begin(self, X: Any, y: Any, styles: Any, go_on: bool) -> Collection:
        """Check pieces to learn; settle emission and styles, which the first pieces decide."""
        pieces, labels = check_training(self, X, y, reset=not go_on)
        told = None if styles is None else known_styles([as_labels(styles)])
        if not go_on:
            self.emission_ = choose_emission(self.emission, pieces)
            self.styles_ = known_styles(labels) if told is None else told
        else:
            check_unchanged(self)
            if told is not None and told.tolist() != self.styles_.tolist():
                raise ValueError(
                    f"styles={styles!r} differ from those of the first call, "
                    f"{self.styles_.tolist()}"
                )
        return Collection(pieces, encode_styles(labels, pieces, self.styles_, strict=True))

    def _open_checkpoint(
        self, training: Collection, validation: Collection | None, go_on: bool, group: Group
    ) -> tuple[Checkpoint | None, dict[str, Any] | None]:
        """Open the checkpoint of this fit, in the first process, and read what it holds."""
        if self.checkpoint is None and group.size == 1:
            return None, None
        described = fingerprint(self, training, validation, go_on=go_on)
        group.check_alike({**described, "checkpoint": self.checkpoint is not None})
        if self.checkpoint is None:
            return None, None
        checkpoint = Checkpoint(self.checkpoint, described)
        state = group.share(checkpoint.open)
        return (checkpoint if group.is_first else None), state

    def _network_to_train(
        self, training: Collection, rng: np.random.RandomState, go_on: bool, group: Group
    ) -> Network:
        """Build a network with fresh weights, or go on with those that were learned."""
        if go_on:
            network = self._network()
            network.dropout = self.dropout
            return network.to(group.device)
        network = empty_network(
            self.emission_,
            n_features=self.n_features_in_,
            n_styles=len(self.styles_),
            hidden_size=self.hidden_size,
            n_layers=self.n_layers,
            dropout=self.dropout,
        )
        network.reset_parameters(torch.Generator().manual_seed(int(rng.randint(2**31))))
        network.emission.adapt(training.pieces)
        return network.to(group.device)

    def _trainer(self, network: Network, training: Collection, seed: int, group: Group) -> Trainer:
        transpose = self.transpose
        if transpose == "auto":
            transpose = is_piano_roll(training.pieces[0], self.emission_)
        return Trainer(
            network,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            transpose=bool(transpose),
            seed=seed,
            group=group,
        )

    def _network(self) -> Network:
        """Build the network that was learned, whatever the parameters are by now."""
        network = learned_network(self.emission_, self.n_features_in_, self.weights_)
        return network.to(choose_device(self.device))

    def _device(self) -> torch.device:
        return choose_device(self.device)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "weights_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state = {**super().__getstate__(), "_musicai_version": __version__}
        state["device"] = str(self.device)  # not a torch object
        if self.checkpoint is not None:
            state["checkpoint"] = os.fspath(self.checkpoint)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        version = state.get("_musicai_version", "unknown")
        if version != __version__:
            warnings.warn(
                f"this LSTMComposer was saved by musicai {version} and is opened by {__version__}: "
                "it may not behave as it did",
                stacklevel=2,
            )
        super().__setstate__({k: v for k, v in state.items() if k != "_musicai_version"})
