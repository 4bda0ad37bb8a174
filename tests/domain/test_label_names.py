"""Labels: what is compared as one name, and that different folders never become one label."""

import os
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagefinder.domain.labels import LONGEST_LABEL, clean_label, folder_label

BYTES = st.binary(min_size=1, max_size=12).map(os.fsdecode)
TRICKY = st.text(st.sampled_from(["\\", "x", "e", "9", "\udce9", "\udcea", "u", "d"]), min_size=1, max_size=8)


def one_on_purpose(name: str) -> str:
    return " ".join(normalize("NFC", name).split()) or "_"


def test_names_are_compared_as_people_read_them() -> None:
    assert clean_label("Cafe\u0301") == folder_label("Cafe\u0301") == "Caf\u00e9"
    assert clean_label(" a\u00a0 b ") == folder_label(" a\u00a0 b ") == "a b"
    assert clean_label("x" * 200) == folder_label("x" * 200) == "x" * 200
    assert folder_label("  ") == "_"


def test_bytes_that_are_no_utf8_are_told_apart() -> None:
    assert folder_label(os.fsdecode(b"caf\xe9")) == r"caf\xe9"
    assert folder_label(os.fsdecode(b"caf\xea")) == r"caf\xea"
    assert folder_label(r"caf\xe9") == r"caf\\xe9"  # a folder that is really called so
    assert folder_label("caf\\" + "\udce9") == r"caf\\\xe9"
    assert folder_label("half \ud83d") == r"half \ud83d"  # of an emoji, as Windows permits
    assert folder_label(r"C:\new") == r"C:\new"


@given(st.one_of(TRICKY, BYTES), st.one_of(TRICKY, BYTES))
def test_two_names_never_become_one_label(one: str, other: str) -> None:
    assert (folder_label(one) == folder_label(other)) is (one_on_purpose(one) == one_on_purpose(other))


@given(st.one_of(TRICKY, BYTES))
def test_a_label_of_a_folder_is_clean_text(name: str) -> None:
    label = folder_label(name)
    assert label.encode().decode() == label
    assert clean_label(label) == label


def test_long_names_that_differ_at_their_end_differ() -> None:
    one, other = folder_label("y" * 250), folder_label("y" * 249 + "z")
    assert one != other
    assert len(one) <= LONGEST_LABEL
    assert one.startswith("y" * 180)
    assert one == folder_label("y" * 250)


@pytest.mark.parametrize("count", [67, 250])
def test_escapes_that_make_a_name_too_long_do_not_cut_it_to_another(count: int) -> None:
    names = [os.fsdecode(b"\xe9" * count), os.fsdecode(b"\xe9" * (count - 1) + b"\xea")]
    assert len({folder_label(name) for name in names}) == 2
