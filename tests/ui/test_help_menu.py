"""Help: licences, and a page that is opened only when somebody clicks."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot

import imagefinder
from imagefinder.ui.licences_dialog import LicencesDialog
from imagefinder.ui.main_window import MainWindow


def action(window: MainWindow, text: str) -> QAction:
    return next(each for each in window.findChildren(QAction) if each.text() == text)


PAGE = "https://updates.example/imagefinder"


def test_without_a_page_there_is_no_entry_for_updates(window: MainWindow) -> None:
    assert not [each for each in window.findChildren(QAction) if "updates" in each.text()]


def test_the_page_for_updates_is_opened_on_a_click_only(
    make_window: Callable[[], MainWindow], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(imagefinder, "UPDATES_PAGE", PAGE)
    window = make_window()

    def open_url(url: QUrl) -> bool:
        opened.append(url.toString())
        return len(opened) == 1

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    assert opened == []
    action(window, "Check for updates…").trigger()
    assert opened == [PAGE]
    assert window.banners.banners() == []
    action(window, "Check for updates…").trigger()  # no browser this time
    assert PAGE in window.banners.banners()[0].sentence


def test_licences_are_shown(window: MainWindow, qtbot: QtBot) -> None:
    action(window, "Licences…").trigger()
    (dialog,) = window.findChildren(LicencesDialog)
    (text,) = dialog.findChildren(QPlainTextEdit)
    assert "PySide6" in text.toPlainText()
    assert text.isReadOnly()
    with qtbot.waitSignal(dialog.destroyed):
        dialog.close()
