"""Proposed labels as rows: what is still to be decided, and what was."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from imagefinder.ui import label_wording, wording
from imagefinder.ui.thumbnail_loader import ThumbnailLoader

if TYPE_CHECKING:
    from imagefinder.usecases.labelling import Proposal

ProposalRole = Qt.ItemDataRole.UserRole + 1

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class ReviewModel(QAbstractListModel):
    """Shows the proposals for one label, or for all, that nobody has decided on, most confident first."""

    def __init__(self, loader: ThumbnailLoader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._loader = loader
        self._all: Sequence[Proposal] = ()
        self._decided: set[int] = set()  # ids of photos
        self._label = ""
        self._rows: list[Proposal] = []
        loader.ready.connect(self._on_ready)

    def set_proposals(self, proposals: "Sequence[Proposal]") -> None:
        self._all = proposals
        self._decided = set()
        self._refresh()

    def set_label(self, label: str) -> None:
        """Show only the proposals of this label; of all with ""."""
        self._label = label
        self._refresh()

    def set_decided(self, photo_ids: Collection[int], decided: bool) -> None:
        """Take these photos out of the list, or put them back to where they were."""
        gone = [row for row, each in enumerate(self._rows) if decided and each.photo.id in photo_ids]
        self._decided = self._decided | set(photo_ids) if decided else self._decided - set(photo_ids)
        if len(gone) == 1:  # the usual case, in which the list should not jump
            self.beginRemoveRows(_NOWHERE, gone[0], gone[0])
            del self._rows[gone[0]]
            self.endRemoveRows()
        else:
            self._refresh()

    def proposal(self, row: int) -> "Proposal | None":
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def proposals(self) -> "list[Proposal]":
        """Those that are shown."""
        return list(self._rows)

    def row_of(self, photo_id: int) -> int:
        """-1 where it is not shown."""
        return next((row for row, each in enumerate(self._rows) if each.photo.id == photo_id), -1)

    def counts(self) -> dict[str, int]:
        """How many are to be decided for each label, in alphabetical order."""
        labels = [each.vote.label or "" for each in self._all if each.photo.id not in self._decided]
        return {label: labels.count(label) for label in sorted(set(labels), key=str.casefold)}

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        proposal = self.proposal(index.row())
        if proposal is None:
            return None
        if role == ProposalRole:
            return proposal
        if role == Qt.ItemDataRole.DecorationRole:
            return self._loader.pixmap(proposal.photo)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            name = wording.shown(proposal.photo.name)
            return f"{name}, {label_wording.suggestion(proposal.vote)}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return wording.tip(f"{wording.shown(proposal.photo.path)}\n{label_wording.weighed(proposal.vote)}")
        return None

    def _refresh(self) -> None:
        self.beginResetModel()
        self._rows = [
            each
            for each in self._all
            if each.photo.id not in self._decided and (not self._label or each.vote.label == self._label)
        ]
        self.endResetModel()

    def _on_ready(self, photo_id: int) -> None:
        row = self.row_of(photo_id)
        if row >= 0:
            self.dataChanged.emit(self.index(row), self.index(row), [Qt.ItemDataRole.DecorationRole])
