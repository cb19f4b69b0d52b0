"""The estimator: what scikit-learn's users see of the composer."""

import os
from collections.abc import Iterator
from itertools import islice
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from ..base.blas import one_blas_thread
from ..base.persistence import Persistent
from ..base.pieces import Pack, is_collection
from ..base.seeds import as_rng
from ..base.styles import encode_styles, labels_per_piece
from ._checks import check_sampling
from ._composing import compose, draw_next, rank_frames
from ._fitting import learn, learn_once_more
from ._inference import expect_next, score_frames
from ._inputs import check_pieces
from ._learned import key_shifts, open_network, told_style
from ._opened import check_learned, convert


class LSTMComposer(Persistent, BaseEstimator):
    r"""Recurrent network that learns pieces and composes new ones.

    An LSTM hears a piece frame by frame; after each frame it gives a probability distribution
    over the next frame, which is trained by maximum likelihood, scored exactly and sampled from.

    Parameters
    ----------
    hidden_size : int, default=256
        Units in each layer of the LSTM, at most 65536.
    n_layers : int, default=1
        Layers of the LSTM, at most 100.
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
        Whether music moved by some semitones is music of another key. Then the key of a piece is
        a hidden variable: pieces are brought to a common key, by an estimate, to be learned; a
        piece that is heard may be in any of the twelve, and how well each foresees it tells
        which; composed pieces are in the key that is asked for. Features must be pitches in
        semitones (a piano roll, 88 wide from A0 on, or any from a C on) or the 12 pitch classes
        from C on (chroma). False leaves every piece as it is. "auto" is True for values in [0, 1]
        that are 12 wide and for binary values that are 88 or 128 wide, with an emission that
        knows them as such ("logistic", "bernoulli" or "independent").
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
        removed when training is complete, or has diverged. Where a fit was cut short, by a crash
        or by Ctrl-C, the same fit (same parameters and pieces) goes on from the file and ends
        with the weights that it would have had; seconds of `max_time` count over all attempts.
        The file of another fit is refused. One file serves one fit at a time. `partial_fit`
        ignores it.
    device : str or torch.device, default="auto"
        Where to learn, predict and score: "auto" for a GPU where there is one, "cpu", "cuda",
        "cuda:1", ... Training is in float32 on a CPU, whatever its model, and in bfloat16 on a
        GPU that has it. Composing goes frame by frame, and is quickest in NumPy on the CPU.
    random_state : int, RandomState instance or None, default=None
        Seed of all that is random: initial weights, split, excerpts and their order and keys,
        dropout, draws. The same seed gives the same model on
        the same machine. Global random states are neither read nor moved.
    verbose : int, default=0
        Whether to show a progress bar.

    Attributes
    ----------
    n_features_in_ : int
        Width of a frame.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where pieces came as data frames with string column names.
    n_iter_ : int
        Epochs run.
    loss_curve_ : list of float
        Training loss of every epoch: negative log-likelihood per frame, nats, with dropout, and
        after frames of its own where the composer learns to hear these (see Notes).
    validation_scores_ : list of float or None
        Validation score of every epoch: mean log-likelihood per frame, in nats, each piece in
        the key that it is estimated to be in, which `score` does not know. None where no piece
        was set aside.
    best_validation_score_ : float or None
        The highest of them; the weights are those of its epoch. With `warm_start` and `X_val`
        it may be the score of the weights that training began with.
    styles_ : ndarray of shape (n_styles,)
        The style labels learned, sorted.
    emission_ : str
        The emission in use, "auto" resolved.
    transpose_ : bool
        Whether the key is a hidden variable, "auto" resolved.
    weights_ : dict of str to ndarray
        The network's weights.

    See Also
    --------
    musicai.ChromaExtractor : Turns recordings into pieces.

    Notes
    -----
    Everywhere a piece is an array (n_frames, n_features) and a collection a list of pieces of any
    lengths; methods that take one or the other answer in kind.

    Where `transpose_` is True, the likelihood of a piece :math:`x` is the mean of its likelihoods
    in the twelve keys,

    .. math:: p(x) = \frac{1}{12} \sum_{k=0}^{11} p_0(\tau_k x),

    where :math:`\tau_k` moves it from key :math:`k` to the common one (C major or A minor) and
    :math:`p_0` is what the network says of music in that. Frame by frame this is a filter: the
    probability of each key after the frames so far, by Bayes' rule, weighs what is foreseen in
    that key. Moving chroma by semitones changes nothing in its score. Keys of pieces to learn are
    estimated by their pitch classes [4]_. Chroma is learned in the common key alone; piano rolls,
    which are few and exact and would soon be known by heart, in all keys that keep their notes on
    the keyboard, and the network is mostly told which. A piano roll is moved by at most six
    semitones, a note that leaves the keyboard at one end coming in at the other.

    Under ``torchrun --nproc-per-node N script.py``, or where torch's process group is initialized,
    `fit` shares the work: every process calls it with the same pieces and parameters, and ends
    with the same weights; only the first shows progress, warns and writes the checkpoint. A call
    of `fit` waits for all processes: never call it in one of them alone, unless WORLD_SIZE in its
    environment is 1. `partial_fit` is not shared.

    Pieces may be arrays mapped from files (`numpy.memmap`) that memory would not hold: learning
    reads excerpts, whatever their type. Elsewhere pieces other than float32 are converted whole.

    Where training diverges (losses or weights are no longer finite, or losses far above those of
    the untrained network), it goes back to the last good state and on with a quarter of the
    learning rate, with a `ConvergenceWarning`; after three attempts a ValueError is raised.

    Data on many levels ("logistic" and its independent form), as chroma, is also learned from
    excerpts whose values the network has drawn again, so that small faults of composed frames do
    not add up (exposure bias [5]_; compare scheduled sampling [6]_). And in most excerpts the
    network is told what the piece is like as a whole, by the mean of each feature and of its
    changes: a piece that begins from nothing takes this character from one that was learned, of
    the style that is asked for. Scores and predictions are told neither.

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
    .. [4] C. Krumhansl. Cognitive foundations of musical pitch. Oxford University Press, 1990,
       chapter 4.
    .. [5] M. Ranzato, S. Chopra, M. Auli, W. Zaremba. Sequence level training with recurrent
       neural networks. ICLR 2016.
    .. [6] S. Bengio, O. Vinyals, N. Jaitly, N. Shazeer. Scheduled sampling for sequence
       prediction with recurrent neural networks. NIPS 2015.

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
    _peaked: bool
    _characters: tuple[np.ndarray, np.ndarray]
    _optimizer_state: dict[str, Any] | None

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
        checkpoint: str | os.PathLike[str] | None = None,
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
        learn(self, X, y, X_val, y_val)
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
        learn_once_more(self, X, y, styles)
        return self

    def predict(self, X: Any, *, style: Any = None) -> Any:
        """Tell what comes next, at every frame.

        Parameters
        ----------
        X : collection of array-like of shape (n_frames, n_features), or one such array
            Pieces to hear.
        style : object or dict, default=None
            One of `styles_`, for all pieces, or a dict of styles and their weights; None to tell
            no style.

        Returns
        -------
        expected : list of ndarray of shape (n_frames, n_features), or one such array
            Row t is the expected frame t + 1 given frames 0 to t; the last row tells what follows
            the piece.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import LSTMComposer
        >>> scale = np.eye(12, dtype=np.float32)[[0, 2, 4, 5, 7, 9, 11] * 4]
        >>> composer = LSTMComposer(hidden_size=16, max_iter=5, random_state=0).fit([scale] * 8)
        >>> expected = composer.predict(scale)
        >>> expected.shape  # as long as the piece: the last row is what follows it
        (28, 12)
        >>> [each.shape for each in composer.predict([scale, scale[:5]])]
        [(28, 12), (5, 12)]
        """
        pieces, pack, _ = self._heard(X, None)
        weights, number = told_style(self, style)
        styles = [np.full(len(piece), number) for piece in pieces]
        shifts = [key_shifts(self)] * len(pieces)
        return pack(expect_next(open_network(self, weights), pieces, styles, shifts))

    def next_frames(
        self,
        X: Any,
        n_best: int = 5,
        *,
        style: Any = None,
        n_draws: int = 1000,
        random_state: int | np.random.RandomState | None = None,
    ) -> Any:
        """Tell the most likely frames that follow a piece, and how likely each is.

        Where `predict` gives the mean of all that may follow, this gives the choices. Frames are
        of one kind where the same features sound (are at least 0.5): the same notes of a piano
        roll, the same pitch classes of chroma. Many frames are drawn from the distribution of the
        next frame, which is exact, and the kinds are counted.

        Parameters
        ----------
        X : collection of array-like of shape (n_frames, n_features), or one such array
            Pieces to hear, with values in [0, 1].
        n_best : int, default=5
            How many kinds to tell at most.
        style : object or dict, default=None
            As in `sample`.
        n_draws : int, default=1000
            Draws to count; memory and time grow with them. A probability is off by up to
            ``n_draws**-0.5 / 2`` (standard error).
        random_state : int, RandomState instance or None, default=None
            Seed of the draws; None takes the estimator's own `random_state`.

        Returns
        -------
        frames : ndarray of shape (n_best, n_features)
            The mean frame of each kind, the most likely kind first; fewer where fewer kinds were
            drawn. For a collection a list of pairs (frames, probabilities).
        probabilities : ndarray of shape (n_best,)
            Of each kind.

        Raises
        ------
        ValueError
            If the composer's data is not in [0, 1], so that no feature sounds or does not.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import LSTMComposer
        >>> scale = np.eye(12, dtype=np.float32)[[0, 2, 4, 5, 7, 9, 11] * 4]
        >>> composer = LSTMComposer(hidden_size=16, max_iter=60, random_state=0)
        >>> frames, probabilities = composer.fit([scale] * 8).next_frames(scale, n_best=1)
        >>> int(frames[0].argmax())
        0
        """
        pieces, _, _ = self._heard(X, None)
        check_sampling(n_best=n_best, n_draws=n_draws, random_state=random_state)
        if not self.emission_.endswith(("logistic", "bernoulli")):
            raise ValueError(
                f"next_frames tells which features sound, in data from 0 to 1; this composer has "
                f"learned other data (emission_={self.emission_!r}): use predict, or sample(1, "
                "n_pieces=...)"
            )
        rng = as_rng(self.random_state if random_state is None else random_state)
        ranked = [
            rank_frames(draw_next(self, piece, n_draws, style=style, rng=rng), n_best)
            for piece in pieces
        ]
        return ranked if is_collection(X) else ranked[0]

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

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import LSTMComposer
        >>> scale = np.eye(12, dtype=np.float32)[[0, 2, 4, 5, 7, 9, 11] * 4]
        >>> composer = LSTMComposer(hidden_size=16, max_iter=5, random_state=0).fit([scale] * 8)
        >>> composer.score_samples(scale).shape
        (28,)
        """
        pieces, pack, styles = self._heard(X, y)
        return pack(self._score_frames(pieces, styles))

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

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import LSTMComposer
        >>> scale = np.eye(12, dtype=np.float32)[[0, 2, 4, 5, 7, 9, 11] * 4]
        >>> composer = LSTMComposer(hidden_size=16, max_iter=5, random_state=0).fit([scale] * 8)
        >>> composer.score([scale]) > composer.score([1 - scale])  # which it does not know
        True
        >>> bool(np.isclose(composer.score([scale]), composer.score_samples(scale).mean()))
        True
        """
        pieces, _, styles = self._heard(X, y)
        if not any(map(len, pieces)):
            raise ValueError("X holds no frames to score: all of its pieces are empty")
        return float(np.concatenate(self._score_frames(pieces, styles)).mean(dtype=np.float64))

    def sample(
        self,
        n_frames: int,
        *,
        n_pieces: int | None = None,
        prime: Any = None,
        style: Any = None,
        key: str | None = None,
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
            collection gives one new piece for each prime. None starts from nothing, in the
            character of music that was learned where data is on many levels (see Notes).
        style : object or dict, default=None
            One of `styles_`, a dict of styles and their weights to blend them, such as
            ``{"folk": 0.7, "jazz": 0.3}``, or None for no stated style.
        key : str, default=None
            Key to compose in: "C", "F#", "Bb major", "Am", "C# minor" and so on; a small letter
            alone, "d", is a minor key. A major key and the minor key of the same notes ("C" and
            "Am") are one: which of them it dwells on is left to the music. None goes on in the key
            of the prime, as far as it is heard there, and without a prime takes any. With a prime
            it says which key the prime is in; the prime is not moved. Where `transpose_` is False
            no key can be asked for.
        temperature : float, default=1.0
            1 samples from the learned distribution; below 1 likely choices become likelier.
            It acts on the weights of the choices (the mixture's components, the probability of a
            note) and, squared, on the width of the components of "logistic"; the single Gaussian
            of "mse" has nothing else, so there it is the width. At least 0.0001.
        random_state : int, RandomState instance or None, default=None
            Seed of the draws; None takes the estimator's own `random_state`.

        Returns
        -------
        piece : ndarray of shape (n_frames, n_features), or a list of them
            float32; a list where `n_pieces` is given or `prime` is a collection. With the emission
            "logistic", where all frames learned are silent or have a loudest feature of exactly 1,
            as chroma does, all composed frames sound, and their loudest feature is 1.

        Raises
        ------
        ValueError
            If the style or key is unknown, the prime has another width or values that the emission
            does not know, or another argument is out of range.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import LSTMComposer
        >>> scale = np.eye(12, dtype=np.float32)[[0, 2, 4, 5, 7, 9, 11] * 4]
        >>> composer = LSTMComposer(hidden_size=16, max_iter=5, random_state=0).fit([scale] * 8)
        >>> composer.sample(10, key="D", temperature=0.9, random_state=0).shape
        (10, 12)
        >>> new = composer.sample(10, prime=scale, random_state=0)
        >>> np.concatenate([scale, new]).shape
        (38, 12)
        >>> len(composer.sample(10, n_pieces=3))
        3
        """
        check_is_fitted(self)
        check_sampling(n_frames=n_frames)
        frames = compose(
            self,
            prime,
            n_pieces,
            style=style,
            key=key,
            temperature=temperature,
            random_state=random_state,
        )
        with one_blas_thread():
            pieces = list(np.stack(list(islice(frames, n_frames)), axis=1))
        alone = n_pieces is None and not is_collection(prime)
        return pieces[0] if alone else pieces

    def stream(
        self,
        *,
        prime: Any = None,
        style: Any = None,
        key: str | None = None,
        temperature: float = 1.0,
        random_state: int | np.random.RandomState | None = None,
    ) -> Iterator[np.ndarray]:
        """Compose a piece without end, frame by frame.

        Parameters
        ----------
        prime : array-like of shape (n_prime_frames, n_features), default=None
            One piece to go on from.
        style : object or dict, default=None
            As in `sample`, like the others that follow.
        key : str, default=None
            Key to compose in.
        temperature : float, default=1.0
            Below 1 likely choices become likelier.
        random_state : int, RandomState instance or None, default=None
            Seed of the draws; None takes the estimator's own `random_state`.

        Returns
        -------
        frames : iterator of ndarray of shape (n_features,)
            The first n are those of ``sample(n)`` with the same arguments. What is wrong with an
            argument is said at once, not with the first frame.

        Examples
        --------
        >>> import numpy as np
        >>> from itertools import islice
        >>> from musicai import LSTMComposer
        >>> scale = np.eye(12, dtype=np.float32)[[0, 2, 4, 5, 7, 9, 11] * 4]
        >>> composer = LSTMComposer(hidden_size=16, max_iter=1, random_state=0).fit([scale] * 8)
        >>> [frame.shape for frame in islice(composer.stream(), 3)]
        [(12,), (12,), (12,)]
        """
        check_is_fitted(self)
        if prime is not None and is_collection(prime):
            raise ValueError("stream goes on from one piece, and prime is a collection of them")
        frames = compose(
            self,
            prime,
            None,
            style=style,
            key=key,
            temperature=temperature,
            random_state=random_state,
        )
        return (frame[0] for frame in frames)

    def _score_frames(self, pieces: list[np.ndarray], styles: list[np.ndarray]) -> list[np.ndarray]:
        shifts = [key_shifts(self)] * len(pieces)
        return score_frames(open_network(self), pieces, styles, shifts)

    def _heard(self, X: Any, y: Any) -> tuple[list[np.ndarray], Pack, list[np.ndarray]]:
        """Check pieces to hear: the pieces, how to pack results, the style of every frame."""
        check_is_fitted(self)
        pieces, pack = check_pieces(self, X)
        labels = labels_per_piece(y, pieces, single=not is_collection(X))
        return pieces, pack, encode_styles(labels, pieces, self.styles_)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "weights_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "device": str(self.device)}  # not a torch object

    def _converted(self, state: dict[str, Any]) -> dict[str, Any]:
        return convert(state)

    def _check_learned(self) -> None:
        check_learned(self)
