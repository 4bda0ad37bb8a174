"""The list of what left the library, and the sentences about it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QTreeWidget
from pytestqt.qtbot import QtBot

from imagefinder.domain.images import FolderState, Removal, RemovalReason
from imagefinder.settings import Settings
from imagefinder.ui import removal_wording
from imagefinder.ui.removed_dialog import RemovedDialog
from imagefinder.usecases.missing import Going
from made_up import folder

NOON = datetime(2026, 3, 14, 12, 30, tzinfo=UTC)
DELETED = Removal(3, NOON, "deleted", "/photos", 1204, 7)
EXCLUDED = Removal(2, NOON - timedelta(days=2), "excluded", "/photos/<b>bold</b>", 1, 0)


@pytest.fixture
def dialog(qtbot: QtBot) -> RemovedDialog:
    dialog = RemovedDialog(Settings())
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    return dialog


def table(dialog: RemovedDialog) -> QTreeWidget:
    (found,) = dialog.findChildren(QTreeWidget)
    return found


def bring_back(dialog: RemovedDialog) -> QPushButton:
    return next(each for each in dialog.findChildren(QPushButton) if each.text() == "Bring back")


def words(dialog: RemovedDialog) -> list[str]:
    return [label.text() for label in dialog.findChildren(QLabel) if label.isVisible()]


def test_while_nothing_left_a_sentence_says_so(dialog: RemovedDialog) -> None:
    assert "Nothing left the library in the last 30 days." in words(dialog)
    assert not table(dialog).isVisible()
    assert not bring_back(dialog).isEnabled()


def test_each_removal_is_a_line_with_its_numbers_and_its_reason(dialog: RemovedDialog) -> None:
    dialog.set_removals([DELETED, EXCLUDED])
    assert "What leaves the library is kept for 30 days, labels included." in words(dialog)
    rows = [[item.text(n) for n in range(1, 5)] for item in (table(dialog).topLevelItem(n) for n in range(2)) if item]
    assert rows == [
        ["1,204", "7", "/photos", "Their files were deleted or moved away"],
        ["1", "", "/photos/<b>bold</b>", "Left out by exclude patterns"],
    ]
    odd = table(dialog).topLevelItem(1)
    assert odd is not None
    assert "&lt;b&gt;" in odd.toolTip(3)


def test_the_times_can_be_read_in_full(dialog: RemovedDialog) -> None:
    dialog.set_removals([DELETED])
    item = table(dialog).topLevelItem(0)
    assert item is not None
    assert table(dialog).columnWidth(0) >= dialog.fontMetrics().horizontalAdvance(item.text(0))


def test_enter_brings_back_what_is_selected_once(dialog: RemovedDialog, qtbot: QtBot) -> None:
    asked: list[Sequence[Removal]] = []
    dialog.bring_back_requested.connect(asked.append)
    dialog.set_removals([DELETED, EXCLUDED])
    table(dialog).setFocus()
    QTest.keyClick(table(dialog), Qt.Key.Key_Return)
    assert asked == [[DELETED]]
    QTest.keyClick(table(dialog), Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    bring_back(dialog).click()
    assert asked[1:] == [[DELETED, EXCLUDED]]
    with qtbot.waitSignal(dialog.finished):
        QTest.keyClick(table(dialog), Qt.Key.Key_Escape)


def test_a_hint_says_what_to_know_before(dialog: RemovedDialog) -> None:
    dialog.set_removals([EXCLUDED])
    assert "Change the exclude patterns of the folder first, or they leave again." in words(dialog)


def test_the_selection_stays_while_the_list_changes(dialog: RemovedDialog) -> None:
    dialog.set_removals([DELETED, EXCLUDED])
    table(dialog).setCurrentIndex(table(dialog).model().index(1, 0))
    newer = Removal(9, NOON + timedelta(days=1), "trashed", "/photos", 2, 0)
    dialog.set_removals([newer, DELETED, EXCLUDED])
    assert [index.row() for index in table(dialog).selectionModel().selectedRows()] == [2]


@pytest.mark.parametrize(
    ("photos", "labelled", "reasons", "sentence"),
    [
        (7, 0, ["deleted"], "7 photos left the library: their files were deleted or moved away."),
        (1, 0, ["replaced"], "1 photo left the library: another picture has its place."),
        (
            1204,
            3,
            ["deleted", "excluded"],
            (
                "1,204 photos left the library: their files were deleted or moved away, or exclude patterns leave them "
                "out. 3 of them had labels that you gave them."
            ),
        ),
        (
            2,
            1,
            ["forgotten"],
            ("2 photos left the library: their files were missing. One of them had a label that you gave it."),
        ),
        (
            1,
            1,
            ["deleted"],
            ("1 photo left the library: its file was deleted or moved away. It had a label that you gave it."),
        ),
        (0, 1, ["replaced"], "The label of 1 photo is set aside: another picture has its place."),
        (0, 2, ["replaced"], "The labels of 2 photos are set aside: other pictures have their places."),
        (5, 0, [], "5 photos left the library."),
    ],
)
def test_what_left_is_said_in_a_sentence(
    photos: int, labelled: int, reasons: list[RemovalReason], sentence: str
) -> None:
    assert removal_wording.left(photos, labelled, reasons) == sentence


def test_what_came_back_is_said_too() -> None:
    said = [removal_wording.brought_back(*numbers) for numbers in ((1, 1), (1204, 1204), (3, 0), (3, 2))]
    assert said == [
        "1 photo is back.",
        "1,204 photos are back.",
        "Nothing was brought back: other photos have their places.",
        "2 of 3 photos are back. Other photos have the places of the rest.",
    ]


def test_a_question_names_what_goes() -> None:
    pictures = folder(1, "/photos")
    assert removal_wording.removing(Going(pictures, 0, 0)) == "The files in /photos stay as they are."
    one = removal_wording.forgetting(Going(pictures, 1, 1))
    assert one.startswith(
        "1 photo whose file is not in /photos now leaves the library, with the label that you gave it."
    )
    many = removal_wording.removing(Going(pictures, 12480, 35))
    assert many.startswith("12,480 photos will no longer be found, 35 of them with labels that you gave them.")
    offline = removal_wording.forgetting(Going(folder(1, "/nas", FolderState.OFFLINE), 100, 2))
    assert offline.startswith(
        "Of its 100 photos, 2 of them with labels that you gave them, those whose files are not in /nas now leave"
    )
