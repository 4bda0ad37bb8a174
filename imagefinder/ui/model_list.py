"""The list of models: a name with its state, and below it what tells it from the next."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPalette, QPen
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from imagefinder.domain.models import ModelInfo
from imagefinder.ui import model_words, theme, wording
from imagefinder.ui.model_flow import Activity

_NAME = Qt.ItemDataRole.UserRole
_BADGE = Qt.ItemDataRole.UserRole + 1
_TRAITS = Qt.ItemDataRole.UserRole + 2
_STRONG = Qt.ItemDataRole.UserRole + 3
_State = QStyle.StateFlag


class ModelList(QListWidget):
    """``chosen`` carries the name of the model that is current."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Models"))
        self.setItemDelegate(_ModelDelegate(self))
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.currentItemChanged.connect(lambda item, _: self.chosen.emit(item.data(_NAME) if item else ""))

    def current_name(self) -> str:
        item = self.currentItem()
        return str(item.data(_NAME)) if item is not None else ""

    def set_models(self, models: Sequence[ModelInfo], activity: Activity) -> None:
        """Show these, in this order; what was current stays, else the one in use is."""
        names = [info.name for info in models]
        if names != self.names():
            wanted = self.current_name()
            self.blockSignals(True)
            self.clear()
            for name in names:
                item = QListWidgetItem()
                item.setData(_NAME, name)
                self.addItem(item)
            self.blockSignals(False)
            in_use = next((info.name for info in models if info.active), names[0] if names else "")
            self.choose(wanted if wanted in names else in_use)
        for row, info in enumerate(models):
            self._describe(self.item(row), info, activity)

    def names(self) -> list[str]:
        return [str(self.item(row).data(_NAME)) for row in range(self.count())]

    def choose(self, name: str) -> None:
        """Make this the current model; an unknown name is ignored."""
        names = self.names()
        if name in names:
            self.setCurrentRow(names.index(name))

    def _describe(self, item: QListWidgetItem, info: ModelInfo, activity: Activity) -> None:
        badge = model_words.badge(info)
        if info.name == activity.download:
            badge = self.tr("downloading")
        elif info.name == activity.switching_to:
            badge = self.tr("reading photos") if activity.photos else self.tr("chosen")
        traits = model_words.traits(info)
        item.setData(_BADGE, badge)
        item.setData(_TRAITS, traits)
        item.setData(_STRONG, info.active)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, ", ".join(filter(None, (info.name, badge, traits))))
        item.setToolTip(wording.tip("\n".join((info.name, info.problem or traits))))


class _ModelDelegate(QStyledItemDelegate):
    """Two lines: the name with a pill at the right, and the traits."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(0, 2 * QFontMetrics(option.font).lineSpacing() + theme.GRID + 2 * theme.GAP)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        palette = option.palette
        selected = bool(option.state & _State.State_Selected)
        active = bool(option.state & _State.State_Active)
        group = QPalette.ColorGroup.Active if active else QPalette.ColorGroup.Inactive
        ink = palette.color(group, QPalette.ColorRole.HighlightedText if selected else QPalette.ColorRole.Text)
        quiet = ink if selected else theme.subdued(palette)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        row = QRectF(option.rect).adjusted(theme.GRID / 2, 1, -theme.GRID / 2, -1)
        if selected or option.state & _State.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            highlight = palette.color(group, QPalette.ColorRole.Highlight)
            painter.setBrush(highlight if selected else theme.raised(palette, 0.06))
            painter.drawRoundedRect(row, theme.RADIUS, theme.RADIUS)
        if option.state & _State.State_HasFocus:
            painter.setPen(QPen(ink, 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(row.adjusted(1.5, 1.5, -1.5, -1.5), theme.RADIUS - 1, theme.RADIUS - 1)
        inside = row.adjusted(theme.GAP, theme.GAP - 1, -theme.GAP, -theme.GAP + 1)
        line = QFontMetrics(option.font).lineSpacing()
        badge = str(index.data(_BADGE) or "")
        taken = _paint_badge(painter, option, inside, line, badge, ink if index.data(_STRONG) or selected else quiet)
        painter.setFont(theme.heading_font(option.font))
        painter.setPen(ink)
        name = QRectF(inside.left(), inside.top(), inside.width() - taken - theme.GAP, line)
        _paint_text(painter, name, str(index.data(_NAME)))
        painter.setFont(option.font)
        painter.setPen(quiet)
        traits = QRectF(inside.left(), inside.bottom() - line, inside.width(), line)
        _paint_text(painter, traits, str(index.data(_TRAITS) or ""))
        painter.restore()


def _paint_badge(
    painter: QPainter, option: QStyleOptionViewItem, inside: QRectF, line: int, text: str, ink: QColor
) -> float:
    """At the top right; returns how wide it is."""
    if not text:
        return 0.0
    metrics = QFontMetrics(option.font)
    width = metrics.horizontalAdvance(text) + 2 * theme.GRID + 4
    pill = QRectF(inside.right() - width, inside.top() - 1, width, line + 2)
    edge = QColor(ink)
    edge.setAlphaF(0.45)
    painter.setPen(QPen(edge, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(pill.adjusted(0.5, 0.5, -0.5, -0.5), pill.height() / 2, pill.height() / 2)
    painter.setFont(option.font)
    painter.setPen(ink)
    painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)
    return width


def _paint_text(painter: QPainter, rect: QRectF, text: str) -> None:
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(rect.width()))
    painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
