"""
Compose from a folder
=====================

Learn from a folder of recordings and compose new pieces::

    python examples/compose.py [FOLDER]

Subfolders of FOLDER are styles. Music with a clear pulse is learned by half-beats, other music by
frames. Without FOLDER the music is pop songs and waltzes made by rules and played by a soundfont.
Audio, scores, pictures and the trained composer are written to out/, with a page that shows them
all, out/index.html. Needs ``pip install ".[midi,score,plot]"``.
"""

import argparse
import re
import time
from math import log
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
from _music import counted, extract, frames, from_downbeat, hold_out, styles
from _page import Sound, write_page
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from musicai import ChromaExtractor, LSTMComposer, MosaicSynthesizer, Timing
from musicai.display import ComparisonDisplay, TrainingCurveDisplay
from musicai.metrics import (
    IndependentBaseline,
    PersistenceBaseline,
    frame_correlation,
    report,
)
from musicai.render import (
    chord_chart,
    chroma_to_audio,
    chroma_to_midi,
    to_musicxml,
    write_session,
)

DESCRIPTION = "Learn from a folder of recordings and compose new pieces."
FRAMES_TO_LEARN = 760_000  # in all epochs; about a minute of training
MOST_SECONDS = 180  # of training, in case the machine is slow or busy
MOST_STYLES = 3  # to compose in
INTRO_SECONDS = 10
COMPOSED_SECONDS = 40
PHRASE = 4  # bars; pieces with beats have whole phrases
JUDGED_SECONDS = 20  # of each excerpt on the score-card
MOST_JUDGED = 100  # excerpts
RECORDINGS_FOR_TEMPO = 5
TEMPERATURE = 0.9  # a little less random than the training music
LEARNED_LITTLE = (
    "The composer has learned too little to compose well: train longer, or give more music."
)
FEW_RECORDINGS = (
    "Few recordings: excerpts were learned, and other excerpts of the same recordings held out. "
    "These are easier to predict than new recordings."
)


class New(NamedTuple):
    """A composed piece, or one that continues an intro."""

    name: str  # of its files, without suffix
    frames: np.ndarray
    timing: Timing
    style: str | None
    n_intro: int = 0


def main(argv=None):
    """Learn, compose, write everything, and print where to listen."""
    args = parse(argv)
    extractor, pieces = extract(args.folder, args.out)
    train, test = hold_out(pieces, args.seed)
    print(f"{len(train)} pieces to learn from, {len(test)} held out")
    try:  # before the work that would be lost
        args.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SystemExit(f"--out {args.out} cannot be made a folder: {error.strerror}") from None

    composer, seconds = train_composer(train, args)
    scores = score(composer, train, test)
    example = from_downbeat(max(test, key=lambda piece: len(piece.frames)))
    new = [compose(composer, style, args.seed) for style in some_styles(train, example.style)]
    new.append(continue_piece(composer, example, args.seed))

    mosaic = fit_mosaic(extractor, train)
    tempo = None if new[0].timing.has_beats else usual_tempo(train)
    sounds = [write_piece(piece, mosaic, extractor, tempo, args.out) for piece in new]
    extractor.set_params(verbose=0)
    joblib.dump(make_pipeline(extractor, composer), args.out / "composer.joblib")
    draw_music(new, example, args.out)
    draw_learning(composer, scores, args.out)

    shared = {piece.recording for piece in train} & {piece.recording for piece in test}
    warnings = [LEARNED_LITTLE] if learned_little(scores) else []
    if shared:
        warnings.append(FEW_RECORDINGS)
    write_page(
        args.out,
        summary=f"Learned in {counted(seconds, 'second')}: {size(train)}. Held out: {size(test)}. "
        f"{unit(composer.timing)}",
        warnings=warnings,
        sounds=sounds,
        source=example.title,
        scores=scores,
        card=judge(composer, train, test, args.seed),
        settings={
            "Seed": args.seed,
            "Temperature": TEMPERATURE,
            "Passes over the music": composer.n_iter_,
            "LSTMComposer": composer.get_params(),
            "ChromaExtractor": extractor.get_params(),
        },
    )
    say_where_to_listen(args.out, new, example.title)


def train_composer(train, args):
    """Return a composer fitted to the pieces, and the seconds of training."""
    n_frames = sum(map(len, frames(train)))
    composer = LSTMComposer(
        max_iter=args.epochs or int(np.clip(FRAMES_TO_LEARN / n_frames, 1, 100)),
        max_time=MOST_SECONDS,
        random_state=args.seed,
        verbose=1,
    )
    start = time.perf_counter()
    composer.fit(frames(train), styles(train), timing=[piece.timing for piece in train])
    return composer, time.perf_counter() - start


def size(pieces):
    """Return the amount of music in words."""
    seconds = sum(piece.seconds for piece in pieces)
    length = counted(seconds / 60, "minute") if seconds >= 60 else counted(seconds, "second")
    return f"{counted(len(pieces), 'piece')}, {length} of music"


def unit(timing):
    """Return the length of a frame in words."""
    if timing.has_beats:
        return "A frame is half a beat."
    return f"There are {timing.frame_rate:.1f} frames per second."


def say_where_to_listen(out, new, source):
    """Print the names of what was written, the best first."""
    print(f"\nopen {out / 'index.html'}: everything on one page")
    for piece in new:
        what = f"{source}, continued" if piece.n_intro else "a new piece"
        style = "" if piece.style is None or piece.n_intro else f" in the style {piece.style}"
        print(f"listen to {out / piece.name}.wav: {what}{style}, in the sound of the recordings;")
        print("  in time with it are _band.wav, .mid, .musicxml, .txt (chords) and .rpp (Reaper)")
    print(f"look at {out / 'chromagrams.png'} and {out / 'learning.png'}")
    print(f"compose more with joblib.load({str(out / 'composer.joblib')!r})[-1].sample(400)")


def parse(argv):
    """Read the command line."""
    parser = argparse.ArgumentParser(description=DESCRIPTION)
    parser.add_argument("folder", nargs="?", help="of recordings; its subfolders are styles")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("out"),
        help="where to write; nothing in it is learned (%(default)s)",
    )
    parser.add_argument("--epochs", type=int, help="to train (what takes minutes: 10 to 100)")
    parser.add_argument("--seed", type=int, default=0, help="of all that is random (%(default)s)")
    args = parser.parse_args(argv)
    if args.epochs is not None and args.epochs < 1:
        parser.error("--epochs must be at least 1")
    if not 0 <= args.seed < 2**32:
        parser.error("--seed must be from 0 to 2**32 - 1")
    return args


def score(composer, train, test):
    """Print the log-likelihood of held-out pieces by the composer and by simple baselines."""
    persistence = PersistenceBaseline().fit(frames(train))
    independent = IndependentBaseline().fit(frames(train))
    scores = {
        "composer": composer.score(frames(test), styles(test)),
        "each pitch class from its last value": persistence.score(frames(test)),
        "each pitch class by itself": independent.score(frames(test)),
    }
    print("\nlog-likelihood of held-out pieces      nats/frame  bits/frame")
    for name, value in scores.items():
        print(f"  {name:<36} {value:>10.2f} {-value / log(2):>11.2f}")
    if learned_little(scores):
        print(LEARNED_LITTLE)
    print()
    return scores


def learned_little(scores):
    """Return whether a baseline predicts as well as the composer."""
    return scores["composer"] <= max(value for name, value in scores.items() if name != "composer")


def some_styles(train, first):
    """Return styles to compose in; that of the example comes first."""
    others = sorted({piece.style for piece in train if piece.style is not None} - {first})
    return [first, *others][:MOST_STYLES]


def compose(composer, style, seed):
    """Compose a new piece at the usual tempo of its style."""
    timing = composer.timing_of(style)
    piece = composer.sample(
        frames_in(COMPOSED_SECONDS, timing),
        style=style,
        temperature=TEMPERATURE,
        random_state=seed,
    )
    name = "composed" if style is None else "composed_" + re.sub(r"\W", "_", style)
    return New(name, piece, timing, style)


def continue_piece(composer, example, seed):
    """Continue the opening of a held-out piece, at its own tempo."""
    timing = composer.timing_of(example.style)
    if timing.has_beats:
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


def frames_in(seconds, timing):
    """Return the number of frames in about so many seconds; of beats, in whole phrases."""
    if not timing.has_beats:
        return timing.frames_at(seconds)
    phrase = int(PHRASE * timing.beats_per_bar * timing.frames_per_beat)
    return phrase * max(1, round(timing.frames_at(seconds) / phrase))


def fit_mosaic(extractor, train):
    """Return a mosaic of the recordings of the training pieces."""
    recordings = {piece.recording: piece.style for piece in train}
    return MosaicSynthesizer(extractor).fit(list(recordings), list(recordings.values()))


def write_piece(piece, mosaic, extractor, tempo, out):
    """Write a piece as sound, session, MIDI, score and chart, all in time with each other."""
    path = out / f"{piece.name}.wav"
    mosaic.transform(piece.frames, path, timing=piece.timing, style=piece.style)
    correlation = check(path, piece, extractor)
    options = {"timing": piece.timing, "instruments": "band"}
    chroma_to_audio(piece.frames, out / f"{piece.name}_band.wav", **options)
    notation = {"timing": piece.timing, "notated_tempo": tempo}
    chroma_to_midi(piece.frames, out / f"{piece.name}.mid", instruments="band", **notation)
    title = piece.name.replace("_", " ").capitalize() + " by musicai"
    to_musicxml(piece.frames, out / f"{piece.name}.musicxml", title=title, **notation)
    chart = chord_chart(piece.frames, out / f"{piece.name}.txt", title=title, **notation)
    print(chart)
    session = {"mosaic": mosaic, "audio": path, "style": piece.style, **notation}
    write_session(piece.frames, out / f"{piece.name}.rpp", **session)
    return Sound(
        name=piece.name,
        style=piece.style,
        beats=beats_of(piece),
        beats_per_bar=piece.timing.beats_per_bar,
        intro_seconds=piece.timing.duration(piece.n_intro) if piece.n_intro else 0.0,
        tempo=piece.timing.tempo if piece.timing.has_beats else None,
        correlation=correlation,
        chart=chart,
    )


def beats_of(piece):
    """Return the seconds of the beats of a piece; none if its frames are not beats."""
    if not piece.timing.has_beats:
        return []
    n_frames = len(piece.frames)
    seconds, beats = piece.timing.borders(n_frames)[:-1], piece.timing.beats(n_frames)[:-1]
    return seconds[beats % 1 == 0].tolist()


def usual_tempo(train):
    """Return the median tempo of a few recordings, or 120 if they have no beats."""
    extractor = ChromaExtractor(sync="beat", on_error="warn")
    some = list(dict.fromkeys(piece.recording for piece in train))[:RECORDINGS_FOR_TEMPO]
    tempi = [analysis.tempo for analysis in extractor.analyze(some)]
    tempi = [tempo for tempo in tempi if tempo]  # None without beats, or if unreadable
    return float(np.median(tempi)) if tempi else 120.0


def check(path, piece, extractor):
    """Analyze the audio of a piece, and return and print its correlation with the frames."""
    if piece.timing.has_beats:  # use the beats of the piece instead of tracking them
        beats = piece.timing.borders(len(piece.frames))[::2]
        extractor = clone(extractor).set_params(tracker=lambda samples, sr: beats)
    (analyzed,) = extractor.transform([path])
    correlation = frame_correlation(analyzed[: len(piece.frames)], piece.frames[: len(analyzed)])
    print(f"{path}: its chroma correlates {correlation:.2f} with that of the piece")
    return correlation


def judge(composer, train, test, seed):
    """Return a score-card of pieces as long as those held out, or why there is none."""
    composed = [
        composer.sample(
            len(piece.frames),
            style=piece.style,
            temperature=TEMPERATURE,
            random_state=(seed + i) % 2**32,
        )
        for i, piece in enumerate(test)
    ]
    n_frames = 2 * composer.timing.frames_at(JUDGED_SECONDS / 2)
    if sum(len(piece.frames) // n_frames for piece in test) < 2:
        return (
            "Too little music was held out for a score-card, which needs 2 excerpts of "
            f"{JUDGED_SECONDS} seconds."
        )
    try:
        card = report(
            frames(test),
            composed,
            frames(train),
            n_frames=n_frames,
            n_excerpts=MOST_JUDGED,
            timing=composer.timing,
            random_state=seed,
        )
    except ValueError as error:  # if most is silence, or has no key
        return f"There is no score-card: {error}."
    print(f"\n{card}")
    return card


def draw_music(new, example, out):
    """Draw the composed pieces above the real piece that was continued."""
    titles = [piece_title(piece, example.title) for piece in new]
    n_frames = len(new[-1].frames)
    real = f"Real: {example.title}"
    timings = dict(zip(titles, (piece.timing for piece in new), strict=True))
    ends = {title: axis_position(new[-1]) for title in titles[-1:]}
    display = ComparisonDisplay.from_pieces(
        dict(zip(titles, frames(new), strict=True)) | {real: example.frames[:n_frames]},
        timing=timings | {real: example.timing[:n_frames]},
        marks=ends,
    )
    display.figure_.savefig(out / "chromagrams.png", dpi=150)


def piece_title(piece, source):
    """Return the title of a chromagram."""
    if piece.n_intro:
        return f"Continued: composed after the opening of {source}"
    return "Composed from nothing" + (f", {piece.style}" if piece.style else "")


def axis_position(piece):
    """Return the end of the intro in the unit of the axis, beats or seconds."""
    if piece.timing.has_beats:
        return float(piece.timing.beats(len(piece.frames))[piece.n_intro])
    return float(piece.timing.duration(piece.n_intro))


def draw_learning(composer, scores, out):
    """Draw the log-likelihood by epoch, with that of the baselines."""
    display = TrainingCurveDisplay.from_estimator(
        composer, baselines={f"held out: {name}": value for name, value in scores.items()}
    )
    display.figure_.savefig(out / "learning.png", dpi=150)


if __name__ == "__main__":
    main()
