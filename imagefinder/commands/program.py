"""The program itself: its window, its demo, its self-test, its place in the menus."""

import os
import signal
import sys
from pathlib import Path

from imagefinder import diagnostics
from imagefinder.commands import COMMANDS, INTERRUPTED, Command, Run, interruptible, print_json
from imagefinder.commands.given_paths import given_path, window_argument
from imagefinder.commands.library import find, print_hits, print_summary
from imagefinder.domain.errors import ImageFinderError
from imagefinder.paths import Paths
from imagefinder.terminal import ProgressLine, say, tell


def register(command: Command) -> None:
    add = command("window", window, "Open the window.")
    add.add_argument("open", nargs="*", metavar="PATH", help="a folder to add, or a picture to search for")
    add = command("selftest", selftest, "Try the whole app on drawn pictures, in a temporary folder.")
    add.add_argument("--json", action="store_true")
    add = command("integrate", integrate, 'Put the app into this person\'s menus and "Open with" lists (Linux).')
    add.add_argument("--remove", action="store_true", help="take it out again")
    add = command("demo", demo, "Draw a small gallery, index it and show a search in it.")
    add.add_argument(
        "folder", nargs="?", metavar="DIR", type=given_path, help="where to draw it (default: imagefinder-demo)"
    )


def window(run: Run) -> int:
    """Open the window, with what was named; or say why there is none."""
    from imagefinder.display import prepare_qt, why_no_window

    given = [window_argument(each) for each in getattr(run.arguments, "open", [])]
    reason = why_no_window()
    if reason:
        tell(f"imagefinder: {reason}")
        tell("These work without a window: " + ", ".join(COMMANDS[1:]) + ". See imagefinder --help.")
        return 1
    prepare_qt()
    from imagefinder.app import run_window

    return run_window(run.paths, given, getattr(run.arguments, "device", "auto"))


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
        print_json({"ok": ok, "versions": dict(diagnostics.versions()), **facts, "checks": record})
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
    interruptible(run)
    with ProgressLine() as line:
        demo = prepare_demo(home, run.paths, device, run.token, line)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    print_summary(demo.summary)
    if demo.summary.cancelled:
        return INTERRUPTED
    if not why_no_window():
        prepare_qt()
        from imagefinder.app import run_window

        return run_window(run.paths, [str(demo.query)], device)
    result = find(run, str(demo.query), 10)
    say(f"The photos most similar to {demo.query}:")
    print_hits(result)
    reason = why_no_screenshot()
    if reason:
        tell(f"No screenshot was made: {reason}")
        return 0
    prepare_qt()
    from imagefinder.app import save_screenshot

    picture = save_screenshot(run.paths, str(demo.query), home / "screenshot.png", device)
    say(f"There is no display here. What the window would show is in {picture}")
    return 0
