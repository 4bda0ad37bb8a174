"""What photos show, by the labels of others, on the command line."""

import os
from pathlib import Path
from typing import Any

from imagefinder.commands import Command, Run, positive, print_json
from imagefinder.domain.errors import FolderError, ImageFinderError, LibraryError
from imagefinder.domain.images import Photo, Query
from imagefinder.domain.labels import LabelVote
from imagefinder.terminal import say, tell


def register(command: Command) -> None:
    add = command(
        "label",
        label,
        "Print what pictures are likely to show, by the labelled photos most like them. Photos have labels where "
        "somebody gave them some, or where a folder is marked: then the folder that a photo lies in is its label.",
    )
    add.add_argument("images", nargs="*", metavar="IMAGE")
    add.add_argument("-k", "--k", type=positive, default=10, help="how many photos vote (default: 10)")
    add.add_argument("--json", action="store_true")
    mark = add.add_mutually_exclusive_group()
    mark.add_argument("--mark", type=Path, metavar="FOLDER", help="the folders in this one are named for their photos")
    mark.add_argument("--unmark", type=Path, metavar="FOLDER", help="they are not")


def label(run: Run) -> int:
    """Print what pictures are likely to show, or mark a folder as labelled."""
    folder = run.arguments.mark or run.arguments.unmark
    if folder is not None:
        _mark(run, folder, run.arguments.mark is not None)
    elif not run.arguments.images:
        raise ImageFinderError("There is no picture to label.", "Name one, or a folder to mark with --mark FOLDER.")
    return _suggest(run) if run.arguments.images else 0


def _mark(run: Run, folder: Path, labelled: bool) -> None:
    from imagefinder.usecases.opening import open_existing, open_library

    with open_existing(run.paths.library):
        pass  # a library that is not there must not be made by marking a folder of it
    with open_library(run.paths.library) as library:
        wanted = os.path.realpath(folder)
        roots = library.folders()
        found = next((root for root in roots if os.path.realpath(root.path) == wanted), None)
        if found is None:
            known = ", ".join(root.path for root in roots) or "none"
            raise FolderError(f"{folder} is not a folder of the library.", f"Its folders: {known}.")
        library.set_labelled(found.id, labelled)
        counts = library.label_counts()
    if labelled:
        tell(f"{found.path} is marked: its photos are named for their folders.")
    else:
        tell(f"{found.path} is not marked any more.")
    tell(f"The library has {sum(counts.values()):,} labelled photos with {len(counts):,} different labels.")


def _suggest(run: Run) -> int:
    from imagefinder.usecases.labelling import suggest
    from imagefinder.usecases.models import Models
    from imagefinder.usecases.opening import open_existing

    records = []
    failed = False
    with open_existing(run.paths.library) as library:
        if library.count_embedded() == 0:
            raise LibraryError("The library has no photos yet.", "Add some with: imagefinder index FOLDER")
        models = Models(run.paths.models, getattr(run.arguments, "device", "auto"), warn=tell)
        for image in run.arguments.images:
            query = Query(name=os.path.basename(image), path=image)
            try:
                vote = suggest(
                    library, lambda: models.embedder(library, models.spec(library)), query, run.arguments.k, run.token
                )
            except LibraryError:
                raise  # it holds for every picture
            except ImageFinderError as error:  # one picture that cannot be read must not keep the others from an answer
                tell(f"{image}: {error}")
                failed = True
                continue
            photos = library.photos([voter.photo_id for voter in vote.voters])
            if run.arguments.json:
                records.append(_record(image, vote, photos))
            else:
                _print(image, vote, photos)
    if run.arguments.json:
        print_json(records)
    return 1 if failed else 0


def _print(image: str, vote: LabelVote, photos: dict[int, Photo]) -> None:
    if vote.label is None:
        say(f"{image}: not sure; no photo could vote")
        return
    likely = f"{vote.label} ({vote.confidence:.0%})"
    say(f"{image}: {likely}" if vote.sure else f"{image}: not sure; most likely {likely}")
    for voter in vote.voters:
        path = photos[voter.photo_id].path if voter.photo_id in photos else ""
        say(f"{voter.weight:8.1%}  {voter.similarity:.3f}  {voter.label}  {path}")


def _record(image: str, vote: LabelVote, photos: dict[int, Photo]) -> dict[str, Any]:
    return {
        "path": image,
        "label": vote.label,
        "confidence": vote.confidence,
        "sure": vote.sure,
        "voters": [
            {
                "path": photos[voter.photo_id].path if voter.photo_id in photos else "",
                "label": voter.label,
                "similarity": voter.similarity,
                "weight": voter.weight,
            }
            for voter in vote.voters
        ],
    }
