"""The model shelf on the command line."""

from pathlib import Path

from imagefinder.commands import Command, Run, interruptible, print_json
from imagefinder.domain.errors import ImageFinderError, ModelError
from imagefinder.domain.progress import Progress
from imagefinder.terminal import ProgressLine, say, tell


def register(command: Command) -> None:
    models_ = command("models", models, "List, add, download or remove models.")
    models_.add_argument("action", nargs="?", choices=("list", "add", "download", "remove"), default="list")
    models_.add_argument("name", nargs="?", metavar="NAME|FILE", help="a model, or a weights file to add")
    models_.add_argument("--architecture", metavar="NAME", help="the network that a weights file is for")
    models_.add_argument("--name", dest="called", metavar="NAME", help="what to call the model that is added")
    models_.add_argument("--json", action="store_true")


def models(run: Run) -> int:
    """List, add, download or remove models."""
    from imagefinder.usecases.models import Models

    shelf = Models(run.paths.models).shelf
    action, name = run.arguments.action, run.arguments.name
    if action != "list" and name is None:
        raise ImageFinderError(f"models {action} needs a name.", "imagefinder models lists them.")
    if action == "add":
        if run.arguments.architecture is None:
            raise ImageFinderError("Which network are these weights for?", "Say so with --architecture NAME.")
        added = shelf.add(Path(name), run.arguments.architecture, run.arguments.called)
        say(f"Added {added.name}. Use it with: imagefinder index FOLDER --model {added.name}")
    elif action == "download":
        interruptible(run)
        with ProgressLine() as line:
            got = shelf.download(name, lambda done, total: line(Progress("downloading", done, total)), run.token)
        say(f"Downloaded {got.name}. Use it with: imagefinder index FOLDER --model {got.name}")
    elif action == "remove":
        shelf.remove(name)
        say(f"Removed {name}.")
    else:
        rows = []
        for known in shelf.names():
            try:
                spec = shelf.spec(known)
            except ModelError as error:  # one damaged file on the shelf must not hide the others
                tell(f"imagefinder: {error}")
                continue
            rows.append(
                {
                    "name": spec.name,
                    "here": shelf.available(spec.name),
                    "download": shelf.downloadable(spec.name),
                    "dimension": spec.dimension,
                    "licence": spec.licence,
                    "description": spec.description,
                }
            )
        if run.arguments.json:
            print_json(rows)
        else:
            for row in rows:
                here = "ready" if row["here"] else "to download" if row["download"] else "needs a file"
                say(f"{row['name']:24} {here:12} {row['dimension']:>5}  {row['licence']:12} {row['description']}")
    return 0
