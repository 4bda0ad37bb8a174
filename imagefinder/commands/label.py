"""What photos show, by the labels of others, on the command line."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imagefinder.commands import Command, Run, positive, print_json
from imagefinder.commands.given_paths import given_path, path_of, picture
from imagefinder.domain.errors import FolderError, ImageFinderError, LibraryError
from imagefinder.domain.images import Folder, Photo
from imagefinder.domain.labels import LabelVote, clean_label
from imagefinder.terminal import one_line, say, tell

if TYPE_CHECKING:
    from imagefinder.usecases.opening import Library


def register(command: Command) -> None:
    add = command(
        "label",
        label,
        "Print what pictures are likely to show, by the labelled photos most like them; or give photos of the library "
        "a label. Photos also have labels where a folder is marked: then the folder that a photo lies in is its label.",
    )
    add.add_argument("images", nargs="*", metavar="IMAGE")
    add.add_argument("-k", "--k", type=positive, default=10, help="how many photos vote (default: 10)")
    add.add_argument("--json", action="store_true")
    mark = add.add_mutually_exclusive_group()
    mark.add_argument(
        "--mark", type=given_path, metavar="FOLDER", help="the folders in this one are named for their photos"
    )
    mark.add_argument("--unmark", type=given_path, metavar="FOLDER", help="they are not")
    mark.add_argument("--give", metavar="NAME", help="call these photos of the library so")
    mark.add_argument("--take", metavar="NAME", help="take this label away from those of these photos that have it")
    mark.add_argument("--list", action="store_true", help="print every labelled photo of the library")


def label(run: Run) -> int:
    """Print what pictures are likely to show; give, take or list labels; or mark a folder as labelled."""
    given = run.arguments
    if given.list:
        return _list(run)
    if given.mark is not None or given.unmark is not None:
        _mark(run, given.mark or given.unmark, given.mark is not None)
        return _suggest(run) if given.images else 0
    if not given.images:
        raise ImageFinderError("There is no picture to label.", "Name one, or a folder to mark with --mark FOLDER.")
    if given.give is not None or given.take is not None:
        return _give_or_take(run)
    return _suggest(run)


def _list(run: Run) -> int:
    from imagefinder.usecases.opening import open_existing

    with open_existing(run.paths.library) as library:
        labels = library.labelled_photos()
        photos = library.photos(labels)
    found = sorted((photo.path, labels[photo.id]) for photo in photos.values())
    if run.arguments.json:
        print_json([{"path": path, "label": name} for path, name in found])
    else:
        for path, name in found:
            say(f"{name}  {one_line(path)}")
    return 0


def _give_or_take(run: Run) -> int:
    """Those that are not in the library are told, and keep none of the others from their label."""
    from imagefinder.usecases.opening import open_existing, open_library

    with open_existing(run.paths.library):
        pass  # a library that is not there must not be made by labelling
    give = run.arguments.give is not None
    name: str = run.arguments.give if give else run.arguments.take
    with open_library(run.paths.library) as library:
        found = {image: _photo_at(library, image) for image in run.arguments.images}
        ids = [photo.id for photo in found.values() if photo is not None]
        if not give:
            cleaned, labels = clean_label(name), library.labelled_by_hand()
            ids = [photo_id for photo_id in ids if labels.get(photo_id) == cleaned]
        changed = len(library.set_labels(ids, name if give else None))
    unknown = [image for image, photo in found.items() if photo is None]
    for image in unknown:
        tell(f"{image} is not a photo of the library. Index its folder first.")
    if run.arguments.json:
        print_json({"label": name, "given" if give else "taken": changed, "unknown": unknown})
    else:
        photos = f"{changed:,} {'photo' if changed == 1 else 'photos'}"
        say(f"{photos} {'called' if give else 'no longer called'} {name}.")
    return 1 if unknown else 0


def _photo_at(library: "Library", image: str) -> Photo | None:
    """By the path as it was typed, or by where its links lead."""
    path = path_of(image)
    return library.photo_at(path) or library.photo_at(os.path.realpath(path))


def _mark(run: Run, folder: Path, labelled: bool) -> None:
    from imagefinder.usecases.opening import open_existing, open_library

    with open_existing(run.paths.library):
        pass  # a library that is not there must not be made by marking a folder of it
    with open_library(run.paths.library) as library:
        wanted = os.path.realpath(folder)
        roots = library.folders()
        found = next((root for root in roots if _below(wanted, root) is not None), None)
        if found is None or (_below(wanted, found) and not os.path.isdir(wanted)):
            known = ", ".join(root.path for root in roots) or "none"
            raise FolderError(f"{folder} is not a folder of the library.", f"Its folders: {known}.")
        library.set_labelled(found.id, labelled, _below(wanted, found) or "")
        counts = library.label_counts()
    if labelled:
        tell(f"{wanted} is marked: its photos are named for their folders.")
    else:
        tell(f"{wanted} is not marked any more.")
    tell(f"The library has {sum(counts.values()):,} labelled photos with {len(counts):,} different labels.")


def _below(folder: str, root: Folder) -> str | None:
    """Where a folder lies in a root; "" for the root itself, None for a folder that is not in it."""
    real = os.path.realpath(root.path)
    if folder == real:
        return ""
    return os.path.relpath(folder, real) if folder.startswith(os.path.join(real, "")) else None


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
            try:
                query = picture(image, online=False)
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
