"""An evaluation as tables: the models side by side, and the classes of one of them."""

import math

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from imagefinder.domain.evaluation import EvaluationReport, Interval, ModelResult
from imagefinder.ui import theme, wording

translate = QCoreApplication.translate

_Sort = Qt.ItemDataRole.UserRole
_METRICS = ("hit@1", "precision@10", "mAP", "MAP@R")
_SHORT = ("R@1", "P@10", "mAP", "MAP@R")
_F1 = "F1 (kNN@5)"
_NONE = "\N{EN DASH}"
_CENTRE = Qt.AlignmentFlag.AlignCenter
_NUMBER = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def metric_words() -> dict[str, tuple[str, str]]:
    """For each metric that is shown, what a person reads, and what it is exactly."""
    return {
        "hit@1": (
            translate("evaluate", "First answer right (R@1)"),
            translate("evaluate", "How many of 100 searches have a photo of the same thing in the first place."),
        ),
        "precision@10": (
            translate("evaluate", "Right among ten (P@10)"),
            translate("evaluate", "How many of the first ten answers are of the same thing, in percent."),
        ),
        "mAP": (
            translate("evaluate", "Order (mAP)"),
            translate("evaluate", "Mean average precision: 100 where all photos of the same thing come first."),
        ),
        "MAP@R": (
            translate("evaluate", "Strict order (MAP@R)"),
            translate("evaluate", "The same, looking only at as many answers as there are photos of the same thing."),
        ),
    }


class ModelsTable(QTableWidget):
    """A column for each model. The best value of a row is bold, and says so to a screen reader."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        _set_up(self)
        self.setAccessibleName(self.tr("Models side by side"))
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.verticalHeader().setVisible(True)
        self.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)

    def show_report(self, report: EvaluationReport) -> None:
        words = metric_words()
        rows = [
            *words.values(),
            (self.tr("Speed"), self.tr("Photos read and looked at in a second, on this computer.")),
            (self.tr("Time a search"), self.tr("Of comparing and sorting, after the picture was looked at.")),
            (self.tr("Memory a photo"), self.tr("What a search keeps in memory for each photo.")),
        ]
        self.setRowCount(len(rows))
        self.setColumnCount(len(report.models))
        self.setHorizontalHeaderLabels([wording.shown(model.model) for model in report.models])
        for row, (text, tip) in enumerate(rows):
            header = QTableWidgetItem(text)
            header.setToolTip(tip)
            self.setVerticalHeaderItem(row, header)
        for column, model in enumerate(report.models):
            for row, metric in enumerate(_METRICS):
                best = max(_value(each.overall.get(metric)) for each in report.models)
                self._put(row, column, model.overall.get(metric), best, len(report.models) > 1)
            speed = model.photos_per_second
            size = self.tr("{count} bytes").format(count=wording.grouped(model.bytes_per_photo))
            costs = (
                (wording.rate(speed) if speed else _NONE, speed or 0.0),
                (self.tr("{count} ms").format(count=f"{1000 * model.query_seconds:.2f}"), model.query_seconds),
                (size, model.bytes_per_photo),
            )
            for row, (text, value) in enumerate(costs, start=len(_METRICS)):
                self.setItem(row, column, _cell(text, value, _CENTRE))
        height = self.horizontalHeader().sizeHint().height() + sum(map(self.rowHeight, range(self.rowCount())))
        self.setFixedHeight(height + 2 * self.frameWidth())

    def _put(self, row: int, column: int, found: Interval | None, best: float, several: bool) -> None:
        item = _cell(interval(found), _value(found), _CENTRE)
        if found is not None and not math.isnan(found.value):
            item.setToolTip(
                self.tr("{value}; if other photos had been taken, in 95 of 100 cases from {low} to {high}").format(
                    value=f"{100 * found.value:.1f}", low=f"{100 * found.low:.1f}", high=f"{100 * found.high:.1f}"
                )
            )
            if several and found.value == best:
                font = item.font()
                font.setBold(True)
                item.setFont(font)
                item.setData(Qt.ItemDataRole.AccessibleTextRole, self.tr("{value}, the best").format(value=item.text()))
        self.setItem(row, column, item)


class NumbersTable(QTableWidget):
    """A row for everything that was measured, by the names of the field; a column for each model."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        _set_up(self)
        self.setAccessibleName(self.tr("All numbers"))
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.verticalHeader().setVisible(True)
        self.setAlternatingRowColors(True)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)

    def show_report(self, report: EvaluationReport) -> None:
        names = list(report.models[0].overall)
        self.setRowCount(len(names))
        self.setColumnCount(len(report.models))
        self.setVerticalHeaderLabels(names)
        self.setHorizontalHeaderLabels([wording.shown(model.model) for model in report.models])
        for column, model in enumerate(report.models):
            for row, name in enumerate(names):
                found = model.overall.get(name)
                self.setItem(row, column, _cell(interval(found), _value(found), _CENTRE))


class ClassesTable(QTableWidget):
    """A row for each class; a click on a column's head sorts by it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        _set_up(self)
        self.setAccessibleName(self.tr("Classes"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setAlternatingRowColors(True)
        self.horizontalHeader().setSectionsClickable(True)

    def show_model(self, model: ModelResult) -> None:
        heads = [(self.tr("Thing (class)"), ""), (self.tr("Searches"), self.tr("Photos of it that were looked for."))]
        heads.append((self.tr("Photos"), self.tr("Photos of it that there were to find.")))
        heads += [(short, f"{text}. {tip}") for short, (text, tip) in zip(_SHORT, metric_words().values(), strict=True)]
        mixed = self.tr("100 where the five nearest photos never mix it up with another thing, in either direction.")
        heads.append((self.tr("F1"), mixed))
        self.setSortingEnabled(False)
        self.setColumnCount(len(heads))
        self.setRowCount(len(model.classes))
        for column, (text, tip) in enumerate(heads):
            head = QTableWidgetItem(text)
            head.setToolTip(tip)
            self.setHorizontalHeaderItem(column, head)
        for row, each in enumerate(model.classes):
            name = QTableWidgetItem(wording.shown(each.label))
            name.setToolTip(wording.tip(name.text()))
            self.setItem(row, 0, name)
            self.setItem(row, 1, _cell(wording.grouped(each.queries), each.queries))
            self.setItem(row, 2, _cell(wording.grouped(each.gallery), each.gallery))
            for place, metric in enumerate((*_METRICS, _F1)):
                found = each.metrics.get(metric)
                self.setItem(row, 3 + place, _cell(interval(found, 0), _value(found)))
        self.setSortingEnabled(True)
        self.sortItems(3, Qt.SortOrder.AscendingOrder)  # the worst first: that is what one looks for
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.resizeColumnsToContents()
        for column in range(1, len(heads)):
            self.setColumnWidth(column, self.columnWidth(column) + theme.MARGIN)


class _Cell(QTableWidgetItem):
    """Sorts by its number."""

    def __lt__(self, other: QTableWidgetItem) -> bool:
        return float(self.data(_Sort)) < float(other.data(_Sort))


def interval(found: Interval | None, digits: int = 1) -> str:
    """In percent, such as "59.6  (57.7 to 61.5)"."""
    if found is None or math.isnan(found.value):
        return _NONE
    value, low, high = (f"{100 * part:.{digits}f}" for part in (found.value, found.low, found.high))
    return translate("evaluate", "{value}  ({low} to {high})").format(value=value, low=low, high=high)


def _value(found: Interval | None) -> float:
    """-1 for none, which sorts before everything."""
    return -1.0 if found is None or math.isnan(found.value) else found.value


def _cell(text: str, value: float, place: Qt.AlignmentFlag = _NUMBER) -> QTableWidgetItem:
    item = _Cell(text)
    item.setData(_Sort, value)
    item.setTextAlignment(place)
    return item


def _set_up(table: QTableWidget) -> None:
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setCornerButtonEnabled(False)
    table.setShowGrid(False)
    table.verticalHeader().setVisible(False)
    table.setTabKeyNavigation(False)
    table.setWordWrap(False)
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + theme.GAP)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
