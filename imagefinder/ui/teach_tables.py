"""What came of it in numbers: all searches together, and label by label, before and after."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from imagefinder.domain.evaluation import Interval
from imagefinder.domain.training import Comparison
from imagefinder.ui import teach_words, theme, wording

_Sort = Qt.ItemDataRole.UserRole
_NUMBER = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_TO = "\N{EN DASH}"
_ARROW = "\N{NO-BREAK SPACE}\N{RIGHTWARDS ARROW}\N{NO-BREAK SPACE}"


class OverallTable(QTableWidget):
    """A row for each measure: before, after with its interval, and the change."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 4, parent)
        _set_up(self, self.tr("Before and after"))
        self.setHorizontalHeaderLabels(["", self.tr("Before"), self.tr("After"), self.tr("Change")])
        self.horizontalHeader().setDefaultAlignment(_NUMBER)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)

    def show_comparison(self, comparison: Comparison) -> None:
        words = teach_words.measures()
        self.setRowCount(len(words))
        for row, (measure, (text, tip)) in enumerate(words.items()):
            before, after = comparison.before.overall[measure], comparison.after.overall[measure]
            name = QTableWidgetItem(text)
            name.setToolTip(tip)
            changed = _cell(teach_words.change(before.value, after.value), after.value - before.value)
            font = changed.font()
            font.setBold(True)
            changed.setFont(font)
            parts = (name, _interval(before), _interval(after), changed)
            for column, item in enumerate(parts):
                self.setItem(row, column, item)
        height = self.horizontalHeader().sizeHint().height() + sum(map(self.rowHeight, range(self.rowCount())))
        self.setFixedHeight(height + 2 * self.frameWidth())


class LabelsTable(QTableWidget):
    """A row for each label, those that lost most first; a click on a column's head sorts by the change there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        _set_up(self, self.tr("Label by label"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setAlternatingRowColors(True)

    def show_comparison(self, comparison: Comparison) -> None:
        words = teach_words.measures()
        self.setSortingEnabled(False)
        self.setColumnCount(1 + len(words))
        short = teach_words.short_measures()
        for column, measure in enumerate(("", *words)):
            head = QTableWidgetItem(short.get(measure, self.tr("Label")))
            head.setToolTip("\n".join(words.get(measure, ())))
            head.setTextAlignment(_NUMBER if column else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            self.setHorizontalHeaderItem(column, head)
        after = comparison.after.labels
        self.setRowCount(len(after))
        for row, (label, now) in enumerate(after.items()):
            then = comparison.before.labels.get(label, {})
            self.setItem(row, 0, QTableWidgetItem(wording.shown(label)))
            for column, measure in enumerate(words, 1):
                old, new = then.get(measure, float("nan")), now.get(measure, float("nan"))
                text = f"{teach_words.percent(old)}{_ARROW}{teach_words.percent(new)}"
                self.setItem(row, column, _cell(text, new - old))
        self.setSortingEnabled(True)
        self.sortItems(len(words), Qt.SortOrder.AscendingOrder)
        header, width = self.horizontalHeader(), self.fontMetrics().horizontalAdvance(f"One of five{_ARROW}")
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column in range(1, self.columnCount()):
            header.resizeSection(column, width + 2 * theme.MARGIN)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)


class _Cell(QTableWidgetItem):
    """Sorts by its number."""

    def __lt__(self, other: QTableWidgetItem) -> bool:
        return float(self.data(_Sort)) < float(other.data(_Sort))


def _cell(text: str, value: float) -> QTableWidgetItem:
    item = _Cell(text)
    item.setData(_Sort, value)
    item.setTextAlignment(_NUMBER)
    return item


def _interval(found: Interval) -> QTableWidgetItem:
    text = (
        f"{teach_words.percent(found.value)}  ({teach_words.percent(found.low)}{_TO}{teach_words.percent(found.high)})"
    )
    return _cell(text, found.value)


def _set_up(table: QTableWidget, name: str) -> None:
    table.setAccessibleName(name)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setCornerButtonEnabled(False)
    table.setShowGrid(False)
    table.verticalHeader().setVisible(False)
    table.setTabKeyNavigation(False)
    table.setWordWrap(False)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.horizontalHeader().setHighlightSections(False)
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().lineSpacing() + 2 * theme.GRID)
