"""The right panel."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from imagefinder.domain.labels import LabelVote, Voter
from imagefinder.ui.inspector import Inspector
from imagefinder.ui.picture import Picture
from imagefinder.ui.similarity import Scale
from imagefinder.ui.tile import Tile
from made_up import OFFLINE_PHOTO, PHOTO
from ui_photos import make_photo

SCALE = Scale(0.97, 0.85, 0.7, 0.5)


@pytest.fixture
def inspector(qtbot: QtBot) -> Inspector:
    inspector = Inspector()
    qtbot.addWidget(inspector)
    inspector.resize(280, 700)
    inspector.show()
    qtbot.waitExposed(inspector)
    return inspector


def words(inspector: Inspector) -> list[str]:
    return [
        label.text().replace("\N{NO-BREAK SPACE}", " ") for label in inspector.findChildren(QLabel) if label.isVisible()
    ]


def button(inspector: Inspector, text: str) -> QPushButton:
    return next(child for child in inspector.findChildren(QPushButton) if child.text() == text)


def test_everything_that_is_known_of_a_photo(inspector: Inspector) -> None:
    inspector.set_photo(PHOTO, 0.874, None, SCALE)
    said = words(inspector)
    for fact in (
        "beach.jpg",
        "87 · very alike",
        "/photos/2019",
        "July 14, 2019 15:32",
        "4,000 \N{MULTIPLICATION SIGN} 3,000 · 3.4 MB",
        "FUJIFILM X-T30",
    ):
        assert fact in said
    (path,) = inspector.findChildren(QLineEdit)
    assert path.text() == "/photos/2019/beach.jpg"
    assert path.isReadOnly()
    names = [label.accessibleName() for label in inspector.findChildren(QLabel) if label.isVisible()]
    assert "Camera: FUJIFILM X-T30" in names


def test_what_is_not_known_takes_no_room(inspector: Inspector) -> None:
    inspector.set_photo(OFFLINE_PHOTO)
    assert "Camera" not in words(inspector)
    assert "Similarity" not in words(inspector)
    inspector.set_photo(PHOTO, 0.3)
    assert "30" in words(inspector)


def test_an_offline_photo_says_which_drive_is_missing(inspector: Inspector) -> None:
    inspector.set_photo(OFFLINE_PHOTO)
    assert any("/photos" in text and "offline" in text for text in words(inspector))
    assert not button(inspector, "Open").isEnabled()
    assert button(inspector, "Find similar").isEnabled()


def test_the_buttons_tell_which_photo_is_meant(inspector: Inspector, qtbot: QtBot) -> None:
    inspector.set_photo(PHOTO)
    for text, signal in (
        ("Open", inspector.open_requested),
        ("Show in folder", inspector.reveal_requested),
        ("Find similar", inspector.find_similar),
    ):
        with qtbot.waitSignal(signal) as asked:
            QTest.mouseClick(button(inspector, text), Qt.MouseButton.LeftButton)
        assert asked.args == [PHOTO]


def test_no_photo_several_photos_and_the_query(inspector: Inspector) -> None:
    assert words(inspector) == ["Select a photo to see its details."]
    inspector.set_selected_count(1200)
    assert words(inspector) == ["1,200 photos selected."]
    inspector.set_query("query.png", QPixmap(40, 40), PHOTO.info)
    assert words(inspector)[:3] == ["Looking for", "query.png", "4,000 \N{MULTIPLICATION SIGN} 3,000"]
    inspector.set_query(None, None)
    assert "Looking for" not in words(inspector)


@pytest.mark.parametrize("label", ["Golden-Delicious", "averyveryverylongnamewithoutanyhyphen", "x" * 200])
def test_a_suggestion_fits_whatever_the_width(inspector: Inspector, qtbot: QtBot, label: str) -> None:
    voters = tuple(Voter(number, label, 0.9, 0.1) for number in range(10))
    inspector.set_query("query.png", QPixmap(40, 40), PHOTO.info)
    inspector.set_suggestion(LabelVote(label, 1.0, True, voters), {number: make_photo(number) for number in range(10)})
    inspector.set_recognised(f"The model sees: {label} 80 %")
    inspector.set_photo(OFFLINE_PHOTO)
    assert inspector.suggestion == f"Probably {label}: 10 of the 10 most similar photos say so"
    assert inspector.recognised == f"The model sees: {label} 80 %"
    tiles = inspector.findChildren(Tile)
    columns = []
    for width in (inspector.minimumWidth(), 280, 400):
        inspector.resize(width, 700)
        qtbot.waitUntil(lambda: len({(tile.x(), tile.y()) for tile in tiles}) == 10)
        qtbot.waitUntil(lambda: _right(inspector) <= inspector.viewport().width())
        assert not inspector.horizontalScrollBar().isVisible()
        columns.append(len({tile.x() for tile in tiles}))
        sentence = next(each for each in inspector.findChildren(QLabel) if each.text().startswith("Probably"))
        assert sentence.minimumSizeHint().width() <= sentence.width()
        assert sentence.heightForWidth(sentence.width()) <= sentence.height()
    assert columns == sorted(columns)
    assert columns[0] < columns[-1] == 5


def _right(inspector: Inspector) -> int:
    """The right edge of what reaches furthest, in the viewport."""
    inside = inspector.widget()
    assert inside is not None
    shown = [each for each in inside.findChildren(QWidget) if each.isVisible()]
    return max(each.mapTo(inside, each.rect().topRight()).x() for each in shown) + 1 + inside.x()


def test_a_picture_that_comes_late_is_only_shown_on_its_own_photo(inspector: Inspector) -> None:
    inspector.set_photo(PHOTO)
    shown = next(p for p in inspector.findChildren(Picture) if p.accessibleName() == "The selected photo")
    inspector.set_picture(99, QPixmap(10, 10))
    assert not shown.has_picture()
    inspector.set_picture(PHOTO.id, QPixmap(10, 10))
    assert shown.has_picture()


def test_a_picture_is_fitted_and_never_enlarged(qtbot: QtBot) -> None:
    picture = Picture(100)
    qtbot.addWidget(picture)
    picture.resize(200, 100)
    red = QPixmap(400, 100)
    red.fill(QColor("red"))
    picture.show_picture(red)
    painted = picture.grab().toImage()
    ground = picture.palette().window().color()
    assert painted.pixelColor(100, 50) == QColor("red")
    assert painted.pixelColor(100, 20) == ground
    small = QPixmap(20, 20)
    small.fill(QColor("blue"))
    picture.show_picture(small)
    painted = picture.grab().toImage()
    assert painted.pixelColor(100, 50) == QColor("blue")
    assert painted.pixelColor(115, 50) == ground
    picture.show_picture(None, 0x8A9B52)
    assert picture.grab().toImage().pixelColor(100, 50) == QColor(0x8A, 0x9B, 0x52)
