"""
Extract and train on a cluster
==============================

Thousands of recordings want more than one machine. joblib, which scikit-learn uses, hands its work
to a cluster of `Dask <https://distributed.dask.org>`_ when it is asked to; nothing changes in what
you call. Here the cluster is two processes on this machine::

    python examples/cluster.py

Needs ``pip install ".[midi,plot,cluster]"``; takes about a minute and writes to ``out/``.
"""

# %%
# Processes start by importing this file, so all that it does is done by a function that they do
# not call. On a cluster, put your own lines in its place.

from pathlib import Path

import joblib
import matplotlib.pyplot as plt
from distributed import Client, LocalCluster
from sklearn.base import clone

from musicai import ChromaExtractor, LSTMComposer
from musicai.audio import write_audio
from musicai.datasets import make_progressions
from musicai.display import ChromagramDisplay
from musicai.render import chroma_to_audio

SEEDS = range(4)


def main():
    """Play some recordings, then hear and learn them on a cluster."""
    # %%
    # Recordings. Workers open the files themselves: give paths that lead to them on every machine.
    out = Path("out").absolute()
    (out / "recordings").mkdir(parents=True, exist_ok=True)
    music = make_progressions(24, styles=["pop"], n_bars=12, random_state=0)
    paths = [out / "recordings" / f"{title}.flac" for title in music.titles]
    chroma_to_audio(music.data, paths, timing=music)

    # %%
    # The cluster. One that is there already is reached by ``Client("tcp://scheduler:8786")`` in
    # place of both; musicai must be installed on its machines. One thread per worker: each takes a
    # recording, or a training, at a time.
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        # %%
        # Extraction, spread over the workers; a frame is a beat. ``memory``, on storage that they
        # share, would keep what was found.
        extractor = ChromaExtractor(sync="beat")
        pieces = extractor.transform(paths)
        print(f"{sum(map(len, pieces))} beats heard in {len(pieces)} recordings by 2 workers")

        # %%
        # Training. As a search is spread over the workers, so are composers that differ in their
        # seed. (One training that is too long for one machine is shared by ``torchrun
        # --nproc-per-node 4 train.py``, where ``train.py`` calls ``fit`` as always.)
        model = LSTMComposer(hidden_size=64, max_iter=25, batch_size=4)
        composers = joblib.Parallel()(
            joblib.delayed(clone(model).set_params(random_state=seed).fit)(
                pieces[:-4], X_val=pieces[-4:]
            )
            for seed in SEEDS
        )

    # %%
    # They come back as if they had been trained here. The best on the pieces that were held out
    # composes.
    best = max(composers, key=lambda composer: composer.best_validation_score_)
    print(
        "held-out log-likelihood, nats a beat:",
        *[f"{composer.best_validation_score_:.2f}" for composer in composers],
    )
    piece = best.sample(48, key="C", temperature=0.8, random_state=0)

    figure, (above, below) = plt.subplots(2, 1, figsize=(9, 7), layout="constrained")
    for composer in composers:
        above.plot(
            range(1, composer.n_iter_ + 1),
            composer.validation_curve_,
            linewidth=2.5 if composer is best else 1,
            color="#7a2d8c" if composer is best else "0.6",
        )
    above.set(
        title="Four composers, trained two at a time",
        xlabel="epoch",
        ylabel="held-out log-likelihood, nats a beat",
    )
    above.spines[["top", "right"]].set_visible(False)
    timing = extractor.timing.at_tempo(100)
    ChromagramDisplay.from_piece(piece, timing=timing, ax=below, title="Composed by the best")
    figure.savefig(out / "cluster.png", dpi=100)
    write_audio(
        out / "cluster.wav", extractor.inverse_transform(piece, timing=timing), extractor.sr
    )
    print("look at out/cluster.png; listen to out/cluster.wav")


if __name__ == "__main__":
    main()
