"""What is written about photos, as the library tells it."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from imagefinder.domain.images import FileStamp, ImageInfo
from imagefinder.storage.library import Library
from imagefinder.storage.text_view import PhotoText
from storage_kit import library_with, model, read, row


def test_every_photo_has_its_folder_name_camera_and_moment(tmp_path: Path) -> None:
    root = tmp_path / "photos"
    with library_with(tmp_path / "library", root, 0) as library:
        model_id = library.register_model(model())
        folder = library.folders()[0]
        deep = replace(read(1), info=ImageInfo(10, 10, "JPEG", "2021-03-05 12:00:00", "Nikon D90"))
        flat = replace(read(2), stamp=FileStamp(1, 1_600_000_000_000_000_000), info=ImageInfo(10, 10, "JPEG"))
        library.add(folder.id, model_id, [("beach/sand/a.jpg", deep, row(1)), ("b.jpg", flat, row(2))])
        first, second = library.photo_texts()
    assert first == PhotoText(
        first.photo_id, str(root / "beach" / "sand"), str(root), "a.jpg", "Nikon D90", "2021-03-05 12:00:00"
    )
    assert (second.folder, second.root, second.name, second.camera) == (str(root), str(root), "b.jpg", "")
    assert second.moment.startswith("2020-09-1")


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_names_that_are_not_utf8_are_told_as_the_system_spells_them(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.jpg")
    with library_with(tmp_path / "library", tmp_path / "photos", 0) as library:
        library.add(library.folders()[0].id, library.register_model(model()), [(name, read(1), row(1))])
        (text,) = library.photo_texts()
    assert text.name == name


def test_the_stamp_changes_with_every_change_and_only_then(tmp_path: Path) -> None:
    with library_with(tmp_path / "library", tmp_path / "photos", 2) as library:
        stamp = library.text_stamp()
        assert library.text_stamp() == stamp
        (photo, _) = library.newest(2)
        library.set_labels([photo.id], "dog")
        labelled = library.text_stamp()
        assert labelled != stamp
        library.add(library.folders()[0].id, library.register_model(model()), [("new.jpg", read(9), row(9))])
        assert library.text_stamp() != labelled


def test_the_newest_of_some_photos(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library") as library:
        library.activate(model())
        (tmp_path / "photos").mkdir()
        folder = library.add_folder(str(tmp_path / "photos"))
        items = [(f"{day}.jpg", read(day, taken_at=f"2021-03-0{day} 12:00:00"), row(day)) for day in (1, 2, 3, 4)]
        library.add(folder.id, library.register_model(model()), items)
        ids = {photo.name: photo.id for photo in library.newest(4)}
        found = library.newest_of([ids["1.jpg"], ids["3.jpg"], ids["2.jpg"]], 2)
        assert [photo.name for photo in found] == ["3.jpg", "2.jpg"]
        assert library.newest_of([], 5) == []
