"""What leaves the library, on the command line, and how it comes back."""

import os
from collections.abc import Sequence
from functools import partial

from imagefinder.commands import Command, Run, must_have_library, positive, print_json
from imagefinder.commands.given_paths import path_of
from imagefinder.commands.library import counted_photos
from imagefinder.domain.errors import FolderError
from imagefinder.domain.images import Folder
from imagefinder.patience import patiently
from imagefinder.terminal import one_line, say, tell


def register(command: Command) -> None:
    add = command(
        "remove",
        remove,
        "Take folders out of the library, and say what goes with them. No file is touched, and for 30 days adding the "
        "folder again brings everything back.",
    )
    add.add_argument("folders", nargs="+", metavar="FOLDER")
    add.add_argument("--json", action="store_true")
    add = command("removed", removed, "Print what left the library in the last 30 days, or bring some of it back.")
    add.add_argument("--bring-back", type=positive, metavar="NUMBER", help="the number in front of a line")
    add.add_argument("--json", action="store_true")


def remove(run: Run) -> int:
    """Take folders out of the library."""
    from imagefinder.usecases.opening import open_library

    must_have_library(run)
    records = []
    with open_library(run.paths.library) as library:
        roots = [_root(library.folders(), given) for given in run.arguments.folders]
        for root in roots:
            labelled = len(library.labelled_by_hand(root.id))
            library.remove_folder(root.id)
            records.append({"path": root.path, "photos": root.photos, "labelled": labelled})
            if not run.arguments.json:
                said = f", {labelled:,} of them with a label that was given by hand" if labelled else ""
                say(f"{one_line(root.path)} is removed, with {counted_photos(root.photos)}{said}.")
                tell("No file was touched. For 30 days, adding the folder again brings everything back.")
    if run.arguments.json:
        print_json(records)
    return 0


def _root(roots: Sequence[Folder], given: str) -> Folder:
    """The root that is meant; of one whose drive is away nothing but the name can be compared."""
    path = os.path.abspath(path_of(given))
    found = next((root for root in roots if root.path == path), None)
    if found is None:
        real = patiently(lambda: os.path.realpath(path), path)
        found = next(
            (root for root in roots if real == patiently(partial(os.path.realpath, root.path), root.path)), None
        )
    if found is not None:
        return found
    known = ", ".join(root.path for root in roots) or "none"
    raise FolderError(f"{given} is not a folder of the library.", f"Its folders: {known}.")


WORDS = {
    "deleted": "deleted or moved out of the library's folders",
    "replaced": "another picture has their place",
    "excluded": "left out by exclude patterns",
    "forgotten": "missing, and forgotten",
    "trashed": "moved to the trash",
    "folder": "their folder was removed from the library",
}


def removed(run: Run) -> int:
    """Print what left the library, or bring some of it back."""
    from imagefinder.usecases.opening import open_existing, open_library

    if run.arguments.bring_back is not None:
        must_have_library(run)
        with open_library(run.paths.library) as library:
            count = library.bring_back(run.arguments.bring_back)
        if run.arguments.json:
            print_json({"brought_back": count})
        else:
            say(f"{counted_photos(count)} brought back. Index the folder to see which files are there.")
        return 0
    with open_existing(run.paths.library) as library:
        removals = library.removals()
    if run.arguments.json:
        print_json(
            [
                {
                    "number": each.id,
                    "at": each.at.isoformat(),
                    "why": each.why,
                    "root": each.root,
                    "photos": each.photos,
                    "labelled": each.labelled,
                }
                for each in removals
            ]
        )
        return 0
    for each in removals:
        labelled = f", {each.labelled:,} labelled" if each.labelled else ""
        left = f"{counted_photos(each.photos)}{labelled}  {one_line(each.root)}: {WORDS[each.why]}"
        say(f"{each.id:6}  {each.at:%Y-%m-%d %H:%M}  {left}")
    if removals:
        tell("Each is kept for 30 days. To bring one back: imagefinder removed --bring-back NUMBER")
    else:
        tell("Nothing left the library in the last 30 days.")
    return 0
