"""
Extract and train on a cluster
==============================

Distribute extraction and training over the machines of a cluster. musicai and scikit-learn use
joblib for parallel work, and joblib can use a `Dask <https://distributed.dask.org>`_ cluster
without changes to your calls. In this example, the cluster consists of two processes on one
machine::

    python examples/cluster.py

Needs ``pip install ".[midi,plot,cluster]"``; takes about a minute and writes to ``out/``.
"""

# %%
# Worker processes import this file when they start. All work is therefore in a function that only
# the main process calls.

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
    """Synthesize recordings, and use a cluster to extract their chroma and train composers."""
    # %%
    # Make recordings. Workers open the files themselves, so the paths must exist on every machine.
    out = Path("out").absolute()
    (out / "recordings").mkdir(parents=True, exist_ok=True)
    music = make_progressions(24, styles=["pop"], n_bars=12, random_state=0)
    paths = [out / "recordings" / f"{title}.flac" for title in music.titles]
    chroma_to_audio(music.data, paths, timing=music)

    # %%
    # Start the cluster. Each worker has one thread, and processes one recording or training run at
    # a time. To use an existing cluster, replace ``LocalCluster`` and ``Client(cluster)`` with
    # ``Client("tcp://scheduler:8786")``; musicai must be installed on all of its machines.
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        # %%
        # Extract chroma on the workers, with one frame per beat. To cache results, set ``memory``
        # to a folder that all workers share.
        extractor = ChromaExtractor(sync="beat")
        pieces = extractor.transform(paths)
        print(f"2 workers found {sum(map(len, pieces))} beats in {len(pieces)} recordings")

        # %%
        # Train composers with different seeds in parallel. A hyperparameter search is distributed
        # the same way. To distribute a single training run, write a script that calls ``fit``, and
        # start it with ``torchrun --nproc-per-node 4 train.py``.
        model = LSTMComposer(hidden_size=64, max_iter=25, batch_size=4)
        composers = joblib.Parallel()(
            joblib.delayed(clone(model).set_params(random_state=seed).fit)(
                pieces[:-4], X_val=pieces[-4:]
            )
            for seed in SEEDS
        )

    # %%
    # The trained composers are returned to the main process. Sample a piece from the one with the
    # highest log-likelihood on the held-out pieces.
    best = max(composers, key=lambda composer: composer.best_validation_score_)
    print(
        "held-out log-likelihood, nats per beat:",
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
        ylabel="held-out log-likelihood, nats per beat",
    )
    above.spines[["top", "right"]].set_visible(False)
    timing = extractor.timing.at_tempo(100)
    ChromagramDisplay.from_piece(piece, timing=timing, ax=below, title="Piece by the best composer")
    figure.savefig(out / "cluster.png", dpi=100)
    write_audio(
        out / "cluster.wav", extractor.inverse_transform(piece, timing=timing), extractor.sr
    )
    print("look at out/cluster.png; listen to out/cluster.wav")


if __name__ == "__main__":
    main()
