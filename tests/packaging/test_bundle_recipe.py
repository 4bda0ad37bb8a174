"""The recipe of the bundle, as far as that can be looked at without building it."""

import ast
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

import imagefinder
from identity import DISTRIBUTIONS
from imagefinder.display import why_no_screenshot
from imagefinder.embedding.packaged import LITE0
from imagefinder.imaging import PROBE_FLAG, SVG_FLAG, probe, svg
from imagefinder.usecases import selftest

WITHOUT = """
import sys
excluded = set({excluded!r})
real = list(sys.meta_path)

class Without:
    def find_spec(self, name, path=None, target=None):
        parts = name.split(".")
        if any(".".join(parts[:end]) in excluded for end in range(1, len(parts) + 1)):
            return None
        return next(filter(None, (finder.find_spec(name, path, target) for finder in real)), None)

    def find_distributions(self, *arguments, **keywords):
        for finder in real:
            if hasattr(finder, "find_distributions"):
                yield from finder.find_distributions(*arguments, **keywords)

sys.meta_path[:] = [Without()]
import numpy as np
from imagefinder.embedding.architectures import find_architecture
from imagefinder.embedding.backbones import build
from imagefinder.embedding.practice import practice_step
from imagefinder.training.losses import LOSSES, build_loss
from imagefinder.training.miners import MINERS, build_miner
import imagefinder.app, imagefinder.storage.vectors, imagefinder.usecases.selftest
before, after = practice_step(np.eye(4, dtype=np.float32), [0, 1, 0, 1])
assert after < before
for name in ("mobilenetv2_100_same", "torchvision:resnet18"):
    build(find_architecture(name).spec())
for name in LOSSES:
    build_loss(name, 4, 8)
for name in MINERS:
    build_miner(name)
print("works")
"""

CODECS = """
import io, sys
import imagecodecs, numpy as np, tifffile
from imagefinder.imaging.tiff_pages import _COMPRESSIONS, read_deep_page
for name in sys.argv[1:]:
    getattr(imagecodecs, name)
for compression in _COMPRESSIONS:
    for predictor in (False, compression not in (1, 32773)):
        for values in (np.zeros((8, 8, 3), np.uint16), np.zeros((8, 8, 3), np.float32)):
            file = io.BytesIO()
            tifffile.imwrite(file, values, photometric="rgb", compression=compression, predictor=predictor)
            read_deep_page(file.getvalue())
file = io.BytesIO()
tifffile.imwrite(file, np.zeros((8, 8, 3), np.uint16), photometric="rgb", bitspersample=10)
read_deep_page(file.getvalue())
print(*(name.partition(".")[2] for name in sys.modules if name.startswith("imagecodecs._")))
"""


@pytest.fixture(scope="module")
def recipe(packaging: Path) -> ast.Module:
    return ast.parse((packaging / "imagefinder.spec").read_text(encoding="utf-8"))


def constant(recipe: ast.Module, name: str) -> list[str]:
    """A list of strings that the recipe assigns to a name."""
    for node in recipe.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            value = node.value
            assert isinstance(value, ast.List)
            return [item.value for item in value.elts if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    raise AssertionError(f"the recipe has no {name}")


@pytest.mark.skipif(bool(why_no_screenshot()), reason="Qt cannot be loaded here")
def test_nothing_that_is_left_out_is_needed(recipe: ast.Module) -> None:
    code = WITHOUT.format(excluded=constant(recipe, "EXCLUDED_MODULES"))
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=200)
    assert result.stdout == "works\n", result.stderr


def test_of_the_codecs_those_that_are_used_are_taken(recipe: ast.Module, packaging: Path) -> None:
    pytest.importorskip("imagecodecs")
    used = set(selftest.CODECS)
    for path in (packaging.parent / "imagefinder").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "imagecodecs":
                used |= {alias.name for alias in node.names}
            elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "imagecodecs":
                used.add(node.attr)
    assert "packbits_decode" in used
    result = subprocess.run([sys.executable, "-c", CODECS, *used], capture_output=True, text=True, check=False)
    assert set(result.stdout.split()) == set(constant(recipe, "CODECS")), result.stderr


def test_what_the_recipe_names_is_there(recipe: ast.Module, packaging: Path) -> None:
    assert (packaging / "hooks" / "hook-torch.py").is_file()
    assert (packaging / "hooks" / "runtime.py").is_file()
    assert (packaging.parent / "LICENSE").read_text(encoding="utf-8").lstrip().startswith("GNU GENERAL PUBLIC LICENSE")
    strings = {
        node.value for node in ast.walk(recipe) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for name in strings:
        if name.startswith("imagefinder.") and not name.endswith((".spec", ".app", ".ico", ".icns")):
            subprocess.run([sys.executable, "-c", f"import {name}"], check=True)


def test_every_dependency_is_known_to_the_bundle(packaging: Path) -> None:
    with (packaging.parent / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    names = {re.split(r"[<>=;]", dependency)[0].strip() for dependency in project["dependencies"]}
    assert names <= set(DISTRIBUTIONS)


def test_the_default_model_is_bundled(packaging: Path, recipe: ast.Module) -> None:
    """Its weights as data, and its package by name, so that a launcher finds their folder."""
    text = ast.unparse(recipe)
    assert f"WEIGHTS = '{LITE0.package}'" in text
    assert fnmatch(LITE0.file, "models/*.pth")
    assert text.count("WEIGHTS") > 3
    assert LITE0.package not in constant(recipe, "EXCLUDED_MODULES")
    assert not any(fnmatch(f"{LITE0.package}/{LITE0.file}", pattern) for pattern in constant(recipe, "DROPPED_FILES"))
    assert f'DEFAULT_MODEL = "{LITE0.network.name}"' in (packaging / "smoke_test.py").read_text(encoding="utf-8")


def test_an_installed_program_starts_itself_as_the_probe(tmp_path: Path) -> None:
    """What find_killers runs in a bundle: the program with a flag, which then speaks the probe's language."""
    picture = tmp_path / "a.png"
    picture.write_bytes(b"no picture")
    command = [sys.executable, "-c", "import sys; from imagefinder.__main__ import main; sys.exit(main())", PROBE_FLAG]
    assert probe.find_killers([str(picture)], command=command) == {}


@pytest.mark.skipif(bool(why_no_screenshot()), reason="Qt cannot be loaded here")
def test_an_installed_program_starts_itself_to_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = svg._Painter()
    monkeypatch.setattr(
        svg, "COMMAND", (sys.executable, "-c", "from imagefinder.__main__ import main; main()", SVG_FLAG)
    )
    image, size = painter.draw(b'<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"/>', 0)
    painter.stop()
    assert image.size == size == (1024, 512)


@pytest.mark.parametrize(("module", "flag"), [("probe", PROBE_FLAG), ("svg", SVG_FLAG)])
def test_an_installed_program_knows_that_it_is_one(module: str, flag: str) -> None:
    code = f"import sys; sys.frozen = True; from imagefinder.imaging import {module} as child; print(child.COMMAND)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == str((sys.executable, flag))


def test_the_loader_path_of_the_bundle_is_not_handed_on(packaging: Path) -> None:
    code = (
        "import os, runpy; runpy.run_path({hook!r});"
        "print(os.environ.get('LD_LIBRARY_PATH'), os.environ.get('LD_LIBRARY_PATH_ORIG'))"
    ).format(hook=str(packaging / "hooks" / "runtime.py"))
    for original, after in ((None, "None None"), ("/own", "/own None")):
        environment = {"LD_LIBRARY_PATH": "/bundle", **({"LD_LIBRARY_PATH_ORIG": original} if original else {})}
        result = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
        )
        assert result.stdout.strip() == after


def test_a_program_without_a_terminal_can_still_write(packaging: Path, tmp_path: Path) -> None:
    code = (
        "import sys, runpy, pathlib; sys.stdout = sys.stderr = None; runpy.run_path({hook!r});"
        "from imagefinder.cli import main; code = main(['status', '--basedir', sys.argv[1]]);"
        "pathlib.Path(sys.argv[1], 'code').write_text(str(code))"
    ).format(hook=str(packaging / "hooks" / "runtime.py"))
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    assert (tmp_path / "code").read_text() == "1"  # there is no library, and nobody to tell


def test_the_page_for_updates_is_a_page() -> None:
    assert imagefinder.HOMEPAGE.startswith("https://")
