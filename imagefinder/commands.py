"""What each command does. Use cases are imported where they are used: `--help` and the window do not wait for them."""

import argparse
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from imagefinder import diagnostics
from imagefinder.domain.errors import ImageFinderError, LibraryError, ModelError
from imagefinder.domain.images import IndexSummary, Query, SearchResult
from imagefinder.domain.progress import CancelToken, Progress
from imagefinder.paths import Paths
from imagefinder.terminal import ProgressLine, say, tell

INTERRUPTED = 130
COMMANDS = ("window", "index", "search", "status", "verify", "export", "selftest", "integrate", "demo", "models")


@dataclass(slots=True)
class Run:
    """What every command gets: the parsed arguments, where things live, and how it is stopped."""

    arguments: argparse.Namespace
    paths: Paths
    token: CancelToken


def _interruptible(run: Run) -> None:
    """The first Ctrl+C asks the work to stop and keep what is done; the second one insists."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        if run.token.cancelled:
            raise KeyboardInterrupt
        run.token.cancel()
        tell("\nStopping; what is done is kept. Press Ctrl+C again to stop at once.")

    signal.signal(signal.SIGINT, interrupt)


def _print_json(value: Any) -> None:
    say(json.dumps(value, indent=2))


def window(run: Run) -> int:
    """Open the window, with what was named; or say why there is none."""
    from imagefinder.display import prepare_qt, why_no_window

    reason = why_no_window()
    if reason:
        tell(f"imagefinder: {reason}")
        tell("These work without a window: " + ", ".join(COMMANDS[1:]) + ". See imagefinder --help.")
        return 1
    prepare_qt()
    from imagefinder.app import run_window

    return run_window(run.paths, getattr(run.arguments, "open", []), getattr(run.arguments, "device", "auto"))


def index(run: Run) -> int:
    """Add folders and read what is new or changed in them."""
    from imagefinder.usecases.indexing import index
    from imagefinder.usecases.models import Models
    from imagefinder.usecases.opening import open_library

    _interruptible(run)
    models = Models(run.paths.models, getattr(run.arguments, "device", "auto"), warn=tell)
    if run.arguments.model is not None:
        models.shelf.spec(run.arguments.model)  # a name that does not exist must not leave a library behind
    with open_library(run.paths.library) as library:
        active = library.active_model()
        spec = models.spec(library, run.arguments.model)
        embedder = models.embedder(library, spec)
        folders = [library.add_folder(str(folder)) for folder in run.arguments.folders]
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
            _print_json(_summary_record(summary))
        else:
            _print_summary(summary)
        for root in summary.offline:
            tell(f"{root} is missing or nearly empty. Its photos are kept; connect its drive and index it again.")
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
        "seconds": round(summary.seconds, 3),
        "photos_per_second": round(summary.photos_per_second, 1),
    }


def _print_summary(summary: IndexSummary) -> None:
    for failure in summary.failed:
        tell(f"Could not read {failure.path}: {failure.reason}")
    say(
        f"{summary.added:,} added, {summary.updated:,} updated, {summary.moved:,} moved, {summary.removed:,} removed, "
        f"{summary.unchanged:,} unchanged, {len(summary.failed):,} could not be read, "
        f"in {summary.seconds:.1f} s ({summary.photos_per_second:.0f} photos/s)"
    )


def search(run: Run) -> int:
    """Print the photos most similar to a picture."""
    result = _find(run, run.arguments.image, run.arguments.k)
    if run.arguments.json:
        rows = [{"rank": hit.rank, "path": hit.photo.path, "similarity": hit.similarity} for hit in result.hits]
        _print_json(rows)
    else:
        _print_hits(result)
    return 0


def _find(run: Run, image: str, k: int) -> SearchResult:
    from imagefinder.usecases.models import Models
    from imagefinder.usecases.opening import open_existing
    from imagefinder.usecases.searching import search

    with open_existing(run.paths.library) as library:
        models = Models(run.paths.models, getattr(run.arguments, "device", "auto"), warn=tell)
        if library.count_embedded() == 0:
            raise LibraryError("The library has no photos yet.", "Add some with: imagefinder index FOLDER")
        query = Query(name=os.path.basename(image), path=image)
        return search(library, lambda: models.embedder(library, models.spec(library)), query, k, run.token)


def _print_hits(result: SearchResult) -> None:
    for hit in result.hits:
        say(f"{hit.rank:4}  {hit.similarity:.3f}  {hit.photo.path}")


def status(run: Run) -> int:
    """Print what the library holds."""
    from imagefinder.usecases.opening import open_existing

    with open_existing(run.paths.library) as library:
        status = library.status()
    if run.arguments.json:
        folders = [{"path": root.path, "photos": root.photos, "state": root.state.value} for root in status.folders]
        _print_json(
            {
                "photos": status.photos,
                "folders": folders,
                "model": status.model,
                "index": status.index,
                "bytes": status.bytes,
            }
        )
    else:
        model = status.model or "none yet"
        say(f"{status.photos:,} photos, model {model}, {status.bytes / 1e6:.1f} MB in {run.paths.library}")
        for root in status.folders:
            say(f"{root.photos:>9,}  {root.state.value:8}  {root.path}")
    return 0


def verify(run: Run) -> int:
    """Check everything against everything, and repair the index."""
    from imagefinder.usecases.opening import open_existing, open_library

    _interruptible(run)
    with open_existing(run.paths.library):
        pass  # a library that is not there must not be made by checking it
    with open_library(run.paths.library) as library, ProgressLine() as line:
        report = library.verify(repair=True, progress=line, token=run.token)
    clean = not report.problems
    if run.arguments.json:
        _print_json(
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
        _interruptible(run)
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
            _print_json(rows)
        else:
            for row in rows:
                here = "ready" if row["here"] else "to download" if row["download"] else "needs a file"
                say(f"{row['name']:24} {here:12} {row['dimension']:>5}  {row['licence']:12} {row['description']}")
    return 0


def selftest(run: Run) -> int:
    """Try the whole app in a temporary folder. 1 where something does not work."""
    import tempfile

    from imagefinder.usecases.selftest import Trial, openmp_runtimes, try_out

    as_json = run.arguments.json
    checks = []
    # Windows cannot remove a file that is open, and one log line too many must not fail the test.
    with tempfile.TemporaryDirectory(prefix="imagefinder selftest ", ignore_cleanup_errors=True) as folder:
        trial = Trial(Path(folder), getattr(run.arguments, "device", "auto"))
        for check in try_out([*trial.steps(), ("show the window", lambda: _try_window(trial.paths, trial.query))]):
            checks.append(check)
            if not as_json:
                say(f"{'ok    ' if check.ok else 'FAILED'} {check.name:26} {check.seconds:5.1f} s  {check.detail}")
    ok = all(check.ok for check in checks)
    facts = {"Device": trial.device, "OpenMP": ", ".join(openmp_runtimes()) or "none"}
    if as_json:
        record = [
            {"name": check.name, "ok": check.ok, "seconds": round(check.seconds, 3), "detail": check.detail}
            for check in checks
        ]
        _print_json({"ok": ok, "versions": dict(diagnostics.versions()), **facts, "checks": record})
    else:
        for name, value in [*diagnostics.versions(), *facts.items()]:
            say(f"{name:20} {value}")
        say("Everything works." if ok else "Something does not work.")
    return 0 if ok else 1


def _try_window(paths: Paths, query: Path) -> str:
    """Show the window on a search, on the display that is here or else in memory, and close it."""
    from imagefinder.display import prepare_qt, why_no_screenshot, why_no_window

    if not why_no_window():
        names = {"win32": "windows", "darwin": "cocoa"}
        here = "wayland" if os.environ.get("WAYLAND_DISPLAY") else "xcb"
        os.environ.setdefault("QT_QPA_PLATFORM", names.get(sys.platform, here))
    elif why_no_screenshot():
        raise ImageFinderError(why_no_screenshot())
    prepare_qt()
    from imagefinder.app import save_screenshot

    picture = save_screenshot(paths, str(query), query.with_name("window.png"))
    return f"drawn with the results of a search, {picture.stat().st_size:,} bytes as PNG, then closed"


def integrate(run: Run) -> int:
    """Write the menu entry of a pip install, or take it away."""
    from imagefinder.integrate import disintegrate, integrate

    if run.arguments.remove:
        for place in disintegrate():
            say(f"Removed {place}")
    else:
        for place in integrate():
            say(f"Wrote {place}")
    return 0


def demo(run: Run) -> int:
    """Draw a gallery, index it, and show a search in it."""
    from imagefinder.display import prepare_qt, why_no_screenshot, why_no_window
    from imagefinder.usecases.demo import prepare_demo

    given = run.arguments
    home = (given.folder or Path("imagefinder-demo")).absolute()
    # The demo keeps to itself: nothing of it gets into the person's own library, unless they name one.
    if not hasattr(given, "library") and not hasattr(given, "basedir"):
        run.paths = Paths.resolve(basedir=home / "app")
    device = getattr(given, "device", "auto")
    _interruptible(run)
    with ProgressLine() as line:
        demo = prepare_demo(home, run.paths, device, run.token, line)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _print_summary(demo.summary)
    if demo.summary.cancelled:
        return INTERRUPTED
    if not why_no_window():
        prepare_qt()
        from imagefinder.app import run_window

        return run_window(run.paths, [str(demo.query)], device)
    result = _find(run, str(demo.query), 10)
    say(f"The photos most similar to {demo.query}:")
    _print_hits(result)
    reason = why_no_screenshot()
    if reason:
        tell(f"No screenshot was made: {reason}")
        return 0
    prepare_qt()
    from imagefinder.app import save_screenshot

    picture = save_screenshot(run.paths, str(demo.query), home / "screenshot.png", device)
    say(f"There is no display here. What the window would show is in {picture}")
    return 0
