"""
What comes next
===============

A composer does more than compose: it tells what it expects at every moment of a piece, how likely
each choice is, and how surprised it was by what came. Here it learns pop songs that are made by
rules, and then hears one that it does not know, in which one bar is wrong: it is a tritone too
high. Surprise finds it::

    python examples/what_comes_next.py

Needs ``pip install ".[midi,plot]"``; takes about a minute and writes to ``out/``.
"""

# %%
# Sixty songs to learn and one to hear, of 24 bars. A frame is a beat, the mean of what sounds in
# it.

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from musicai import LSTMComposer, Timing
from musicai.datasets import make_progressions
from musicai.display import ChromagramDisplay
from musicai.metrics import frame_correlation
from musicai.render import chroma_to_audio, note_names

N_BEATS = 96
BEATS = Timing.from_tempo(120)


def per_beat(piece):
    """Mean chroma of each beat, its loudest pitch class at 1."""
    beats = np.array([part.mean(axis=0) for part in np.array_split(piece, N_BEATS)])
    return beats / beats.max(axis=1, keepdims=True)


music = make_progressions(61, styles=["pop"], n_bars=N_BEATS // 4, random_state=0)
*learned, song = map(per_beat, music.data)
composer = LSTMComposer(hidden_size=64, batch_size=8, max_iter=30, random_state=0).fit(learned)

# %%
# ``predict`` gives the mean of all that may come, beat by beat. That nothing changes is a guess
# that is hard to beat, as most beats go on as they were.

expected = composer.predict(song)[:-1]  # the last row is what would follow the song
print(
    f"correlation with the beat that came: expected {frame_correlation(expected, song[1:]):.2f}, "
    f"the beat before once more {frame_correlation(song[:-1], song[1:]):.2f}"
)

# %%
# ``next_frames`` gives the choices themselves, and how likely each is. The song stops after 15
# bars, and the composer says how it may go on:

stopped = 60
names = note_names(song[:stopped])
chords = [chord.label for chord in music.chords[-1] if chord.start * music.tempi[-1] / 60 < stopped]
print("so far", *chords[-4:], "...; the next beat may hold")
frames, probabilities = composer.next_frames(song[:stopped], n_best=4, random_state=0)
for frame, probability in zip(frames, probabilities, strict=True):
    print(f"  {probability:4.0%}", *names[frame >= 0.5])

# %%
# ``score_samples`` is the log-likelihood of each beat given those before; less of it is surprise.
# One bar is moved up by six semitones:

wrong = slice(48, 52)
heard = song.copy()
heard[wrong] = np.roll(song[wrong], 6, axis=1)
surprise = -composer.score_samples(heard)
most = surprise.reshape(-1, 4).mean(axis=1).argmax()
print(f"most surprising is bar {most + 1}; moved was bar {wrong.start // 4 + 1}")

# %%
# Surprise beneath the music, and in gray what the song itself would have been:

figure, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(10, 6), layout="constrained")
ChromagramDisplay.from_piece(
    heard,
    timing=BEATS,
    ax=above,
    title="A song with a wrong bar",
    colorbar=False,
    marks=[wrong.start, wrong.stop],
)
above.set_xlabel("")
below.stairs(-composer.score_samples(song), baseline=None, color="0.6", label="the song as it was")
below.stairs(surprise, baseline=None, color="#7a2d8c", linewidth=1.5, label="with the wrong bar")
below.axvspan(wrong.start, wrong.stop, color="#7a2d8c", alpha=0.12, linewidth=0)
below.set(xlabel="beats", ylabel="surprise, nats a beat")
below.spines[["top", "right"]].set_visible(False)
below.legend(frameon=False, loc="upper left")
out = Path("out")
out.mkdir(exist_ok=True)
figure.savefig(out / "what_comes_next.png", dpi=100)

# %%
# Hear the song with its wrong bar; and 8 bars of it that the composer goes on from for 16 more.

prime = song[:32]
new = composer.sample(N_BEATS - 32, prime=prime, temperature=0.9, random_state=0)
continued = np.concatenate([prime, new])
chroma_to_audio(heard, out / "wrong_bar.wav", instruments="band", timing=BEATS)
chroma_to_audio(continued, out / "continued_song.wav", instruments="band", timing=BEATS)
print(
    "look at out/what_comes_next.png; listen to out/wrong_bar.wav, wrong at 24 seconds, and to "
    "out/continued_song.wav, new from 16 seconds on"
)
