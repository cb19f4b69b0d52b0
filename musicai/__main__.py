"""Entry point of ``python -m musicai``, equivalent to the command ``musicai``."""

import sys

from .cli import main

if __name__ == "__main__":  # spawned processes import this file again
    sys.exit(main())
