"""The library on the command line: fill it, search it, look after it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from imagefinder.commands import INTERRUPTED, Command, Run, interruptible, must_have_library, positive, print_json
from imagefinder.commands.given_paths import given_path, picture
from imagefinder.domain.errors import LibraryError
from imagefinder.domain.images import IndexSummary, Query, SearchResult
from imagefinder.domain.search_options import LEVER_NAMES, SearchOptions
from imagefinder.terminal import ProgressLine, one_line, say, tell

if TYPE_CHECKING:
    from imagefinder.usecases.models import Embedder


WRONG_USAGE = 2
KINDS_SHOWN = 6
"""Of the kinds of files that were passed over."""


def register(command: Command) -> None:
    add = command("index", index, "Add folders to the library and read what is new or changed in them.")
    add.add_argument("folders", nargs="+", metavar="FOLDER", type=given_path)
    add.add_argument("--model", metavar="NAME", help="the model to use (default: the library's own)")
    add.add_argument(
        "--forget-missing", action="store_true", help="drop photos even where a whole folder seems offline"
    )
    add.add_argument("--json", action="store_true")
    add = command("search", search, "Print the photos most similar to a picture, or those that words describe.")
    add.add_argument("image", metavar="IMAGE", nargs="?", help="a file, or an address of the web")
    add.add_argument(
        "--words",
        default="",
        metavar="TEXT",
        help="what photos show, are called or say of themselves: dog, strawberry 2021, Nikon (alone, or beside IMAGE)",
    )
    add.add_argument("-k", type=positive, default=20, help="how many (default: 20)")
    add.add_argument(
        "--lever",
        choices=LEVER_NAMES,
        default=LEVER_NAMES[0],
        metavar="NAME",
        help=f"how to order them: {', '.join(LEVER_NAMES)} (default: {LEVER_NAMES[0]})",
    )
    add.add_argument("--json", action="store_true")
    add = command("status", status, "Print what the library holds.")
    add.add_argument("--json", action="store_true")
    add = command("verify", verify, "Check catalogue, vectors and index against each other, and repair the index.")
    add.add_argument("--json", action="store_true")
    add = command("export", export, "Write all embeddings into a numpy file.")
    add.add_argument("file", metavar="FILE.npz", type=given_path)


def index(run: Run) -> int:
    """Add folders and read what is new or changed in them."""
    from imagefinder.usecases.adding import add_folder
    from imagefinder.usecases.indexing import index
    from imagefinder.usecases.models import Models
    from imagefinder.usecases.opening import open_library

    interruptible(run)
    models = Models(run.paths.models, getattr(run.arguments, "device", "auto"), warn=tell)
    if run.arguments.model is not None:
        models.shelf.spec(run.arguments.model)  # a name that does not exist must not leave a library behind
    with open_library(run.paths.library) as library:
        active = library.active_model()
        spec = models.spec(library, run.arguments.model)
        embedder = models.embedder(library, spec)
        folders = [add_folder(library, str(folder), check=run.token.check) for folder in run.arguments.folders]
        ids = [folder.id for folder in folders]
        # Another model replaces the library's only when it has seen every photo, so it must look at all folders.
        switching = active is not None and active.fingerprint != spec.fingerprint
        with ProgressLine() as line:
            summary = index(
                library,
                embedder,
                None if switching else ids,
                forget_missing=ids if run.arguments.forget_missing else (),
                token=run.token,
                progress=line,
            )
        if run.arguments.json:
            print_json(_summary_record(summary))
        else:
            print_summary(summary)
        for root in summary.offline:
            tell(
                f"{root} is missing, nearly empty or does not answer. Its photos are kept; connect its drive and index "
                "it again."
            )
        after = library.active_model()
        if not summary.cancelled and after is not None and after.fingerprint != spec.fingerprint:
            left = library.pending(library.register_model(spec))
            tell(f"The library keeps answering with {after.name}: {spec.name} has not seen {left} photos yet.")
    return INTERRUPTED if summary.cancelled else 0


def _summary_record(summary: IndexSummary) -> dict[str, Any]:
    return {
        "added": summary.added,
        "updated": summary.updated,
        "moved": summary.moved,
        "removed": summary.removed,
        "unchanged": summary.unchanged,
        "failed": [{"path": failure.path, "reason": failure.reason} for failure in summary.failed],
        "damaged": [{"path": failure.path, "reason": failure.reason} for failure in summary.damaged],
        "offline": list(summary.offline),
        "away": list(summary.away),
        "kept": summary.kept,
        "removed_labelled": summary.removed_labelled,
        "linked": dict(summary.not_looked_at.linked),
        "others": dict(summary.not_looked_at.others),
        "seconds": round(summary.seconds, 3),
        "photos_per_second": round(summary.photos_per_second, 1),
    }


def print_summary(summary: IndexSummary) -> None:
    for failure in summary.failed:
        tell(f"Could not read {one_line(failure.path)}: {failure.reason}")
    for failure in summary.damaged:
        tell(f"{one_line(failure.path)}: {failure.reason}")
    say(
        f"{summary.added:,} added, {summary.updated:,} updated, {summary.moved:,} moved, {summary.removed:,} removed, "
        f"{summary.unchanged:,} unchanged, {len(summary.failed):,} could not be read, "
        f"in {summary.seconds:.1f} s ({summary.photos_per_second:.0f} photos/s)"
    )
    for folder in summary.away:
        tell(f"{one_line(folder)} is not there. Its photos are kept; connect its drive and index again.")
    if summary.kept:
        said, gone = f"{summary.kept:,} photos whose files are missing stay", "they are"
        if summary.kept == 1:
            said, gone = "1 photo whose file is missing stays", "it is"
        tell(f"{said} in the library. If {gone} gone for good, say so with --forget-missing.")
    if summary.removed:
        tell(f"{counted_photos(summary.removed)} removed; see: imagefinder removed")
    if summary.removed_labelled:
        tell(
            f"The labels of {counted_photos(summary.removed_labelled)} are set aside, as something else is in their "
            "place, or they left; see: imagefinder removed"
        )
    for link, leads in summary.not_looked_at.linked.items():
        tell(f"Not followed: {one_line(link)} is a link to a folder. To have its photos, add {one_line(leads)}")
    if others := summary.not_looked_at.others:
        tell(f"Passed over: {passed_over(others)}")


def passed_over(others: Mapping[str, int]) -> str:
    """ "9 files of other kinds (4 jp2, 3 psd, 2 without an extension)"."""
    most = sorted(others.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{count:,} {kind or 'without an extension'}" for kind, count in most[:KINDS_SHOWN]]
    more = ", ..." if len(most) > KINDS_SHOWN else ""
    total = sum(others.values())
    return f"{total:,} {'file' if total == 1 else 'files'} of other kinds ({', '.join(shown)}{more})"


def counted_photos(count: int) -> str:
    return f"{count:,} {'photo' if count == 1 else 'photos'}"


def search(run: Run) -> int:
    """Print the photos most similar to a picture, or those that words describe."""
    given = run.arguments
    if given.image is None and not given.words.strip():
        tell("Name a picture, or say with --words what to look for.")
        return WRONG_USAGE
    options = SearchOptions(lever=given.lever)
    result = find(run, given.image, given.k, options, tell_classes=not given.json, words=given.words.strip())
    if given.json:
        rows = [{"rank": hit.rank, "path": hit.photo.path, "similarity": hit.similarity} for hit in result.hits]
        print_json(rows)
    else:
        print_hits(result)
    if not result.hits:
        tell(nothing_found(result))
    return 0


def nothing_found(result: SearchResult) -> str:
    if not result.query.words:
        return "No photos found."
    missing = [f"“{one_line(term.text)}”" for term in result.terms if "shown" not in term.kinds]
    return f"No photo has {' and '.join(missing)}. Try fewer words." if missing else "No photos found."


def find(
    run: Run,
    image: str | None,
    k: int,
    options: SearchOptions | None = None,
    tell_classes: bool = False,
    words: str = "",
) -> SearchResult:
    from imagefinder.usecases.fetching import fetch_image
    from imagefinder.usecases.models import Models
    from imagefinder.usecases.opening import open_existing
    from imagefinder.usecases.recognising import recognise
    from imagefinder.usecases.searching import search
    from imagefinder.usecases.vocabulary import Vocabularies
    from imagefinder.usecases.word_search import search_words

    with open_existing(run.paths.library) as library:
        models = Models(run.paths.models, getattr(run.arguments, "device", "auto"), warn=tell)
        if library.count_embedded() == 0:
            raise LibraryError("The library has no photos yet.", "Add some with: imagefinder index FOLDER")
        query = picture(image) if image is not None else Query(words, words=words)
        if query.url is not None:  # once, for the search and for what the model sees
            query = Query(query.name, data=fetch_image(query.url, run.token))

        def embedder() -> "Embedder":
            return models.embedder(library, models.spec(library))

        if words:
            spec = models.spec(library)
            directions, sentences = models.directions(spec), models.sentences(spec)
            vocabulary = Vocabularies().of(library, directions.words if directions is not None else None)
            query = replace(query, words=words)
            return search_words(library, embedder, directions, vocabulary, query, k, run.token, sentences)
        result = search(library, embedder, query, k, run.token, options or SearchOptions())
        seen = recognise(library, embedder, query, run.token) if tell_classes else []
    if seen:  # not on stdout: there each line is a photo
        tell("The model sees: " + ", ".join(f"{each.name} {each.probability:.0%}" for each in seen))
    return result


def print_hits(result: SearchResult) -> None:
    for hit in result.hits:
        say(f"{hit.rank:4}  {hit.similarity:.3f}  {one_line(hit.photo.path)}")


def status(run: Run) -> int:
    """Print what the library holds."""
    from imagefinder.usecases.opening import open_existing

    with open_existing(run.paths.library) as library:
        status, spec = library.status(), library.active_model()
    if run.arguments.json:
        folders = [
            {"path": root.path, "photos": root.photos, "state": root.state.value, "away": root.away}
            for root in status.folders
        ]
        print_json(
            {
                "photos": status.photos,
                "folders": folders,
                "model": status.model,
                "compare": spec.compare if spec is not None else None,
                "centred": spec.centred if spec is not None else None,
                "index": status.index,
                "bytes": status.bytes,
            }
        )
    else:
        model = f"{spec.name} ({spec.compared})" if spec is not None else "none yet"
        say(f"{status.photos:,} photos, model {model}, {status.bytes / 1e6:.1f} MB in {run.paths.library}")
        for root in status.folders:
            away = f"  ({root.away:,} of them away)" if root.away else ""
            say(f"{root.photos:>9,}  {root.state.value:8}  {one_line(root.path)}{away}")
    return 0


def verify(run: Run) -> int:
    """Check everything against everything, and repair the index."""
    from imagefinder.usecases.opening import open_library

    interruptible(run)
    must_have_library(run)
    with open_library(run.paths.library) as library, ProgressLine() as line:
        report = library.verify(repair=True, progress=line, token=run.token)
    clean = not report.problems
    if run.arguments.json:
        print_json(
            {
                "clean": clean,
                "problems": list(report.problems),
                "repaired": report.repaired,
                "photos": report.photos,
                "vectors": report.vectors,
                "indexed": report.indexed,
            }
        )
    else:
        for problem in report.problems:
            say(problem)
        counts = f"{report.photos:,} photos, {report.vectors:,} vectors, {report.indexed:,} in the index"
        say(f"{counts}: {'all agree' if clean else 'repaired' if report.repaired else 'NOT repaired'}.")
    return 0 if clean or report.repaired else 1


def export(run: Run) -> int:
    """Write all embeddings into a numpy file."""
    from imagefinder.usecases.exporting import export
    from imagefinder.usecases.opening import open_existing

    with open_existing(run.paths.library) as library:
        count = export(library, run.arguments.file)
    say(f"{count:,} embeddings in {run.arguments.file}")
    return 0
