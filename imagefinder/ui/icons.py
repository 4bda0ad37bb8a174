"""Line icons in the colours of the palette. The drawings in ``icons/`` are Lucide's (ISC, see the LICENSE there).

A QIconEngine written in Python crashes when Qt copies it, so an icon here is a set of pixmaps, and ``follow_palette``
makes them anew when the palette changes.
"""

from functools import lru_cache
from importlib import resources

from PySide6.QtCore import QByteArray, QEvent, QObject, QSize, Qt
from PySide6.QtGui import QAction, QColor, QGuiApplication, QIcon, QImage, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QWidget

SIDES = (16, 20)
"""In logical pixels: the sizes in use on buttons."""

THIN_FROM = 32
"""Large icons have thinner lines, or they would weigh more than the text beside them."""

_NAME = "imagefinder_icon"
_MODES = (
    (QIcon.Mode.Normal, QPalette.ColorGroup.Active, QPalette.ColorRole.ButtonText),
    (QIcon.Mode.Disabled, QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText),
    (QIcon.Mode.Selected, QPalette.ColorGroup.Active, QPalette.ColorRole.HighlightedText),
)


def icon(name: str) -> QIcon:
    """The icon in the colours of the palette of this moment. Raises FileNotFoundError for a name that is not there."""
    palette = QGuiApplication.palette()
    made = QIcon()
    for mode, group, role in _MODES:
        for side in SIDES:
            for ratio in (1, 2):
                made.addPixmap(pixmap(name, side, palette.color(group, role), ratio), mode)
    return made


def pixmap(name: str, side: int, colour: QColor, ratio: float = 1.0) -> QPixmap:
    """One icon, ``side`` logical pixels wide and high, for a screen of ``ratio`` device pixels to one of those."""
    image = _mask(name, round(side * ratio), thin=side >= THIN_FROM).copy()
    painter = QPainter(image)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(image.rect(), colour)
    painter.end()
    image.setDevicePixelRatio(ratio)
    return QPixmap.fromImage(image)


def set_icon(target: QAction | QAbstractButton, name: str, side: int | None = None) -> None:
    """Give a button or action an icon that ``follow_palette`` keeps in the right colours."""
    target.setProperty(_NAME, name)
    target.setIcon(icon(name))
    if side is not None and isinstance(target, QAbstractButton):
        target.setIconSize(QSize(side, side))


def follow_palette(window: QWidget) -> None:
    """Keep the icons of everything inside ``window``, its dialogs too, in the colours of the palette."""
    window.installEventFilter(_Tinter(window))


class _Tinter(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.PaletteChange:
            targets: tuple[QAction | QAbstractButton, ...] = (
                *watched.findChildren(QAction),
                *watched.findChildren(QAbstractButton),
            )
            for target in targets:
                name = target.property(_NAME)
                if name:
                    target.setIcon(icon(name))
        return False


@lru_cache(maxsize=256)
def _mask(name: str, side: int, thin: bool) -> QImage:
    drawing = resources.files("imagefinder.ui").joinpath("icons", f"{name}.svg").read_bytes()
    if thin:
        drawing = drawing.replace(b'stroke-width="2"', b'stroke-width="1.25"')
    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(drawing)).render(painter)
    painter.end()
    return image
