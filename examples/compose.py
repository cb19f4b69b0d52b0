"""
Compose from a folder
=====================

Train on a folder of recordings and compose new pieces::

    python examples/compose.py [FOLDER]

This script runs the console command ``musicai compose``. Each subfolder of FOLDER is a style.
Frames are half-beats if the music has a clear pulse; otherwise, all frames have the same short
length. Without FOLDER, the recordings are synthetic pop songs and waltzes, played with a soundfont.
The script writes audio, scores, pictures and the trained composer to ``out/``. The page
``out/index.html`` presents the results. Needs ``pip install ".[midi,score,plot]"``.
"""

import sys

from musicai.cli import main

if __name__ == "__main__" and (code := main(["compose", *sys.argv[1:]])):
    sys.exit(code)
