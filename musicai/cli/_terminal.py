"""Messages on stderr."""

import sys

from tqdm.auto import tqdm

from ..files.paths import one_line


class UserError(Exception):
    """Error that the user can fix; the message says how."""


def say(line: str) -> None:
    """Print a line on stderr, above any progress bar."""
    tqdm.write(one_line(line), file=sys.stderr)


def warn(line: str) -> None:
    """Print a warning on stderr."""
    say(f"musicai: warning: {line}")
