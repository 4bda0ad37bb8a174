"""What packages say about the app: complete, valid, and of this version."""

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

import imagefinder
import texts
from identity import IDENTIFIER
from imagefinder import integrate
from imagefinder.commands import COMMANDS
from imagefinder.imaging.names import EXTENSIONS


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def test_the_changelog_begins_with_this_version() -> None:
    newest = texts.releases()[0]
    assert newest.version == imagefinder.__version__
    assert all(change and "\n" not in change for change in newest.changes)


def test_the_version_stands_in_one_place(packaging: Path) -> None:
    root = packaging.parent
    files = [path for path in packaging.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    files += [root / "pyproject.toml", *(root / "imagefinder").rglob("*.py")]
    quoted = re.compile(rf"""(?<![\w.=]){re.escape(imagefinder.__version__)}(?![\w.])""")
    found = [path.name for path in files if path.name != "constraints.txt" and quoted.search(path.read_text("utf-8"))]
    assert found == ["__init__.py"]


def test_appstream_description(tmp_path: Path) -> None:
    path = tmp_path / f"{IDENTIFIER}.metainfo.xml"
    path.write_text(texts.metainfo(), encoding="utf-8")
    root = ElementTree.parse(path).getroot()
    release = root.find("releases/release")
    assert root.findtext("id") == IDENTIFIER
    assert root.findtext("launchable") == "imagefinder.desktop"
    assert release is not None
    assert release.get("version") == imagefinder.__version__
    result = subprocess.run(
        [tool("appstreamcli"), "validate", "--no-net", str(path)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout


def test_menu_entry_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "imagefinder.desktop"
    path.write_text(integrate.desktop_entry("/opt/my apps/100 %/imagefinder-window"), encoding="utf-8")
    result = subprocess.run(
        [tool("desktop-file-validate"), str(path)], capture_output=True, text=True, check=False
    )  # fmt: skip
    assert (result.returncode, result.stdout) == (0, "")


def test_every_picture_that_is_offered_is_one_that_is_read() -> None:
    plain = {name.removeprefix("image/") for name in integrate.MIME_TYPES if name.startswith("image/")}
    known = {name for name in plain if not name.startswith("x-")}
    raw = {name.rpartition("-")[2] for name in plain - known}
    assert known <= EXTENSIONS
    assert raw <= EXTENSIONS
    assert "inode/directory" in integrate.MIME_TYPES


def test_the_man_page_names_every_command(tmp_path: Path) -> None:
    page = texts.man_page()
    for command in COMMANDS:
        assert f"\n.B {command}" in page
    assert "\\-\\-basedir DIR" in page
    assert "[\\-\\-library DIR]" not in page  # said once, for all
    path = tmp_path / "imagefinder.1"
    path.write_text(page, encoding="utf-8")
    result = subprocess.run(
        [tool("man"), "--warnings=all", "-l", "-Tutf8", str(path)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0
    assert result.stderr == ""
    assert "Find the photos" in result.stdout or "find the photos" in result.stdout
