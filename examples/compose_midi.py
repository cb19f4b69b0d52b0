"""
Piano rolls to MIDI
===================

Train on a folder of MIDI files and compose a new piece::

    python examples/compose_midi.py [FOLDER]

Each subfolder of FOLDER is a style. Without FOLDER, the script trains on Bach's chorales; the first
run converts them from the scores in music21. The script writes the new piece to ``out/`` as MIDI,
audio and a picture. Needs ``pip install ".[midi,score,plot]"``, or ``".[midi,plot]"`` with your own
FOLDER.
"""

import argparse
from math import ceil
from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from musicai import LSTMComposer, PianoRollExtractor
from musicai.audio import level_blocks, write_audio
from musicai.datasets import load_chorales, load_midi
from musicai.display import ChromagramDisplay
from musicai.metrics import IndependentBaseline, PersistenceBaseline
from musicai.midi import synthesize, write_midi

DESCRIPTION = "Train on a folder of MIDI files and compose a new piece."
N_CHORALES = 200
HELD_OUT = 0.2  # fraction of the files
LEAST_FRAMES = 200  # minimum number of frames in all files together; with fewer, results are poor
MOST_SECONDS = 60  # maximum training time
COMPOSED_BEATS = 64
TEMPO = 80
TEMPERATURE = 0.9  # values below 1 make likely notes likelier
SAMPLING_RATE = 22050


def main(argv=None):
    """Train a composer, sample a piece, write its files, and print their names."""
    args = parse(argv)
    train, test = hold_out(*find(args.folder, args.out), args.seed)
    try:  # create the folder now, so that an error is raised before training
        args.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SystemExit(f"cannot create the folder --out {args.out}: {error.strerror}") from None

    pipe = make_pipeline(
        PianoRollExtractor(steps_per_beat=args.steps_per_beat, on_error="warn"),
        LSTMComposer(
            max_time=MOST_SECONDS, max_iter=args.epochs, random_state=args.seed, verbose=1
        ),
    )
    extractor, composer = pipe[0], pipe[-1]
    n_frames = [sum(map(len, extractor.transform(paths))) for paths, _ in (train, test)]
    print(
        f"{len(train[0])} training files with {n_frames[0]} frames, {len(test[0])} held-out files "
        f"with {n_frames[1]}"
    )
    if sum(n_frames) < LEAST_FRAMES or not min(n_frames):
        raise SystemExit(f"too little music: at least {LEAST_FRAMES} frames are needed")
    if args.style is not None and args.style not in set(train[1]):
        raise SystemExit(f"--style {args.style} is not among the styles of the training files")
    pipe.fit(*train)
    score(pipe, train, test)

    piece = composer.sample(
        ceil(COMPOSED_BEATS * args.steps_per_beat),
        key=args.key,
        style=args.style,
        temperature=TEMPERATURE,
        random_state=args.seed,
    )
    if not piece.any():
        raise SystemExit("the new piece is silent: train for more --epochs, or on more music")
    timing = extractor.timing.at_tempo(TEMPO)
    music = extractor.inverse_transform(piece, timing=timing)
    write_midi(args.out / "new_piece.mid", music)
    sound = level_blocks(synthesize(music, sr=SAMPLING_RATE), SAMPLING_RATE)
    write_audio(args.out / "new_piece.wav", sound, SAMPLING_RATE)
    display = ChromagramDisplay.from_piece(piece, timing=timing)
    display.figure_.savefig(args.out / "new_piece.png", dpi=100)

    (again,) = extractor.transform([args.out / "new_piece.mid"])
    n_notes = len(music.instruments[0].notes)
    print(
        f"{n_notes} notes composed; read back, the file "
        f"{'equals' if np.array_equal(again, piece) else 'DIFFERS FROM'} the composed piece\n\n"
        f"listen to {args.out / 'new_piece.wav'}, look at {args.out / 'new_piece.png'}\n"
        f"open {args.out / 'new_piece.mid'} in a notation program such as MuseScore, a sequencer "
        "or a MIDI player"
    )


def parse(argv):
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=DESCRIPTION)
    parser.add_argument("folder", nargs="?", help="folder of MIDI files; subfolders are styles")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("out"),
        help="output folder, excluded from training (default: %(default)s)",
    )
    parser.add_argument(
        "--steps-per-beat",
        type=float,
        default=2,
        help="frames per quarter note (default: %(default)s)",
    )
    parser.add_argument("--key", help="key of the new piece, such as G or Em (default: any)")
    parser.add_argument("--style", help="style of the new piece, a subfolder (default: any)")
    parser.add_argument(
        "--epochs", type=int, default=100, help="maximum number of epochs (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="random seed (default: %(default)s)")
    args = parser.parse_args(argv)
    if args.epochs < 1:
        parser.error("--epochs must be at least 1")
    if args.steps_per_beat <= 0:
        parser.error("--steps-per-beat must be above 0")
    if not 0 <= args.seed < 2**32:
        parser.error("--seed must be from 0 to 2**32 - 1")
    return args


def find(folder, out):
    """Return lists of MIDI files and styles; with fewer than two styles, each style is None."""
    if folder is None:
        data = load_chorales(N_CHORALES, kind="midi", n_jobs=-1, verbose=1)
    else:
        try:
            data = load_midi(folder, exclude=out)  # do not train on earlier output
        except (FileNotFoundError, NotADirectoryError) as error:
            raise SystemExit(str(error)) from None
    styles = data.target or [None] * len(data.recordings)
    if len(styles) < 2:
        raise SystemExit("at least 2 files are needed, one for training and one held out")
    # If all labels are the same, they carry no information, so they are left out.
    return data.recordings, styles if len(set(styles)) > 1 else [None] * len(styles)


def hold_out(paths, styles, seed):
    """Split files into training and test sets, each a pair of paths and styles."""
    n_test = ceil(HELD_OUT * len(paths))
    train, test, train_styles, test_styles = train_test_split(
        paths, styles, test_size=n_test, random_state=seed
    )
    known = set(train_styles)  # the composer cannot score styles that it was not trained on
    test_styles = [style if style in known else None for style in test_styles]
    return (train, train_styles), (test, test_styles)


def score(pipe, train, test):
    """Print the log-likelihood of the held-out files under the composer and under two baselines."""
    learned, unseen = (pipe[0].transform(paths) for paths, _ in (train, test))
    baselines = {
        "each piano key given its last value": PersistenceBaseline(n_levels=2),
        "each piano key independently": IndependentBaseline(n_levels=2),
    }
    scores = {"composer": pipe.score(*test)}
    scores.update((name, each.fit(learned).score(unseen)) for name, each in baselines.items())
    print("\nlog-likelihood of held-out files, in nats per frame (higher is better)")
    for name, value in scores.items():
        print(f"  {name:<36} {value:>10.2f}")
    print()


if __name__ == "__main__":
    main()
