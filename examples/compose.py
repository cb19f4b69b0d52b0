"""
Compose from a folder
=====================

Learn from a folder of recordings and compose new pieces::

    python examples/compose.py [FOLDER]

Subfolders of FOLDER are styles. Music with a clear pulse is learned by half-beats, other music by
frames. Without FOLDER the music is chorales by Bach, played by a soundfont the first time. Sound,
scores, pictures and the trained composer are written to out/, and a page that shows it all,
out/index.html.
Needs ``pip install ".[midi,score,plot]"``.
"""

import argparse
import time
from math import log
from pathlib import Path

import joblib
import numpy as np
from _music import counted, extract, frames, hold_out, styles
from _page import write_page
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from musicai import ChromaExtractor, LSTMComposer, MosaicSynthesizer
from musicai.audio import write_audio
from musicai.display import ComparisonDisplay, TrainingCurveDisplay
from musicai.metrics import (
    IndependentBaseline,
    PersistenceBaseline,
    flux,
    frame_correlation,
    report,
)
from musicai.render import chord_chart, chroma_to_midi, to_musicxml

DESCRIPTION = "Learn from a folder of recordings and compose new pieces."
FRAMES_TO_LEARN = 760_000  # in all epochs; a minute of training or so
MOST_SECONDS = 180  # of training, should the machine be slow or busy
INTRO_SECONDS = 10
COMPOSED_SECONDS = 40
JUDGED_SECONDS = 20  # of each excerpt on the score-card
MOST_JUDGED = 100
RECORDINGS_FOR_TEMPO = 5
TEMPERATURE = 0.9  # a little more certain than the music it learned from
TEMPERATURE_OF_BEATS = 0.8
LEARNED_LITTLE = (
    "The composer has learned too little to compose well: train longer, or give more music."
)
FEW_RECORDINGS = (
    "Few recordings: excerpts of them were learned, and other excerpts of the same recordings "
    "held out. Those are easier to foresee than a recording that is new."
)


def main(argv=None):
    """Do it all, and say where to listen."""
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

    example = max(test, key=lambda piece: len(piece.frames))
    learned = {piece.recording for piece in train}
    source = f"{example.title}, which was held out"
    if example.recording in learned:
        source += " (other excerpts of that recording were learned)"
    timing = composer.timing_of(example.style)
    settings = {"temperature": TEMPERATURE_OF_BEATS if timing.has_beats else TEMPERATURE}
    intro, music = compose(composer, example, timing, args.seed, settings)
    intro_seconds = timing.duration(len(intro))
    paths = write_sound(music, extractor, train, timing, example.style, args.out)
    chart = write_scores(music["composed"], timing, train, args.out)
    extractor.set_params(verbose=0)
    joblib.dump(make_pipeline(extractor, composer), args.out / "composer.joblib")
    draw_music(music, example.title, intro_seconds, timing, args.out)
    draw_learning(composer, scores, args.out)

    print(f"training music: flux {flux(frames(train)):.3f}")
    heard = {}
    for name, path in paths.items():
        piece = music[name.partition("_")[0]]
        new = slice(len(intro), None) if name.startswith("continued") else slice(None)
        heard[name] = check(path, piece, extractor, timing, new=new)
    warnings = [LEARNED_LITTLE] if learned_little(scores) else []
    if learned & {piece.recording for piece in test}:
        warnings.append(FEW_RECORDINGS)
    write_page(
        args.out,
        told=f"Learned in {counted(seconds, 'second')}: {size(train)}. Held out: {size(test)}. "
        f"{in_time(timing)}",
        warnings=warnings,
        style=example.style,
        source=source,
        heard=heard,
        intro_seconds=intro_seconds,
        chart=chart,
        scores=scores,
        card=judge(composer, train, test, timing, args.seed, settings),
        settings={
            "Seed": args.seed,
            "Temperature": settings["temperature"],
            "Style": example.style,
            "Passes over the music": composer.n_iter_,
            "LSTMComposer": composer.get_params(),
            "ChromaExtractor": extractor.get_params(),
        },
    )
    say_where_to_listen(args.out, source, example.style, intro_seconds)


def train_composer(train, args):
    """Return a composer that has learned the pieces, and the seconds that it took."""
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
    """Say how much music that is."""
    seconds = sum(piece.seconds for piece in pieces)
    long = counted(seconds / 60, "minute") if seconds >= 60 else counted(seconds, "second")
    return f"{counted(len(pieces), 'piece')}, {long} of music"


def in_time(timing):
    """Say what the frames are."""
    if timing.has_beats:
        return f"By half-beats, at {timing.tempo:.0f} beats a minute."
    return f"By frames, {timing.frame_rate:.1f} a second."


def say_where_to_listen(out, source, style, intro_seconds):
    """Tell what was written, the best first."""
    recordings = "the recordings"
    if style is not None:
        recordings += f"\nin the style {style}, that of the piece continued"
    print(
        f"""
open {out / "index.html"}: all of it on one page
listen to {out / "composed.wav"} first: composed from nothing, in the sound of {recordings}
then to {out / "continued.wav"}: {intro_seconds:.0f} seconds of {source};
then the composer goes on
and to {out / "composed_sines.wav"}, {out / "continued_sines.wav"} and {out / "real_sines.wav"} (the
held-out piece itself): nothing but their harmony, plainly
play {out / "composed.mid"}, read {out / "composed.musicxml"} and {out / "composed.txt"}: the new
piece as MIDI, as a score, and as chords to play from
look at {out / "chromagrams.png"} and {out / "learning.png"}
compose more with joblib.load({str(out / "composer.joblib")!r})[-1].sample(400)"""
    )


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
    """Print how well the held-out pieces are foreseen, beside simple baselines."""
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
    """Whether a baseline foresees as much as the composer."""
    return scores["composer"] <= max(value for name, value in scores.items() if name != "composer")


def compose(composer, example, timing, seed, settings):
    """Go on from the intro of a held-out piece, and begin a piece from nothing."""
    n_frames = frames_in(COMPOSED_SECONDS, timing)
    real = from_a_beat(example)[:n_frames]
    intro = real[: min(len(real) // 4 * 2, frames_in(INTRO_SECONDS, timing))]
    settings = {"style": example.style, "random_state": seed, **settings}
    continuation = composer.sample(n_frames - len(intro), prime=intro, **settings)
    return intro, {
        "continued": np.concatenate([intro, continuation]),
        "composed": composer.sample(n_frames, **settings),
        "real": real,
    }


def frames_in(seconds, timing):
    """Return the number of frames that last so long; by half-beats, of whole beats."""
    if not timing.has_beats:
        return timing.frames_at(seconds)
    return 2 * round(seconds * timing.frame_rate / 2)


def from_a_beat(piece):
    """Return the frames of a piece; by half-beats, those from its first whole beat on."""
    if not piece.timing.has_beats:
        return piece.frames
    beats = piece.timing.beats()[:-1]
    return piece.frames[np.flatnonzero(beats % 1 == 0)[0] :]


def write_sound(music, extractor, train, timing, style, out):
    """Play what was composed in the sound of the music of its style, and with sines."""
    recordings = {piece.recording: piece.style for piece in train}
    mosaic = MosaicSynthesizer(extractor).fit(list(recordings), list(recordings.values()))
    paths = {}
    for name in ("composed", "continued"):
        paths[name] = out / f"{name}.wav"
        mosaic.transform(music[name], paths[name], timing=timing, style=style)
    for name, piece in music.items():
        paths[f"{name}_sines"] = out / f"{name}_sines.wav"
        sound = extractor.inverse_transform(piece, timing=timing)
        write_audio(paths[f"{name}_sines"], sound, extractor.sr)
    return paths


def write_scores(piece, timing, train, out):
    """Write the new piece down, at the tempo of the music it was learned from."""
    options = {"timing": timing}
    if not timing.has_beats:
        options["notated_tempo"] = usual_tempo(train)
    chroma_to_midi(piece, out / "composed.mid", instruments="band", **options)
    to_musicxml(piece, out / "composed.musicxml", title="Composed by musicai", **options)
    chart = chord_chart(piece, out / "composed.txt", title="Composed by musicai", **options)
    print(chart)
    return chart


def usual_tempo(train):
    """Return the tempo of some recordings, or 120 if no beats are found."""
    listener = ChromaExtractor(sync="beat", on_error="warn")
    some = list(dict.fromkeys(piece.recording for piece in train))[:RECORDINGS_FOR_TEMPO]
    tempi = [analysis.tempo for analysis in listener.analyze(some)]
    tempi = [tempo for tempo in tempi if tempo]  # None without beats, or if unreadable
    return float(np.median(tempi)) if tempi else 120.0


def check(path, piece, extractor, timing, new=slice(None)):
    """Analyze a written piece again; print how it sounds, and how its `new` frames move."""
    if timing.has_beats:  # those that it was played on
        beats = timing.borders(len(piece))[::2]
        extractor = clone(extractor).set_params(tracker=lambda samples, sr: beats)
    (heard,) = extractor.transform([path])
    correlation = frame_correlation(heard[: len(piece)], piece[: len(heard)])
    loudest = piece[new].max(axis=1)
    print(
        f"{path}: analyzed again, correlation {correlation:.3f} with what was "
        f"composed; flux {flux(piece[new]):.3f}; loudest bin at 1 in "
        f"{np.mean(loudest[loudest > 0] == 1):.0%} of sounding frames"
    )
    return correlation


def judge(composer, train, test, timing, seed, settings):
    """Compose as much as was held out, in the same styles, for a score-card; or say why not."""
    composed = [
        composer.sample(
            len(piece.frames),
            style=piece.style,
            random_state=(seed + i) % 2**32,
            **settings,
        )
        for i, piece in enumerate(test)
    ]
    n_frames = 2 * timing.frames_at(JUDGED_SECONDS / 2)
    if sum(len(piece.frames) // n_frames for piece in test) < 2:
        return (
            "Too little music was held out for a score-card: it takes 2 excerpts of "
            f"{JUDGED_SECONDS} seconds."
        )
    try:
        card = report(
            frames(test),
            composed,
            frames(train),
            n_frames=n_frames,
            n_excerpts=MOST_JUDGED,
            timing=timing,
            random_state=seed,
        )
    except ValueError as error:  # where most is silence, or has no key
        return f"There is no score-card: {error}."
    print(f"\n{card}")
    return card


def draw_music(music, title, intro_seconds, timing, out):
    """Draw what was composed above the real piece that it began from."""
    titles = {
        "continued": f"Continued: the composer goes on after the intro of {title}",
        "composed": "Composed from nothing",
        "real": f"Real: {title}",
    }
    display = ComparisonDisplay.from_pieces(
        {titles[name]: piece for name, piece in music.items()},
        timing=timing,
        marks={titles["continued"]: intro_seconds},
    )
    display.figure_.savefig(out / "chromagrams.png", dpi=150)


def draw_learning(composer, scores, out):
    """Draw log-likelihood over epochs beside what the baselines reach."""
    display = TrainingCurveDisplay.from_estimator(
        composer, baselines={f"held out: {name}": value for name, value in scores.items()}
    )
    display.figure_.savefig(out / "learning.png", dpi=150)


if __name__ == "__main__":
    main()
