"""`python -m imagefinder`, and the entry point of the installed commands."""

import multiprocessing
import sys


def main() -> int:
    """Run the command line, or open the window."""
    multiprocessing.freeze_support()
    from imagefinder.cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
