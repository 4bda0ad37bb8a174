"""Messages under the toolbar that wait for nobody: a sentence, one action, and details to copy."""

from collections.abc import Callable
from enum import Enum

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QColor, QGuiApplication, QKeyEvent, QPalette, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from imagefinder.ui import icons, theme, wording
from imagefinder.ui.card import Card
from imagefinder.ui.labels import IconLabel

AT_MOST = 3
INFO_MILLISECONDS = 8_000


class Level(Enum):
    """The icon, and the tone on a light and on a dark ground."""

    INFO = ("info", "#2a6fc9", "#7fb2f5")
    WARNING = ("triangle-alert", "#9a6200", "#e0a93b")
    ERROR = ("circle-alert", "#b3261e", "#f2857d")


class BannerStack(QWidget):
    """Takes no room while empty. A fourth banner takes the place of the oldest; a repeated one moves to the end."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._banners: list[Banner] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, theme.GAP)
        self._column.setSpacing(theme.GRID)
        self.hide()

    def show_message(
        self,
        sentence: str,
        level: Level = Level.INFO,
        action: tuple[str, Callable[[], None]] | None = None,
        details: str = "",
        other: tuple[str, Callable[[], None]] | None = None,
    ) -> "Banner":
        """``action`` is a button's text and what it does (the banner closes then), as is ``other``, of a second button;
        ``details`` can be copied."""
        for old in self.banners():
            if old.sentence == sentence:
                self._drop(old)
        banner = Banner(sentence, level, action, details, self, other)
        banner.close_button.clicked.connect(lambda: self.dismiss(banner))
        for button in (banner.action_button, banner.other_button):
            if button is not None:
                button.clicked.connect(lambda: self.dismiss(banner))
        self._column.addWidget(banner)
        if level is Level.INFO and action is None:  # nobody has to do anything about it
            QTimer.singleShot(INFO_MILLISECONDS, banner, lambda: self.dismiss(banner))
        self._banners.append(banner)
        for old in self.banners()[:-AT_MOST]:
            self._drop(old)
        self.show()
        urgent = level is Level.ERROR
        announcement = QAccessibleAnnouncementEvent(self, sentence)
        announcement.setPoliteness(
            QAccessible.AnnouncementPoliteness.Assertive if urgent else QAccessible.AnnouncementPoliteness.Polite
        )
        QAccessible.updateAccessibility(announcement)
        return banner

    def banners(self) -> list["Banner"]:
        """Oldest first."""
        return list(self._banners)

    def dismiss(self, banner: "Banner") -> None:
        """Take a banner away whose reason is gone; one that was closed already is ignored."""
        if banner in self._banners:
            self._drop(banner)

    def _drop(self, banner: "Banner") -> None:
        self._banners.remove(banner)
        self._column.removeWidget(banner)
        banner.hide()
        banner.deleteLater()
        self.setVisible(bool(self._banners))


class Banner(Card):
    """One message. Escape closes the banner that has the focus."""

    def __init__(
        self,
        sentence: str,
        level: Level,
        action: tuple[str, Callable[[], None]] | None,
        details: str,
        parent: QWidget,
        other: tuple[str, Callable[[], None]] | None = None,
    ) -> None:
        super().__init__(parent)
        self.sentence = sentence
        self._level = level
        self.setAccessibleName(sentence)
        text = QLabel(sentence)
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        text.setWordWrap(True)  # after the policy, which it tells that more lines need more height
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.MARGIN, theme.GRID, theme.GRID, theme.GRID)
        row.setSpacing(theme.GAP)
        row.addWidget(IconLabel(level.value[0], 16, self._tone))
        row.addWidget(text, 1)
        self.action_button, self.other_button = (_button(each) for each in (action, other))
        for button in (self.action_button, self.other_button):
            if button is not None:
                row.addWidget(button)
        if details:
            copy = QToolButton()
            copy.setText(self.tr("Copy details"))
            copy.setToolTip(wording.tip(details[:2000]))
            copy.setAutoRaise(True)
            copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(details))
            row.addWidget(copy)
        self.close_button = QToolButton()
        self.close_button.setAutoRaise(True)
        self.close_button.setToolTip(self.tr("Close"))
        self.close_button.setAccessibleName(self.tr("Close this message"))
        icons.set_icon(self.close_button, "x", 16)
        row.addWidget(self.close_button)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_button.click()
        else:
            super().keyPressEvent(event)

    def fill(self) -> QColor:
        return theme.mix(self._tone(self.palette()), self.palette().window().color(), 0.10)

    def border(self) -> QPen:
        return QPen(theme.mix(self._tone(self.palette()), self.palette().window().color(), 0.35), 1)

    def _tone(self, palette: QPalette) -> QColor:
        return QColor(self._level.value[2 if theme.is_dark(palette) else 1])


def _button(action: tuple[str, Callable[[], None]] | None) -> QPushButton | None:
    if action is None:
        return None
    label, act = action
    button = QPushButton(label)
    button.clicked.connect(lambda _checked: act())
    return button
