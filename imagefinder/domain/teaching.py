"""What a person chooses when teaching a model: where the labels are, which of them count, and from what to start."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from imagefinder.domain.training import LabelledPhoto, TrainingSpec

SourceKind = Literal["folders", "library", "pair list", "pair folders"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where labels come from: folders of folders, the open library, a table of pairs, or two folders of pairs."""

    kind: SourceKind
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LossChoice:
    """A loss, with the numbers that can be set and their defaults."""

    name: str
    description: str
    options: Mapping[str, float]
    mined: bool
    """Whether it looks at pairs or triplets, which a miner can choose."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose from at this moment."""

    labelled: int
    """How many photos of the library have a label."""
    photos: int
    """How many photos the library has."""
    bases: tuple[str, ...]
    """Models that are on this computer."""
    base: str
    """The one that the library is searched with."""
    losses: tuple[LossChoice, ...]
    miners: tuple[str, ...]
    taken: frozenset[str]
    """Names of models, in lower case: a new one needs another."""
    name_pattern: str
    """A regular expression for the whole of a name."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A training that can go on where it was."""

    spec: TrainingSpec
    running: bool
    """Whether it ended with the app, and not because somebody stopped it."""


@dataclass(frozen=True, slots=True)
class Group:
    """A line of the choice: one label, or several that were merged under a name. ``photos`` are paths."""

    label: str
    members: tuple[str, ...]
    photos: tuple[str, ...]
    ticked: bool


class LabelLike(Protocol):
    """A label and the paths of its photos."""

    @property
    def label(self) -> str: ...
    @property
    def photos(self) -> tuple[str, ...]: ...


class SurveyLike(Protocol):
    """What a look at labelled photos found; see usecases.labelled_folders.FolderSurvey."""

    @property
    def labels(self) -> tuple[LabelLike, ...]: ...

    def chosen(
        self, left_out: Collection[str] = (), merged: Mapping[str, str] | None = None
    ) -> tuple[LabelledPhoto, ...]: ...


@dataclass(slots=True)
class Selection:
    """Which labels count, and which of them are one: changed by the person, read by whoever starts the training."""

    survey: SurveyLike
    left_out: set[str] = field(default_factory=set)
    """Labels as they were found."""
    merged: dict[str, str] = field(default_factory=dict)
    """From a label as it was found to the name that several share."""

    def groups(self) -> list[Group]:
        """In alphabetical order of their names."""
        members: dict[str, list[LabelLike]] = {}
        for each in self.survey.labels:
            members.setdefault(self.merged.get(each.label, each.label), []).append(each)
        return [
            Group(
                name,
                tuple(each.label for each in found),
                tuple(path for each in found for path in each.photos),
                not any(each.label in self.left_out for each in found),
            )
            for name, found in sorted(members.items(), key=lambda item: (item[0].casefold(), item[0]))
        ]

    def tick(self, group: Group, ticked: bool) -> None:
        """Let a group count, or leave it out."""
        (self.left_out.difference_update if ticked else self.left_out.update)(group.members)

    def merge(self, groups: Iterable[Group], name: str) -> None:
        """From now on these are one label."""
        labels = [label for group in groups for label in group.members]
        self.left_out.difference_update(labels)
        self.merged.update(dict.fromkeys(labels, name))

    def separate(self, group: Group) -> None:
        """Undo ``merge``."""
        for label in group.members:
            self.merged.pop(label, None)

    def photos(self) -> tuple[LabelledPhoto, ...]:
        """Those to learn from: each once, under one label."""
        return self.survey.chosen(self.left_out, self.merged)
