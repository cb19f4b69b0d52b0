"""Training, composition and output of `musicai compose`."""

import re
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from itertools import chain, count
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from ..base.extras import PACKAGES
from ..chroma import ChromaExtractor
from ..composer import LSTMComposer
from ..display import ComparisonDisplay, TrainingCurveDisplay
from ..metrics import (
    IndependentBaseline,
    PersistenceBaseline,
    Report,
    frame_correlation,
    report,
)
from ..mosaic import MosaicSynthesizer
from ..render import chord_chart, chroma_to_audio, chroma_to_midi, to_musicxml, write_session
from ..theory.timing import Timing
from ._music import Piece, counted, extract, find_music, frames_of, hold_out, styles_of
from ._page import Sound, write_page
from ._terminal import say

FRAMES_TO_LEARN = 760_000  # total number of frames in all epochs, which take a minute or two
MOST_SECONDS = 180  # limit on training time, unless the user sets the number of epochs
MOST_STYLES = 3  # maximum number of styles in which to compose from scratch
LONGEST = 40  # maximum number of characters of a style's name in file names
INTRO_SECONDS = 10  # approximate length of the held-out intro that the composer continues
COMPOSED_SECONDS = 40  # approximate length of each new piece, including any intro
PHRASE = 4  # bars in a phrase; new pieces with bars consist of whole phrases
JUDGED_SECONDS = 20  # length of each excerpt for the scorecard
MOST_JUDGED = 100  # maximum number of excerpts for the scorecard
RECORDINGS_FOR_TEMPO = 5  # maximum number of recordings from which to estimate the notated tempo
TEMPERATURE = 0.9  # below 1, to make new pieces slightly less random
LEARNED_LITTLE = (
    "The composer has learned too little to compose well: train longer, or add more music."
)
FEW_RECORDINGS = (
    "Few recordings: they were cut into excerpts, some for training and some held out. Held-out "
    "excerpts of the same recordings are easier to predict than new recordings."
)
LEFT_OUT = {"midi": "MIDI, a band, a Reaper session", "score": "a score", "plot": "pictures"}


class New(NamedTuple):
    """A piece composed from scratch, or a held-out intro with its continuation."""

    name: str  # name of the piece's files, without suffix
    frames: np.ndarray
    timing: Timing
    style: str | None
    n_intro: int = 0  # number of frames in the intro


def compose_from_folder(
    folder: str | None, out: Path, *, memory: str, epochs: int | None = None, seed: int = 0
) -> None:
    """Train a composer, compose, write all results, and print their locations.

    Parameters
    ----------
    folder : path or None
        Folder of recordings; None for rule-based songs.
    out : Path
        Folder for the results.
    memory : str
        Temporary folder in which to cache analyses.
    epochs : int, default=None
        Passes over the music. None means as many as take a minute or two, at most 100, and no more
        than three minutes of training.
    seed : int, default=0
        Seed of all random draws.
    """
    extras = installed_extras()
    if (out / "index.html").exists():
        say(f"{out} has an earlier result, which will be replaced: --out names another folder")
    titles, labels, recordings = find_music(folder, out)
    # Analyses are cached in `memory`, because the mosaic needs them again.
    extractor, pieces = extract(titles, labels, recordings, memory)
    train, test = hold_out(pieces, seed)
    say(f"{counted(len(train), 'piece')} to learn from, {len(test)} held out")
    start = time.perf_counter()
    composer = train_composer(train, epochs, seed)
    seconds = time.perf_counter() - start
    extractor.set_params(verbose=0)
    mosaic = fit_mosaic(extractor, train)
    extractor.set_params(memory=None)
    scores = score(composer, train, test)
    example = max(test, key=lambda piece: len(piece.frames)).from_first_bar()
    styles = some_styles(train, example.style)
    new = [
        compose(composer, style, name, seed)
        for style, name in zip(styles, file_names(styles), strict=True)
    ]
    new.append(continue_piece(composer, example, seed))
    tempo = None if new[0].timing.has_beats else usual_tempo(train)
    sounds = [write_piece(piece, mosaic, extractor, tempo, out, extras) for piece in new]
    joblib.dump(make_pipeline(extractor, composer), out / "composer.joblib")
    if "plot" in extras:
        draw_music(new, example, out)
        draw_learning(composer, scores, out)

    shared = {piece.recording for piece in train} & {piece.recording for piece in test}
    warnings = [LEARNED_LITTLE] if learned_little(scores) else []
    if shared:
        warnings.append(FEW_RECORDINGS)
    write_page(
        out,
        summary=f"Learned in {counted(seconds, 'second')}: {size(train)}. Held out: {size(test)}. "
        f"{unit(composer.timing)}",
        warnings=warnings,
        sounds=sounds,
        source=example.title,
        scores=scores,
        card=judge(composer, train, test, seed),
        settings={
            "Seed": seed,
            "Temperature": TEMPERATURE,
            "Epochs": composer.n_iter_,
            "LSTMComposer": composer.get_params(),
            "ChromaExtractor": extractor.get_params(),
        },
    )
    print_where_to_listen(out, new, example.title, extras)


def installed_extras() -> set[str]:
    """Return the installed extras, and print which results need extras that are missing."""
    extras = {extra for extra in LEFT_OUT if all(find_spec(package) for package in PACKAGES[extra])}
    if missing := [extra for extra in LEFT_OUT if extra not in extras]:
        without = ", ".join(LEFT_OUT[extra] for extra in missing)
        packages = " ".join(package for extra in missing for package in PACKAGES[extra])
        say(f"without {without}, which need more packages: pip install {packages}")
    return extras


def train_composer(train: Sequence[Piece], epochs: int | None, seed: int) -> LSTMComposer:
    """Train a composer on pieces."""
    n_frames = sum(map(len, frames_of(train)))
    composer = LSTMComposer(
        max_iter=epochs or int(np.clip(FRAMES_TO_LEARN / n_frames, 1, 100)),
        max_time=None if epochs else MOST_SECONDS,
        random_state=seed,
        verbose=1,
    )
    composer.fit(frames_of(train), styles_of(train), timing=[piece.timing for piece in train])
    if composer.validation_curve_ is not None:
        best = int(np.argmax(composer.validation_curve_)) + 1
        say(f"trained for {counted(composer.n_iter_, 'epoch')}, kept the weights of epoch {best}")
    return composer


def size(pieces: Sequence[Piece]) -> str:
    """Return a phrase with the numbers of pieces and of recordings, and the total length."""
    recordings = counted(len({piece.recording for piece in pieces}), "recording")
    seconds = sum(piece.seconds for piece in pieces)
    length = counted(seconds / 60, "minute") if seconds >= 60 else counted(seconds, "second")
    return f"{counted(len(pieces), 'piece')} from {recordings}, {length} of music"


def unit(timing: Timing) -> str:
    """Return a sentence about the length of a frame."""
    if timing.has_beats:
        return "A frame is half a beat."
    return f"There are {timing.frame_rate:.1f} frames per second."


def print_where_to_listen(out: Path, new: Sequence[New], source: str, extras: set[str]) -> None:
    """Print where the results are, beginning with the page that shows all of them."""
    others = [".txt (chords)"]
    if "score" in extras:
        others.insert(0, ".musicxml")
    if "midi" in extras:
        others = ["_band.wav", ".mid", *others, ".rpp (Reaper)"]
    listed = others[0] if len(others) == 1 else f"{', '.join(others[:-1])} and {others[-1]}"
    print(f"\nopen {out / 'index.html'}: everything on one page")
    for piece in new:
        what = f"{source}, continued" if piece.n_intro else "a new piece"
        style = "" if piece.style is None or piece.n_intro else f" in the style {piece.style}"
        print(f"listen to {out / piece.name}.wav: {what}{style}, in the sound of the recordings;")
        print(f"  in time with it: {listed}")
    if "plot" in extras:
        print(f"look at {out / 'chromagrams.png'} and {out / 'learning.png'}")
    print(
        f"to compose more, run the Python code at the end of {out / 'index.html'} with {python()}"
    )


def python() -> str:
    """Return the path of the running Python, relative to the current directory if inside it."""
    path = Path(sys.executable)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def score(
    composer: LSTMComposer, train: Sequence[Piece], test: Sequence[Piece]
) -> dict[str, float]:
    """Print and return the log-likelihoods of held-out pieces, in nats per frame, by model."""
    persistence = PersistenceBaseline().fit(frames_of(train))
    independent = IndependentBaseline().fit(frames_of(train))
    scores = {
        "composer": composer.score(frames_of(test), styles_of(test)),
        "each pitch class from its last value": persistence.score(frames_of(test)),
        "each pitch class by itself": independent.score(frames_of(test)),
    }
    print("log-likelihood of held-out pieces, in nats per frame (higher is better)")
    for name, value in scores.items():
        print(f"  {name:<36} {value:>10.2f}")
    if learned_little(scores):
        print(LEARNED_LITTLE)
    print()
    return scores


def learned_little(scores: Mapping[str, float]) -> bool:
    """Return whether a baseline predicts held-out pieces at least as well as the composer."""
    return scores["composer"] <= max(value for name, value in scores.items() if name != "composer")


def some_styles(train: Sequence[Piece], first: str | None) -> list[str | None]:
    """Return up to `MOST_STYLES` styles to compose in, beginning with `first`."""
    others = sorted({piece.style for piece in train if piece.style is not None} - {first})
    return [first, *others][:MOST_STYLES]


def file_names(styles: Sequence[str | None]) -> list[str]:
    """Return a file name without suffix for each style; names differ even if case is ignored."""
    names: list[str] = []
    for style in styles:
        stem = "composed" if style is None else "composed_" + re.sub(r"\W", "_", style)[:LONGEST]
        taken = {name.casefold() for name in names}
        candidates = chain([stem], (f"{stem}_{number}" for number in count(2)))
        names.append(next(name for name in candidates if name.casefold() not in taken))
    return names


def compose(composer: LSTMComposer, style: str | None, name: str, seed: int) -> New:
    """Compose a new piece at the usual tempo of its style."""
    timing = composer.timing_of(style)
    piece = composer.sample(
        frames_in(COMPOSED_SECONDS, timing),
        style=style,
        temperature=TEMPERATURE,
        random_state=seed,
    )
    return New(name, piece, timing, style)


def continue_piece(composer: LSTMComposer, example: Piece, seed: int) -> New:
    """Continue the opening of a held-out piece.

    The tempo is that of the piece or, if it is unknown, the usual tempo of the piece's style.
    """
    timing = composer.timing_of(example.style)
    if example.timing.tempo is not None:
        timing = timing.at_tempo(example.timing.tempo)
    n_intro = min(frames_in(INTRO_SECONDS, timing), len(example.frames) // 2)
    intro = example.frames[:n_intro]
    rest = composer.sample(
        frames_in(COMPOSED_SECONDS - INTRO_SECONDS, timing),
        prime=intro,
        style=example.style,
        temperature=TEMPERATURE,
        random_state=seed,
    )
    return New("continued", np.concatenate([intro, rest]), timing, example.style, n_intro)


def frames_in(seconds: float, timing: Timing) -> int:
    """Return how many frames last about `seconds`.

    If the timing has bars, round to whole phrases, at least one.
    """
    n_frames = int(timing.frames_at(seconds))
    if timing.beats_per_bar is None or timing.frames_per_beat is None:
        return n_frames
    phrase = int(PHRASE * timing.beats_per_bar * timing.frames_per_beat)
    return phrase * max(1, round(n_frames / phrase))


def fit_mosaic(extractor: ChromaExtractor, train: Sequence[Piece]) -> MosaicSynthesizer:
    """Fit a mosaic on the recordings of the training pieces."""
    recordings = {piece.recording: piece.style for piece in train}
    return MosaicSynthesizer(extractor).fit(list(recordings), list(recordings.values()))


def write_piece(
    piece: New,
    mosaic: MosaicSynthesizer,
    extractor: ChromaExtractor,
    tempo: float | None,
    out: Path,
    extras: set[str],
) -> Sound:
    """Write all files of a piece, with the same timing, and return the facts for the page.

    Audio from the mosaic and a chord chart are always written. A score needs the extra "score"; a
    band, MIDI and a session need "midi".
    """
    path = out / f"{piece.name}.wav"
    mosaic.transform(piece.frames, path, timing=piece.timing, style=piece.style)
    correlation = check(path, piece, extractor)
    notation: dict[str, Any] = {"timing": piece.timing, "notated_tempo": tempo}
    title = piece.name.replace("_", " ").capitalize() + " by musicai"
    chart = chord_chart(piece.frames, out / f"{piece.name}.txt", title=title, **notation)
    print(chart)
    if "score" in extras:
        to_musicxml(piece.frames, out / f"{piece.name}.musicxml", title=title, **notation)
    if "midi" in extras:
        band = out / f"{piece.name}_band.wav"
        chroma_to_audio(piece.frames, band, timing=piece.timing, instruments="band")
        chroma_to_midi(piece.frames, out / f"{piece.name}.mid", instruments="band", **notation)
        session = {"mosaic": mosaic, "audio": path, "style": piece.style, **notation}
        write_session(piece.frames, out / f"{piece.name}.rpp", **session)
    return Sound(
        name=piece.name,
        style=piece.style,
        beats=beats_of(piece),
        beats_per_bar=piece.timing.beats_per_bar or 0,
        intro_seconds=piece.timing.duration(piece.n_intro) if piece.n_intro else 0.0,
        tempo=piece.timing.tempo if piece.timing.has_beats else None,
        correlation=correlation,
        chart=chart,
    )


def beats_of(piece: New) -> list[float]:
    """Return the times of a piece's beats in seconds; empty if its frames do not follow beats."""
    if not piece.timing.has_beats:
        return []
    n_frames = len(piece.frames)
    seconds, beats = piece.timing.borders(n_frames)[:-1], piece.timing.beats(n_frames)[:-1]
    return seconds[beats % 1 == 0].tolist()


def usual_tempo(train: Sequence[Piece]) -> float:
    """Return the median tempo of a few recordings in beats per minute, or 120 if none has beats."""
    extractor = ChromaExtractor(sync="beat", on_error="warn")
    some = list(dict.fromkeys(piece.recording for piece in train))[:RECORDINGS_FOR_TEMPO]
    found = [analysis.tempo for analysis in extractor.analyze(some)]
    # The tempo is None for a recording that has no beats or cannot be read.
    tempi = [tempo for tempo in found if tempo]
    return float(np.median(tempi)) if tempi else 120.0


def check(path: Path, piece: New, extractor: ChromaExtractor) -> float:
    """Print and return the correlation between a piece and the chroma of its audio."""
    if piece.timing.has_beats:  # use the beats of the piece instead of tracking them
        beats = piece.timing.borders(len(piece.frames))[::2]
        extractor = clone(extractor).set_params(tracker=lambda samples, sr: beats)
    (analyzed,) = extractor.transform([path])
    correlation = frame_correlation(analyzed[: len(piece.frames)], piece.frames[: len(analyzed)])
    print(f"{path}: its chroma correlates {correlation:.2f} with that of the piece")
    return correlation


def judge(
    composer: LSTMComposer, train: Sequence[Piece], test: Sequence[Piece], seed: int
) -> Report | str:
    """Print and return a scorecard of new pieces, or return a sentence that says why there is none.

    For each held-out piece, a new piece of the same style and length is composed.
    """
    composed = [
        composer.sample(
            len(piece.frames),
            style=piece.style,
            temperature=TEMPERATURE,
            random_state=(seed + i) % 2**32,
        )
        for i, piece in enumerate(test)
    ]
    # An even number, because key_stability compares windows of half this length.
    n_frames = 2 * ceil(JUDGED_SECONDS / 2 * composer.timing.frame_rate - 1e-6)
    if sum(len(piece.frames) // n_frames for piece in test) < 2:
        return (
            "Too little music was held out for a scorecard, which needs 2 excerpts of "
            f"{JUDGED_SECONDS} seconds."
        )
    try:
        card = report(
            frames_of(test),
            composed,
            frames_of(train),
            n_frames=n_frames,
            n_excerpts=MOST_JUDGED,
            timing=composer.timing,
            random_state=seed,
        )
    except ValueError as error:  # for instance, if most of the music is silent or has no key
        return f"There is no scorecard: {error}."
    print(f"\n{card}")
    return card


def draw_music(new: Sequence[New], example: Piece, out: Path) -> None:
    """Draw chromagrams of the new pieces and, below them, of the real piece that was continued."""
    titles = [piece_title(piece, example.title) for piece in new]
    n_frames = len(new[-1].frames)
    real = f"Real: {example.title}"
    # The real piece gets the timing of its continuation, which begins at 0; its own may not.
    timings = {title: piece.timing for title, piece in zip(titles, new, strict=True)}
    timings[real] = new[-1].timing
    ends = {title: axis_position(new[-1]) for title in titles[-1:]}
    frames = [piece.frames for piece in new]
    display = ComparisonDisplay.from_pieces(
        {**dict(zip(titles, frames, strict=True)), real: example.frames[:n_frames]},
        timing=timings,
        marks=ends,
    )
    display.figure_.savefig(out / "chromagrams.png", dpi=150)


def piece_title(piece: New, source: str) -> str:
    """Return the title of a piece's chromagram."""
    if piece.n_intro:
        return f"Continued: composed after the opening of {source}"
    return "Composed from scratch" + (f", {piece.style}" if piece.style else "")


def axis_position(piece: New) -> float:
    """Return the end of the intro, in beats if the frames follow beats, otherwise in seconds."""
    if piece.timing.has_beats:
        return float(piece.timing.beats(len(piece.frames))[piece.n_intro])
    return float(piece.timing.duration(piece.n_intro))


def draw_learning(composer: LSTMComposer, scores: Mapping[str, float], out: Path) -> None:
    """Draw the training and validation log-likelihood of each epoch.

    Horizontal lines show the log-likelihood of held-out pieces under the composer and under each
    baseline.
    """
    display = TrainingCurveDisplay.from_estimator(
        composer, baselines={f"held out: {name}": value for name, value in scores.items()}
    )
    display.figure_.savefig(out / "learning.png", dpi=150)
