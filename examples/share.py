"""
Share a composer safely
=======================

Opening a pickle or joblib file can run any code, so open only files from people you trust. A
composer consists of arrays and plain Python values, so it can also be saved with
`skops <https://skops.readthedocs.io>`_, which opens a file without running code from it, and lists
the types that you would have to trust::

    python examples/share.py

Needs ``pip install ".[plot,share]"``; takes a few seconds and writes to ``out/``.
"""

# %%
# Train a composer to share, on synthetic music without copyright.

import os
from pathlib import Path

import numpy as np
import skops.io
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from skops.io.exceptions import UntrustedTypesFoundException

from musicai import LSTMComposer
from musicai.datasets import make_progressions
from musicai.display import ComparisonDisplay
from musicai.render import chroma_to_audio

out = Path("out")
out.mkdir(exist_ok=True)
music = make_progressions(20, styles=["modal"], n_bars=12, random_state=0)
composer = LSTMComposer(hidden_size=32, max_iter=15, random_state=0).fit(music.data)

# %%
# The sender writes a file:

skops.io.dump(composer, out / "composer.skops")
print(f"out/composer.skops: {(out / 'composer.skops').stat().st_size / 1000:.0f} kB")

# %%
# The recipient lists the types in the file that skops does not trust by default, and decides which
# to trust. A composer needs only one, its own class; docs/safety.md lists the types for other
# estimators. When the file is opened, musicai validates its contents.

print("types to trust:", skops.io.get_untrusted_types(file=out / "composer.skops"))
opened = skops.io.load(out / "composer.skops", trusted=["musicai.LSTMComposer"])

# %%
# The composer has not changed: with the same seed, sender and recipient get the same piece.

settings = {"key": "D", "temperature": 0.9, "random_state": 7}
sent, received = composer.sample(215, **settings), opened.sample(215, **settings)
print("the same piece:", np.array_equal(sent, received))

# %%
# A malicious file may contain a pipeline that runs its input as a system command. skops refuses to
# open it:

poisoned = make_pipeline(FunctionTransformer(os.system), composer)
skops.io.dump(poisoned, out / "poisoned.skops")
print("types to trust:", skops.io.get_untrusted_types(file=out / "poisoned.skops"))
try:
    skops.io.load(out / "poisoned.skops", trusted=["musicai.LSTMComposer"])
except UntrustedTypesFoundException as error:
    print("refused:", error)
(out / "poisoned.skops").unlink()

# %%
# Plot the piece composed by the sender and the recipient:

display = ComparisonDisplay.from_pieces(
    {"Composed by the sender": sent, "Composed by the recipient": received},
    timing=music,
)
display.figure_.savefig(out / "share.png", dpi=100)
chroma_to_audio(received, out / "shared.wav", timing=music)
print("look at out/share.png; listen to out/shared.wav")
