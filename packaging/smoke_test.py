"""Install a package as a person would, use it, remove it, and look at what is left:

    python3 packaging/smoke_test.py dist/imagefinder_VERSION_ARCH.deb

Takes a .deb (as root) or the archive. Everything that is installed runs without a network, in a home of its own, with
the window on an Xvfb of its own; a line on stderr that is not expected fails the test. Needs Python, Xvfb and unshare.
``--compare-with PYTHON`` also measures how long the window takes, beside the same window started from source by that
Python. Exit code 0: all is well.
"""

import argparse
import functools
import json
import os
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCREEN = (1280, 860)
PATIENCE_SECONDS = 90
STILL_SECONDS = 3
WITH_RESULTS = 4000
"""Thumbnails have many colours; a window without them has some hundreds."""
SLOWER_AT_MOST = 1.5
DEFAULT_MODEL = "efficientnet-lite0"
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="6"><circle cx="4" cy="3" r="2" fill="red"/></svg>'
"""The program draws it in a child process of its own."""
WATCHED = ("/opt", "/usr/bin", "/usr/share", "/usr/local", "/etc", "/var/lib/dpkg/info")
CACHES = re.compile(r"mimeinfo\.cache|icon-theme\.cache|/man/index\.db")
"""Rebuilt by the system itself whenever any package comes or goes."""


class Failed(Exception):
    """A step showed something that must not be."""


@dataclass
class Site:
    """A place to install to. ``home`` is that of the person; the environment has no display unless one is named."""

    home: Path
    display: str
    unexpected: list[str] = field(default_factory=list)

    def environment(self, display: bool) -> dict[str, str]:
        keep = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(self.home), "TMPDIR": str(self.home / "tmp")}
        return {**keep, "DISPLAY": self.display} if display else keep

    def run(self, *command: str, expect: int = 0, display: bool = False, quiet: bool = True) -> str:
        """What a program prints. It has no network; its exit code must be as expected and its stderr empty."""
        result = subprocess.run(
            [*offline(), *command], env=self.environment(display), capture_output=True, text=True, check=False,
            timeout=600, cwd=self.home,
        )  # fmt: skip
        if result.returncode != expect:
            raise Failed(f"{shlex.join(command)}: exit code {result.returncode}\n{result.stdout}\n{result.stderr}")
        if quiet and result.stderr:
            self.unexpected.append(f"{shlex.join(command)}: {result.stderr}")
        return result.stdout


@functools.cache
def offline() -> tuple[str, ...]:
    """What a command is put behind so that it has no network, not even a loopback. Fails where that cannot be done."""
    for command in (("unshare", "--net"), ("unshare", "--map-root-user", "--net")):
        result = subprocess.run([*command, "cat", "/proc/net/route"], capture_output=True, text=True, check=False)
        if result.returncode == 0 and len(result.stdout.splitlines()) <= 1:
            return command
    raise Failed("The network cannot be taken away here: unshare --net is refused.")


class Deb:
    """Installed by dpkg, for everybody."""

    def __init__(self, artifact: Path, site: Site) -> None:
        self.artifact, self.site = artifact, site
        self.program, self.entry = "/usr/bin/imagefinder", Path("/usr/share/applications/imagefinder.desktop")

    def install(self) -> None:
        if subprocess.run(["dpkg", "-s", "imagefinder"], capture_output=True, check=False).returncode == 0:
            raise Failed("imagefinder is installed here already; remove it first.")
        self.site.run("dpkg", "-i", str(self.artifact), quiet=False)

    def uninstall(self) -> str:
        return self.site.run("dpkg", "--purge", "imagefinder", quiet=False)


class Archive:
    """Installed by its own script, for one person, below a prefix with a space in its name."""

    def __init__(self, artifact: Path, site: Site) -> None:
        self.artifact, self.site = artifact, site
        self.prefix = site.home / "my apps"
        self.program = str(self.prefix / "bin" / "imagefinder")
        self.entry = self.prefix / "share" / "applications" / "imagefinder.desktop"

    def install(self) -> None:
        unpacked = self.site.home / "tmp" / "unpacked"
        unpacked.mkdir()
        self.site.run("tar", "-C", str(unpacked), "-xf", str(self.artifact))
        (top,) = unpacked.iterdir()
        self.site.run(str(top / "install.sh"), str(self.prefix))
        shutil.rmtree(unpacked)

    def uninstall(self) -> str:
        out = self.site.run(str(self.prefix / "lib" / "imagefinder" / "uninstall.sh"))
        left = [str(path) for path in self.prefix.rglob("*")]
        if left:
            raise Failed(f"The archive left these behind: {left}")
        return out


def check_selftest(installed: Deb | Archive, site: Site) -> str:
    record = json.loads(site.run(installed.program, "selftest", "--json", display=True))
    checks = {check["name"]: check["ok"] for check in record["checks"]}
    if not record["ok"] or not checks.get("show the window"):
        raise Failed(json.dumps(record, indent=1))
    return f"{len(checks)} checks, device {record['Device']}, OpenMP {record['OpenMP']}"


def check_command_line(installed: Deb | Archive, site: Site, photos: Path) -> str:
    """The main job by commands, on pictures that the program draws."""

    def ask(*arguments: str, expect: int = 0, quiet: bool = True) -> Any:
        out = site.run(installed.program, *arguments, "--json", expect=expect, quiet=quiet)
        return json.loads(out) if out else None

    version = site.run(installed.program, "--version")
    demo = site.home / "démo"
    site.run(installed.program, "demo", str(demo))
    if not (demo / "screenshot.png").stat().st_size > 10_000:
        raise Failed("The demo drew no window.")
    shutil.copytree(demo / "photos", photos)
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    (photos / "drawing.svg").write_text(DRAWING, encoding="utf-8")
    summary = ask("index", str(photos))
    count = sum(path.name != "broken.jpg" for path in photos.rglob("*.*"))
    expect(summary["added"] == count and len(summary["failed"]) == 1, f"indexed: {summary}")
    expect(ask("index", str(photos))["unchanged"] == count, "a second indexing found changes")
    query = min(photos.rglob("*-01.jpg"))
    best = ask("search", str(query), "-k", "5")
    expect(best[0]["path"] == str(query) and best[0]["similarity"] > 0.99, f"searched: {best}")
    expect(best[1]["path"].startswith(str(query.parent)), f"the next best is of another kind: {best}")
    status = ask("status")
    expect(status["photos"] == count, "status counts otherwise")
    expect(status["model"] == DEFAULT_MODEL, f"the default is {status['model']}: its weights are not in the package")
    expect(ask("verify")["clean"] is True, "verify found problems")
    site.run(installed.program, "export", str(site.home / "all.npz"))
    expect((site.home / "all.npz").stat().st_size > 100 * count, "the export is empty")
    site.run(installed.program, "models")
    site.run(installed.program, "search", str(photos / "broken.jpg"), expect=1, quiet=False)
    site.run(installed.program, "search", expect=2, quiet=False)
    site.run(installed.program, expect=1, quiet=False)  # a window without a display
    return f"{version.strip()}: {count} photos indexed, found, verified, exported"


def check_window(installed: Deb | Archive, site: Site, photos: Path, target: Path) -> str:
    """Open a picture with the desktop entry's own command, look at the window, search for what it looks like."""
    image = photos / "Ein Bild für später.jpg"
    shutil.copyfile(min(photos.rglob("*-02.jpg")), image)
    command = exec_line(installed.entry, [str(image)])
    began = time.monotonic()
    process = start(command, site)
    try:
        shown = wait_for(lambda: len(colours(site)) > 20, process, "a window") - began
        wait_for(lambda: len(colours(site)) > WITH_RESULTS, process, "results in the window")
        wait_until_still(site, process)
        write_png(target, *frame(site))
    finally:
        process.terminate()
    _, stderr = process.communicate(timeout=60)
    expect(process.returncode == 0, f"the window ended with {process.returncode}: {stderr}")
    if stderr:
        site.unexpected.append(f"{shlex.join(command)}: {stderr}")
    looks = site.home / "looks"
    looks.mkdir()
    shutil.copyfile(target, looks / "window.png")
    site.run(installed.program, "index", str(looks))
    found = json.loads(site.run(installed.program, "search", str(looks / "window.png"), "--json"))
    expect(found[0]["path"] == str(looks / "window.png"), f"the screenshot is not its own neighbour: {found[:2]}")
    return f"shown {shown:.2f} s after the click, closed with 0; screenshot in {target}"


def measure_start(installed: Deb | Archive, site: Site, python: str, rounds: int = 5) -> str:
    """Seconds until the first frame, in turns, installed and from source; the best of each counts."""
    root = str(Path(__file__).resolve().parents[1])
    source = [python, "-c", "import sys; from imagefinder.__main__ import main; sys.exit(main())"]
    ways = {"installed": exec_line(installed.entry, []), "source": source}
    best: dict[str, float] = {}
    for turn in range(rounds + 1):
        for name, command in ways.items():
            began = time.monotonic()
            process = start(command, site, PYTHONPATH=root, PYTHONPYCACHEPREFIX=str(site.home / "tmp" / "bytecode"))
            shown = wait_for(lambda: len(colours(site, step=97)) > 20, process, "a window") - began
            process.terminate()
            process.communicate(timeout=60)
            wait_for(lambda: len(colours(site, step=97)) == 1, None, "an empty screen")
            if turn:  # the first round fills the caches of both
                best[name] = min(shown, best.get(name, shown))
    ratio = best["installed"] / best["source"]
    expect(ratio <= SLOWER_AT_MOST, f"the installed window takes {ratio:.2f} x as long as from source: {best}")
    return f"window after {best['installed']:.2f} s installed, {best['source']:.2f} s from source: x {ratio:.2f}"


def exec_line(entry: Path, files: list[str]) -> list[str]:
    """The command of a desktop entry, with its field codes replaced as a desktop replaces them."""
    text = entry.read_text(encoding="utf-8")
    match = re.search(r"^Exec=(.*)$", text, flags=re.MULTILINE)
    expect(match is not None, f"{entry} has no Exec")
    assert match is not None
    # Strings escape backslashes; commands quote like a shell, of whose escapes in quotes shlex knows half.
    words = [re.sub(r"\\([$`])", r"\1", word) for word in shlex.split(match[1].replace("\\\\", "\\"))]
    return [part for word in words for part in (files if word == "%F" else [word.replace("%%", "%")])]


def start(command: list[str], site: Site, **more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*offline(), *command], env={**site.environment(display=True), **more}, cwd=site.home, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def wait_for(condition: Callable[[], bool], process: "subprocess.Popen[str] | None", what: str) -> float:
    """When it came true, in monotonic seconds."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if condition():
            return time.monotonic()
        if process is not None and process.poll() is not None:
            out, err = process.communicate()
            raise Failed(f"There was no {what}: the program ended with {process.returncode}.\n{out}\n{err}")
        time.sleep(0.005)
    raise Failed(f"There was no {what} within {PATIENCE_SECONDS} seconds.")


def wait_until_still(site: Site, process: "subprocess.Popen[str]") -> None:
    """Until nothing moves on the screen any more."""
    seen, since = b"", time.monotonic()

    def still() -> bool:
        nonlocal seen, since
        now = frame(site)[2]
        if now != seen:
            seen, since = now, time.monotonic()
        return time.monotonic() - since > STILL_SECONDS

    wait_for(still, process, "end to the changes on the screen")


def frame(site: Site) -> tuple[int, int, bytes]:
    """Width, height and BGRX pixels of the screen, from the file in XWD format that Xvfb keeps it in."""
    data = (site.home / "tmp" / "screen" / "Xvfb_screen0").read_bytes()
    header = struct.unpack(">25I", data[:100])
    width, height, per_line, colour_map = header[4], header[5], header[12], header[19]
    begin = header[0] + 12 * colour_map
    rows = (data[begin + row * per_line : begin + row * per_line + 4 * width] for row in range(height))
    return width, height, b"".join(rows)


def colours(site: Site, step: int = 1) -> set[int]:
    """The colours on the screen, of every ``step``-th pixel."""
    pixels = memoryview(frame(site)[2]).cast("I")
    return set(pixels[::step].tolist())


def write_png(target: Path, width: int, height: int, pixels: bytes) -> None:
    rgb = bytearray(3 * width * height)
    rgb[0::3], rgb[1::3], rgb[2::3] = pixels[2::4], pixels[1::4], pixels[0::4]
    rows = b"".join(b"\0" + rgb[row * 3 * width : (row + 1) * 3 * width] for row in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


@contextmanager
def screen(display: str, folder: Path) -> Iterator[None]:
    """An X server that keeps its picture in ``folder``."""
    folder.mkdir(parents=True)
    size = f"{SCREEN[0]}x{SCREEN[1]}x24"
    command = ["Xvfb", display, "-screen", "0", size, "-fbdir", str(folder), "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        socket = Path(f"/tmp/.X11-unix/X{display.lstrip(':')}")
        until = time.monotonic() + 20
        while not socket.exists():
            if server.poll() is not None or time.monotonic() > until:
                raise Failed(f"Xvfb does not start on {display}; name another with --display.")
            time.sleep(0.05)
        yield
    finally:
        server.terminate()
        server.wait()


def files_now() -> set[str]:
    """Every path in the places that packages write to."""
    return {
        os.path.join(folder, name)
        for top in WATCHED
        for folder, folders, names in os.walk(top)
        for name in (*folders, *names)
        if not CACHES.search(os.path.join(folder, name))
    }


def expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise Failed(otherwise)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("artifact", type=Path)
    parser.add_argument("--display", default=":96", help="for the Xvfb that is started (default: :96)")
    parser.add_argument("--screenshot", type=Path, default=Path("dist/smoke-window.png"), help="where to keep it")
    parser.add_argument("--compare-with", metavar="PYTHON", help="also measure the start, beside source run by this")
    options = parser.parse_args()
    artifact, screenshot = options.artifact.resolve(), options.screenshot.resolve()
    with tempfile.TemporaryDirectory(prefix="imagefinder smoke ä ") as folder:
        site = Site(Path(folder), options.display)
        (site.home / "tmp").mkdir()
        installed = (Deb if artifact.suffix == ".deb" else Archive)(artifact, site)
        photos = site.home / "Fotos für später"

        def in_turn() -> Iterator[tuple[str, Callable[[], str | None]]]:
            yield "install", installed.install
            yield "selftest", lambda: check_selftest(installed, site)
            yield "command line", lambda: check_command_line(installed, site, photos)
            yield "window", lambda: check_window(installed, site, photos, screenshot)
            if options.compare_with:
                yield "start-up", lambda: measure_start(installed, site, options.compare_with)

        before = files_now()
        ok = True
        with screen(options.display, site.home / "tmp" / "screen"):
            for name, step in in_turn():
                ok = ok and report(name, step)
        ok = report("uninstall", lambda: check_removal(installed, site, before)) and ok
        for line in site.unexpected:
            print(f"FAILED stderr: {line}")
        ok = ok and not site.unexpected
    print("The package works." if ok else "The package does not work.")
    return 0 if ok else 1


def check_removal(installed: Deb | Archive, site: Site, before: set[str]) -> str:
    """Nothing of the program is left, all of the person's data is, and the person was told where."""
    said = installed.uninstall()
    data = site.home / ".local" / "share" / "imagefinder"
    expect(str(Path("~/.local/share/imagefinder")) in said, f"removal does not say where the data is: {said}")
    expect((data / "library" / "library.db").exists(), "the person's library is gone")
    left, gone = files_now() - before, before - files_now()
    expect(not left and not gone, f"left behind: {sorted(left)[:20]}; gone: {sorted(gone)[:20]}")
    return "nothing is left but the person's own library"


def report(name: str, step: Callable[[], str | None]) -> bool:
    began = time.monotonic()
    try:
        said, ok = step(), True
    except (Failed, OSError, subprocess.SubprocessError, ValueError) as error:
        said, ok = str(error), False
    print(f"{'ok    ' if ok else 'FAILED'} {name:14} {time.monotonic() - began:6.1f} s  {said or ''}", flush=True)
    return ok


if __name__ == "__main__":
    sys.exit(main())
