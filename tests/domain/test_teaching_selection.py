"""Which labels count, and which are one."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from imagefinder.domain.teaching import Selection
from imagefinder.domain.training import LabelledPhoto


@dataclass(frozen=True)
class Label:
    label: str
    photos: tuple[str, ...]


@dataclass(frozen=True)
class Survey:
    labels: tuple[Label, ...]

    def chosen(
        self, left_out: Collection[str] = (), merged: Mapping[str, str] | None = None
    ) -> tuple[LabelledPhoto, ...]:
        return tuple(
            LabelledPhoto(path, (merged or {}).get(each.label, each.label))
            for each in self.labels
            if each.label not in left_out
            for path in each.photos
        )


def selection() -> Selection:
    return Selection(Survey((Label("pear", ("1", "2")), Label("Apple", ("3",)), Label("plum", ("4", "5")))))


def test_groups_are_in_alphabetical_order_and_all_count_at_first() -> None:
    groups = selection().groups()
    assert [group.label for group in groups] == ["Apple", "pear", "plum"]
    assert all(group.ticked for group in groups)
    assert len(selection().photos()) == 5


def test_unticked_labels_are_left_out_until_they_are_ticked_again() -> None:
    chosen = selection()
    apple, *_ = chosen.groups()
    chosen.tick(apple, False)
    assert {photo.label for photo in chosen.photos()} == {"pear", "plum"}
    assert not chosen.groups()[0].ticked
    chosen.tick(chosen.groups()[0], True)
    assert len(chosen.photos()) == 5


def test_merged_labels_are_one_and_can_be_unticked_merged_further_and_separated() -> None:
    chosen = selection()
    apple, pear, plum = chosen.groups()
    chosen.tick(pear, False)
    chosen.merge((apple, pear), "fruit")  # what is merged counts
    fruit, _ = chosen.groups()
    assert (fruit.label, fruit.members, fruit.ticked) == ("fruit", ("pear", "Apple"), True)
    assert sorted(fruit.photos) == ["1", "2", "3"]
    chosen.tick(fruit, False)
    assert {photo.label for photo in chosen.photos()} == {"plum"}
    chosen.merge((chosen.groups()[0], plum), "plum")
    (everything,) = chosen.groups()
    assert {photo.label for photo in chosen.photos()} == {"plum"}
    chosen.separate(everything)
    assert [group.label for group in chosen.groups()] == ["Apple", "pear", "plum"]
