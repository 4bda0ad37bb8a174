"""Banners, the drop overlay and the empty page."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from imagefinder.domain.images import Hit
from imagefinder.ui.banner import AT_MOST, BannerStack, Level
from imagefinder.ui.drop_overlay import DropOverlay
from imagefinder.ui.empty_state import EmptyState
from imagefinder.ui.picture import Picture
from made_up import PHOTO


@pytest.fixture
def stack(qtbot: QtBot) -> BannerStack:
    stack = BannerStack()
    qtbot.addWidget(stack)
    stack.resize(800, 300)
    return stack


@pytest.fixture
def page(qtbot: QtBot) -> EmptyState:
    page = EmptyState()
    qtbot.addWidget(page)
    page.resize(700, 500)
    page.show()
    qtbot.waitExposed(page)
    return page


def sentences(stack: BannerStack) -> list[str]:
    return [banner.sentence for banner in stack.banners()]


def seen(page: EmptyState) -> list[str]:
    parts: list[QLabel | QPushButton] = [*page.findChildren(QLabel), *page.findChildren(QPushButton)]
    return [part.text() for part in parts if part.isVisible()]


def test_banners_never_stack_above_three(stack: BannerStack) -> None:
    assert stack.isHidden()
    for number in range(AT_MOST + 2):
        stack.show_message(f"Message {number}")
    assert sentences(stack) == ["Message 2", "Message 3", "Message 4"]
    stack.show_message("Message 3", Level.ERROR)
    assert sentences(stack) == ["Message 2", "Message 4", "Message 3"]


def test_a_closed_banner_is_gone_and_leaves_no_room(stack: BannerStack, qtbot: QtBot) -> None:
    banner = stack.show_message("Something happened.", Level.WARNING)
    with qtbot.waitSignal(banner.destroyed):
        banner.close_button.click()
    assert sentences(stack) == []
    assert stack.isHidden()
    stack.dismiss(banner)


def test_the_action_runs_once_and_closes_the_banner(stack: BannerStack) -> None:
    done: list[str] = []
    banner = stack.show_message("The download failed.", Level.ERROR, ("Try again", lambda: done.append("again")))
    assert banner.action_button is not None
    banner.action_button.click()
    assert done == ["again"]
    assert sentences(stack) == []


def test_an_action_may_show_the_next_banner(stack: BannerStack) -> None:
    def go_on() -> None:
        stack.show_message("Second.")

    banner = stack.show_message("First.", action=("Go on", go_on))
    assert banner.action_button is not None
    banner.action_button.click()
    assert sentences(stack) == ["Second."]


def test_details_can_be_copied_and_escape_closes(stack: BannerStack, qtbot: QtBot) -> None:
    banner = stack.show_message("It went wrong.", Level.ERROR, details="Traceback\nTimeoutError")
    next(child for child in banner.findChildren(QToolButton) if child.text() == "Copy details").click()
    assert QGuiApplication.clipboard().text() == "Traceback\nTimeoutError"
    QTest.keyClick(banner, Qt.Key.Key_Escape)
    assert sentences(stack) == []


def test_markup_in_a_message_is_only_text(stack: BannerStack) -> None:
    banner = stack.show_message("<b>name</b>.jpg could not be read.")
    (label,) = banner.findChildren(QLabel)
    assert label.textFormat() == Qt.TextFormat.PlainText


@pytest.mark.parametrize(
    ("folders", "said"), [(False, "Find similar photos"), (True, "Find similar photos, or add a folder")]
)
def test_the_overlay_says_what_a_drop_may_do(qtbot: QtBot, folders: bool, said: str) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(640, 480)
    window.show()
    overlay = DropOverlay(window)
    assert overlay.isHidden()
    overlay.show_offer(folders)
    assert overlay.text() == said
    assert overlay.geometry() == window.rect()
    window.resize(700, 300)
    qtbot.waitUntil(lambda: overlay.geometry() == window.rect())
    assert window.childAt(20, 20) is None  # drops go to the window, not to what covers it


def test_the_welcome_has_one_sentence_and_one_button(page: EmptyState, qtbot: QtBot) -> None:
    assert seen(page) == [
        "Find photos that look alike",
        "Add a folder of photos, then drop any picture here to find the ones like it.",
        "Add photo folder…",
    ]
    with qtbot.waitSignal(page.add_requested):
        next(button for button in page.findChildren(QPushButton) if button.isVisible()).click()


def test_nothing_above_the_threshold_offers_the_nearest_and_all(page: EmptyState, qtbot: QtBot) -> None:
    nearest = Hit(1, PHOTO, 0.43)
    page.show_nothing_similar(60, nearest, QPixmap(32, 32))
    assert seen(page) == [
        "No photo is 60 or more similar",
        "The nearest is beach.jpg, with 43.",
        "Show the nearest",
        "Show all",
    ]
    assert any(picture.isVisible() for picture in page.findChildren(Picture))
    show, show_all = (button for button in page.findChildren(QPushButton) if button.isVisible())
    with qtbot.waitSignal(page.nearest_requested) as asked:
        show.click()
    assert asked.args == [nearest]
    with qtbot.waitSignal(page.reset_requested):
        show_all.click()
    page.activateWindow()
    page.setFocus()
    assert page.focusProxy() is show


def test_searching_and_other_pages_leave_nothing_behind(page: EmptyState) -> None:
    page.show_nothing_similar(60, Hit(1, PHOTO, 0.43), QPixmap(32, 32))
    page.show_searching("Waiting for the model…")
    assert seen(page) == ["Waiting for the model…"]
    assert not any(picture.isVisible() for picture in page.findChildren(Picture))
    page.show_nothing_similar(60, None)
    assert seen(page)[0] == "No similar photos"
    page.show_no_photos()
    assert "Add photo folder…" in seen(page)
    page.show_welcome()
    assert seen(page)[0] == "Find photos that look alike"
