"""
Blend styles
============

A composer that was trained with a style label for each piece can compose in each style, and in
blends of styles. This example trains on synthetic blues and pop, samples blends of both, and
measures how often the samples have dominant seventh chords. Such chords are frequent in the blues
pieces and absent from the pop songs::

    python examples/styles.py

Needs ``pip install ".[midi,plot]"``; takes about a minute and writes to ``out/``.
"""

# %%
# Make training pieces of 24 bars, each with a style. A frame is the mean chroma of a beat, because
# harmony is easier to learn from frames that have a single chord each.

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from musicai import LSTMComposer, Timing
from musicai.datasets import make_progressions
from musicai.display import ComparisonDisplay
from musicai.render import chroma_to_audio, recognize_chords

N_BEATS = 96
BEATS = Timing.from_tempo(120)


def per_beat(piece):
    """Return the mean chroma of each beat, scaled to a maximum of 1."""
    beats = np.array([part.mean(axis=0) for part in np.array_split(piece, N_BEATS)])
    return beats / beats.max(axis=1, keepdims=True)


music = make_progressions(60, styles=["blues", "pop"], n_bars=N_BEATS // 4, random_state=0)
pieces = [per_beat(piece) for piece in music.data]

# %%
# Pass the labels as ``y``, as in scikit-learn.

composer = LSTMComposer(hidden_size=64, batch_size=8, max_iter=30, random_state=0)
composer.fit(pieces, music.target)
print("styles learned:", *composer.styles_)

# %%
# Sample eight pieces for each blend. ``style`` is a label, or a dict that maps labels to weights.

SHARES = [0, 0.25, 0.5, 0.75, 1]
composed = {
    share: composer.sample(
        N_BEATS,
        n_pieces=8,
        style={"blues": share, "pop": 1 - share},
        key="C",
        temperature=0.9,
        random_state=1,
    )
    for share in SHARES
}


# %%
# Compute two measures of each piece.


def sevenths(piece):
    """Return the fraction of time with dominant seventh chords."""
    chords = recognize_chords(piece, vocabulary="qualities", timing=BEATS)
    seconds = sum(chord.end - chord.start for chord in chords if chord.quality == "7")
    return seconds / BEATS.duration(N_BEATS)


def likelier_as_blues(piece):
    """Return the log-likelihood as blues minus the log-likelihood as pop, in nats per beat."""
    return composer.score([piece], ["blues"]) - composer.score([piece], ["pop"])


measures = {
    "time on dominant sevenths": sevenths,
    "log-likelihood, blues minus pop": likelier_as_blues,
}
measured = {
    name: {share: [measure(piece) for piece in some] for share, some in composed.items()}
    for name, measure in measures.items()
}
for name, values in measured.items():
    print(
        f"{name}, mean:", *[f"{share:.0%} blues {np.mean(values[share]):.2f};" for share in SHARES]
    )

# %%
# Plot a piece from each of three blends. Below, plot the measures of all composed pieces. Black
# marks show the means of 12 training pieces of each style.

figure = plt.figure(figsize=(10, 12), layout="constrained")
above, below = figure.subfigures(2, 1, height_ratios=[8, 3])
shown = {f"{share:.0%} blues": composed[share][0] for share in (0, 0.5, 1)}
ComparisonDisplay.from_pieces(shown, timing=BEATS, axes=above.subplots(3, 1))
for ax, (name, values) in zip(below.subplots(1, 2), measured.items(), strict=True):
    for share in SHARES:
        ax.plot([share] * len(values[share]), values[share], "o", color="#7a2d8c", alpha=0.3)
    ax.plot(SHARES, [np.mean(values[share]) for share in SHARES], color="#7a2d8c")
    for share, style, side in [(0, "pop", "left"), (1, "blues", "right")]:
        learned = [piece for piece, its in zip(pieces, music.target, strict=True) if its == style]
        mean = np.mean([measures[name](piece) for piece in learned[:12]])
        ax.plot(share, mean, "_", color="black", markersize=24, markeredgewidth=2)
        ax.text(abs(share - 0.06), mean, f"real {style}", ha=side, va="center")
    ax.set_xlabel("weight of blues")
    ax.set_title(name, loc="left")
    ax.spines[["top", "right"]].set_visible(False)
out = Path("out")
out.mkdir(exist_ok=True)
figure.savefig(out / "styles.png", dpi=100)

# %%
# Write audio files of the plotted pieces, played by a band:

for name, share in {"pop": 0, "half_blues": 0.5, "blues": 1}.items():
    chroma_to_audio(composed[share][0], out / f"{name}.wav", instruments="band", timing=BEATS)
print("look at out/styles.png; listen to out/pop.wav, out/half_blues.wav and out/blues.wav")
