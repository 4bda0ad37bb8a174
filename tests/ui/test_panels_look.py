"""Words, colours, icons, and what a screen reader hears."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QAccessible, QAction, QColor, QPalette, QPixmap
from PySide6.QtWidgets import QApplication, QMainWindow, QToolButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from imagefinder.domain.images import IndexSummary
from imagefinder.domain.progress import Progress
from imagefinder.ui import icons, theme, wording
from imagefinder.ui.about_dialog import AboutDialog
from imagefinder.ui.banner import BannerStack, Level
from imagefinder.ui.empty_state import EmptyState
from imagefinder.ui.excludes_dialog import ExcludesDialog
from imagefinder.ui.failures_dialog import FailuresDialog
from imagefinder.ui.folders_panel import FoldersPanel
from imagefinder.ui.indexing_card import IndexingCard
from imagefinder.ui.inspector import Inspector
from imagefinder.ui.labels import ElidedLabel, SubduedLabel
from imagefinder.ui.query_bar import QueryBar
from imagefinder.ui.shortcuts_dialog import ShortcutsDialog
from made_up import OFFLINE_PHOTO, PHOTO, failure, folder

UI = Path(icons.__file__).parent
ColorScheme = Qt.ColorScheme


@pytest.fixture
def schemes(qapp: QApplication) -> Iterator[Callable[[ColorScheme], None]]:
    yield lambda scheme: theme.set_scheme(qapp, scheme)
    theme.set_scheme(qapp, ColorScheme.Unknown)


def every_panel() -> list[QWidget]:
    banners, card, folders, inspector, failures = (
        BannerStack(),
        IndexingCard(),
        FoldersPanel(),
        Inspector(),
        FailuresDialog(),
    )
    banners.show_message("Something happened.", Level.ERROR, ("Try again", lambda: None), "details")
    card.set_progress(Progress("reading", 5, 10, "/photos", 3.0, 2.0))
    card.set_failures(3)
    folders.set_folders([folder(1, "/photos")])
    inspector.set_query("query.png", QPixmap(8, 8))
    inspector.set_photo(PHOTO, 0.5)
    failures.set_failures([failure("a.jpg")])
    return [
        QueryBar(),
        folders,
        card,
        failures,
        inspector,
        banners,
        EmptyState(),
        AboutDialog([("Qt", "6.11")], "crash"),
        ShortcutsDialog([("Search", [("Open", "Ctrl+O")])]),
        ExcludesDialog("photos", [".*"]),
    ]


def test_every_control_has_a_name_and_can_be_reached_by_keyboard(qtbot: QtBot) -> None:
    for panel in every_panel():
        qtbot.addWidget(panel)
        nameless = []
        for child in panel.findChildren(QWidget):
            # What belongs to another window is the list that a combo box drops down: Qt's own.
            if child.focusPolicy() & Qt.FocusPolicy.TabFocus and child.window() is panel:
                interface = QAccessible.queryAccessibleInterface(child)
                if not interface.text(QAccessible.Text.Name):
                    nameless.append(type(child).__name__)
        assert not nameless, type(panel).__name__
        buttons = [
            button for button in panel.findChildren(QToolButton) if button.focusPolicy() == Qt.FocusPolicy.NoFocus
        ]
        assert not buttons, type(panel).__name__


@pytest.mark.parametrize("scheme", [ColorScheme.Light, ColorScheme.Dark])
def test_text_can_be_read_on_every_surface(schemes: Callable[[ColorScheme], None], scheme: ColorScheme) -> None:
    schemes(scheme)
    palette = theme.application_palette()
    assert theme.is_dark(palette) == (scheme is ColorScheme.Dark)
    text = palette.color(QPalette.ColorRole.WindowText)
    for ground in (palette.color(QPalette.ColorRole.Window), *(theme.raised(palette, by) for by in (0.05, 0.09, 0.12))):
        assert theme.contrast(text, ground) >= 7
        assert theme.contrast(theme.subdued(palette), ground) >= theme.READABLE
    for role, ground_role in (
        (QPalette.ColorRole.PlaceholderText, QPalette.ColorRole.Base),
        (QPalette.ColorRole.HighlightedText, QPalette.ColorRole.Highlight),
        (QPalette.ColorRole.Link, QPalette.ColorRole.Window),
        (QPalette.ColorRole.ButtonText, QPalette.ColorRole.Button),
    ):
        assert theme.contrast(palette.color(role), palette.color(ground_role)) >= theme.READABLE, role


def test_subdued_text_is_readable_in_palettes_that_are_not_ours() -> None:
    for ink, paper in (("#000000", "#efefef"), ("#ffffff", "#000000"), ("#ffff00", "#000080"), ("#333333", "#cccccc")):
        palette = QPalette(QColor(paper))
        palette.setColor(QPalette.ColorRole.WindowText, QColor(ink))
        palette.setColor(QPalette.ColorRole.Window, QColor(paper))
        assert theme.contrast(theme.subdued(palette), QColor(paper)) >= theme.READABLE


def test_contrast_is_the_wcag_ratio() -> None:
    assert theme.contrast(QColor("black"), QColor("white")) == pytest.approx(21)
    assert theme.contrast(QColor("#767676"), QColor("white")) == pytest.approx(4.54, abs=0.01)
    assert theme.contrast(QColor("red"), QColor("red")) == 1


def test_icons_and_labels_follow_the_palette(
    qapp: QApplication, qtbot: QtBot, schemes: Callable[[ColorScheme], None]
) -> None:
    schemes(ColorScheme.Light)
    window, button = QMainWindow(), QToolButton()
    label = SubduedLabel("quiet")
    middle = QWidget()
    column = QVBoxLayout(middle)
    column.addWidget(button)
    column.addWidget(label)
    window.setCentralWidget(middle)
    action = QAction("Open", window)
    qtbot.addWidget(window)
    icons.set_icon(button, "x", 16)
    icons.set_icon(action, "image")
    icons.follow_palette(window)
    window.show()

    def darkest(target: QToolButton | QAction) -> int:
        image = target.icon().pixmap(16, 16).toImage()
        pixels = (image.pixelColor(x, y) for x in range(16) for y in range(16))
        return min(pixel.lightness() for pixel in pixels if pixel.alpha() > 200)

    assert darkest(button) < 80
    quiet = label.palette().color(QPalette.ColorRole.WindowText)
    schemes(ColorScheme.Dark)
    qtbot.waitUntil(lambda: darkest(button) > 150 and darkest(action) > 150)
    assert label.palette().color(QPalette.ColorRole.WindowText) != quiet
    ground = theme.application_palette().color(QPalette.ColorRole.Window)
    assert theme.contrast(label.palette().color(QPalette.ColorRole.WindowText), ground) >= theme.READABLE


def test_icons_are_sharp_on_every_screen(qtbot: QtBot) -> None:
    for ratio in (1.0, 1.5, 2.0):
        assert icons.pixmap("folder", 20, QColor("black"), ratio).size().width() == round(20 * ratio)
    made = icons.icon("folder")
    assert made.pixmap(made.availableSizes()[0], 2.0).devicePixelRatio() == 2.0


def test_every_icon_is_there_used_and_licensed(qtbot: QtBot) -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in UI.glob("*.py"))
    words = set(re.findall(r'"([a-z]+(?:-[a-z0-9]+)*)"', source))
    drawn = {path.stem for path in (UI / "icons").glob("*.svg")}
    assert drawn - words == set()
    asked = set(re.findall(r'(?:icons\.(?:icon|pixmap)|set_icon|IconLabel)\((?:[\w.]+, )?"([a-z0-9-]+)"', source))
    assert asked - drawn == set()
    assert "ISC License" in (UI / "icons" / "LICENSE").read_text(encoding="utf-8")
    with pytest.raises(FileNotFoundError):
        icons.icon("no-such-icon")


def test_long_text_is_shortened_and_told_in_full(qtbot: QtBot) -> None:
    label = ElidedLabel("/a/very/long/path/that/does/not/fit/into/this/label.jpg")
    qtbot.addWidget(label)
    label.resize(80, 20)
    assert label.minimumSizeHint().width() == 0
    assert not label.grab().isNull()
    assert label.text().startswith("/a/very/long")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "a few seconds"),
        (7.9, "a few seconds"),
        (8, "about 10 s"),
        (44, "about 40 s"),
        (50, "about 1 min"),
        (290, "about 5 min"),
        (2999, "about 50 min"),
        (3000, "about 1 h"),
        (5400, "about 1.5 h"),
        (36000, "about 10 h"),
    ],
)
def test_times_are_rounded(seconds: float, words: str) -> None:
    assert wording.duration(seconds) == words


def test_numbers_sizes_and_dates() -> None:
    assert wording.grouped(12480) == "12,480"
    assert wording.photos(1) == "1 photo"
    assert wording.photos(0) == "0 photos"
    assert wording.file_size(3_412_345) == "3.4 MB"
    assert wording.file_size(812) == "812 bytes"
    assert wording.file_size(12_400) == "12 kB"
    assert wording.rate(3.14) == "3.1 photos/s"
    assert wording.rate(41.2) == "41 photos/s"
    assert wording.dimensions(PHOTO.info) == "4,000 \N{MULTIPLICATION SIGN} 3,000"
    assert wording.date(PHOTO.info, PHOTO.stamp) == "July 14, 2019 15:32"
    assert "2023" in wording.date(OFFLINE_PHOTO.info, OFFLINE_PHOTO.stamp)


def test_numbers_and_dates_are_those_of_the_country() -> None:
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.German, QLocale.Country.Germany))
    try:
        assert wording.grouped(12480) == "12.480"
        assert wording.date(PHOTO.info, PHOTO.stamp) == "14. Juli 2019 15:32"
    finally:
        QLocale.setDefault(before)


@pytest.mark.parametrize(
    ("summary", "words"),
    [
        (IndexSummary(0, 0, 0, 0, 9, (), (), 1, 0), "Everything is up to date."),
        (IndexSummary(1204, 0, 2, 1, 9, (), (), 1, 0), "Done: 1,204 added, 2 moved, 1 removed."),
        (IndexSummary(0, 0, 0, 0, 9, (), (), 1, 0, cancelled=True), "Stopped. F5 goes on."),
    ],
)
def test_an_outcome_is_one_sentence(summary: IndexSummary, words: str) -> None:
    assert wording.outcome(summary) == words


def test_names_that_are_not_text_are_shown_as_one_line() -> None:
    mark = "\N{REPLACEMENT CHARACTER}"
    assert wording.shown("a\udcff\nb\u202egpj.exe") == f"a{mark}{mark}b{mark}gpj.exe"
    assert wording.shown("naïve 📷.jpg") == "naïve 📷.jpg"
