"""Learn from a folder of recordings and compose new pieces.

    python examples/compose.py [FOLDER]

Subfolders of FOLDER are styles. Without FOLDER the music is chorales by Bach, played by a
soundfont the first time. Sound, scores, pictures and the trained composer are written to out/.
Needs ``pip install musicai[midi,score,plot]``.
"""

import argparse
from collections import Counter
from math import ceil, log
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from musicai import ChromaExtractor, LSTMComposer, MosaicSynthesizer
from musicai.audio import write_audio
from musicai.datasets import load_chorales, load_recordings
from musicai.display import ComparisonDisplay, TrainingCurveDisplay
from musicai.metrics import IndependentBaseline, PersistenceBaseline, flux, frame_correlation
from musicai.render import chord_chart, chroma_to_midi, to_musicxml

N_CHORALES = 80
HELD_OUT = 0.15
FRAMES_TO_HEAR = 3_000_000  # in all epochs; minutes of training
MOST_SECONDS = 180  # of training, should the machine be slow or busy
LEAST_PIECES = 10  # of fewer recordings we learn and hold out excerpts
LEAST_SECONDS = 60
EXCERPT_SECONDS = 45
INTRO_SECONDS = 10
COMPOSED_SECONDS = 40
RECORDINGS_FOR_TEMPO = 5
TEMPERATURE = 0.9  # a little more certain than the music it learned from


class Piece(NamedTuple):
    """What a recording became."""

    title: str
    frames: np.ndarray
    style: str | None
    recording: Path


def main(argv=None):
    """Do it all, and say where to listen."""
    args = parse(argv)
    extractor = ChromaExtractor(n_jobs=-1, on_error="warn", verbose=1)
    pieces = extract(extractor, args.folder)
    train, test = hold_out(pieces, args.seed)
    print(f"{len(train)} pieces to learn from, {len(test)} held out")
    try:  # before the work that would be lost
        args.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SystemExit(f"--out {args.out} cannot be made a folder: {error.strerror}") from None

    epochs = args.epochs or int(np.clip(FRAMES_TO_HEAR / sum(map(len, frames(train))), 1, 100))
    composer = LSTMComposer(
        max_iter=epochs, max_time=MOST_SECONDS, random_state=args.seed, verbose=1
    )
    composer.fit(frames(train), styles(train))
    scores = score(composer, train, test)

    example = max(test, key=lambda piece: len(piece.frames))
    intro, music = compose(composer, example, extractor.frame_rate, args.seed)
    paths = write_sound(music, extractor, train, args.out)
    write_scores(music["composed"], extractor, train, args.out)
    extractor.set_params(verbose=0)
    joblib.dump(make_pipeline(extractor, composer), args.out / "composer.joblib")
    draw_music(music, example.title, len(intro), extractor.frame_rate, args.out)
    draw_learning(composer, scores, args.out)

    print(f"training music: flux {flux(frames(train)):.3f}")
    for name, path in paths.items():
        piece = music[name.partition("_")[0]]
        new = slice(len(intro), None) if name.startswith("continued") else slice(None)
        check(path, piece, extractor, new=new)
    say_where_to_listen(args.out, example.title, len(intro) / extractor.frame_rate)


def say_where_to_listen(out, title, intro_seconds):
    """Tell what was written, the best first."""
    print(
        f"""
listen to {out / "composed.wav"} first: composed from nothing, in the sound of the recordings
then to {out / "continued.wav"}: {intro_seconds:.0f} seconds of {title}, which was held out, then
the composer goes on; and to {out / "composed_sines.wav"}, {out / "continued_sines.wav"} and
{out / "real_sines.wav"} (the held-out piece itself): nothing but their harmony, plainly
play {out / "composed.mid"}, read {out / "composed.musicxml"} and {out / "composed.txt"}: the new
piece as MIDI, as a score, and as chords to play from
look at {out / "chromagrams.png"} and {out / "learning.png"}
compose more with joblib.load({str(out / "composer.joblib")!r})[-1].sample(400)"""
    )


def parse(argv):
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", help="of recordings; its subfolders are styles")
    parser.add_argument(
        "--out", type=Path, default=Path("out"), help="where to write (%(default)s)"
    )
    parser.add_argument("--epochs", type=int, help="to train (what takes minutes: 10 to 100)")
    parser.add_argument("--seed", type=int, default=0, help="of all that is random (%(default)s)")
    args = parser.parse_args(argv)
    if args.epochs is not None and args.epochs < 1:
        parser.error("--epochs must be at least 1")
    if not 0 <= args.seed < 2**32:
        parser.error("--seed must be from 0 to 2**32 - 1")
    return args


def extract(extractor, folder):
    """Find the recordings and return a piece of each, or excerpts where they are few."""
    if folder is None:
        data = load_chorales(N_CHORALES, n_jobs=-1, verbose=1)
    else:
        try:
            data = load_recordings(folder)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise SystemExit(str(error)) from None
    chroma = extractor.transform(data.recordings)
    labels = data.target or [None] * len(chroma)
    found = map(Piece, data.titles, chroma, labels, data.recordings)
    pieces = [piece for piece in found if len(piece.frames)]  # unreadable recordings have none
    seconds = sum(map(len, frames(pieces))) / extractor.frame_rate
    print(f"{len(pieces)} recordings, {seconds / 60:.1f} minutes of music")
    if seconds < LEAST_SECONDS:
        raise SystemExit(
            f"too little music: {seconds:.0f} seconds in {len(pieces)} readable recordings, where "
            f"at least {LEAST_SECONDS} seconds are needed to learn and to hold out"
        )
    if len(pieces) >= LEAST_PIECES and min(Counter(styles(pieces)).values()) > 1:
        return pieces
    excerpt_seconds = min(EXCERPT_SECONDS, seconds / LEAST_PIECES)
    print(f"few recordings: learning and holding out excerpts of {excerpt_seconds:.0f} seconds")
    return cut(pieces, excerpt_seconds * extractor.frame_rate)


def cut(pieces, n_frames):
    """Cut every piece into excerpts of about `n_frames`."""
    return [
        piece._replace(title=f"{piece.title} (excerpt {i})", frames=excerpt)
        for piece in pieces
        for i, excerpt in enumerate(
            np.array_split(piece.frames, max(1, round(len(piece.frames) / n_frames))), start=1
        )
    ]


def hold_out(pieces, seed):
    """Split off whole pieces to test on, of every style."""
    counts = Counter(styles(pieces))
    style, n_rarest = counts.most_common()[-1]
    if n_rarest < 2:
        raise SystemExit(
            f"too little music in the style {style!r}: one short recording can't be both learned "
            "and held out"
        )
    n_test = max(len(counts), ceil(HELD_OUT * len(pieces)))
    labels = list(map(str, styles(pieces)))
    return train_test_split(pieces, test_size=n_test, stratify=labels, random_state=seed)


def frames(pieces):
    """Frames of each piece."""
    return [piece.frames for piece in pieces]


def styles(pieces):
    """Style of each piece; None where the folder names none."""
    return [piece.style for piece in pieces]


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
    if scores["composer"] <= max(list(scores.values())[1:]):
        print(
            "the composer has learned too little to compose well: train longer, or give more music"
        )
    print()
    return scores


def compose(composer, example, frame_rate, seed):
    """Go on from the intro of a held-out piece, and begin a piece from nothing."""
    n_frames = round(COMPOSED_SECONDS * frame_rate)
    real = example.frames[:n_frames]
    intro = real[: min(len(real) // 2, round(INTRO_SECONDS * frame_rate))]
    settings = {"style": example.style, "temperature": TEMPERATURE, "random_state": seed}
    continuation = composer.sample(n_frames - len(intro), prime=intro, **settings)
    return intro, {
        "continued": np.concatenate([intro, continuation]),
        "composed": composer.sample(n_frames, **settings),
        "real": real,
    }


def write_sound(music, extractor, train, out):
    """Play what was composed in the sound of the music it was learned from, and with sines."""
    recordings = list(dict.fromkeys(piece.recording for piece in train))
    mosaic = MosaicSynthesizer(extractor).fit(recordings)
    paths = {}
    for name in ("composed", "continued"):
        paths[name] = out / f"{name}.wav"
        mosaic.transform(music[name], paths[name])
    for name, piece in music.items():
        paths[f"{name}_sines"] = out / f"{name}_sines.wav"
        write_audio(paths[f"{name}_sines"], extractor.inverse_transform(piece), extractor.sr)
    return paths


def write_scores(piece, extractor, train, out):
    """Write the new piece down, at the tempo of the music it was learned from."""
    listener = ChromaExtractor(sync="beat", on_error="warn")
    some = list(dict.fromkeys(piece.recording for piece in train))[:RECORDINGS_FOR_TEMPO]
    tempi = [analysis.tempo for analysis in listener.analyse(some)]
    tempi = [tempo for tempo in tempi if tempo]  # unreadable recordings have none
    tempo = float(np.median(tempi)) if tempi else 120.0
    timing = {"frame_rate": extractor.frame_rate, "tempo": tempo}
    chroma_to_midi(piece, out / "composed.mid", style="band", **timing)
    to_musicxml(piece, out / "composed.musicxml", title="Composed by musicai", **timing)
    print(chord_chart(piece, out / "composed.txt", title="Composed by musicai", **timing))


def check(path, piece, extractor, new=slice(None)):
    """Analyse a written piece again; print how it sounds, and how its `new` frames move."""
    (heard,) = extractor.transform([path])
    loudest = piece[new].max(axis=1)
    print(
        f"{path}: analysed again, correlation {frame_correlation(heard, piece):.3f} with what was "
        f"composed; flux {flux(piece[new]):.3f}; loudest bin at 1 in "
        f"{np.mean(loudest[loudest > 0] == 1):.0%} of sounding frames"
    )


def draw_music(music, title, n_intro, frame_rate, out):
    """Draw what was composed above the real piece that it began from."""
    titles = {
        "continued": f"Continued: the composer goes on after the intro of {title}",
        "composed": "Composed from nothing",
        "real": f"Real: {title}",
    }
    display = ComparisonDisplay.from_pieces(
        {titles[name]: piece for name, piece in music.items()},
        frame_rate=frame_rate,
        marks={titles["continued"]: n_intro / frame_rate},
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
