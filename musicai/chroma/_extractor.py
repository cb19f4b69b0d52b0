"""Transformer from recordings to chroma."""

import os
import warnings
from contextlib import closing
from typing import Any, Self

import joblib
import numpy as np

from ..audio import RecordingError, level_blocks
from ..audio.ffmpeg import NoFfmpegError, explain_missing_ffmpeg
from ..audio.headers import need_ffmpeg
from ..audio.recordings import as_recordings
from ..base.parameters import Rule, check_values, is_bool, is_integer, is_one_of, is_real
from ..base.pieces import PITCH_CLASSES, as_collection
from ..base.progress import progress_bar
from ..base.transformers import FILE_RULES, FileTransformer
from ..files.paths import is_path
from ..theory.timed_piece import timed
from ..theory.timing import Timing
from ..theory.timing_argument import timings_of
from ._analysis import FRAMES_PER_BEAT, Analysis, Settings
from ._batch import analyze_all
from ._playing import play_chroma
from ._tracker import Tracker

KINDS = ("cqt", "stft", "cens")
RULES: dict[str, Rule] = {
    "kind": (lambda v: is_one_of(v, KINDS), f"one of {KINDS}"),
    "sr": (lambda v: is_real(v) and 1000 <= v <= 1e6, "a number of hertz from 1000 to 1000000"),
    "hop_length": (lambda v: is_integer(v, 1) and v <= 2**20, "an integer from 1 to 2**20"),
    "n_fft": (
        lambda v: v is None or (is_integer(v, 16) and v % 2 == 0 and v <= 2**20),
        "an even integer from 16 to 2**20, or None",
    ),
    "norm": (
        lambda v: v is None or v == np.inf or (is_real(v) and 1 <= v <= 100),
        "numpy.inf, a number from 1 to 100 or None",
    ),
    "tuning": (
        lambda v: v is None or (is_real(v) and -12 <= v <= 12),
        "a number of semitones from -12 to 12, or None to estimate it",
    ),
    "exact": (is_bool, "True or False"),
    "sync": (
        lambda v: v is None or is_one_of(v, tuple(FRAMES_PER_BEAT)),
        "None, 'beat' or 'half-beat'",
    ),
    "tracker": (
        lambda v: v is None or callable(v),
        "None or a function of samples and a sampling rate that returns beats",
    ),
    "memory": (
        lambda v: v is None or is_path(v) or hasattr(v, "cache"),
        "a folder, a joblib.Memory or None",
    ),
    "memory_key": (lambda v: is_one_of(v, ("path", "content")), "'path' or 'content'"),
    **FILE_RULES,
}


class ChromaExtractor(FileTransformer):
    """Convert recordings to pieces of chroma, and chroma back to audio.

    Parameters
    ----------
    kind : {"cqt", "stft", "cens"}, default="cqt"
        Kind of analysis. "cqt" compresses the magnitudes of a constant-Q transform and subtracts
        their background, which favors quiet voices and suppresses drums. It is the best choice for
        training a composer. "stft" matches ``librosa.feature.chroma_stft`` within 1e-5, including
        the tuning, except in silent frames. "cens" is "cqt" quantized to five levels and averaged
        over about a second, so that different performances of the same music become similar.
    sr : float, default=22050
        Sampling rate of the analysis in hertz; recordings at other rates are resampled.
    hop_length : int, default=2048
        Number of samples between frames; 2048 at 22050 Hz gives 10.8 frames per second. "cqt" and
        "cens" are fastest if it is a multiple of 4 at 22050 Hz, or of 8 at 44100 Hz.
    n_fft : int, default=None
        Number of samples per frame; an even number. None means 2048 for "stft". For "cqt" and
        "cens", it means the power of two nearest to 0.74 seconds, which is 16384 at 22050 Hz.
    norm : float or None, default=numpy.inf
        Order of the vector norm by which each frame is divided. With infinity, the strongest pitch
        class of every frame that is not all zeros is exactly 1. None disables normalization.
    tuning : float, default=None
        Deviation from A440 in semitones. If None, it is estimated for each recording.
    exact : bool, default=False
        For "stft", whether to transform in double precision, like librosa. Power spectra then match
        librosa's bit for bit, at about 1.3 times the cost. Single precision changes chroma by about
        1e-6.
    sync : {None, "beat", "half-beat"}, default=None
        With "beat", the frames from one beat to the next are replaced by their median. With
        "half-beat", there are two such medians per beat. If fewer than two beats are found, a
        recording becomes a single frame. `analyze` also returns the beats, their clarity and the
        timing of the frames.
    tracker : callable, default=None
        A beat tracker to use instead of the built-in one. It is called as ``tracker(y, sr)`` with
        the whole recording as mono float32 samples at `sr`. It must return the times of beats in
        seconds, or a tuple of the times of beats and of downbeats. At the default `sr`,
        collecting these samples takes up to 640 MB of memory per hour of recording. Without `sync`,
        the tracker is not called.
    memory : str, path or joblib.Memory, default=None
        A folder or joblib cache for analyses, so that a recording is not analyzed again.
    memory_key : {"path", "content"}, default="path"
        How `memory` identifies files: by path, size and modification time, or by the SHA-256 hash
        of their content. With "content", recordings and `memory` can be moved, but every file is
        read before each lookup, at about one gigabyte per second. Samples are always identified by
        their content.
    n_jobs : int, default=None
        Number of recordings to analyze in parallel, in threads unless
        :func:`joblib.parallel_config` says otherwise; -1 uses all processors. The result does not
        depend on this number. Each thread takes about 20 MB of memory or, with "stft", 100 MB plus
        75 MB per hour of recording.
    on_error : {"raise", "warn"}, default="raise"
        What to do with a recording that cannot be used: raise :class:`RecordingError`, or warn and
        return a piece without frames, so that pieces stay aligned with labels.
    verbose : int, default=0
        Show a progress bar on standard error if greater than 0.

    Attributes
    ----------
    frame_rate : float
        Frames per second, ``sr / hop_length``.
    timing : Timing
        Timing of the frames of a piece. With `sync`, it has beats or half-beats but no tempo. For a
        recording, use the timing in its analysis; for a composed piece, choose a tempo, for
        instance with ``extractor.timing.at_tempo(96)``.

    See Also
    --------
    musicai.audio.read_blocks : Read a recording of any kind that the extractor accepts.
    musicai.audio.write_audio : Write audio from `inverse_transform` to a file.

    Notes
    -----
    The extractor is stateless and works without `fit`. Without `sync`, frame ``t`` is centered on
    sample ``t * hop_length``; `n_samples` samples give ``1 + n_samples // hop_length`` frames.
    Silent frames are all zeros, unless "cens" averages them with sound nearby. A frame is silent if
    its power in the analyzed frequency range is 0, or at least 60 dB below the power of every one
    of the loudest frames. The loudest frames last half a second in total or, in recordings shorter
    than 10 s, a twentieth of the recording. Pauses with only dither or hiss and the ends of
    fade-outs are usually silent. A recording that is soft throughout is not.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai import ChromaExtractor
    >>> time = np.arange(22050) / 22050
    >>> concert_pitch = np.sin(2 * np.pi * 440 * time)
    >>> extractor = ChromaExtractor()
    >>> (piece,) = extractor.transform([concert_pitch])
    >>> piece.shape
    (11, 12)
    >>> extractor.get_feature_names_out()[piece[5].argmax()]
    'A'
    """

    __module__ = "musicai"

    def __init__(
        self,
        *,
        kind: str = "cqt",
        sr: float = 22050,
        hop_length: int = 2048,
        n_fft: int | None = None,
        norm: float | None = np.inf,
        tuning: float | None = None,
        exact: bool = False,
        sync: str | None = None,
        tracker: Tracker | None = None,
        memory: str | os.PathLike[str] | joblib.Memory | None = None,
        memory_key: str = "path",
        n_jobs: int | None = None,
        on_error: str = "raise",
        verbose: int = 0,
    ) -> None:
        self.kind = kind
        self.sr = sr
        self.hop_length = hop_length
        self.n_fft = n_fft
        self.norm = norm
        self.tuning = tuning
        self.exact = exact
        self.sync = sync
        self.tracker = tracker
        self.memory = memory
        self.memory_key = memory_key
        self.n_jobs = n_jobs
        self.on_error = on_error
        self.verbose = verbose

    @property
    def frame_rate(self) -> float:
        """Frames per second, before beat synchronization."""
        self._check_parameters()
        return self.sr / self.hop_length

    @property
    def timing(self) -> Timing:
        """Timing of the frames of a piece; with `sync`, this has beats but no tempo."""
        self._check_parameters()
        if self.sync is None:
            return Timing.from_rate(self.frame_rate)
        return Timing.from_tempo(None, frames_per_beat=FRAMES_PER_BEAT[self.sync])

    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the parameters and the type of `X`; the extractor is stateless.

        Parameters
        ----------
        X : list of recordings
            Recordings as for `transform`. No file is opened.
        y : object, default=None
            Ignored.

        Returns
        -------
        self : ChromaExtractor
            The extractor itself.

        Raises
        ------
        TypeError
            If `X` is a single recording rather than a list.
        ValueError
            If `X` is empty, or a parameter is out of range.

        Examples
        --------
        >>> from musicai import ChromaExtractor
        >>> ChromaExtractor().fit(["first.flac", "second.mp3"])
        ChromaExtractor()
        """
        self._check_parameters()
        as_recordings(X)
        return self

    def transform(self, X: Any) -> list[np.ndarray]:
        """Compute the chroma of recordings.

        Parameters
        ----------
        X : list, tuple or 1-D array of recordings
            Each recording is the path of an audio file (str, bytes or PathLike), a 1-D array of
            samples at `sr`, or a tuple ``(samples, sr)`` with samples of shape ``(n_samples,)`` or
            ``(n_samples, n_channels)``.

        Returns
        -------
        pieces : list of ndarray of shape (n_frames, 12), dtype float32
            Chroma of each recording, in order; data frames after
            ``set_output(transform="pandas")``. Each array has an attribute `timing`, for a composer
            that follows in a pipeline. For derived arrays, such as slices, `timing` is None.

        Raises
        ------
        TypeError
            If `X` is a single recording rather than a list.
        ValueError
            If `X` is empty, a parameter is out of range, or `tracker` does not return times of
            beats.
        RecordingError
            If a recording cannot be used and ``on_error="raise"``.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import ChromaExtractor
        >>> tone = np.sin(2 * np.pi * 440 * np.arange(44100) / 44100)
        >>> stereo = np.stack([tone, tone], axis=1)
        >>> pieces = ChromaExtractor().transform([tone[:22050], (stereo, 44100)])
        >>> [piece.shape for piece in pieces]  # one second each
        [(11, 12), (11, 12)]
        """
        analyses = self._analyze_all(X)
        return self._contain([timed(each.chroma, each.timing) for each in analyses])

    def analyze(self, X: Any) -> list[Analysis]:
        """Compute chroma, timing, levels, tuning, beats and timbre of recordings.

        Parameters
        ----------
        X : list, tuple or 1-D array of recordings
            As for `transform`.

        Returns
        -------
        analyses : list of musicai.chroma.Analysis
            Analysis of each recording, in order. Its attributes are `chroma` (as from `transform`),
            `timing`, `levels`, `tuning`, `warnings` and, with `sync`, also `beats`, `timbre`,
            `tempo` and `clarity`.

        Raises
        ------
        TypeError, ValueError, RecordingError
            As for `transform`.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import ChromaExtractor
        >>> clicks = np.zeros(30 * 22050)
        >>> clicks[::11025] = 1.0
        >>> (analysis,) = ChromaExtractor(sync="beat").analyze([clicks])
        >>> round(analysis.tempo)
        120
        >>> analysis.beats.times[1:4].round(1)
        array([0.5, 1. , 1.5])
        >>> analysis.clarity > 0.9
        True

        A custom tracker, here with a fixed tempo:

        >>> def every_second(y, sr):
        ...     return np.arange(0, len(y) / sr)
        >>> extractor = ChromaExtractor(sync="half-beat", tracker=every_second)
        >>> (analysis,) = extractor.analyze([clicks])
        >>> round(analysis.tempo), len(analysis.chroma)
        (60, 59)
        """
        return self._analyze_all(X)

    def inverse_transform(self, X: Any, *, timing: Any = None) -> Any:
        """Synthesize chroma with sines.

        Parameters
        ----------
        X : ndarray of shape (n_frames, 12), or a collection of them
            One or several pieces. Negative values count as 0.
        timing : Timing, object with a `timing`, float, or list of these, default=None
            Timing of the frames: one for all pieces, or a list with one for each piece of a
            collection. A number means frames per second. None means the extractor's `timing`. With
            `sync`, the extractor's timing has no tempo, so pass ``analysis.timing`` for a recording
            or, for instance, ``extractor.timing.at_tempo(96)`` for a composed piece.

        Returns
        -------
        audio : ndarray of shape (n_samples,), or a list of them
            Mono float32 samples at `sr`, with the duration of the frames: an array for one piece,
            and a list for a collection. If the collection is a NumPy array, so is the result: of
            shape (n_pieces, n_samples) if `X` is 3-D, otherwise of dtype object. At the extractor's
            frame rate, an analysis of the audio gives the same number of frames and similar chroma.
            An empty piece in a collection gives no samples.

        Raises
        ------
        TypeError
            If `X` contains paths, or `timing` is of an unsupported type.
        ValueError
            If a piece is not chroma, a parameter is out of range, beats have no tempo, or a timing
            and its piece differ in their number of frames.

        See Also
        --------
        musicai.audio.sine_bank : Synthesize one piece without a timing.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import ChromaExtractor
        >>> c_major = np.zeros((11, 12))
        >>> c_major[:, [0, 4, 7]] = 1
        >>> extractor = ChromaExtractor()
        >>> audio = extractor.inverse_transform(c_major)
        >>> audio.shape  # about one second at 22050 Hz
        (21504,)
        >>> (analyzed,) = extractor.transform([audio])
        >>> [str(name) for name in extractor.get_feature_names_out()[analyzed[5] > 0.5]]
        ['C', 'E', 'G']
        """
        self._check_parameters()
        pieces, pack = as_collection(X, n_features=len(PITCH_CLASSES))
        timings = timings_of(timing, X, pieces, default=self.timing)
        sounds = [
            play_chroma(piece, timing=each, kind=self.kind, sr=self.sr, n_fft=self.n_fft)
            for piece, each in zip(pieces, timings, strict=True)
        ]
        played = (level_blocks(blocks, self.sr) for blocks in sounds)
        return pack([np.concatenate([np.zeros(0, np.float32), *blocks]) for blocks in played])

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the 12 pitch classes, starting with C.

        Parameters
        ----------
        input_features : object, default=None
            Ignored; recordings do not have features.

        Returns
        -------
        names : ndarray of shape (12,), dtype object
            "C", "C#" and so on.

        Examples
        --------
        >>> from musicai import ChromaExtractor
        >>> print(*ChromaExtractor().get_feature_names_out())
        C C# D D# E F F# G G# A A# B
        """
        return np.array(PITCH_CLASSES, dtype=object)

    def _analyze_all(self, X: Any) -> list[Analysis]:
        self._check_parameters()
        recordings, names = as_recordings(X)
        results = analyze_all(
            recordings,
            names,
            settings=self._settings(),
            tracker=None if self.sync is None else self.tracker,
            memory=self.memory,
            by_content=self.memory_key == "content",
            n_jobs=self.n_jobs,
            on_error=self.on_error,
        )
        analyses = []
        unread = []  # recordings that need ffmpeg, for a single warning or error
        try:
            with closing(results):  # stops the work if a warning becomes an error
                progress = progress_bar(
                    zip(results, names, strict=False),
                    total=len(recordings),
                    desc="chroma",
                    unit="recording",
                    disable=self.verbose == 0,
                )
                for result, name in progress:
                    if isinstance(result, NoFfmpegError):
                        unread.append(name)
                        analyses.append(_empty_analysis(result))
                    else:
                        analyses.append(self._checked(result, name))
        except NoFfmpegError:
            unread = [names[i] for i in need_ffmpeg(recordings)]
            if len(unread) < 2:
                raise
            raise NoFfmpegError(explain_missing_ffmpeg(unread, len(names))) from None
        if unread:
            warnings.warn(f"left out: {explain_missing_ffmpeg(unread, len(names))}", stacklevel=3)
        return analyses

    def _settings(self) -> Settings:
        return Settings(
            kind=self.kind,
            sr=float(self.sr),
            hop_length=int(self.hop_length),
            n_fft=None if self.n_fft is None else int(self.n_fft),
            norm=None if self.norm is None else float(self.norm),
            tuning=None if self.tuning is None else float(self.tuning),
            exact=bool(self.exact),
            sync=self.sync,
        )

    def _checked(self, result: Analysis | RecordingError, name: str) -> Analysis:
        """Issue the warnings of a recording and return its analysis.

        If `result` is an error, either raise it, or issue a warning and return an empty analysis.
        """
        if not isinstance(result, RecordingError):
            for warning in result.warnings:
                warnings.warn(f"{name}: {warning}", stacklevel=4)
            return result
        if self.on_error == "raise":  # a worker process died; workers raise other errors themselves
            raise result
        warnings.warn(f"left out {result}", stacklevel=4)
        return _empty_analysis(result)

    def _check_parameters(self) -> None:
        check_values(self.get_params(deep=False), RULES)


def _empty_analysis(error: RecordingError) -> Analysis:
    """Return an analysis without frames, for a recording that was left out."""
    levels, timing = np.empty(0, np.float32), Timing.from_borders([0.0])
    chroma = np.empty((0, len(PITCH_CLASSES)), np.float32)
    return Analysis(chroma, timing, levels, None, (str(error),))
