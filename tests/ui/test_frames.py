"""Controls are known by their frames: these can be seen in the app's own colours, light and dark."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from imagefinder.ui import theme
from imagefinder.ui.indicators import CheckBox, RadioButton

ColorScheme = Qt.ColorScheme
BOTH = pytest.mark.parametrize("scheme", [ColorScheme.Light, ColorScheme.Dark])


@pytest.fixture
def schemes(qapp: QApplication) -> Iterator[Callable[[ColorScheme], None]]:
    assert qapp.style().objectName().lower() == "fusion"  # what is drawn where the platform has no style of its own
    yield lambda scheme: theme.set_scheme(qapp, scheme)
    theme.set_scheme(qapp, ColorScheme.Unknown)


def palette_of(name: str) -> QPalette:
    """Of a class of Qt."""
    palette: QPalette = QApplication.palette(name)  # type: ignore[call-overload]  # its stub says bytes, refused
    return palette


@BOTH
def test_frames_stand_out_from_the_window_and_from_cards(
    schemes: Callable[[ColorScheme], None], scheme: ColorScheme
) -> None:
    schemes(scheme)
    palette = theme.application_palette()
    for name in theme.FRAMED:
        frame = theme.frame(palette_of(name))
        for ground in (palette.window().color(), theme.raised(palette), palette.base().color()):
            assert theme.contrast(frame, ground) >= theme.VISIBLE, name
        disabled = theme.frame(palette_of(name), QPalette.ColorGroup.Disabled)
        faint = theme.contrast(disabled, palette.window().color())
        assert 1.5 < faint < theme.contrast(frame, palette.window().color())


@BOTH
def test_only_frames_have_changed(schemes: Callable[[ColorScheme], None], scheme: ColorScheme) -> None:
    schemes(scheme)
    palette = theme.application_palette()
    for name in theme.FRAMED:
        mine = palette_of(name)
        roles = set(QPalette.ColorRole) - {QPalette.ColorRole.NColorRoles}
        assert {role for role in roles if mine.color(role) != palette.color(role)} == {QPalette.ColorRole.Window}
    assert palette_of("QLabel").window().color() == palette.window().color()


def test_the_systems_own_colours_are_left_alone(qapp: QApplication, schemes: Callable[[ColorScheme], None]) -> None:
    schemes(ColorScheme.Dark)
    schemes(ColorScheme.Unknown)
    for name in theme.FRAMED:
        assert palette_of(name).window().color() == qapp.palette().window().color()


def most(widget: QWidget, ground: QColor) -> float:
    """The contrast of the frame as it is drawn: left of the middle, where nothing else is."""
    image = widget.grab().toImage()
    return max(theme.contrast(image.pixelColor(x, image.height() // 2), ground) for x in range(5))


@BOTH
def test_frames_are_drawn_so(qtbot: QtBot, schemes: Callable[[ColorScheme], None], scheme: ColorScheme) -> None:
    schemes(scheme)
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    controls: list[QWidget] = [
        QLineEdit(),
        QPlainTextEdit(),
        QSpinBox(),
        QDoubleSpinBox(),
        QComboBox(),
        QRadioButton("one"),
        QCheckBox("two"),
        RadioButton("three"),
        CheckBox("four"),
    ]
    for control in controls:
        column.addWidget(control)
    focused = QPushButton("has the focus")
    column.addWidget(focused)
    window.show()
    focused.setFocus()
    ground = theme.application_palette().window().color()
    for control in controls:
        assert most(control, ground) >= theme.VISIBLE, control
    for box in (RadioButton("five"), CheckBox("six")):
        column.addWidget(box)
        box.setEnabled(False)
        assert box.palette().base().color() == theme.application_palette().base().color()
    label = QLabel(" ")
    column.addWidget(label)
    assert most(label, ground) == 1


def test_in_the_dark_of_a_system_the_indicators_are_filled(qapp: QApplication, qtbot: QtBot) -> None:
    before = QPalette(qapp.palette())
    dark = QPalette(QColor("#303030"), QColor("#262626"))
    for button in (RadioButton("one"), CheckBox("two")):
        qtbot.addWidget(button)
        qapp.setPalette(dark)
        assert theme.is_dark(qapp.palette())
        fill = button.palette().base().color()
        assert theme.contrast(fill, dark.window().color()) >= theme.VISIBLE - 0.1
        qapp.setPalette(before)
        assert button.palette().base().color() == before.base().color()
    theme.set_scheme(qapp, ColorScheme.Unknown)
