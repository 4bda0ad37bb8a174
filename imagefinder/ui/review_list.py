"""The list of proposed labels, as it is painted and as it answers to keys."""

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QCoreApplication, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPalette, QPixmap, QResizeEvent
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from imagefinder.ui import label_wording, theme, wording
from imagefinder.ui.review_model import ProposalRole, ReviewModel
from imagefinder.ui.thumbnail_loader import ThumbnailLoader

if TYPE_CHECKING:
    from imagefinder.usecases.labelling import Proposal

PICTURE = 56
ROW = PICTURE + theme.GAP

_ACCEPT = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_A)
_REJECT = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_R)
_SKIP = (Qt.Key.Key_S,)
_OTHER = (Qt.Key.Key_L,)


class ReviewList(QListView):
    """One proposal to a row. Only the thumbnails of visible rows are asked for."""

    accept_pressed = Signal()
    reject_pressed = Signal()
    skip_pressed = Signal()
    other_pressed = Signal()

    def __init__(self, model: ReviewModel, loader: ThumbnailLoader) -> None:
        super().__init__()
        self._review = model
        self._loader = loader
        self.setModel(model)
        self.setItemDelegate(_Delegate(self))
        self.setUniformItemSizes(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Proposed labels"))
        self.verticalScrollBar().valueChanged.connect(self._want)
        model.modelReset.connect(self._want)
        model.rowsRemoved.connect(self._want)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == Qt.KeyboardModifier.NoModifier
        for keys, signal in (
            (_ACCEPT, self.accept_pressed),
            (_REJECT, self.reject_pressed),
            (_SKIP, self.skip_pressed),
            (_OTHER, self.other_pressed),
        ):
            if plain and event.key() in keys:
                signal.emit()
                return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._want()

    def _want(self, *_: object) -> None:
        first = self.verticalOffset() // ROW
        last = first + self.viewport().height() // ROW + 2
        shown = self._review.proposals()[max(0, first) : last]
        self._loader.want([each.photo for each in shown], round(PICTURE * self.devicePixelRatioF()))


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(ROW, ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        proposal = cast("Proposal", index.data(ProposalRole))
        pixmap = cast(QPixmap | None, index.data(Qt.ItemDataRole.DecorationRole))
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        palette = option.palette
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        row = QRectF(option.rect).adjusted(theme.GRID, 1, -theme.GRID, -1)
        if selected or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.highlight() if selected else theme.raised(palette, 0.08))
            painter.drawRoundedRect(row, theme.RADIUS, theme.RADIUS)
        place = QRectF(row.left() + theme.GRID, row.center().y() - PICTURE / 2 + 2, PICTURE - 4, PICTURE - 4)
        if pixmap is None:
            painter.fillRect(place, QColor.fromRgb(proposal.photo.colour))
        else:
            size = pixmap.size().toSizeF()
            size.scale(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
            box = QRectF(0, 0, size.width(), size.height())
            box.moveCenter(place.center())
            painter.drawPixmap(box, pixmap, QRectF(pixmap.rect()))
        ink = palette.color(QPalette.ColorRole.HighlightedText if selected else QPalette.ColorRole.Text)
        quiet = ink if selected else theme.subdued(palette)
        _paint_words(painter, option, place.right(), row.right(), proposal, ink, quiet)
        painter.restore()


def _paint_words(
    painter: QPainter,
    option: QStyleOptionViewItem,
    left: float,
    right: float,
    proposal: "Proposal",
    ink: QColor,
    quiet: QColor,
) -> None:
    """The label and how many photos say so in the first line, the file's name in the second."""
    metrics = option.fontMetrics
    height = metrics.height()
    top = option.rect.center().y() - height - 1
    start = round(left) + theme.MARGIN
    width = round(right) - theme.MARGIN - start
    share = label_wording.agreement(proposal.vote.voters, proposal.vote.label)
    share_width = metrics.horizontalAdvance(share)
    elide = Qt.TextElideMode.ElideRight
    bold = theme.heading_font(option.font)
    painter.setFont(bold)
    painter.setPen(ink)
    label = painter.fontMetrics().elidedText(
        wording.shown(proposal.vote.label or ""), elide, width - share_width - theme.GAP
    )
    painter.drawText(QRect(start, top, width, height), Qt.AlignmentFlag.AlignLeft, label)
    painter.setFont(option.font)
    painter.drawText(QRect(start, top, width, height), Qt.AlignmentFlag.AlignRight, share)
    painter.setPen(quiet)
    doubt = "" if proposal.vote.sure else QCoreApplication.translate("review", "not sure")
    doubt_width = metrics.horizontalAdvance(doubt) + theme.GAP if doubt else 0
    name = metrics.elidedText(wording.shown(proposal.photo.name), Qt.TextElideMode.ElideMiddle, width - doubt_width)
    below = QRect(start, top + height + 2, width, height)
    painter.drawText(below, Qt.AlignmentFlag.AlignLeft, name)
    painter.drawText(below, Qt.AlignmentFlag.AlignRight, doubt)
