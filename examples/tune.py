"""
Tune with GridSearchCV
======================

Which parameters suit your music? scikit-learn's grid search scores each combination by the
log-likelihood of held-out pieces. Each fold consists of whole pieces, because similar excerpts of
one piece in several folds would inflate the scores. This example trains composers on a few short
synthetic pieces to find the best hidden size, and whether key invariance helps::

    python examples/tune.py

Needs ``pip install ".[midi,plot]"``; takes about a minute and writes to ``out/``.
"""

# %%
# Make 20 pop songs of 24 bars. A frame is the mean chroma of a beat.

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score

from musicai import LSTMComposer, Timing
from musicai.datasets import make_progressions
from musicai.display import ChromagramDisplay
from musicai.metrics import PersistenceBaseline
from musicai.render import chroma_to_audio

N_BEATS = 96
BEATS = Timing.from_tempo(120)


def per_beat(piece):
    """Return the mean chroma of each beat, scaled to a maximum of 1."""
    beats = np.array([part.mean(axis=0) for part in np.array_split(piece, N_BEATS)])
    return beats / beats.max(axis=1, keepdims=True)


music = make_progressions(20, styles=["pop"], n_bars=N_BEATS // 4, random_state=0)
pieces = [per_beat(piece) for piece in music.data]

# %%
# The search takes a list of pieces as ``X``. A score is a log-likelihood in nats per frame; higher
# is better. With ``key_invariant=True``, training pieces are transposed to one key.

grid = {"key_invariant": [True, False], "hidden_size": [8, 64]}
search = GridSearchCV(
    LSTMComposer(max_iter=20, batch_size=4, early_stopping=False, random_state=0),
    grid,
    cv=KFold(2),
)
search.fit(pieces)
print("best:", search.best_params_, f"with {search.best_score_:.1f} nats per beat")

# %%
# Score a baseline on the same folds: the distribution of each pitch class given its last value. A
# composer that scores lower has learned little.

baseline = cross_val_score(PersistenceBaseline(), pieces, cv=KFold(2)).mean()
print(f"baseline, each pitch class given its last value: {baseline:.1f}")

# %%
# Plot the scores, and a piece by the best composer, which the search has refitted on all pieces:

best = search.best_estimator_
piece = best.sample(N_BEATS, key="C", temperature=0.9, random_state=0)

figure, (above, below) = plt.subplots(2, 1, figsize=(9, 7.5), layout="constrained")
results = search.cv_results_
for invariant, style in {True: "o-", False: "s--"}.items():
    rows = np.flatnonzero(results["param_key_invariant"] == invariant)
    above.errorbar(
        results["param_hidden_size"][rows].astype(int),
        results["mean_test_score"][rows],
        results["std_test_score"][rows],
        fmt=style,
        capsize=4,
        label=f"key_invariant={invariant}",
    )
above.axhline(baseline, color="0.4", linewidth=1, linestyle=":", label="PersistenceBaseline")
above.set_xscale("log", base=2)
above.set_xticks(grid["hidden_size"], grid["hidden_size"])
above.set(xlabel="hidden_size", ylabel="held-out log-likelihood, nats per beat")
above.spines[["top", "right"]].set_visible(False)
above.legend(frameon=False)
ChromagramDisplay.from_piece(
    piece, timing=BEATS, ax=below, title="Piece by the best composer", colorbar=False
)
out = Path("out")
out.mkdir(exist_ok=True)
figure.savefig(out / "tune.png", dpi=100)
chroma_to_audio(piece, out / "tuned.wav", instruments="band", timing=BEATS)
print("look at out/tune.png; listen to out/tuned.wav")
