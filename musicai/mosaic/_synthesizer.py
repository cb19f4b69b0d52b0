"""The estimator that plays pieces in the sound of recordings."""

from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from ..audio import write_audio
from ..audio.recordings import as_recordings, count_channels
from ..base.parameters import Rule, check_values, is_integer, is_real, unchanged_on_error
from ..base.persistence import Array, Persistent
from ..base.pieces import N_PITCH_CLASSES, as_collection, is_collection
from ..base.transformers import FileInput
from ..chroma import ChromaExtractor
from ..files.paths import is_path
from ..files.piece_files import audio_files
from ..theory.shapes import is_flat, unit_shapes
from ..theory.timing import Timing, length_in_samples
from ..theory.timing_argument import timings_of
from ._corpus import Corpus, make_corpus, usual_level
from ._playing import play
from ._search import find_path
from ._sources import Source, as_source
from ._stretches import Stretch, as_stretches
from ._targets import at_frames, scaled

RULES: dict[str, Rule] = {
    "extractor": (
        lambda v: v is None or isinstance(v, ChromaExtractor),
        "a ChromaExtractor or None",
    ),
    "join_cost": (lambda v: is_real(v) and 0 <= v <= 1000, "a number from 0 to 1000"),
    "max_stretch": (lambda v: is_real(v) and 1 <= v <= 1e6, "a number of seconds of at least 1"),
    "transpose": (lambda v: is_integer(v, 0) and v <= 6, "an integer from 0 to 6"),
    "shaping": (lambda v: is_real(v) and 0 <= v <= 60, "a number of decibels from 0 to 60"),
    "channels": (lambda v: v is None or (is_integer(v, 1) and v <= 2), "1, 2 or None"),
    "sr": (
        lambda v: is_integer(v, 8000) and v <= 192000,
        "an integer of hertz from 8000 to 192000",
    ),
}


class MosaicSynthesizer(Persistent, FileInput, BaseEstimator):
    """Play chroma in the sound of recordings: an audio mosaic.

    Recordings are cut into stretches about a second long and put together anew, so that their
    harmony follows a piece: for every frame of the piece, the frames of the recordings are
    compared with it, and the path through them is chosen that is most like the piece with the
    fewest joins [1]_, [2]_. Stretches are made equally loud, crossfaded where they are quiet or
    alike, and their pitch classes turned up or down a little where they still differ from the
    piece.

    Parameters
    ----------
    extractor : ChromaExtractor, default=None
        How the recordings are analyzed: as the pieces were, but frame by frame even with
        ``sync="beat"``. It also says when the frames of a piece sound, unless they are beats. None
        takes ``ChromaExtractor()``. Its `memory` keeps the analyses of a
        large collection on the disk, its `n_jobs`, `on_error` and `verbose` serve here as well.
    join_cost : float, default=1.6
        What a join costs, in units of the correlation of a frame with the piece. With more there
        are fewer joins, and a recording is heard longer; with less the piece is followed more
        closely.
    max_stretch : float, default=10.0
        For how many seconds in a row one recording may be played, so that nobody's piece is
        replayed as a whole. Where there is only one recording, for how many seconds it may be
        played on without a jump.
    transpose : int, default=0
        Up to how many semitones, upwards and downwards, recordings may be played faster or
        slower. It widens the choice in small collections; time and memory grow with it.
    shaping : float, default=18.0
        By how many decibels a pitch class may be turned down so that the harmony is that of the
        piece; two thirds of that up. 0 leaves stretches as they were recorded.
    channels : {1, 2}, default=None
        Of the audio that is made: 1 is mono, 2 stereo. None makes it stereo where one of the
        recordings is; mono ones are then heard in the middle, and so are those with more than two
        channels.
    sr : int, default=44100
        Of the audio that is made, in hertz.

    Attributes
    ----------
    extractor_ : ChromaExtractor
        What the recordings were analyzed with.
    sources_ : list of tuple
        The recordings: the absolute path of a file as bytes, its size and time of change; or a
        copy of the samples with their sampling rate, None and None.
    chroma_, levels_ : list of ndarray
        Chroma of shape (n_frames, 12) and loudness of shape (n_frames,), in decibels, of each
        recording; float16.
    tunings_ : ndarray of shape (n_recordings,)
        Deviation of each recording from A440 in semitones.
    channels_ : int
        2 where one of the recordings is stereo, else 1.

    See Also
    --------
    ChromaExtractor.inverse_transform : Plays chroma plainly, with sines.
    musicai.render.chroma_to_audio : Plays chroma with sines or instruments.

    Notes
    -----
    The index is about 1 MB per hour of music. Files are read again, a stretch at a time, when
    they are played, so they must stay where they are. Whose music is in a mosaic is told by
    `stretches`; whether it may be published is for its owners to say.

    References
    ----------
    .. [1] D. Schwarz, "Concatenative sound synthesis: the early years", Journal of New Music
       Research 35, 2006.
    .. [2] J. Driedger, T. Praetzlich, M. Mueller, "Let it Bee: towards NMF-inspired audio
       mosaicing", ISMIR 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai import ChromaExtractor, MosaicSynthesizer
    >>> time = np.arange(4 * 22050) / 22050
    >>> a, c = (np.sin(2 * np.pi * frequency * time) for frequency in (440.0, 523.25))
    >>> mosaic = MosaicSynthesizer(sr=22050).fit([a, c])
    >>> piece = ChromaExtractor().transform([np.concatenate([c[:22050], a[:22050]])])[0]
    >>> [stretch.recording for stretch in mosaic.stretches(piece)]
    [1, 0]
    >>> mosaic.transform(piece).shape
    (44032,)
    """

    __module__ = "musicai"

    def __init__(
        self,
        extractor: ChromaExtractor | None = None,
        *,
        join_cost: float = 1.6,
        max_stretch: float = 10.0,
        transpose: int = 0,
        shaping: float = 18.0,
        channels: int | None = None,
        sr: int = 44100,
    ) -> None:
        self.extractor = extractor
        self.join_cost = join_cost
        self.max_stretch = max_stretch
        self.transpose = transpose
        self.shaping = shaping
        self.channels = channels
        self.sr = sr

    def fit(self, X: Any, y: Any = None) -> Self:
        """Analyze recordings, once and block by block.

        Parameters
        ----------
        X : list of recordings
            What :meth:`ChromaExtractor.transform` takes.
        y : object, default=None
            Ignored.

        Returns
        -------
        self : MosaicSynthesizer
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is one recording and not a list of them.
        ValueError
            If a parameter has no possible value, or nothing sounds in any recording.
        RecordingError
            If a recording cannot be used and the extractor says ``on_error="raise"``.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import MosaicSynthesizer
        >>> time = np.arange(4 * 22050) / 22050
        >>> a, c = (np.sin(2 * np.pi * frequency * time) for frequency in (440.0, 523.25))
        >>> mosaic = MosaicSynthesizer().fit([a, c])
        """
        self._check_parameters()
        extractor = ChromaExtractor() if self.extractor is None else clone(self.extractor)
        # A mosaic is laid frame by frame; a piece that has beats brings its times.
        extractor.set_params(sync=None)
        X, _ = as_recordings(X)
        # Before the analysis: a file that changes meanwhile is then found to have changed.
        files = [as_source(recording, 1) if is_path(recording) else None for recording in X]
        analyses = extractor.analyze(X)
        if all(is_flat(analysis.chroma).all() for analysis in analyses):
            raise ValueError(
                "nothing sounds in any recording of X: give recordings of music to play with"
            )
        with unchanged_on_error(self):
            self.extractor_ = extractor
            self.sources_ = [  # in plain types, which skops takes for harmless
                tuple(file or as_source(recording, extractor.sr))
                for file, recording in zip(files, X, strict=True)
            ]
            self.chroma_ = [_halved(scaled(analysis.chroma)) for analysis in analyses]
            self.levels_ = [_halved(analysis.levels) for analysis in analyses]
            self.tunings_ = np.array([analysis.tuning or 0.0 for analysis in analyses])
            self.channels_ = 2 if any(count_channels(each) == 2 for each in X) else 1
        return self

    def transform(
        self, X: Any, file: Any = None, *, timing: Any = None, format: str | None = None
    ) -> Any:
        """Play pieces.

        Parameters
        ----------
        X : ndarray of shape (n_frames, 12), or a collection of them
            Chroma, as the extractor analyzes it. Negative values count as 0; where a frame is
            all zeros there is silence.
        file : path or binary file object, or a list of them, default=None
            Where to write the audio, whole or not at all, in constant memory; for a collection a
            file for each piece. None returns it.
        timing : Timing, object with a `timing`, or float, or a list of them, default=None
            When the frames sound, such as ``analysis.timing`` or ``Timing.from_tempo(96)``; for a
            collection one for all or a list with one for each piece. A number is frames per
            second. None stands for the `timing` of the extractor; with ``sync="beat"`` that has no
            tempo, and one has to be given.
        format : {"wav", "flac", "ogg", "mp3"}, default=None
            Of the files; None goes by their suffixes.

        Returns
        -------
        audio : ndarray of shape (n_samples,) or (n_samples, 2), dtype float32, or a list of them
            Samples at `sr`, mono or stereo as `channels` says; for one piece an array, for a
            collection what the collection was; None where they were written. The audio lasts as
            long as the frames.

        Raises
        ------
        ValueError
            If a piece is no chroma, beats have no tempo, or there are not as many timings or files
            as pieces.
        RecordingError
            If a recording has changed since `fit`, or is gone.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import MosaicSynthesizer
        >>> time = np.arange(4 * 22050) / 22050
        >>> a, c = (np.sin(2 * np.pi * frequency * time) for frequency in (440.0, 523.25))
        >>> mosaic = MosaicSynthesizer(sr=22050).fit([a, c])
        >>> piece = np.zeros((20, 12))
        >>> piece[:10, 9] = piece[10:, 0] = 1  # A, then C
        >>> mosaic.transform(piece).shape
        (39936,)
        """
        pieces, durations, pack = self._check_pieces(X, timing)
        files = audio_files(file, X, pieces, format)
        corpus = self._corpus()
        for target in files:
            for source in self._sources():
                source.refuse_as_target(target)
        played = (
            self._play(piece, self._find(piece, duration, corpus))
            for piece, duration in zip(pieces, durations, strict=True)
        )
        if file is None:
            nothing = np.zeros(0 if self._n_channels() == 1 else (0, 2), np.float32)
            return pack([np.concatenate([nothing, *sound]) for sound in played])
        for target, sound in zip(files, played, strict=True):
            write_audio(target, sound, self.sr, format=format)
        return None

    def stretches(self, X: Any, *, timing: Any = None) -> Any:
        """Tell what a mosaic is made of.

        Parameters
        ----------
        X : ndarray of shape (n_frames, 12), or a collection of them
            As for `transform`.
        timing : Timing, object with a `timing`, or float, or a list of them, default=None
            As for `transform`.

        Returns
        -------
        stretches : list of musicai.mosaic.Stretch, or a list of such lists
            What is played when, in order.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import MosaicSynthesizer
        >>> time = np.arange(4 * 22050) / 22050
        >>> a, c = (np.sin(2 * np.pi * frequency * time) for frequency in (440.0, 523.25))
        >>> mosaic = MosaicSynthesizer().fit([a, c])
        >>> piece = np.zeros((20, 12))
        >>> piece[:10, 9] = piece[10:, 0] = 1  # A, then C
        >>> [(stretch.recording, round(stretch.start, 1)) for stretch in mosaic.stretches(piece)]
        [(0, 0.0), (1, 0.9)]
        """
        pieces, durations, _ = self._check_pieces(X, timing)
        corpus = self._corpus()
        found = [self._find(*each, corpus) for each in zip(pieces, durations, strict=True)]
        return found if is_collection(X) else found[0]

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "sources_")

    def _fitted_state(self) -> dict[str, Any]:
        # Both raise an error for what cannot be used.
        self._sources(), self.extractor_.frame_rate
        if self.channels_ not in (1, 2):
            raise ValueError(f"channels_ is {self.channels_!r}, where 1 or 2 is expected")
        if self.extractor_.sync is not None:
            raise ValueError("extractor_ has beats, where sync=None is expected")
        n_frames = [len(levels) for levels in self.levels_]
        return {
            "extractor_": ChromaExtractor,
            "sources_": [tuple] * len(n_frames),
            "chroma_": [Array(np.float16, (n, N_PITCH_CLASSES), low=0, high=1) for n in n_frames],
            "levels_": [Array(np.float16, (n,)) for n in n_frames],
            "tunings_": Array(np.float64, (len(n_frames),), low=-12, high=12),
            "channels_": int,
        }

    def _sources(self) -> list[Source]:
        return [Source(*source) for source in self.sources_]

    def _play(self, piece: np.ndarray, stretches: list[Stretch]) -> Iterator[np.ndarray]:
        """Make the sound of a piece, as blocks."""
        return play(
            piece,
            stretches,
            self._sources(),
            extractor=self.extractor_,
            shaping=self.shaping,
            sr=self.sr,
            channels=self._n_channels(),
        )

    def _n_channels(self) -> int:
        return self.channels_ if self.channels is None else self.channels

    def _find(self, piece: np.ndarray, duration: float, corpus: Corpus) -> list[Stretch]:
        rate = self.extractor_.frame_rate
        longest = max(1, int(self.max_stretch * rate))
        runs = find_path(unit_shapes(piece), corpus, join_cost=self.join_cost, longest=longest)
        if not runs:
            return []
        return as_stretches(
            runs,
            corpus,
            timing=self.extractor_.timing,
            end=duration,
            level=usual_level(self.levels_),
        )

    def _corpus(self) -> Corpus:
        for source in self._sources():
            source.check()
        return make_corpus(self.chroma_, self.levels_, self.tunings_, transpose=self.transpose)

    def _check_pieces(self, X: Any, timing: Any) -> tuple[list[np.ndarray], list[float], Any]:
        """Return pieces, with a frame for each of the extractor's, and how long they last."""
        check_is_fitted(self)
        self._check_parameters()
        pieces, pack = as_collection(X, n_features=N_PITCH_CLASSES)
        of_beats = self.extractor is not None and self.extractor.sync is not None
        own = Timing.from_tempo(None) if of_beats else self.extractor_.timing
        timings = timings_of(timing, X, pieces, default=own)
        borders = [each.borders(len(piece)) for each, piece in zip(timings, pieces, strict=True)]
        durations = [length_in_samples(each[-1] - each[0], self.sr) / self.sr for each in borders]
        pieces = [
            at_frames(scaled(np.maximum(piece, 0)), each - each[0], self.extractor_, self.sr)
            for piece, each in zip(pieces, borders, strict=True)
        ]
        return pieces, durations, pack

    def _check_parameters(self) -> None:
        check_values(self.get_params(deep=False), RULES)


def _halved(values: np.ndarray) -> np.ndarray:
    """Return numbers in half the memory: three digits are enough to choose by."""
    with np.errstate(under="ignore"):
        return values.astype(np.float16)
