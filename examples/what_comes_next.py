"""
Predict what comes next
=======================

A composer can also predict the expected next frame, list the most likely next frames with their
probabilities, and measure how surprising each frame of a piece is. This example trains on synthetic
pop songs, transposes one bar of another song by a tritone, and finds this bar by its surprise::

    python examples/what_comes_next.py

Needs ``pip install ".[midi,plot]"``; takes about a minute and writes to ``out/``.
"""

# %%
# Make 60 training songs and a held-out song, each of 24 bars. A frame is the mean chroma of a beat.

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
    """Return the mean chroma of each beat, scaled to a maximum of 1."""
    beats = np.array([part.mean(axis=0) for part in np.array_split(piece, N_BEATS)])
    return beats / beats.max(axis=1, keepdims=True)


music = make_progressions(61, styles=["pop"], n_bars=N_BEATS // 4, random_state=0)
*learned, song = map(per_beat, music.data)
composer = LSTMComposer(hidden_size=64, batch_size=8, max_iter=30, random_state=0).fit(learned)

# %%
# For each frame, ``predict`` returns the expected next frame. Repeating the frame is a strong
# baseline, because most beats resemble the beat before.

expected = composer.predict(song)[:-1]  # leave out the prediction for the frame after the song
print(
    "correlation with the next beat: predicted mean "
    f"{frame_correlation(expected, song[1:]):.2f}, previous beat "
    f"{frame_correlation(song[:-1], song[1:]):.2f}"
)

# %%
# ``next_frames`` returns the most likely next frames and their probabilities. Stop the song after
# 15 bars, and list how it may continue:

stopped = 60
names = note_names(song[:stopped])
chords = [chord.label for chord in music.chords[-1] if chord.start * music.tempi[-1] / 60 < stopped]
print("last chords:", *chords[-4:], "; the next beat may be")
frames, probabilities = composer.next_frames(song[:stopped], n_best=4, random_state=0)
for frame, probability in zip(frames, probabilities, strict=True):
    print(f"  {probability:4.0%}", *names[frame >= 0.5])

# %%
# ``score_samples`` returns the log-likelihood of each beat given the beats before it; its negative
# is the surprise. Transpose one bar up by six semitones:

wrong = slice(48, 52)
altered = song.copy()
altered[wrong] = np.roll(song[wrong], 6, axis=1)
surprise = -composer.score_samples(altered)
most = surprise.reshape(-1, 4).mean(axis=1).argmax()
print(f"most surprising: bar {most + 1}; transposed: bar {wrong.start // 4 + 1}")

# %%
# Plot the song and its surprise, with the surprise of the original song in gray:

figure, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(10, 6), layout="constrained")
ChromagramDisplay.from_piece(
    altered,
    timing=BEATS,
    ax=above,
    title="Song with a transposed bar",
    colorbar=False,
    marks=[wrong.start, wrong.stop],
)
above.set_xlabel("")
below.stairs(-composer.score_samples(song), baseline=None, color="0.6", label="original song")
below.stairs(surprise, baseline=None, color="#7a2d8c", linewidth=1.5, label="transposed bar")
below.axvspan(wrong.start, wrong.stop, color="#7a2d8c", alpha=0.12, linewidth=0)
below.set(xlabel="beats", ylabel="surprise, nats per beat")
below.spines[["top", "right"]].set_visible(False)
below.legend(frameon=False, loc="upper left")
out = Path("out")
out.mkdir(exist_ok=True)
figure.savefig(out / "what_comes_next.png", dpi=100)

# %%
# Write audio files of the song with the transposed bar, and of its first 8 bars followed by 16 new
# bars.

prime = song[:32]
new = composer.sample(N_BEATS - 32, prime=prime, temperature=0.9, random_state=0)
continued = np.concatenate([prime, new])
chroma_to_audio(altered, out / "wrong_bar.wav", instruments="band", timing=BEATS)
chroma_to_audio(continued, out / "continued_song.wav", instruments="band", timing=BEATS)
print(
    "look at out/what_comes_next.png; listen to out/wrong_bar.wav, transposed at 24 seconds, and "
    "to out/continued_song.wav, new after 16 seconds"
)
