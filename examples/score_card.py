"""
Evaluate with a scorecard
=========================

How good is a composer? ``report`` compares composed pieces with held-out music on many metrics. For
reference, it also scores other real music (the ceiling), and a Markov chain and shuffled frames
as simple baselines. This example compares composers after 3 and after 30 epochs of training::

    python examples/score_card.py

Needs ``pip install ".[midi,plot]"``; takes about a minute and writes to ``out/``.
"""

# %%
# Make 60 training pieces and 20 held-out pieces: jazz progressions (ii-V-I and turnarounds) of 12
# bars, or 22 seconds. To save time, keep only every other frame: 5.4 frames per second.

from pathlib import Path

import matplotlib.pyplot as plt

from musicai import LSTMComposer
from musicai.datasets import make_progressions
from musicai.metrics import report
from musicai.render import chroma_to_audio

music = make_progressions(80, styles=["jazz"], n_bars=12, tempo=130, random_state=0)
pieces = [piece[::2] for piece in music.data]
frame_rate = music.timing.frame_rate / 2
train, held_out = pieces[:60], pieces[60:]

# %%
# Train two composers, one for 3 epochs and one for 30, and sample 20 pieces from each. Seeds make
# the training, the samples and the scorecards reproducible.

cards, composed = {}, {}
for n_passes in (3, 30):
    composer = LSTMComposer(hidden_size=64, batch_size=4, max_iter=n_passes, random_state=0)
    composer.fit(train)
    composed[n_passes] = composer.sample(
        len(held_out[0]), n_pieces=len(held_out), temperature=0.9, random_state=0
    )
    cards[n_passes] = report(held_out, composed[n_passes], train, timing=frame_rate, random_state=0)

# %%
# Print the second scorecard as a table, and read it from the bottom. First, compare the geometric
# mean of the overlaps with that of the Markov chain and with the ceiling. Then look for metrics
# with a small overlap; their means show how the composed pieces differ from the held-out pieces.

print(cards[30])

# %%
# ``to_dict`` returns all figures by name, and ``to_html`` returns a table for a web page. If a
# notebook cell ends with the scorecard, the notebook displays this table.

figures = {n_passes: card.to_dict() for n_passes, card in cards.items()}
print(
    f"\noverlap after 3 passes {figures[3]['overlap_area']:.2f}, after 30 "
    f"{figures[30]['overlap_area']:.2f}; {figures[30]['memorization']:.1%} of the composed music "
    f"and {figures[30]['real_memorization']:.1%} of the held-out music is in the training pieces"
)
out = Path("out")
out.mkdir(exist_ok=True)
page = f'<!doctype html><meta charset="utf-8"><title>Scorecard</title>{cards[30].to_html()}'
(out / "score_card.html").write_text(page, encoding="utf-8")

# %%
# Plot both scorecards. Write audio files of a piece by each composer and of a held-out piece.

metrics = [*cards[30].values["real"], "transition_matrix"]
sets = {  # figures, prefix of their names, and marker style
    "after 3 passes": (figures[3], "", {"color": "#c9a3d4"}),
    "after 30 passes": (figures[30], "", {"color": "#7a2d8c"}),
    "Markov chain": (figures[30], "markov_", {"color": "#d55e00", "marker": "D"}),
    "other real music": (figures[30], "ceiling_", {"color": "black", "marker": "|", "s": 200}),
}
figure, ax = plt.subplots(figsize=(9, 5.5), layout="constrained")
for name, (values, prefix, look) in sets.items():
    overlaps = [values[f"{prefix}{metric}_overlap"] for metric in metrics]
    ax.scatter(overlaps, metrics, label=name, zorder=2, **look)
ax.invert_yaxis()
ax.grid(axis="y", color="0.9")
ax.set(xlabel="overlap with held-out music", xlim=(-0.02, 1))
ax.spines[["top", "right", "left"]].set_visible(False)
ax.tick_params(axis="y", length=0)
figure.legend(loc="outside upper center", ncols=len(sets), frameon=False)
figure.savefig(out / "score_card.png", dpi=100)

for name, piece in {"early": composed[3][0], "late": composed[30][0], "real": held_out[0]}.items():
    chroma_to_audio(piece, out / f"judged_{name}.wav", instruments="band", timing=frame_rate)
print(
    "open out/score_card.html, look at out/score_card.png; listen to out/judged_early.wav, "
    "out/judged_late.wav and out/judged_real.wav"
)
