"""Estimator that plays pieces with segments of recordings."""

import os
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, Self, overload

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from ..audio import write_audio
from ..audio.recordings import as_recordings, count_channels
from ..base.parameters import (
    TEMPO_RULE,
    Rule,
    check_values,
    is_integer,
    is_real,
    unchanged_on_error,
)
from ..base.persistence import Persistent
from ..base.pieces import N_PITCH_CLASSES, as_collection, is_collection
from ..base.styles import encode_styles, known_styles, labels_per_piece
from ..base.transformers import FileInput
from ..chroma import ChromaExtractor
from ..files.paths import is_path
from ..files.piece_files import audio_files
from ..theory.shapes import is_flat
from ..theory.timing import Timing
from ..theory.timing_argument import timings_of
from ._beat_tracks import CLEAR, beats_of, make_track, pulse_of, usual_tempo
from ._corpus import gains_of, make_corpus
from ._edits import make_edit_list
from ._finding import find_passages, find_segments
from ._playing import finish, play_passages, play_segments
from ._segments import Passage, Segment
from ._sources import Source, as_source, located
from ._state import fitted_state
from ._targets import Wanted, as_wanted, scaled
from ._turns import Turns, make_turns

RULES: dict[str, Rule] = {
    "extractor": (
        lambda v: v is None or isinstance(v, ChromaExtractor),
        "a ChromaExtractor or None",
    ),
    "join_cost": (lambda v: is_real(v) and 0 <= v <= 1000, "a number from 0 to 1000"),
    "max_segment": (lambda v: is_real(v) and 1 <= v <= 1e6, "a number of seconds of at least 1"),
    "transpose": (
        lambda v: v is None or (is_integer(v, 0) and v <= 6),
        "an integer from 0 to 6 or None",
    ),
    "shaping": (lambda v: is_real(v) and 0 <= v <= 60, "a number of decibels from 0 to 60"),
    "clarity": (lambda v: is_real(v) and 0 <= v <= 100, "a number from 0 to 100"),
    "channels": (lambda v: v is None or (is_integer(v, 1) and v <= 2), "1, 2 or None"),
    "root": (lambda v: v is None or is_path(v), "a folder or None"),
    "sr": (
        lambda v: is_integer(v, 8000) and v <= 192000,
        "an integer of hertz from 8000 to 192000",
    ),
}
TEMPO_RULES: dict[str, Rule] = {
    "tempo": (lambda v: v is None or TEMPO_RULE[0](v), f"None or {TEMPO_RULE[1]}")
}


class MosaicSynthesizer(Persistent, FileInput, BaseEstimator):
    """Play chroma with segments of recordings, as an audio mosaic.

    The mosaic plays segments of recordings, usually about a second long, and chooses them so that
    their harmony follows a piece. To find them, every frame of the piece is compared with the
    frames of all recordings. The search aims for the sequence of frames with the highest sum of
    correlations with the piece, less a cost for each join [1]_, [2]_. Recordings are adjusted to
    the same level but keep their dynamics. Segments are crossfaded where they are quiet. Where
    their harmony differs from that of the piece, pitch classes are attenuated or boosted.

    If the extractor follows beats and the recordings have a clear pulse, the result is a mosaic by
    beats, otherwise a mosaic by frames. In a mosaic by beats, the beats of the recordings fall on
    the beats of the piece. To this end, recordings are stretched in time without changing their
    pitch. Recordings with a clear pulse and a tempo near that of the piece are preferred, and joins
    end just before the attack of a beat.

    Parameters
    ----------
    extractor : ChromaExtractor, default=None
        Extractor for the recordings; use the same one as for the pieces. With ``sync="beat"`` or
        ``"half-beat"``, it follows beats. Its timing is the default timing of the pieces. Its
        `memory` caches analyses on disk; its `n_jobs`, `on_error` and `verbose` also apply here.
        None means ``ChromaExtractor()``.
    join_cost : float, default=1.6
        Cost of a join, in units of the correlation of a frame with the piece. A higher cost gives
        fewer joins, so that each recording plays longer. A lower cost makes the mosaic follow the
        piece more closely.
    max_segment : float, default=10.0
        Maximum time, in seconds, for which a recording plays without interruption, so that long
        recordings are not replayed as a whole. In a mosaic by frames, an interruption must last
        half this time to count; if there is only one recording, this is the maximum time without a
        jump. The maximum is exceeded if nothing else can be played or, in a mosaic by beats, if
        everything else fits much worse. A lower value also makes a mosaic by beats use more
        recordings.
    transpose : int, default=None
        Maximum transposition of recordings, up or down, in semitones; at most 6. Recordings are
        transposed by playing them faster or slower. A higher value gives more segments to choose
        from, but takes more time and memory. None means 2 in a mosaic by beats and 0 in a mosaic by
        frames.
    shaping : float, default=24.0
        Maximum attenuation of a pitch class, in decibels, to match the harmony of the piece. The
        maximum boost is two thirds of this value. One more gain for all pitch classes of a frame
        then restores its level. 0 turns shaping off.
    clarity : float, default=0.5
        In a mosaic by beats, the advantage of a beat with the clearest pulse over one without a
        pulse, in units of the correlation of a beat with the piece. With a lower value, the mosaic
        plays more music without drums and has a weaker pulse.
    channels : {1, 2}, default=None
        Number of channels of the audio: 1 for mono, 2 for stereo. None means stereo if at least one
        recording is stereo, else mono. In a stereo mosaic, mono recordings and those with more than
        two channels are centered.
    root : str or path, default=None
        Folder in which to find recordings that have moved since `fit`, for instance because the
        mosaic is used on another machine. They are found by their content, at any depth and under
        any name. This parameter can be set after `fit`.
    sr : int, default=44100
        Sampling rate of the audio, in hertz.

    Attributes
    ----------
    extractor_ : ChromaExtractor
        The extractor that analyzed the recordings. Regardless of its `sync`, the recordings are
        analyzed in half-beats for a mosaic by beats, and in hops for a mosaic by frames.
    tempo_ : float or None
        Tempo, in beats per minute, at which to play pieces whose timing has no tempo. It is the
        median of the recordings' tempi, weighted by their numbers of beats. If `transform` plays
        only some styles, it uses the median for their recordings instead. None in a mosaic by
        frames.
    sources_ : list of tuple
        The recordings. For a file: its absolute path as bytes, its size in bytes, its modification
        time in nanoseconds and its SHA-256; the last three are None if the file could not be read.
        For samples: ``((samples, sr), None, None, None)``, with a copy of the samples.
    chroma_, levels_ : list of ndarray
        Chroma, of shape (n_frames, 12), and RMS level in decibels, of shape (n_frames,), of each
        recording, with one frame per hop or half-beat; float16.
    beats_ : list of dict or None
        For each recording, the times, timbre and clarity of its beats, the number of beats per bar,
        and the index of the first downbeat. None for a recording with fewer than 16 beats, which a
        mosaic by beats does not play, and for every recording in a mosaic by frames.
    tunings_ : ndarray of shape (n_recordings,)
        Deviation of each recording from A440 in semitones.
    channels_ : int
        2 if at least one recording is stereo, else 1.
    styles_ : ndarray of shape (n_styles,)
        The style labels, sorted.
    recording_styles_ : ndarray of shape (n_recordings,)
        Number of each recording's style in `styles_`, counted from 1; 0 for a recording without a
        style.

    See Also
    --------
    ChromaExtractor.inverse_transform : Play chroma with sines.
    musicai.render.chroma_to_audio : Play chroma with sines or instruments.

    Notes
    -----
    A mosaic fitted on files takes about 1 MB per hour of music. `transform` reads the files again,
    one segment at a time, so they must stay in place or be in the folder `root`. Before you publish
    a mosaic, get permission from the owners of its recordings, which `segments` lists.

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
    >>> [segment.recording for segment in mosaic.segments(piece)]
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
        max_segment: float = 10.0,
        transpose: int | None = None,
        shaping: float = 24.0,
        clarity: float = 0.5,
        channels: int | None = None,
        root: str | os.PathLike[str] | None = None,
        sr: int = 44100,
    ) -> None:
        self.extractor = extractor
        self.join_cost = join_cost
        self.max_segment = max_segment
        self.transpose = transpose
        self.shaping = shaping
        self.clarity = clarity
        self.channels = channels
        self.root = root
        self.sr = sr

    def fit(self, X: Any, y: Any = None) -> Self:
        """Analyze the recordings from which mosaics are made.

        Parameters
        ----------
        X : list of recordings
            Recordings in any form that :meth:`ChromaExtractor.transform` takes.
        y : array-like, default=None
            Style label of each recording, so that `transform` can play only some styles. A label of
            None means that the recording has no style. If `y` is None, no recording has one.

        Returns
        -------
        self : MosaicSynthesizer
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is one recording instead of a list.
        ValueError
            If a parameter is invalid, `y` does not have one label for each recording, or the chroma
            of all recordings is flat, as in silence.
        RecordingError
            If a recording cannot be used and the extractor has ``on_error="raise"``.

        Warns
        -----
        UserWarning
            If the extractor follows beats, but the recordings have no clear pulse.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import MosaicSynthesizer
        >>> time = np.arange(4 * 22050) / 22050
        >>> a, c = (np.sin(2 * np.pi * frequency * time) for frequency in (440.0, 523.25))
        >>> mosaic = MosaicSynthesizer().fit([a, c])
        """
        check_values(self.get_params(deep=False), RULES)
        extractor = ChromaExtractor() if self.extractor is None else clone(self.extractor)
        sync = extractor.sync
        by_beats = sync is not None
        extractor.set_params(sync="half-beat" if by_beats else None)
        X, _ = as_recordings(X)
        labels = labels_per_piece(y, [np.zeros(1)] * len(X), single=False)
        styles = known_styles(labels)
        # Compute digests first, so that a file that changes during the analysis is detected.
        files = [as_source(recording, 1) if is_path(recording) else None for recording in X]
        analyses = extractor.analyze(X)
        analyses, beats = map(list, zip(*map(beats_of, analyses), strict=True))
        if by_beats and pulse_of(beats) < CLEAR:
            warnings.warn(
                "the recordings have no clear pulse: the mosaic plays frames, not beats",
                stacklevel=2,
            )
            by_beats = False
            extractor.set_params(sync=None)
            analyses = extractor.analyze(X)
        if all(is_flat(analysis.chroma).all() for analysis in analyses):
            raise ValueError(
                "nothing sounds in any recording of X: give recordings of music to play with"
            )
        with unchanged_on_error(self):
            self.extractor_ = extractor.set_params(sync=sync)
            self.sources_ = [  # plain tuples, which skops trusts
                tuple(file or as_source(recording, extractor.sr))
                for file, recording in zip(files, X, strict=True)
            ]
            self.chroma_ = [_halved(scaled(analysis.chroma)) for analysis in analyses]
            self.levels_ = [_halved(analysis.levels) for analysis in analyses]
            self.tunings_ = np.array([analysis.tuning or 0.0 for analysis in analyses])
            self.beats_ = beats if by_beats else [None] * len(analyses)
            self.tempo_ = usual_tempo(beats) if by_beats else None
            self.channels_ = 2 if any(count_channels(each) == 2 for each in X) else 1
            self.styles_ = styles
            self.recording_styles_ = np.concatenate(encode_styles(labels, labels, styles))
        return self

    def transform(
        self,
        X: Any,
        file: Any = None,
        *,
        timing: Any = None,
        tempo: float | None = None,
        style: Any = None,
        format: str | None = None,
    ) -> Any:
        """Play one or more pieces.

        Parameters
        ----------
        X : ndarray of shape (n_frames, 12), or a collection of them
            Chroma as measured by the extractor. The overall level does not matter. Negative values
            count as 0, and frames of zeros are played as silence.
        file : path or binary file object, or a list of them, default=None
            File to which to write the audio; for a collection, a list with one file for each piece.
            A file is written in constant memory, and either completely or not at all. If None,
            return the audio.
        timing : Timing, object with a `timing`, float, or list of these, default=None
            Timing of the frames, such as ``analysis.timing`` or ``Timing.from_tempo(96)``; for a
            collection, one timing for all pieces or a list with one for each. A number means frames
            per second. None means the timing of the extractor. In a mosaic by frames, a timing in
            beats must have a tempo, unless `tempo` is given. If a timing has no beats, or beats
            without a tempo, a mosaic by beats plays steady beats at the usual tempo of the
            recordings: `tempo_`, or the usual tempo of the chosen `style`.
        tempo : float, default=None
            Tempo, in beats per minute, at which to play the beats of `timing`, instead of its own
            tempo. Not allowed for a timing without beats. A mosaic by beats plays only recordings
            with a tempo between about one third and six times that of the piece.
        style : object or dict, default=None
            One of `styles_`, to play only recordings of that style, or a dict of styles and their
            relative shares of the time, such as ``{"folk": 0.7, "jazz": 0.3}``. The styles of a
            dict take turns of a few seconds. None, also in a dict, stands for all recordings.
        format : {"wav", "flac", "ogg", "mp3"}, default=None
            Format of the files. If None, the suffix of each file decides.

        Returns
        -------
        audio : ndarray of shape (n_samples,) or (n_samples, 2), dtype float32, or a list of them
            Samples at the rate `sr`, in mono or stereo according to `channels`. The audio is as
            long as the piece. For a collection, the results have the same form as `X`. None if
            `file` is given.

        Raises
        ------
        ValueError
            If a piece is not chroma, beats have no tempo or a tempo at which no recording can be
            played, `tempo` is given for a timing without beats, a style is unknown or cannot be
            played, a share is invalid, the number of timings or files differs from the number of
            pieces, the format of a file is unknown, a file is one of the recordings, or a piece
            that is to be written has no frames.
        TypeError
            If `X` is a collection but `file` is a single file, or a file is neither a path nor a
            binary file object.
        OSError
            If a file cannot be written. An existing file is left unchanged.
        RecordingError
            If a recording has changed since `fit` or is missing, and is not found in the folder
            `root`.

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
        wanted, turns, pack = self._check_pieces(X, timing, tempo, style)
        files = audio_files(file, X, [each.chroma for each in wanted], format)
        sources = located([Source(*source) for source in self.sources_], self.root)
        for source in sources:
            for target in files:
                source.refuse_as_target(target)
        found = self._find(wanted, turns)
        played = (self._play(*both, sources) for both in zip(wanted, found, strict=True))
        if file is None:
            nothing = np.zeros(0 if self._n_channels() == 1 else (0, 2), np.float32)
            return pack([np.concatenate([nothing, *sound]) for sound in played])
        for target, sound in zip(files, played, strict=True):
            write_audio(target, sound, self.sr, format=format)
        return None

    @overload
    def segments(
        self, X: np.ndarray, *, timing: Any = None, tempo: float | None = None, style: Any = None
    ) -> list[Segment]: ...

    @overload
    def segments(
        self, X: Sequence[Any], *, timing: Any = None, tempo: float | None = None, style: Any = None
    ) -> list[list[Segment]]: ...

    def segments(
        self, X: Any, *, timing: Any = None, tempo: float | None = None, style: Any = None
    ) -> Any:
        """List the segments of recordings that `transform` plays.

        Parameters
        ----------
        X : ndarray of shape (n_frames, 12), or a collection of them
            As in `transform`.
        timing : Timing, object with a `timing`, float, or list of these, default=None
            As in `transform`.
        tempo : float, default=None
            As in `transform`.
        style : object or dict, default=None
            As in `transform`.

        Returns
        -------
        segments : list of musicai.mosaic.Segment, or a list of such lists
            The segments of the piece in playing order; for a collection, one list for each piece.

        Raises
        ------
        ValueError
            As in `transform`.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import MosaicSynthesizer
        >>> time = np.arange(4 * 22050) / 22050
        >>> a, c = (np.sin(2 * np.pi * frequency * time) for frequency in (440.0, 523.25))
        >>> mosaic = MosaicSynthesizer().fit([a, c])
        >>> piece = np.zeros((20, 12))
        >>> piece[:10, 9] = piece[10:, 0] = 1  # A, then C
        >>> [(segment.recording, round(segment.start, 1)) for segment in mosaic.segments(piece)]
        [(0, 0.0), (1, 0.9)]
        """
        wanted, turns, _ = self._check_pieces(X, timing, tempo, style)
        found = [
            [part.segment(each.seconds) if isinstance(part, Passage) else part for part in parts]
            for each, parts in zip(wanted, self._find(wanted, turns), strict=True)
        ]
        return found if is_collection(X) else found[0]

    def edit_list(
        self, X: Any, *, timing: Any = None, tempo: float | None = None, style: Any = None
    ) -> Any:
        """List the clips of the mosaic that `transform` plays, with all cuts and fades.

        Parameters
        ----------
        X : ndarray of shape (n_frames, 12), or a collection of them
            As in `transform`.
        timing : Timing, object with a `timing`, float, or list of these, default=None
            As in `transform`.
        tempo : float, default=None
            As in `transform`.
        style : object or dict, default=None
            As in `transform`.

        Returns
        -------
        edits : musicai.mosaic.EditList, or a list of them
            The edit list of the piece; for a collection, one edit list for each piece.

        Raises
        ------
        ValueError
            As in `transform`.
        RecordingError
            As in `transform`. In a mosaic by frames, the recordings are read to find the cuts.

        See Also
        --------
        segments : List the segments without fades; does not read the recordings.
        musicai.render.write_session : Write an edit list for a digital audio workstation.

        Notes
        -----
        An edit list describes the audio that `transform` returns, except for the shaping and the
        final adjustment of loudness.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import MosaicSynthesizer
        >>> time = np.arange(4 * 22050) / 22050
        >>> a, c = (np.sin(2 * np.pi * frequency * time) for frequency in (440.0, 523.25))
        >>> mosaic = MosaicSynthesizer().fit([a, c])
        >>> piece = np.zeros((20, 12))
        >>> piece[:10, 9] = piece[10:, 0] = 1  # A, then C
        >>> edits = mosaic.edit_list(piece)
        >>> [clip.recording for clip in edits.clips]
        [0, 1]
        """
        wanted, turns, _ = self._check_pieces(X, timing, tempo, style)
        sources = located([Source(*source) for source in self.sources_], self.root)
        found = [
            make_edit_list(
                *both,
                sources,
                tempo=None if self.tempo_ is None else self._tempo(turns),
                frame_rate=self.extractor_.frame_rate,
                sr=self.sr,
                channels=self._n_channels(),
            )
            for both in zip(wanted, self._find(wanted, turns), strict=True)
        ]
        return found if is_collection(X) else found[0]

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "sources_")

    def _fitted_state(self) -> dict[str, Any]:
        return fitted_state(self)

    def _find(self, wanted: Sequence[Wanted], turns: Turns) -> Iterator[list[Any]]:
        """Yield the segments of each piece, or its passages in a mosaic by beats."""
        limits = {"join_cost": self.join_cost, "max_segment": self.max_segment}
        rate = self.extractor_.frame_rate
        if self.tempo_ is None:
            corpus = make_corpus(
                self.chroma_,
                self.levels_,
                self.tunings_,
                transpose=self.transpose or 0,
                frame_rate=rate,
                played=turns.played,
            )
            turns.check(corpus.recording, "nothing in it is more than silence, noise or a hum")
            timing = Timing.from_rate(rate)
            for each in wanted:
                yield find_segments(each, corpus, turns, timing=timing, **limits)
            return
        kept = zip(self.chroma_, self.levels_, self.tunings_, self.beats_, strict=True)
        tracks = [None if each[-1] is None else make_track(*each) for each in kept]
        for each in wanted:
            yield find_passages(
                each,
                tracks,
                turns,
                tempo=self._tempo(turns),
                gains=gains_of(self.levels_),
                frame_rate=rate,
                transpose=self.transpose,
                clarity=self.clarity,
                **limits,
            )

    def _tempo(self, turns: Turns) -> float:
        """Return the usual tempo, in beats per minute, of the recordings that may be played."""
        played = zip(self.beats_, turns.played, strict=True)
        return usual_tempo([beats for beats, may in played if may])

    def _play(
        self, wanted: Wanted, parts: list[Any], sources: list[Source]
    ) -> Iterator[np.ndarray]:
        """Return an iterator over blocks of a piece's sound, empty for a piece without frames."""
        if not parts:
            return iter(())
        sound = {"sr": self.sr, "channels": self._n_channels()}
        if self.tempo_ is None:
            played = play_segments(parts, sources, **sound)
        else:
            n_samples = round(wanted.seconds * self.sr)
            played = play_passages(parts, sources, n_samples=n_samples, **sound)
        extractor = clone(self.extractor_).set_params(sync=None)
        return finish(wanted.frames, played, extractor=extractor, shaping=self.shaping, sr=self.sr)

    def _n_channels(self) -> int:
        return self.channels_ if self.channels is None else self.channels

    def _check_pieces(
        self, X: Any, timing: Any, tempo: float | None, style: Any
    ) -> tuple[list[Wanted], Turns, Any]:
        """Validate the arguments; return the prepared pieces, the turns, and a function.

        The function converts a list of results to the form of `X`: one result or a collection.
        """
        check_is_fitted(self)
        check_values(self.get_params(deep=False), RULES)
        pieces, pack = as_collection(X, n_features=N_PITCH_CLASSES)
        check_values({"tempo": tempo}, TEMPO_RULES)
        turns = make_turns(style, self.styles_, self.recording_styles_)
        if self.tempo_ is not None:
            turns.check(np.array([each is not None for each in self.beats_]), "it has no beats")
        timings = timings_of(timing, X, pieces, default=self.extractor_.timing)
        wanted = []
        for piece, each in zip(pieces, timings, strict=True):
            if tempo is not None:
                if not each.has_beats:
                    raise ValueError(
                        f"tempo is for frames that are beats, and these are not: {each}; leave it "
                        "out, or pass the timing of beats"
                    )
                each = each.at_tempo(tempo)
            elif self.tempo_ is not None and each.has_beats and each.tempo is None:
                each = each.at_tempo(self._tempo(turns))
            wanted.append(as_wanted(piece, each, self.extractor_, self.sr))
        return wanted, turns, pack


def _halved(values: np.ndarray) -> np.ndarray:
    """Convert to half precision; its three significant digits are enough for the search."""
    with np.errstate(under="ignore"):
        return values.astype(np.float16)
