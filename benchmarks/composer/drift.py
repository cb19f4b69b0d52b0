"""Whether composed real-valued features still resemble the training data after thousands of frames.

    python -m benchmarks.composer.drift [FILE ...] [--seconds 60] [--epochs 30] [--frames 2000]

Three kinds of features are made with librosa: 20 MFCCs, the 6 dimensions of the tonnetz, and codes.
Codes are MFCCs reduced to 8 principal components, with each frame replaced by the nearest of
256 vectors that k-means found, as in a codec. Without FILEs, the recordings are rule-based songs.

For each kind, a composer is trained and composes freely at temperature 1. For each feature, the
script divides the standard deviation in the composed music by the one in the training music. The
table has the median and the range of this ratio over features, for all frames and for the last
quarter of each piece. A quarter of the recordings is held out; the last column is their
log-likelihood in nats per frame.
"""

import argparse
from pathlib import Path

import librosa
import numpy as np
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import PCA

from benchmarks.common.music import print_table
from musicai import LSTMComposer
from musicai.datasets import make_songs

HOP = 2048
N_PIECES = 16


def codes(pieces):
    """Return pieces reduced to 8 components, each frame replaced by the nearest of 256 vectors."""
    frames = np.concatenate(pieces)
    reduced = PCA(8, whiten=True, random_state=0).fit(frames)
    kmeans = MiniBatchKMeans(256, random_state=0, n_init=1).fit(reduced.transform(frames))
    return [kmeans.cluster_centers_[kmeans.predict(reduced.transform(each))] for each in pieces]


def features(files, seconds):
    """Return a list of pieces for each kind of features."""
    sounds = [librosa.load(file, duration=seconds) for file in files]
    mfcc = [librosa.feature.mfcc(y=y, sr=sr, hop_length=HOP).T for y, sr in sounds]
    tonnetz = [librosa.feature.tonnetz(y=y, sr=sr, hop_length=HOP).T for y, sr in sounds]
    return {"MFCC": mfcc, "tonnetz": tonnetz, "codes": codes(mfcc)}


def spreads(composed, real):
    """Return the median and range over features of the ratio of standard deviations, as text."""
    ratios = np.concatenate(composed).std(0) / np.concatenate(real).std(0)
    return f"{np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f})"


def main():
    """Print one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", metavar="FILE", nargs="*", type=Path, help="a recording")
    parser.add_argument(
        "--seconds", type=float, default=60, help="length of each recording (default: %(default)s)"
    )
    parser.add_argument("--epochs", type=int, default=30, help="default: %(default)s")
    parser.add_argument("--frames", type=int, default=2000, help="default: %(default)s")
    args = parser.parse_args()
    files = args.files or make_songs(20, n_jobs=2).recordings
    rows = []
    for kind, pieces in features(files, args.seconds).items():
        held_out, training = pieces[::4], [piece for i, piece in enumerate(pieces) if i % 4]
        composer = LSTMComposer(max_iter=args.epochs, random_state=0).fit(training)
        composed = composer.sample(args.frames, n_pieces=N_PIECES, random_state=0)
        last = [piece[-args.frames // 4 :] for piece in composed]
        score = composer.score(held_out)
        rows.append((kind, spreads(composed, training), spreads(last, training), f"{score:.2f}"))
    head = ("features", "spread / real", "in the last quarter", "held out, nats")
    print_table(head, rows)


if __name__ == "__main__":
    main()
