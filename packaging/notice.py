"""Whose work a bundle holds: packages of Python, Python itself, and libraries of the system it was built on."""

import json
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from identity import DISTRIBUTIONS
from imagefinder.licences import Component, component, components, others, render


def of_bundle(bundled: Path) -> tuple[str, list[dict[str, str]]]:
    """The notice, and its table, for what imagefinder.spec noted. Must run in the environment that was bundled."""
    record = json.loads(bundled.read_text(encoding="utf-8"))
    every = [*python_components(set(record["modules"])), *system_components(record["files"])]
    return render(every), [{"name": each.name, "version": each.version, "licence": each.licence} for each in every]


def python_components(modules: set[str]) -> list[Component]:
    """The distributions of which something is in the bundle, and Python and PyInstaller's launcher."""
    of_module = metadata.packages_distributions()
    bundled = {name for module in modules for name in of_module.get(module, ())}
    wanted = {each.name: each for each in (*map(component, DISTRIBUTIONS), *components(*DISTRIBUTIONS))}
    text = next(Path(sys.base_prefix).glob("**/python3*/LICENSE.txt"), None) or Path(sys.base_prefix, "LICENSE.txt")
    licence = text.read_text(encoding="utf-8") if text.exists() else "https://docs.python.org/3/license.html"
    python = Component("Python", sys.version.split()[0], "PSF-2.0", (("LICENSE.txt", licence),))
    launcher = component("pyinstaller")
    found = [each for name, each in wanted.items() if name in bundled or name in DISTRIBUTIONS]
    return sorted([*found, python, launcher, *others()], key=lambda each: each.name.lower())


def system_components(files: list[str]) -> list[Component]:
    """The packages of a Debian system that libraries were taken from; none elsewhere."""
    dpkg = shutil.which("dpkg-query")
    outside = [path for path in files if not path.startswith((sys.prefix, sys.base_prefix))]
    if dpkg is None:
        return []
    found: dict[str, Component] = {}
    for path in outside:
        # A merged /usr: dpkg may know the file under the name without it.
        real = str(Path(path).resolve())
        for name in (real, real.removeprefix("/usr"), path, path.removeprefix("/usr")):
            result = subprocess.run([dpkg, "-S", name], capture_output=True, text=True, check=False)
            if result.returncode == 0:
                package = result.stdout.split(":")[0]
                break
        else:
            continue
        if package in found:
            continue
        show = [dpkg, "-W", "-f=${Version}", package]
        version = subprocess.run(show, capture_output=True, text=True, check=True).stdout
        text = Path("/usr/share/doc", package, "copyright").read_text(encoding="utf-8", errors="replace")
        found[package] = Component(f"{package} (Debian)", version, "see its text", (("copyright", text),))
    return [found[name] for name in sorted(found)]
