"""The command line: the same use cases as the window, without Qt."""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import imagefinder
from imagefinder import commands, diagnostics
from imagefinder.domain.errors import Cancelled, ImageFinderError
from imagefinder.domain.progress import CancelToken
from imagefinder.paths import Paths
from imagefinder.terminal import tell


def parser() -> argparse.ArgumentParser:
    """The whole command line. Options that hold for all commands may stand before or behind the command."""
    shared = argparse.ArgumentParser(add_help=False, allow_abbrev=False, argument_default=argparse.SUPPRESS)
    shared.add_argument(
        "--library", type=Path, metavar="DIR", help="the library to use (default: the one of this user)"
    )
    shared.add_argument("--basedir", type=Path, metavar="DIR", help="keep everything, settings too, in this folder")
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

    add = command("window", commands.window, "Open the window.")
    add.add_argument("open", nargs="*", metavar="PATH", help="a folder to add, or a picture to search for")
    add = command("index", commands.index, "Add folders to the library and read what is new or changed in them.")
    add.add_argument("folders", nargs="+", metavar="FOLDER", type=Path)
    add.add_argument("--model", metavar="NAME", help="the model to use (default: the library's own)")
    add.add_argument(
        "--forget-missing", action="store_true", help="drop photos even where a whole folder seems offline"
    )
    add.add_argument("--json", action="store_true")
    add = command("search", commands.search, "Print the photos most similar to a picture.")
    add.add_argument("image", metavar="IMAGE")
    add.add_argument("-k", type=_positive, default=20, help="how many (default: 20)")
    add.add_argument("--json", action="store_true")
    add = command("status", commands.status, "Print what the library holds.")
    add.add_argument("--json", action="store_true")
    add = command(
        "verify", commands.verify, "Check catalogue, vectors and index against each other, and repair the index."
    )
    add.add_argument("--json", action="store_true")
    add = command("export", commands.export, "Write all embeddings into a numpy file.")
    add.add_argument("file", metavar="FILE.npz", type=Path)
    add = command("selftest", commands.selftest, "Try the whole app on drawn pictures, in a temporary folder.")
    add.add_argument("--json", action="store_true")
    add = command(
        "integrate", commands.integrate, 'Put the app into this person\'s menus and "Open with" lists (Linux).'
    )
    add.add_argument("--remove", action="store_true", help="take it out again")
    add = command("demo", commands.demo, "Draw a small gallery, index it and show a search in it.")
    add.add_argument("folder", nargs="?", metavar="DIR", type=Path, help="where to draw it (default: imagefinder-demo)")
    models = command("models", commands.models, "List, add, download or remove models.")
    models.add_argument("action", nargs="?", choices=("list", "add", "download", "remove"), default="list")
    models.add_argument("name", nargs="?", metavar="NAME|FILE", help="a model, or a weights file to add")
    models.add_argument("--architecture", metavar="NAME", help="the network that a weights file is for")
    models.add_argument("--name", dest="called", metavar="NAME", help="what to call the model that is added")
    models.add_argument("--json", action="store_true")
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


def _positive(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return number
