"""Run the console command: ``python -m musicai`` is ``musicai``."""

import sys

from .cli import main

if __name__ == "__main__":  # processes that are spawned import this file again
    sys.exit(main())
