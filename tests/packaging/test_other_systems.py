"""Installers that cannot be built on this system: at least they parse, and agree with the app and with each other."""

import ast
import plistlib
import re
import shutil
import string
import subprocess
from pathlib import Path

import pytest
import yaml

import imagefinder
from identity import COPYRIGHT, IDENTIFIER, NAME, WINDOW_PROGRAM
from imagefinder.imaging.names import EXTENSIONS


@pytest.fixture(scope="module")
def inno(packaging: Path) -> str:
    return (packaging / "windows" / "imagefinder.iss").read_text(encoding="utf-8")


def test_inno_setup_script_has_its_parts(inno: str) -> None:
    sections = re.findall(r"^\[(\w+)\]$", inno, flags=re.MULTILINE)
    assert len(sections) == len(set(sections))
    assert {"Setup", "Files", "Icons", "Registry", "Run", "Code", "Tasks"} <= set(sections)
    setup = dict(re.findall(r"^(\w+)=(.*)$", inno, flags=re.MULTILINE))
    assert setup["PrivilegesRequired"] == "lowest"
    assert setup["AppVersion"] == "{#Version}"
    assert re.fullmatch(r"\{\{[0-9A-F-]{36}\}", setup["AppId"])
    assert setup["UninstallDisplayIcon"].endswith(f"{WINDOW_PROGRAM}.exe")


def test_every_entry_of_the_inno_setup_script_is_well_formed(inno: str) -> None:
    tasks = set(re.findall(r'^Name: "(\w+)"; Description', inno, flags=re.MULTILINE))
    body = inno.partition("[Tasks]")[2].partition("[Code]")[0]
    for line in body.splitlines():
        if not line or line.startswith((";", "#", "[", "  ")):
            continue
        # Every parameter is NAME: VALUE, where quotes come in pairs.
        assert line.count('"') % 2 == 0, line
        for parameter in re.split(r';(?=(?:[^"]*"[^"]*")*[^"]*$)', line):
            assert re.match(r"\s*\w+:\s*\S", parameter), line
        for task in re.findall(r"Tasks: (\w+)", line):
            assert task in tasks
    begins = len(re.findall(r"\b(begin|try|case)\b", inno.partition("[Code]")[2]))
    assert begins == len(re.findall(r"^end;$", inno, flags=re.MULTILINE))


def test_windows_offers_pictures_that_are_read(inno: str) -> None:
    offered = re.findall(r'#emit Supported\("\.(\w+)"\)', inno)
    assert len(offered) > 10
    assert set(offered) <= EXTENSIONS


def test_what_the_windows_scripts_name_is_there(packaging: Path, inno: str) -> None:
    for path in re.findall(r"^(?:LicenseFile)=(.*)$", inno, flags=re.MULTILINE):
        assert (packaging / "windows" / path.replace("\\", "/")).resolve().is_file()
    script = (packaging / "windows" / "build_installer.ps1").read_text(encoding="utf-8")
    base = re.search(r"^OutputBaseFilename=(.*)$", inno, flags=re.MULTILINE)
    assert base is not None
    assert base[1].replace("{#Version}", "$version") + ".exe" in script
    for define in re.findall(r"#ifndef (\w+)", inno):
        assert f"/D{define}=" in script
    assert f"{NAME}.exe" in script
    assert f"{WINDOW_PROGRAM}.exe" in script


def test_version_resource(packaging: Path) -> None:
    template = string.Template((packaging / "windows" / "version.txt.in").read_text(encoding="utf-8"))
    text = template.substitute(numbers="1, 2, 3, 0", version=imagefinder.__version__, copyright=COPYRIGHT)
    tree = ast.parse(text, mode="eval")
    names = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert names == {
        "VSVersionInfo", "FixedFileInfo", "StringFileInfo", "StringTable", "StringStruct", "VarFileInfo", "VarStruct",
    }  # fmt: skip


def test_macos_property_lists(packaging: Path) -> None:
    info = plistlib.loads((packaging / "macos" / "Info.plist").read_bytes())
    assert info["CFBundleIdentifier"] == IDENTIFIER
    assert info["CFBundleExecutable"] == WINDOW_PROGRAM
    assert "CFBundleVersion" not in info  # imagefinder.spec adds it
    types = [kind for each in info["CFBundleDocumentTypes"] for kind in each["LSItemContentTypes"]]
    assert {"public.jpeg", "public.heic", "public.camera-raw-image", "public.folder"} <= set(types)
    assert {each["LSHandlerRank"] for each in info["CFBundleDocumentTypes"]} == {"Alternate"}
    entitlements = plistlib.loads((packaging / "macos" / "entitlements.plist").read_bytes())
    assert entitlements
    assert all(key.startswith("com.apple.security.cs.") and value is True for key, value in entitlements.items())


def test_shell_scripts_parse(packaging: Path) -> None:
    shell = shutil.which("sh")
    if shell is None:
        pytest.skip("there is no sh here")
    scripts = [*packaging.rglob("*.sh"), packaging / "linux" / "postrm"]
    assert len(scripts) >= 4
    for script in scripts:
        result = subprocess.run([shell, "-n", str(script)], capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        assert "\nset -e" in script.read_text(encoding="utf-8"), script


def test_flatpak_manifest(packaging: Path) -> None:
    manifest = yaml.safe_load((packaging / "flatpak" / "imagefinder.yaml").read_text(encoding="utf-8"))
    assert manifest["app-id"] == IDENTIFIER
    assert manifest["command"] == WINDOW_PROGRAM
    assert "--filesystem=host:ro" in manifest["finish-args"]
    (module,) = manifest["modules"]
    (source,) = module["sources"]
    place = (packaging / "flatpak" / source["path"]).resolve()
    assert place == packaging.parent / "build" / "archive" / "tree"
    assert not any(kind in str(manifest) for kind in ("url:", "git:"))
