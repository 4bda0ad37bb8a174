"""The fields of Advanced: what each means is said, and what cannot be used is shown as such and not used silently."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QFormLayout, QWidget
from pytestqt.qtbot import QtBot

from driving import PATIENCE
from imagefinder.domain.training import RECIPES
from imagefinder.training.losses import LOSSES
from imagefinder.training.miners import MINERS
from imagefinder.ui.labels import SubduedLabel
from imagefinder.ui.main_window import MainWindow
from imagefinder.ui.teach_dialog import TeachDialog
from imagefinder.ui.teach_rate import RateEdit
from teach_kit import COLOURS, draw_classes, look_at, open_dialog, taught


@pytest.fixture
def dialog(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> TeachDialog:
    """At its second page, with all fields."""
    dialog = open_dialog(qtbot, window)
    look_at(qtbot, dialog, draw_classes(tmp_path / "classes", classes=3, photos=6))
    dialog.next.click()
    dialog.how.advanced.choose_base(COLOURS)
    dialog.how._more.click()
    return dialog


def retype(edit: RateEdit, text: str) -> None:
    edit.setFocus()
    edit.selectAll()
    QTest.keyClick(edit, Qt.Key.Key_Delete)
    QTest.keyClicks(edit, text)


def leave(edit: RateEdit, reason: Qt.FocusReason) -> None:
    QApplication.sendEvent(edit, QFocusEvent(QFocusEvent.Type.FocusOut, reason))


@pytest.mark.parametrize("text", ["7", "", "0", "-1", "nan", "inf", "fast", "1e"])
def test_what_is_no_rate_is_marked_and_cannot_start(dialog: TeachDialog, text: str) -> None:
    edit = dialog.how.advanced._rates["head_rate"]
    retype(edit, "0.002")
    assert dialog.start.isEnabled()
    leave(edit, Qt.FocusReason.TabFocusReason)
    retype(edit, text)
    reason = "Rate of the head: 1e-07 to 1, such as 0.002."
    assert dialog.how.problem == reason == dialog.start.toolTip()
    assert not dialog.start.isEnabled()
    assert [mark.isVisible() for mark in edit.actions()] == [True]
    leave(edit, Qt.FocusReason.PopupFocusReason)  # such as the menu from which a number is to be pasted
    assert edit.text() == text
    leave(edit, Qt.FocusReason.TabFocusReason)
    assert edit.text() == "0.002"
    assert dialog.start.isEnabled()
    assert dialog.how.problem == ""
    assert [mark.isVisible() for mark in edit.actions()] == [False]
    assert dialog.how.spec().recipe.head_rate == 0.002


@pytest.mark.parametrize(("text", "rate"), [("5e-4", 0.0005), ("0,01", 0.01), (" 1 ", 1.0), ("4E-3", 0.004)])
def test_a_rate_is_taken_as_it_is_written(dialog: TeachDialog, text: str, rate: float) -> None:
    form = dialog.how.advanced
    retype(form._rates["head_rate"], text)
    assert form.recipe("quick").head_rate == rate
    assert dialog.how.problem == ""
    form.set_mode("quick")
    assert form._rates["head_rate"].text() == text
    form.reset()
    assert form.recipe("quick") == RECIPES["quick"]
    assert float(form._rates["head_rate"].text().replace(",", ".")) == 0.004


def test_every_field_says_what_it_does_and_when_to_change_it(dialog: TeachDialog) -> None:
    form = dialog.how.advanced
    explained = []
    for layout in form.findChildren(QFormLayout):
        for row in range(layout.rowCount()):
            item = layout.itemAt(row, QFormLayout.ItemRole.FieldRole)
            assert item is not None
            field = item.widget()
            assert field is not None
            if isinstance(field, SubduedLabel):
                continue
            text = field.toolTip()
            assert text.endswith(".")
            assert "\n" not in text
            explained.append(text)
            label = layout.labelForField(field)
            assert label is None or label.toolTip() == text
    assert len(set(explained)) == len(explained) == 24
    spins = [each.toolTip() for each in row_of(form, "Batch: labels, photos of each (P, K)").findChildren(QWidget)]
    assert any("photos of each label" in text for text in spins)


def row_of(form: QWidget, name: str) -> QWidget:
    return next(each for each in form.findChildren(QWidget) if each.accessibleName() == name)


@pytest.mark.parametrize(("name", "known"), [("Miner", list(MINERS)), ("Loss", list(LOSSES))])
def test_losses_and_miners_are_described(dialog: TeachDialog, name: str, known: list[str]) -> None:
    combo = row_of(dialog.how.advanced, name)
    assert isinstance(combo, QComboBox)
    assert [combo.itemData(at) for at in range(combo.count())] == known
    assert all(combo.itemData(at, Qt.ItemDataRole.ToolTipRole) for at in range(combo.count()))


def test_the_miner_that_is_chosen_is_described_below_it(dialog: TeachDialog) -> None:
    form = dialog.how.advanced
    form._miner.setCurrentIndex(form._miner.findData("batch-hard"))
    assert "Hermans" in form._about_miner.text()
    form.set_value("loss", "arcface")  # which looks at no pairs
    assert form._about_miner.text() == ""
    form.reset()
    assert "The default" in form._about_miner.text()


def settled(qtbot: QtBot, dialog: TeachDialog) -> None:
    qtbot.waitUntil(lambda: not any("measuring" in text for text in dialog.how.estimates().values()), timeout=PATIENCE)


def test_photos_that_were_away_while_the_time_was_measured_are_looked_for_again(
    qtbot: QtBot, window: MainWindow, dialog: TeachDialog, tmp_path: Path
) -> None:
    how = dialog.how
    settled(qtbot, dialog)
    kept = (tmp_path / "classes").rename(tmp_path / "kept")
    dialog.back.click()
    dialog.next.click()
    settled(qtbot, dialog)
    assert set(how.estimates().values()) == {"not possible"}
    assert "None of the photos can be read" in how.problem
    assert how._again.isVisible()
    how._again.click()
    settled(qtbot, dialog)
    assert not dialog.start.isEnabled()

    kept.rename(tmp_path / "classes")
    how._again.click()
    assert dialog.start.isEnabled()
    settled(qtbot, dialog)
    assert how.estimates()["quick"] == "a few seconds"
    assert how._times["quick"].toolTip() != ""
    taught(qtbot, window, dialog.start.click)


def test_what_was_not_possible_is_measured_again_when_the_page_is_shown_again(
    qtbot: QtBot, dialog: TeachDialog
) -> None:
    how = dialog.how
    settled(qtbot, dialog)
    asked: list[str] = []
    how.estimates_wanted.connect(lambda specs: asked.extend(spec.recipe.mode for spec in specs))
    dialog.show_what()
    dialog.show_how()
    assert asked == ["thorough"]  # which colours alone cannot do; what is known is not measured again
    settled(qtbot, dialog)
    how.show_impossible("quick", "The drive is away.")
    assert not dialog.start.isEnabled()
    dialog.close()
    dialog.show()
    assert asked[1:] == ["quick", "thorough"]
    settled(qtbot, dialog)
    assert how.problem == ""
    assert dialog.start.isEnabled()


def test_a_mark_does_not_move_the_fields(dialog: TeachDialog) -> None:
    edit = dialog.how.advanced._rates["head_rate"]
    before = edit.mapTo(dialog, QPoint()), edit.size()
    retype(edit, "7")
    QApplication.processEvents()
    assert (edit.mapTo(dialog, QPoint()).x(), edit.size()) == (before[0].x(), before[1])
