"""The menu bar, and the list of all keys."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QAction, QDesktopServices, QKeySequence
from PySide6.QtWidgets import QMenu

import imagefinder
from imagefinder.ui import icons

if TYPE_CHECKING:
    from imagefinder.ui.main_window import MainWindow
    from imagefinder.ui.shortcuts_dialog import Entry

Keys = QKeySequence.StandardKey


class Menus(QObject):
    """Builds the menus of the window, which keeps what they do."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._groups: list[tuple[str, list[QAction]]] = []
        view = window.page.view

        file = self._menu(self.tr("&File"))
        self._add(file, self.tr("&Add photo folder…"), window.incoming.add_folder, "Ctrl+Shift+A", icon="folder-plus")
        self._add(file, self.tr("&Open picture…"), window.incoming.open_picture, Keys.Open, icon="image")
        self._add(file, self.tr("&Look for changes in all folders"), window.rescan, Keys.Refresh, icon="rotate-cw")
        self._add(file, self.tr("&Files that could not be read…"), window.dialogs.show_failures)
        file.addSeparator()
        self._add(file, self.tr("&Quit"), window.close, Keys.Quit)

        edit = self._menu(self.tr("&Edit"))
        undo = self._add(edit, self.tr("&Undo"), window.tools.labels.stack.undo, Keys.Undo)
        redo = self._add(edit, self.tr("&Redo"), window.tools.labels.stack.redo, Keys.Redo)
        window.tools.follow_undo(undo, redo)
        self._add(edit, self.tr("&Bring back removed photos…"), window.removals.show)
        edit.addSeparator()
        self._add(edit, self.tr("&Paste picture, file or address"), window.incoming.paste, Keys.Paste)
        self._add(edit, self.tr("Select &all"), view.selectAll)
        edit.addSeparator()
        label = self._add(edit, self.tr("&Label…"), window.tools.labels.label_selected, "Ctrl+T", icon="tag")
        remove = self._add(edit, self.tr("R&emove label"), window.tools.labels.remove_from_selected, "Ctrl+Shift+T")
        view.add_menu_group(label, remove)
        edit.addSeparator()
        self._add(edit, self.tr("&Settings…"), window.dialogs.show_settings, "Ctrl+,")

        go = self._menu(self.tr("&Go"))
        self._add(go, self.tr("&Previous query"), window.flow.back, "Alt+Left", icon="arrow-left")
        self._add(go, self.tr("&Next query"), window.flow.forward, "Alt+Right", icon="arrow-right")
        self._add(go, self.tr("&Library: all photos"), window.flow.clear, "Ctrl+L", icon="images")
        self._add(go, self.tr("Search by &words"), window.bar.focus_query, Keys.Find)
        self._add(go, self.tr("To the p&hotos"), view.setFocus, "Ctrl+G")

        look = self._menu(self.tr("&View"))
        self._add(look, self.tr("&Larger thumbnails"), view.larger)
        self._add(look, self.tr("&Smaller thumbnails"), view.smaller)
        look.addSeparator()
        folders = self._add(look, self.tr("&Folders"), window.toggle_sidebar, "F9", checkable=True)
        folders.setChecked(window.remembered.sidebar_shown)
        details = self._add(look, self.tr("&Details"), window.toggle_inspector, "F10", checkable=True)
        details.setChecked(window.remembered.inspector_shown)

        tools = self._menu(self.tr("&Tools"))
        self._add(tools, self.tr("&Models…"), window.dialogs.show_models, "Ctrl+Shift+M")
        self._add(tools, self.tr("&Teach what is similar…"), window.teaching.show)
        tools.addSeparator()
        self._add(tools, self.tr("&Compare two pictures"), window.tools.comparing.compare, "Ctrl+D", icon="columns-2")
        self._add(tools, self.tr("&Review proposed labels…"), window.tools.review.show)
        self._add(tools, self.tr("Measure &how good the results are…"), window.tools.measuring.show)

        about = self._menu(self.tr("&Help"))
        self._add(about, self.tr("&Keys"), lambda: window.dialogs.show_shortcuts(self.all_keys), Keys.HelpContents)
        if imagefinder.UPDATES_PAGE:
            self._add(about, self.tr("Check for updates…"), self._show_updates)
        self._add(about, self.tr("Licences…"), self._show_licences)
        self._add(about, self.tr("&About imagefinder"), window.dialogs.show_about, icon="info")

    def all_keys(self) -> "list[tuple[str, list[Entry]]]":
        """Headings with actions, for the F1 list: the menus, then the grid, then the preview."""
        groups: list[tuple[str, list[Entry]]] = [(title, list(actions)) for title, actions in self._groups]
        groups.append(
            (
                self.tr("Photos"),
                [
                    *self._window.page.view.actions(),
                    (self.tr("Select all"), "Ctrl+A"),
                    (self.tr("Find similar"), self.tr("Double-click")),
                    (self.tr("Change the thumbnail size"), self.tr("Ctrl+wheel")),
                ],
            )
        )
        groups.append(
            (
                self.tr("Search by words"),
                [
                    (self.tr("Search"), self.tr("Return")),
                    (self.tr("Choose a suggestion"), self.tr("Up, Down")),
                    (self.tr("Take a suggestion and go on typing"), self.tr("Tab")),
                    (self.tr("Take back what was typed; back to the photos"), self.tr("Esc")),
                ],
            )
        )
        groups.append(
            (
                self.tr("Preview"),
                [
                    (self.tr("Previous and next photo"), self.tr("Arrows")),
                    (self.tr("Zoom"), self.tr("+, -, wheel")),
                    (self.tr("The whole photo"), "0"),
                    (self.tr("Back to the photos"), self.tr("Esc, Space")),
                ],
            )
        )
        groups.append(
            (
                self.tr("Review of labels"),
                [
                    (self.tr("Accept"), self.tr("Enter, A")),
                    (self.tr("Reject"), self.tr("Delete, R")),
                    (self.tr("Skip"), self.tr("S, Down")),
                    (self.tr("Another label"), "L"),
                    (self.tr("Undo"), "Ctrl+Z"),
                ],
            )
        )
        return groups

    def _show_updates(self) -> None:
        """Hand the page to the browser. The app itself asks nobody, now or ever."""
        if not QDesktopServices.openUrl(QUrl(imagefinder.UPDATES_PAGE)):
            self._window.banners.show_message(self.tr("No browser opens {page}.").format(page=imagefinder.UPDATES_PAGE))

    def _show_licences(self) -> None:
        from imagefinder import licences
        from imagefinder.ui.licences_dialog import LicencesDialog

        LicencesDialog(licences.notice(), self._window).open()

    def _menu(self, title: str) -> QMenu:
        self._groups.append((title.replace("&", ""), []))
        return self._window.menuBar().addMenu(title)

    def _add(
        self,
        menu: QMenu,
        text: str,
        slot: Callable[..., object],
        key: QKeySequence.StandardKey | str | None = None,
        *,
        icon: str = "",
        checkable: bool = False,
    ) -> QAction:
        action = QAction(text, self._window)
        if key is not None:
            action.setShortcut(QKeySequence(key))
        if icon:
            icons.set_icon(action, icon)
        action.setCheckable(checkable)
        if checkable:
            action.toggled.connect(slot)
        else:
            action.triggered.connect(lambda checked: slot())
        menu.addAction(action)
        self._groups[-1][1].append(action)
        return action
