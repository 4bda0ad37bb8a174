"""Build every package that this system can build:  python3 packaging/build.py

Makes an environment in build/, bundles the app with PyInstaller, and leaves in dist/ the packages, SHA256SUMS and
manifest.json: versions, sizes, hashes, and the licences of all that is bundled. Needs Python 3.11 or newer with venv;
on Linux also binutils, dpkg-deb for the .deb and zstd for the archive.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT), str(HERE)]

import imagefinder  # noqa: E402
from identity import NAME, WINDOW_PROGRAM  # noqa: E402

BUILD, DIST = ROOT / "build", ROOT / "dist"
LARGEST = 12
"""How many of the largest files the manifest names."""


def main() -> int:
    options = parse()
    if options.inside:
        build(options)
        return 0
    # Everything else runs in the environment that is bundled, which knows the app and its dependencies.
    python = options.python or make_environment(options.torch_index)
    return subprocess.run([str(python), __file__, *sys.argv[1:], "--inside"], check=False).returncode


def build(options: argparse.Namespace) -> None:
    import torch

    import linux_package
    import notice
    import render_icons

    flavour = flavour_of(torch.version.cuda)
    source = "--torch-index" if options.torch_index else "given with --python" if options.python else "pip's own index"
    say(f"PyTorch {torch.__version__} ({flavour}), from: {source}")
    DIST.mkdir(exist_ok=True)
    icons = BUILD / "icons"
    render_icons.render_all(icons)
    bundle = options.bundle or make_bundle()
    text, components = notice.of_bundle(BUILD / "work" / NAME / "bundled.json")
    licences = bundle / "_internal" / NAME / "licences" / "THIRD-PARTY.txt"
    licences.parent.mkdir(exist_ok=True)
    licences.write_text(text, encoding="utf-8")
    packages = make_packages(bundle, icons, text, flavour, options.only)
    facts = {"torch": torch.__version__, "flavour": flavour, "torch_from": source}
    write_manifest(packages, bundle, linux_package.size_of(bundle), components, facts)
    for path in packages:
        say(f"{path.stat().st_size / 1e6:8.1f} MB  {path.name}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--torch-index", metavar="URL", help="a package index that has torch and torchvision for CPUs, "
                        "such as PyTorch's own; both are then taken from there")  # fmt: skip
    parser.add_argument("--python", type=Path, metavar="FILE", help="use the Python of this environment as it is")
    parser.add_argument("--bundle", type=Path, metavar="DIR", help="package this finished bundle")
    parser.add_argument("--only", choices=("deb", "archive"), help="build just this one (Linux)")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def make_environment(torch_index: str | None) -> Path:
    """A fresh environment with what pyproject.toml asks for, in the versions of constraints.txt. Its python."""
    say("Making the environment")
    folder = BUILD / "environment"
    venv.create(folder, clear=True, with_pip=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["packaging"]]
    install = [str(python), "-m", "pip", "install", "--quiet", "-c", str(HERE / "constraints.txt")]
    if torch_index:
        run([*install, "--index-url", torch_index, "torch", "torchvision"])
    run([*install, *wanted])
    return python


def make_bundle() -> Path:
    """The folder with the programs."""
    say("Bundling")
    spec = HERE / "imagefinder.spec"
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR"]
    run([*command, "--distpath", str(BUILD / "bundle"), "--workpath", str(BUILD / "work"), str(spec)])
    bundle = BUILD / "bundle" / NAME
    if sys.platform.startswith("linux"):
        (bundle / WINDOW_PROGRAM).unlink(missing_ok=True)
        (bundle / WINDOW_PROGRAM).symlink_to(NAME)
        strip_python(bundle / "_internal")
    return bundle


def strip_python(folder: Path) -> None:
    """Python's own libraries, which are whatever the building machine has: no symbols, no search path of its own.

    Wheels come stripped, and strip is known to corrupt libraries that were patched for their wheel.
    """
    import elf

    strip = shutil.which("strip")
    own = [*folder.glob("libpython*.so*"), *folder.glob("python3*/lib-dynload/*.so")]
    for path in own:
        if strip:
            run([strip, "--strip-unneeded", str(path)])
        elf.forget_build_path(path)


def flavour_of(cuda: str | None) -> str:
    """ "cpu", or such as "cuda13.0": what the torch in the bundle was built for, by its ``torch.version.cuda``."""
    return "cpu" if cuda is None else f"cuda{cuda}"


def make_packages(bundle: Path, icons: Path, notice: str, flavour: str, only: str | None) -> list[Path]:
    """What can be built on this system."""
    import linux_package

    if sys.platform == "win32":
        return [run_tool("windows/build_installer.ps1", "-Bundle", str(bundle), "-Dist", str(DIST))]
    if sys.platform == "darwin":
        return [run_tool("macos/build_dmg.sh", str(bundle.with_suffix(".app")), str(DIST))]
    packages = []
    if only != "archive" and shutil.which("dpkg-deb"):
        say("Packing the .deb")
        packages.append(linux_package.build_deb(bundle, BUILD / "deb", icons, notice, DIST, flavour))
    if only != "deb":
        say("Packing the archive")
        packages.append(linux_package.build_archive(bundle, BUILD / "archive", icons, notice, DIST, flavour))
    return packages


def run_tool(script: str, *arguments: str) -> Path:
    """A script of the system's own language; it prints the path of the package as its last line."""
    start = ["powershell", "-ExecutionPolicy", "Bypass", "-File"] if script.endswith(".ps1") else ["/bin/sh"]
    environment = {**os.environ, "IMAGEFINDER_VERSION": imagefinder.__version__}
    result = subprocess.run(
        [*start, str(HERE / script), *arguments], check=True, env=environment, stdout=subprocess.PIPE, text=True
    )
    return Path(result.stdout.strip().splitlines()[-1])


def write_manifest(
    packages: list[Path], bundle: Path, installed_bytes: int, components: list[dict[str, str]], facts: dict[str, str]
) -> None:
    """dist/manifest.json and dist/SHA256SUMS, about this build's packages and no others."""
    files = sorted((path for path in bundle.rglob("*") if path.is_file() and not path.is_symlink()), key=_size)
    sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in packages}
    manifest = {
        "version": imagefinder.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **facts,
        "packages": [
            {
                "file": path.name,
                "download_bytes": path.stat().st_size,
                "installed_bytes": installed_bytes,
                "sha256": sums[path.name],
            }
            for path in packages
        ],
        "largest_files": {
            path.relative_to(bundle).as_posix(): path.stat().st_size for path in reversed(files[-LARGEST:])
        },
        "components": components,
    }
    (DIST / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    (DIST / "SHA256SUMS").write_text("".join(f"{digest}  {name}\n" for name, digest in sums.items()), encoding="utf-8")


def _size(path: Path) -> int:
    return path.stat().st_size


def run(command: list[str]) -> None:
    subprocess.run(command, check=True, cwd=ROOT)


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
