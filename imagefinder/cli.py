"""The command line: the same use cases as the window, without Qt."""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence

import imagefinder
from imagefinder import commands, diagnostics
from imagefinder.commands import compare, evaluate, label, library, model_shelf, program, removals, train
from imagefinder.commands.given_paths import given_path
from imagefinder.domain.errors import Cancelled, ImageFinderError
from imagefinder.domain.progress import CancelToken
from imagefinder.paths import Paths
from imagefinder.terminal import tell


def parser() -> argparse.ArgumentParser:
    """The whole command line. Options that hold for all commands may stand before or behind the command."""
    shared = argparse.ArgumentParser(add_help=False, allow_abbrev=False, argument_default=argparse.SUPPRESS)
    shared.add_argument(
        "--library", type=given_path, metavar="DIR", help="the library to use (default: the one of this user)"
    )
    shared.add_argument(
        "--basedir", type=given_path, metavar="DIR", help="keep everything, settings too, in this folder"
    )
    shared.add_argument("--device", choices=("auto", "cuda", "mps", "cpu"), help="where the model runs (default: auto)")
    shared.add_argument("--verbose", action="store_true", help="print the log as well")

    top = argparse.ArgumentParser(
        prog="imagefinder",
        parents=[shared],
        allow_abbrev=False,
        description="Find similar pictures in your own photo folders. Without a command, the window opens; a folder "
        "given then is added to the library, and a picture becomes the query.",
        epilog="A folder that is named like a command is meant with ./NAME.",
    )
    top.add_argument("--version", action="version", version=f"imagefinder {imagefinder.__version__}")
    subparsers = top.add_subparsers(dest="command", metavar="COMMAND")

    def command(name: str, run: Callable[[commands.Run], int], text: str) -> argparse.ArgumentParser:
        added = subparsers.add_parser(name, parents=[shared], allow_abbrev=False, help=text, description=text)
        added.set_defaults(run=run)
        return added

    for group in (program, library, removals, model_shelf, evaluate, train, label, compare):
        group.register(command)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line. Returns the exit code: 0 done, 1 a known problem, 2 wrong usage, 130 interrupted."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parsed = parser().parse_args(_with_command(given))
    written = None
    try:
        paths = Paths.resolve(getattr(parsed, "basedir", None), getattr(parsed, "library", None))
        written = diagnostics.start_log(paths.logs, getattr(parsed, "verbose", False))
        code: int = parsed.run(commands.Run(parsed, paths, CancelToken()))
        if sys.stdout is not None:  # there is none behind a window of Windows
            sys.stdout.flush()
    except Cancelled:
        return commands.INTERRUPTED
    except KeyboardInterrupt:
        tell("Stopped.")
        return commands.INTERRUPTED
    except ImageFinderError as error:
        tell(f"imagefinder: {error}")
        return 1
    except BrokenPipeError:  # the reader of a pipe went away: not our error, but there is nobody to write to
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # nothing gets past here unexplained
        logging.getLogger(__name__).critical("a bug", exc_info=error)
        tell(f"imagefinder: something went wrong that should not have: {error!r}")
        tell(f"That is a bug. The details are in {written}." if written else "That is a bug.")
        return 1
    return code


def _with_command(given: list[str]) -> list[str]:
    """Insert "window" where the first word is a path or missing, so that `imagefinder PATH...` works."""
    takes_value = ("--library", "--basedir", "--device")
    skip = False
    for position, word in enumerate(given):
        if skip:
            skip = False
        elif word in takes_value:
            skip = True
        elif word in ("-h", "--help", "--version") or word in commands.COMMANDS:
            return given
        elif not word.startswith("-") or word == "--":
            return [*given[:position], "window", *given[position:]]
    return [*given, "window"]
