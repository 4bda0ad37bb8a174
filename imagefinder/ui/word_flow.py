"""From words that are typed to a search: suggestions, addresses that were pasted, and words that nobody knows."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from imagefinder.domain.words import Suggestion, UnknownWord
from imagefinder.ui.banner import Banner, BannerStack, Level
from imagefinder.ui.incoming import Incoming
from imagefinder.ui.search_flow import SearchFlow
from imagefinder.ui.session import Session
from imagefinder.ui.word_field import WordField

if TYPE_CHECKING:
    from imagefinder.usecases.models import Models
    from imagefinder.usecases.opening import Library

LISTED = 8


class WordFlow(QObject):
    """Everything slow happens on the query lane; the newest text replaces those before it."""

    def __init__(
        self,
        session: Session,
        field: WordField,
        flow: SearchFlow,
        incoming: Incoming,
        banners: BannerStack,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._field = field
        self._flow = flow
        self._incoming = incoming
        self._banners = banners
        self._told: Banner | None = None
        field.focused.connect(self._warm_up)
        field.typed.connect(self._suggest)
        field.searched.connect(self._search)
        field.pasted.connect(incoming.paste)
        flow.unknown_word.connect(self._on_unknown)
        flow.answered.connect(lambda _: self._take_back())

    def _warm_up(self) -> None:
        """The first question is the slow one, so it is asked before the person has one."""
        self._ask("warm up words", "", lambda _: None)

    def _suggest(self, typed: str) -> None:
        self._take_back()
        self._ask("suggestions", typed, partial(self._field.show_suggestions, typed))

    def _ask(self, name: str, typed: str, done: Callable[[Sequence[Suggestion]], object]) -> None:
        words = self._session.words

        def look(library: "Library", models: "Models") -> Sequence[Suggestion]:
            return words.suggestions(library, models, typed, LISTED)

        self._session.ask(name, look, done, lambda _: None)  # a search will tell what is wrong

    def _search(self, text: str) -> None:
        self._take_back()
        if text and self._incoming.take_text(text):
            self._field.set_words(self._flow.words)
        else:
            self._flow.ask_words(text)

    def _on_unknown(self, error: UnknownWord) -> None:
        action = None
        if error.instead:
            text = self.tr("Search for “{words}”").format(words=error.instead[0])
            action = text, partial(self._search_instead, error.instead[0])
        self._told = self._banners.show_message(str(error), Level.WARNING, action)

    def _search_instead(self, words: str) -> None:
        self._field.set_words(words)
        self._flow.ask_words(words)

    def _take_back(self) -> None:
        """Words that nobody knew are over once others are typed or found."""
        if self._told is not None:
            self._banners.dismiss(self._told)
            self._told = None
