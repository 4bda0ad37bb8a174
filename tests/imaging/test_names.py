import pytest

from imagefinder.imaging.names import EXTENSIONS, OTHERS, extension_of, kind_of


@pytest.mark.parametrize("name", ["a.jpg", "A.JPEG", "b.c.HeIc", "x.dng", ".hidden.png", "a.jif", "a.psd", "a.svgz"])
def test_pictures_are_known_by_their_extension(name: str) -> None:
    assert extension_of(name) in EXTENSIONS


@pytest.mark.parametrize("name", ["photo.JPG ", "photo.jpg.", "photo.jpg . ", "photo.jpg..."])
def test_blanks_and_dots_at_the_end_of_a_name_do_not_count(name: str) -> None:
    assert extension_of(name) == "jpg"


@pytest.mark.parametrize(
    "name", ["a.txt", "a.jpg.part", "a.JPG.xmp", "movie.mov", "script.eps", "Thumbs.db", "a.pdf ", ".DS_Store"]
)
def test_what_is_known_to_be_something_else_is_passed_over(name: str) -> None:
    assert extension_of(name) in OTHERS


@pytest.mark.parametrize(
    "name",
    [
        "download",
        "download (1)",
        "photo.jpg_large",
        "photo.jpg:large",
        "photo.jpeg!d",
        "photo.jpg.1",
        "photo.jpg~",
        "photo.jpg (1)",
        "photo.bak",
        "image.php",
        "IMG_2024.05.01",
        "2024.05.01 beach",
        "v1.2-final",
        "a.b.c.d",
        "Screenshot 2024-01-01 at 10.30.15",
        "Mr. Key",
        "...",
        "",
    ],
)
def test_any_other_name_has_to_be_looked_into(name: str) -> None:
    assert extension_of(name) not in EXTENSIONS | OTHERS


def test_no_extension_is_both_a_picture_and_something_else() -> None:
    assert not EXTENSIONS & OTHERS
    assert all(extension == extension.lower() and "." not in extension for extension in EXTENSIONS | OTHERS)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.XCF", "xcf"),
        ("a.weird", "weird"),
        ("a.sqlite-journal", "sqlite-journal"),
        ("README", ""),
        ("2024.05.01 notes", ""),
        ("a.15", ""),
        ("a.b is not an extension", ""),
    ],
)
def test_a_kind_is_an_extension_and_not_the_rest_of_a_sentence(name: str, kind: str) -> None:
    assert kind_of(name) == kind
