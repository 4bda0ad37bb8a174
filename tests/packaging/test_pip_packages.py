"""What pip installs: a wheel and a source archive with all that is needed, and nothing more."""

import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import imagefinder

ROOT = Path(imagefinder.__file__).parents[1]
PARTS = ("imagefinder", "packaging", "tests")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source archive, built from a copy of the tree."""
    if not (ROOT / "MANIFEST.in").exists():
        pytest.skip("there is no source tree around this package")
    copy, target = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("built")
    for path in ROOT.iterdir():
        if path.is_file() and not path.name.startswith("."):
            shutil.copy(path, copy)
    for part in PARTS:
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    pytest.importorskip("setuptools", reason="pip's builder is not installed here")
    for hook in ("build_sdist", "build_wheel"):
        code = f"import sys; from setuptools import build_meta; build_meta.{hook}(sys.argv[1])"
        command = [sys.executable, "-c", code, str(target)]
        result = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr[-2000:]
    return target


def test_the_wheel_holds_the_package_and_nothing_more(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    assert wheel.name == f"imagefinder-{imagefinder.__version__}-py3-none-any.whl"
    names = {name for name in zipfile.ZipFile(wheel).namelist() if not name.endswith("/")}
    own = {name for name in names if not name.startswith(f"imagefinder-{imagefinder.__version__}.dist-info/")}
    here = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "imagefinder").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert own == here
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_the_source_archive_holds_what_is_written_by_people(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames() if opened.getmember(name).isfile()}
    assert {"LICENSE", "CHANGELOG.md", "pyproject.toml", "packaging/build.py", "packaging/imagefinder.spec"} <= names
    made = {"PKG-INFO", "setup.cfg", "MANIFEST.in", "README.md", "LICENSE", "CHANGELOG.md", "pyproject.toml"}
    strangers = {name for name in names if name.partition("/")[0] not in {*PARTS, "imagefinder.egg-info"} | made}
    assert strangers == set()
    assert not any("__pycache__" in name for name in names)


def test_the_wheel_works_in_an_empty_environment(built: Path, tmp_path: Path) -> None:
    """Commands are there; without dependencies the app cannot run, so those are lent from the tests' environment."""
    (wheel,) = built.glob("*.whl")
    folder = tmp_path / "an environment"
    venv.create(folder, with_pip=False)
    programs = folder / ("Scripts" if sys.platform == "win32" else "bin")
    (site,) = folder.rglob("site-packages")
    lent = [path for path in map(Path, sys.path) if path.name == "site-packages"]
    install = [sys.executable, "-m", "pip", "--python", str(programs / "python"), "install", "--quiet", "--no-deps"]
    subprocess.run([*install, "--no-index", str(wheel)], check=True)
    (site / "lent.pth").write_text("\n".join(map(str, lent)))

    def run(*command: str) -> str:
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path).stdout

    code = "import imagefinder; print(imagefinder.__file__)"
    assert str(site) in run(str(programs / "python"), "-c", code)
    assert run(str(programs / "imagefinder"), "--version").strip() == f"imagefinder {imagefinder.__version__}"
    photos = tmp_path / "demo"
    said = run(str(programs / "imagefinder"), "models", "--basedir", str(photos))
    assert "colour-layout" in said
    assert list(programs.glob("imagefinder-window*"))
