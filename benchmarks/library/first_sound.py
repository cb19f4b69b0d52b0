"""Time from cloning the repository to the first sound, following the quickstart.

    python -m benchmarks.library.first_sound

In a temporary folder, the script clones the last commit of this checkout, creates a virtual
environment, installs musicai with the versions of constraints.txt and without pip's cache, and runs
the quickstart's first code block, which needs no recordings. It runs the block twice, to show the
cost of the first run. The script needs git, and a network for the packages. If pip is configured
with PyTorch's index of CPU builds (PIP_EXTRA_INDEX_URL, see docs/install.md), it installs the CPU
build. Otherwise it also downloads gigabytes of CUDA libraries on Linux.

The script prints the commands, and a table of wall-clock seconds, which depend on the network and
the load of the machine, and processor seconds, which do not. Then it analyzes the sound file in the
new environment. The exit status is 1 if the file is silent or differs from the piece in length, or
if its correlation with the piece is below 0.5 or no higher than with the piece in another key.
"""

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from benchmarks.common.music import print_table
from benchmarks.common.usage import processor_seconds

ROOT = Path(__file__).parents[2]
EXTRAS = "midi,score,plot"  # README's

# These snippets use names from the quickstart's block.
SAVE = "\nimport numpy\nnumpy.save('piece.npy', piece)\n"
CHECK = """
import sys
import numpy as np
from musicai import ChromaExtractor
from musicai.audio import read_blocks
from musicai.metrics import frame_correlation

piece = np.load("piece.npy")
samples = np.concatenate(list(read_blocks("first_piece.wav", sr=22050)))
level = 20 * np.log10(np.sqrt(np.mean(samples**2)) + 1e-9)
(heard,) = ChromaExtractor().transform(["first_piece.wav"])
as_long = len(heard) == len(piece)
near = [
    frame_correlation(heard[: len(piece)], np.roll(piece, k, axis=1)[: len(heard)])
    for k in range(12)
]
print(
    f"first_piece.wav: {len(samples) / 22050:.1f} s at {level:.0f} dB; {len(heard)} frames, "
    f"{len(piece)} in the piece; correlation with the piece {near[0]:.2f}, with it in other keys "
    f"{max(near[1:]):.2f} at most"
)
sys.exit(not (as_long and level > -40 and near[0] > 0.5 and near[0] > max(near[1:])))
"""


def quickstart_block():
    """Return the quickstart's first code block, which needs no recordings."""
    blocks = re.findall(
        r"^```python\n(.*?)^```", (ROOT / "docs/quickstart.md").read_text(), re.M | re.S
    )
    (block,) = (block for block in blocks if "make_progressions" in block)
    return block


def take(command, folder):
    """Run a command in a folder; return its wall-clock and processor seconds."""
    print(f"$ {' '.join(command)}", flush=True)
    # Hide the environment of this script from the command.
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    started, before = perf_counter(), processor_seconds(resource.RUSAGE_CHILDREN)
    status = subprocess.run(command, cwd=folder, env=clean).returncode
    if status:
        raise SystemExit(f"command failed with status {status}: {' '.join(command)}")
    return perf_counter() - started, processor_seconds(resource.RUSAGE_CHILDREN) - before


def main():
    """Install and run musicai, print the table, and check the sound file."""
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    block = quickstart_block()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        clone = home / "musicai"
        python = ".venv/bin/python"
        pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet", "--no-cache-dir"]
        rows = {}
        rows["clone"] = take(["git", "clone", "--quiet", ROOT.as_uri(), "musicai"], home)
        (clone / "first.py").write_text(block + SAVE)
        (clone / "check.py").write_text(CHECK)
        rows["make an environment"] = take([sys.executable, "-m", "venv", ".venv"], clone)
        rows["install"] = take([*pip, "install", "-c", "constraints.txt", f".[{EXTRAS}]"], clone)
        print(f"\n# first.py, the quickstart's block:\n{block}")
        rows["learn, compose and play"] = take([python, "first.py"], clone)
        total = [sum(seconds) for seconds in zip(*rows.values(), strict=True)]
        rows["**to the first sound**"] = total
        rows["the same block once more"] = take([python, "first.py"], clone)
        print_table(
            ["step", "seconds", "of the processor"],
            [(step, *(f"{each:.1f}" for each in seconds)) for step, seconds in rows.items()],
        )
        print(flush=True)
        take([python, "check.py"], clone)


if __name__ == "__main__":
    main()
