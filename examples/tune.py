"""
Tune with GridSearchCV
======================

Which settings suit your music? scikit-learn's search tries them, and judges each by how well it
foresees pieces that it has not learned: folds are made of whole pieces, never of parts of one,
because an excerpt tells much of the rest. Here the music is made by rules, and the question is how
large a composer of a few short pieces should be, and whether it should know what a key is::

    python examples/tune.py

Needs ``pip install ".[midi,plot]"``; takes about a minute and writes to ``out/``.
"""

# %%
# Twenty pop songs of 24 bars. A frame is a beat: the mean of what sounds in it.

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
    """Mean chroma of each beat, its loudest pitch class at 1."""
    beats = np.array([part.mean(axis=0) for part in np.array_split(piece, N_BEATS)])
    return beats / beats.max(axis=1, keepdims=True)


music = make_progressions(20, styles=["pop"], n_bars=N_BEATS // 4, random_state=0)
pieces = [per_beat(piece) for piece in music.data]

# %%
# A list of pieces goes into the search as it is. A score is a log-likelihood, in nats a frame, and
# higher is better. ``key_invariant=True``, the default for chroma, learns all pieces in one key.

grid = {"key_invariant": [True, False], "hidden_size": [8, 64]}
search = GridSearchCV(
    LSTMComposer(max_iter=20, batch_size=4, early_stopping=False, random_state=0),
    grid,
    cv=KFold(2),
)
search.fit(pieces)
print("best:", search.best_params_, f"with {search.best_score_:.1f} nats a beat")

# %%
# A baseline beside it, on the same folds: each pitch class given its own last value. A composer
# that scores less has learned little.

baseline = cross_val_score(PersistenceBaseline(), pieces, cv=KFold(2)).mean()
print(f"each pitch class given its last value: {baseline:.1f}")

# %%
# The scores, and what the best composer makes of it when it has learned all pieces:

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
above.set(xlabel="hidden_size", ylabel="held-out log-likelihood, nats a beat")
above.spines[["top", "right"]].set_visible(False)
above.legend(frameon=False)
ChromagramDisplay.from_piece(
    piece, timing=BEATS, ax=below, title="Composed by the best", colorbar=False
)
out = Path("out")
out.mkdir(exist_ok=True)
figure.savefig(out / "tune.png", dpi=100)
chroma_to_audio(piece, out / "tuned.wav", instruments="band", timing=BEATS)
print("look at out/tune.png; listen to out/tuned.wav")
