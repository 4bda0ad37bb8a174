"""The answers to a query, or the photos of the library, as rows."""

import os
import re
import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from html import escape
from typing import Any, Literal, get_args

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt, Slot

from imagefinder.domain.images import Hit, Photo
from imagefinder.ui import wording
from imagefinder.ui.queries import to_mime
from imagefinder.ui.similarity import Scale, percent, word
from imagefinder.ui.thumbnail_loader import ThumbnailLoader

Sort = Literal["similarity", "name", "date", "folder"]

PhotoRole = Qt.ItemDataRole.UserRole + 1
"""The Photo."""
HitRole = Qt.ItemDataRole.UserRole + 2
"""The Hit; None where photos are listed without a query."""
WordRole = Qt.ItemDataRole.UserRole + 3
"""What the similarity is called; empty where it has no name."""

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
_DRAGGABLE = _FLAGS | Qt.ItemFlag.ItemIsDragEnabled
_NUMBER = re.compile(r"(\d+)")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # EXIF knows no time zones


class ResultsModel(QAbstractListModel):
    """What is shown follows from the result, the threshold, the limit and the order: one reset for every change."""

    def __init__(self, loader: ThumbnailLoader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._loader = loader
        self._hits: Sequence[Hit] = ()  # best first; what was given, as _photos is where there is no query
        self._photos: Sequence[Photo] = ()
        self._measured = True
        self._scale: Scale | None = None
        self._min_similarity = 0
        self._limit = 100
        self._sort: Sort = "similarity"
        self._shown: list[Photo] = []
        self._shown_hits: list[Hit] = []  # as long as _shown, or empty where there is no query
        self._row_of: dict[int, int] = {}
        loader.ready.connect(self._on_ready)

    def set_result(self, hits: Sequence[Hit], measured: bool = True) -> None:
        """Show the answers to a query, given best first; not ``measured``, their similarities mean nothing to a
        person, so that none is shown and the threshold hides nothing."""
        self._hits, self._photos, self._measured = hits, (), measured
        self._loader.retry_missing()
        self._refresh()

    def set_photos(self, photos: Sequence[Photo]) -> None:
        """Show photos without a query: all of them, as they are given unless sorted by something else."""
        self._hits, self._photos = (), photos
        self._loader.retry_missing()
        self._refresh()

    def set_scale(self, scale: Scale | None) -> None:
        """What similarities are called from now on; None where they have no names."""
        if scale != self._scale:
            self._scale = scale
            if self._shown_hits:
                first, last = self.index(0), self.index(len(self._shown) - 1)
                self.dataChanged.emit(first, last, [WordRole, Qt.ItemDataRole.AccessibleTextRole])

    def remove(self, photo_ids: Collection[int]) -> None:
        """Take photos out, as after they went to the trash."""
        self._hits = [hit for hit in self._hits if hit.photo.id not in photo_ids]
        self._photos = [photo for photo in self._photos if photo.id not in photo_ids]
        self._refresh()

    @property
    def min_similarity(self) -> int:
        return self._min_similarity

    def set_min_similarity(self, value: int) -> None:
        """Hide answers below ``value``, 0..100, as the number on them says."""
        if value != self._min_similarity:
            self._min_similarity = value
            self._refresh()

    @property
    def limit(self) -> int:
        return self._limit

    def set_limit(self, value: int) -> None:
        """Show only so many answers: the best ones, whatever they are sorted by."""
        if value != self._limit:
            self._limit = value
            self._refresh()

    @property
    def sort_order(self) -> Sort:
        return self._sort

    def set_sort_order(self, order: Sort) -> None:
        """Raises ValueError for an order that does not exist."""
        if order not in get_args(Sort):
            raise ValueError(f"photos cannot be sorted by {order!r}")
        if order != self._sort:
            self._sort = order
            self._refresh()

    def _hides(self, hit: Hit) -> bool:
        return self._measured and percent(hit.similarity) < self._min_similarity

    def best_hidden(self) -> Hit | None:
        """The most similar answer that the threshold hides."""
        hidden = (hit for hit in self._hits if self._hides(hit))
        return max(hidden, key=lambda hit: hit.similarity, default=None)  # the best need not be the most similar

    def photo(self, row: int) -> Photo:
        return self._shown[row]

    def photos(self, start: int, stop: int) -> list[Photo]:
        """The photos of the rows from ``start`` up to, not including, ``stop``."""
        return self._shown[start:stop]

    def hit(self, row: int) -> Hit | None:
        """None where there is no query, or no similarity that could be told."""
        return self._shown_hits[row] if self._shown_hits and self._measured else None

    def row_of(self, photo_id: int) -> int | None:
        return self._row_of.get(photo_id)

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = index.row()
        if not 0 <= row < len(self._shown):
            return None
        # In the order of how often the grid asks.
        if role == PhotoRole:
            return self.photo(row)
        if role == HitRole:
            return self.hit(row)
        if role == Qt.ItemDataRole.DecorationRole:
            return self._loader.pixmap(self.photo(row))
        if role == WordRole:
            return self._word(row)
        if role == Qt.ItemDataRole.DisplayRole:
            return wording.shown(self.photo(row).name)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tool_tip(row)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(row)
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """A photo whose drive is away cannot be dragged: there would be nothing to drop."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return _FLAGS if self.photo(index.row()).offline else _DRAGGABLE

    def mimeTypes(self) -> list[str]:
        return ["text/uri-list"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        return to_mime([self.photo(index.row()) for index in indexes])

    def supportedDragActions(self) -> Qt.DropAction:
        """Never move: a file manager would take the original away."""
        return Qt.DropAction.CopyAction

    def _refresh(self) -> None:
        """Work out the rows. Where there are some and they stay the same, nothing is said and nothing flickers."""
        hits = [hit for hit in self._hits if not self._hides(hit)][: self._limit]
        photos = list(self._photos)
        if self._sort != "similarity":
            key = _KEYS[self._sort]
            hits.sort(key=lambda hit: key(hit.photo))
            photos.sort(key=key)
        photos = photos or [hit.photo for hit in hits]
        if photos and photos == self._shown and hits == self._shown_hits:
            return
        self.beginResetModel()
        self._shown, self._shown_hits = photos, hits
        self._row_of = {photo.id: row for row, photo in enumerate(photos)}
        self.endResetModel()

    @Slot(int)
    def _on_ready(self, photo_id: int) -> None:
        row = self._row_of.get(photo_id)
        if row is not None:
            index = self.index(row)
            self.dataChanged.emit(index, index, [Qt.ItemDataRole.DecorationRole])

    def _tool_tip(self, row: int) -> str:
        photo, hit = self.photo(row), self.hit(row)
        facts = [wording.shown(os.path.dirname(photo.path)), wording.date(photo.info, photo.stamp)]
        facts.append(f"{wording.dimensions(photo.info)}{wording.DOT}{wording.file_size(photo.stamp.size)}")
        if hit is not None:
            facts.append(self.tr("cosine {value}").format(value=f"{hit.similarity:.4f}"))
        if photo.offline:
            facts.append(self.tr("The drive or folder of this photo is not there at the moment."))
        name = escape(wording.shown(photo.name))  # rich text on purpose: a name could look like markup
        return f"<p style='white-space:pre'><b>{name}</b><br>{'<br>'.join(map(escape, facts))}</p>"

    def _word(self, row: int) -> str:
        hit = self.hit(row)
        return word(hit.similarity, self._scale) if hit is not None else ""

    def _spoken(self, row: int) -> str:
        photo, hit = self.photo(row), self.hit(row)
        parts = [wording.shown(photo.name)]
        if hit is not None:
            parts.append(self.tr("similarity {percent} of 100").format(percent=percent(hit.similarity)))
            parts.append(self._word(row))
        if photo.offline:
            parts.append(self.tr("offline"))
        return ", ".join(filter(None, parts))


def _by_name(photo: Photo) -> list[str | int]:
    """IMG_2 before IMG_10. Text and numbers take turns in the list, so that only like meets like."""
    return [int(part) if part.isdecimal() else part for part in _NUMBER.split(photo.name.casefold())]


def _by_date(photo: Photo) -> float:
    """Newest first: minus the seconds since 1970 on the local clock of when it was taken, or else last changed."""
    try:
        return -(datetime.fromisoformat(photo.info.taken_at) - _EPOCH).total_seconds()
    except ValueError:
        return -(photo.stamp.mtime_ns / 1e9 - time.timezone)


def _by_folder(photo: Photo) -> tuple[str, list[str | int]]:
    return os.path.dirname(photo.path).casefold(), _by_name(photo)


_KEYS: dict[Sort, Callable[[Photo], Any]] = {"name": _by_name, "date": _by_date, "folder": _by_folder}
