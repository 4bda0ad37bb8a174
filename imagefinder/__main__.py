"""`python -m imagefinder`, and the entry point of the installed commands."""

import multiprocessing
import sys


def main() -> int:
    """Run the command line, or open the window."""
    multiprocessing.freeze_support()
    from imagefinder.imaging import PROBE_FLAG, SVG_FLAG

    if sys.argv[1:] == [PROBE_FLAG]:
        from imagefinder.imaging.probe import serve

        serve()
        return 0
    if sys.argv[1:] == [SVG_FLAG]:
        from imagefinder.imaging.svg_child import serve as draw

        draw()
        return 0
    from imagefinder.cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
