"""Similarity of ``make_progressions`` to recordings, and recognition of its chords and keys.

::

    python -m benchmarks.datasets.progressions [FOLDER] [--pieces 100] [--chorales 40]

The first table gives metrics of synthetic pieces, of chorales from ``load_chorales`` and, with
FOLDER, of the recordings in it: mean and standard deviation over excerpts of half a minute (323
frames). Synthetic music should lie between the others, or close to them.

The second table gives, for each style, the share of time in which ``recognize_chords`` finds the
root and quality of the known chord: with triads (sevenths count as their triads; diminished chords
do not count) and with ten qualities. The last column is the share of pieces whose key is the best
of 24 by the profiles of Krumhansl and Kessler. The last line gives the accuracy with which a
logistic regression predicts the style from a transition matrix, in five-fold cross-validation.

It needs ``pip install ".[midi,score]"``.
"""

import argparse
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.common.music import print_table
from musicai import ChromaExtractor, metrics
from musicai.datasets import get_data_home, load_chorales, load_recordings, make_progressions
from musicai.render import recognize_chords
from musicai.theory.keys import key_scores
from musicai.theory.spelling import key_name
from musicai.theory.vocabulary import TONES

EXCERPT = 323  # frames, half a minute
MOST = 120  # excerpts per kind of music
METRICS = (
    metrics.pitch_class_entropy,
    metrics.frame_entropy,
    metrics.scale_consistency,
    metrics.key_correlation,
    metrics.triad_fit,
    metrics.quiet_share,
    metrics.flux,
    metrics.harmonic_change,
    metrics.persistence,
    metrics.key_stability,
    metrics.recurrence,
    metrics.falling_fifths,
)


def excerpts(pieces):
    """Cut pieces into excerpts, including silent ones."""
    starts = ((piece, i) for piece in pieces for i in range(0, len(piece) - EXCERPT + 1, EXCERPT))
    return [piece[i : i + EXCERPT] for piece, i in starts][:MOST]


def metrics_table(kinds):
    """Print the table of metrics for each kind of music."""
    cut = {name: excerpts(pieces) for name, pieces in kinds.items()}
    rows = []
    for metric in METRICS:
        values = [[metric(piece) for piece in pieces] for pieces in cut.values()]
        rows.append((metric.__name__, *(f"{np.mean(v):.3f} ± {np.std(v):.3f}" for v in values)))
    print_table(["metric", *(f"{name} ({len(cut[name])})" for name in cut)], rows)


def as_triad(chord):
    """Return root and third of a chord; None unless it contains a major or minor triad."""
    if chord.quality is None or not {0, 7} <= set(TONES[chord.quality]):
        return None
    third = {3, 4} & set(TONES[chord.quality])
    return (chord.root, *third) if third else None


def as_quality(chord):
    """Return root and quality of a chord."""
    return chord.root, chord.quality


def in_frames(chords, centers, name):
    """Return the name of the chord at the center of each frame."""
    places = np.searchsorted([chord.end for chord in chords[:-1]], centers, side="right")
    return [name(chords[i]) for i in places]


def agreement(music, found, name):
    """Return the share of frames with the correct name, for each piece."""
    shares = []
    for piece, known, recognized in zip(music.data, music.chords, found, strict=True):
        centers = music.timing.centers(len(piece))
        names = [in_frames(each, centers, name) for each in (known, recognized)]
        shares.append(np.mean([a == b for a, b in zip(*names, strict=True) if a is not None]))
    return np.array(shares)


def chords_table(music):
    """Print the accuracy of recognized chords, keys and styles."""
    triads = agreement(music, recognize_chords(music.data, timing=music), as_triad)
    found = recognize_chords(music.data, vocabulary="qualities", timing=music)
    qualities = agreement(music, found, as_quality)
    recognized = [key_name(int(key_scores(piece.sum(axis=0)).argmax())) for piece in music.data]
    keys = np.array(recognized) == np.array(music.key_names)
    table = []
    target = np.array(music.target)
    for style in (*music.target_names, "all"):
        rows = (target == style) | (style == "all")
        cells = [f"{values[rows].mean():.2f}" for values in (triads, qualities, keys)]
        table.append((style, *cells))
    print_table(["style", "triads", "ten qualities", "key"], table)
    matrices = [metrics.transition_matrix(piece).ravel() for piece in music.data]
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2000))
    right = cross_val_score(classifier, matrices, music.target, cv=5).mean()
    print(f"\naccuracy of styles: {right:.2f}, by chance {1 / len(music.target_names):.2f}")


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, help="folder of recordings")
    parser.add_argument("--pieces", type=int, default=100)
    parser.add_argument("--chorales", type=int, default=40)
    arguments = parser.parse_args()
    music = make_progressions(arguments.pieces, random_state=0)
    kinds = {"made": music.data}
    kinds["chorales"] = load_chorales(arguments.chorales, kind="chroma").data
    if arguments.folder:
        extractor = ChromaExtractor(memory=get_data_home() / "benchmarks", verbose=1)
        kinds["recordings"] = extractor.transform(load_recordings(arguments.folder).recordings)
    metrics_table(kinds)
    chords_table(music)


if __name__ == "__main__":
    main()
