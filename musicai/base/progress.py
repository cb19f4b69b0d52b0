"""Progress bars for terminals and notebooks, and lines of text for files and pipes."""

import logging
import sys
from typing import Any, TextIO

from tqdm.auto import tqdm

logger = logging.getLogger("musicai")
"""Logger that receives the metrics of every epoch at level INFO, regardless of `verbose`."""

_SECONDS_BETWEEN_LINES = 10
_LINE = "{desc}: {n_fmt}/{total_fmt} {unit}s in {elapsed}{postfix}"


def progress_bar(*args: Any, **options: Any) -> Any:
    """Return a tqdm bar; outside terminals and notebooks, the bar writes lines of text."""
    if sys.stderr is None or sys.stderr.isatty() or "ipykernel" in sys.modules:
        return tqdm(*args, **options)
    return tqdm(
        *args,
        file=_Lines(sys.stderr),
        bar_format=_LINE,
        mininterval=_SECONDS_BETWEEN_LINES,
        **options,
    )


class _Lines:
    """File wrapper that writes each new state of a progress bar as a line of text."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._last = ""

    def write(self, text: str) -> None:
        line = text.strip()
        if line and line != self._last:
            self._file.write(f"{line}\n")
            self._last = line

    def flush(self) -> None:
        self._file.flush()
