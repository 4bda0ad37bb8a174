import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from imagefinder.settings import Settings
from imagefinder.ui.remembered_size import RememberedSize

FIRST = QSize(400, 300)
FIELDS = [f"{name}_geometry" for name in ("models", "teach", "settings", "review", "measure")]


def opened(qtbot: QtBot, settings: Settings, field: str) -> QDialog:
    dialog = QDialog()
    qtbot.addWidget(dialog)
    RememberedSize(dialog, settings, field, FIRST)
    with qtbot.waitExposed(dialog):
        dialog.show()
    return dialog


@pytest.mark.parametrize("field", FIELDS)
def test_a_dialog_opens_as_it_was_left(qtbot: QtBot, field: str) -> None:
    settings = Settings()
    dialog = opened(qtbot, settings, field)
    assert dialog.size() == FIRST
    dialog.resize(510, 410)
    qtbot.waitUntil(lambda: dialog.size() == QSize(510, 410))
    dialog.close()
    assert opened(qtbot, settings, field).size() == QSize(510, 410)
    others = [getattr(settings, other) for other in FIELDS if other != field]
    assert others == [""] * len(others)


def test_what_is_no_geometry_is_the_first_size(qtbot: QtBot) -> None:
    assert opened(qtbot, Settings(models_geometry="bm90aGluZw=="), "models_geometry").size() == FIRST
