"""Number of files, functions and moves between files on paths through the source code.

    python -m benchmarks.library.walk [--steps]

A profiler hook follows one small call from its start to a goal: `ChromaExtractor` from a file to
its chroma, `LSTMComposer.fit` to the first log-likelihood, and `sample` with and without a prime to
its first frames. It counts calls of musicai's functions: the number of files and functions, the
number of calls into a different file, and how many of these return to an earlier file. For
comparison, it follows scikit-learn's `MLPRegressor.fit` to its first loss, within scikit-learn's
`neural_network` folder.

``--steps`` prints every call into a different file.
"""

import argparse
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import sklearn
import soundfile
from sklearn.neural_network import MLPRegressor

import musicai
from musicai import ChromaExtractor, LSTMComposer

OURS = Path(musicai.__file__).parent
PEER = Path(sklearn.__file__).parent / "neural_network"


class GoalReachedError(Exception):
    """Raised when the goal of a walk is called."""


class Walk:
    """Calls of functions from the start of a path to its goal.

    Parameters
    ----------
    package : Path
        Folder whose functions are counted.
    goal : str, default=None
        Name of the function that ends the walk; None to follow the whole call.
    """

    def __init__(self, package: Path, goal: str | None = None) -> None:
        self.package = f"{package}/"
        self.goal = goal
        self.steps: list[tuple[str, str]] = []

    def run(self, call: Callable[[], Any]) -> "Walk":
        """Follow `call`."""
        sys.setprofile(self._follow)
        try:
            call()
        except GoalReachedError:
            pass
        finally:
            sys.setprofile(None)
        return self

    def _follow(self, frame: FrameType, event: str, argument: Any) -> None:
        code = frame.f_code
        inside = code.co_filename.startswith(self.package)
        # Skip comprehensions and lambdas, which are part of their functions.
        if event != "call" or not inside or code.co_name.startswith("<"):
            return
        self.steps.append((code.co_filename.removeprefix(self.package), code.co_qualname))
        if code.co_name == self.goal:
            sys.setprofile(None)
            raise GoalReachedError

    @property
    def changes(self) -> list[tuple[str, str]]:
        """File and function of each call into a different file than the call before it."""
        return [
            step
            for step, before in zip(self.steps[1:], self.steps, strict=False)
            if step[0] != before[0]
        ]

    def figures(self) -> tuple[int, int, int, int]:
        """Return the numbers of files, functions, moves between files, and moves back."""
        n_files = len({file for file, _ in self.steps})
        n_changes = len(self.changes)
        return n_files, len(set(self.steps)), n_changes, n_changes - (n_files - 1)


def main() -> None:
    """Print one row per walk."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", action="store_true", help="print calls into a different file")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    rng = np.random.RandomState(0)
    chroma = [rng.random_sample((40, 12)).astype(np.float32) for _ in range(4)]
    for piece in chroma:
        piece /= piece.max(axis=1, keepdims=True)
    composer = LSTMComposer(hidden_size=8, max_iter=1, random_state=0).fit(chroma)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tone.wav"
        soundfile.write(path, 0.1 * np.sin(np.arange(22050 * 2) * 0.1), 22050)
        fresh = LSTMComposer(hidden_size=8, max_iter=1, random_state=0)
        peer = MLPRegressor(hidden_layer_sizes=8, max_iter=1)
        walks = {
            "ChromaExtractor.fit_transform": Walk(OURS).run(
                lambda: ChromaExtractor().fit_transform([path])
            ),
            "LSTMComposer.fit to log_prob": Walk(OURS, "log_prob").run(lambda: fresh.fit(chroma)),
            "LSTMComposer.sample": Walk(OURS).run(lambda: composer.sample(3)),
            "LSTMComposer.sample(prime=...)": Walk(OURS).run(
                lambda: composer.sample(3, prime=chroma[0][:3])
            ),
            "MLPRegressor.fit to its loss": Walk(PEER, "squared_loss").run(
                lambda: peer.fit(chroma[0], chroma[0])
            ),
        }
    print(f"{'walk':32}{'files':>7}{'functions':>11}{'changes':>9}{'back':>6}")
    for name, walk in walks.items():
        files, functions, changes, back = walk.figures()
        print(f"{name:32}{files:7}{functions:11}{changes:9}{back:6}")
        if options.steps:
            print("\n".join(f"    {file}: {function}" for file, function in walk.changes))


if __name__ == "__main__":
    main()
