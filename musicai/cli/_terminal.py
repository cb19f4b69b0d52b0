"""Messages on stderr."""

import sys

from tqdm.auto import tqdm

from ..files.paths import one_line


class UserError(Exception):
    """An error that the user can fix; its text says how."""


def say(line: str) -> None:
    """Print a line on stderr, above the progress bar if there is one."""
    tqdm.write(one_line(line), file=sys.stderr)


def warn(line: str) -> None:
    """Print a warning on stderr."""
    say(f"musicai: warning: {line}")
