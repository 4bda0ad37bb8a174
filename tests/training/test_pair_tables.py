"""Tables of pairs: written and read back, and read as spreadsheets and statistics programs save them."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagefinder.domain.training import Pair, TrainingError
from imagefinder.training.pair_tables import read_pairs, write_pairs, write_triplets
from imagefinder.training.pairs import Triplet

ROWS = [("a.jpg", "b.jpg", "1"), ("sub/c.jpg", "d.jpg", "0")]


def table(delimiter: str = ",", header: str = "path_a,path_b,similar", end: str = "\n") -> str:
    lines = [header.replace(",", delimiter), *(delimiter.join(row) for row in ROWS)]
    return "".join(line + end for line in lines)


PLAIN = table()
HEADLESS = PLAIN.partition("\n")[2]


def pairs_in(folder: Path) -> list[Pair]:
    return [
        Pair(str(folder / "a.jpg"), str(folder / "b.jpg"), True),
        Pair(str(folder / "sub" / "c.jpg"), str(folder / "d.jpg"), False),
    ]


@pytest.mark.parametrize(
    "saved",
    [
        pytest.param(PLAIN, id="plain"),
        pytest.param(b"\xef\xbb\xbf" + PLAIN.encode(), id="with the mark of UTF-8"),
        pytest.param(table(";"), id="Excel in most of Europe"),
        pytest.param(b"\xef\xbb\xbf" + table(";", end="\r\n").encode(), id="the same in UTF-8"),
        pytest.param("sep=;\n" + table(";"), id="named delimiter"),
        pytest.param('"sep=|"\r\n' + table("|", end="\r\n"), id="named delimiter, quoted"),
        pytest.param(table("\t"), id="tabs"),
        pytest.param(table("|"), id="bars"),
        pytest.param(table("\t", end="\r\n").encode("utf-16"), id="Excel's Unicode text"),
        pytest.param(table("\t", end="\r\n").encode("utf-16-le"), id="the same without a mark"),
        pytest.param("\ufeff".encode("utf-16-be") + PLAIN.encode("utf-16-be"), id="big-endian"),
        pytest.param(table(end="\r\n"), id="ends of Windows"),
        pytest.param(table(end="\r"), id="ends of old Macs"),
        pytest.param(PLAIN.rstrip("\n"), id="no end of the last line"),
        pytest.param(table(header="Path_A, Path_B ,SIMILAR"), id="header in capitals with spaces"),
        pytest.param(table(header='"path a","Path-B","similar"'), id="header in words"),
        pytest.param(HEADLESS, id="no header"),
        pytest.param(HEADLESS.replace(",", ";"), id="no header, semicolons"),
        pytest.param("\n\n" + PLAIN + "\n,,\n ; ;\n".replace(" ; ;\n", ""), id="empty rows"),
        pytest.param(table(";") + ";;\n", id="empty cells"),
        pytest.param(PLAIN.replace(",1\n", ",1.0\n").replace(",0\n", ",0.0\n"), id="pandas' numbers"),
        pytest.param(table(";").replace(";1\n", ";1,0\n").replace(";0\n", ";0,0\n"), id="numbers with a comma"),
        pytest.param(PLAIN.replace(",1\n", ",TRUE\n").replace(",0\n", ",FALSE\n"), id="true and false"),
        pytest.param(PLAIN.replace(",1\n", ",Yes\n").replace(",0\n", ",no\n"), id="yes and no"),
        pytest.param(table(";").replace(";1\n", ";WAHR\n").replace(";0\n", ";FALSCH\n"), id="German"),
        pytest.param(PLAIN.replace(",1\n", ",vrai\n").replace(",0\n", ",Faux\n"), id="French"),
        pytest.param("similar,path_b,note,path_a\n1,b.jpg,x,a.jpg\n0,d.jpg,,sub/c.jpg\n", id="another order"),
        pytest.param(',path_a,path_b,similar\n0,a.jpg,b.jpg,1\n1,sub/c.jpg,d.jpg,0\n', id="pandas' index"),
        pytest.param('"path_a","path_b","similar"\n"1","a.jpg","b.jpg",1\n"2","sub/c.jpg","d.jpg",0\n', id="R's names"),
        pytest.param('"path_a" "path_b" "similar"\n"1" "a.jpg" "b.jpg" 1\n"2" "sub/c.jpg" "d.jpg" 0\n', id="R"),
        pytest.param('path_a, "path_b", similar\n"a.jpg", "b.jpg", 1\n"sub/c.jpg", "d.jpg", 0\n', id="spaces"),
        pytest.param("path_a,path_b,similar,,\na.jpg,b.jpg,1,,\nsub/c.jpg,d.jpg,0,,\n", id="empty columns"),
    ],
)  # fmt: skip
def test_a_table_as_a_program_saves_it(tmp_path: Path, saved: str | bytes) -> None:
    (tmp_path / "pairs.csv").write_bytes(saved if isinstance(saved, bytes) else saved.encode())
    assert read_pairs(tmp_path / "pairs.csv") == pairs_in(tmp_path)


def test_a_table_of_pairs_is_read_as_it_was_written(tmp_path: Path) -> None:
    pairs = [
        Pair(str(tmp_path / "a, b; c.jpg"), str(tmp_path / "sub" / "ä.jpg"), True),
        Pair("/elsewhere/c.jpg", str(tmp_path / 'd "e"\nf.jpg'), False),
    ]
    write_pairs(tmp_path / "pairs.csv", pairs)
    assert read_pairs(tmp_path / "pairs.csv") == pairs
    assert "sub/ä.jpg" in (tmp_path / "pairs.csv").read_text("utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["pairs.csv"]


@pytest.mark.skipif(os.name == "nt", reason="every name is Unicode there")
@given(names=st.lists(st.binary(min_size=1, max_size=9).filter(lambda b: not set(b) & {0, 47}), min_size=2, max_size=2))
def test_any_name_that_a_disk_can_hold_comes_back(tmp_path_factory: pytest.TempPathFactory, names: list[bytes]) -> None:
    folder = tmp_path_factory.mktemp("names")
    first, second = (str(folder / os.fsdecode(b"n" + name)) for name in names)
    for path in (first, second):
        with open(path, "w"):
            pass
    write_pairs(folder / "pairs.csv", [Pair(first, second, True)])
    assert read_pairs(folder / "pairs.csv") == [Pair(first, second, True)]


@pytest.mark.skipif(os.name == "nt", reason="every name is Unicode there")
def test_names_that_are_no_utf8_are_written_byte_for_byte(tmp_path: Path) -> None:
    path = str(tmp_path / os.fsdecode(b"caf\xe9.jpg"))
    write_pairs(tmp_path / "pairs.csv", [Pair(path, path + "x", False)])
    assert b"caf\xe9.jpg,caf\xe9.jpgx,0" in (tmp_path / "pairs.csv").read_bytes()
    write_triplets(tmp_path / "threes.csv", [Triplet(path, path, path)])
    assert b"caf\xe9.jpg,caf\xe9.jpg" in (tmp_path / "threes.csv").read_bytes()


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "mac_roman", "cp850"])
def test_a_table_in_an_old_encoding_names_the_files_that_are_there(tmp_path: Path, encoding: str) -> None:
    for name in ("Käse.jpg", "Grüße.jpg"):
        (tmp_path / name).touch()
    (tmp_path / "pairs.csv").write_bytes("path_a;path_b;similar\nKäse.jpg;Grüße.jpg;1\n".encode(encoding))
    assert read_pairs(tmp_path / "pairs.csv") == [Pair(str(tmp_path / "Käse.jpg"), str(tmp_path / "Grüße.jpg"), True)]


@pytest.mark.skipif(os.name == "nt", reason="every name is Unicode there")
def test_a_name_on_the_disk_comes_before_what_its_bytes_may_mean(tmp_path: Path) -> None:
    raw, meant = tmp_path / os.fsdecode(b"caf\xe9.jpg"), tmp_path / "café.jpg"
    raw.touch()
    meant.touch()
    (tmp_path / "pairs.csv").write_bytes(
        "path_a,path_b,similar\ncaf\udce9.jpg,café.jpg,1\n".encode("utf-8", "surrogateescape")
    )
    assert read_pairs(tmp_path / "pairs.csv") == [Pair(str(raw), str(meant), True)]


def test_letters_may_be_composed_in_another_way_on_the_disk(tmp_path: Path) -> None:
    (tmp_path / "cafe\u0301.jpg").touch()
    (tmp_path / "pairs.csv").write_text("path_a,path_b,similar\ncaf\u00e9.jpg,b.jpg,1\n", "utf-8")
    (pair,) = read_pairs(tmp_path / "pairs.csv")
    assert os.path.exists(pair.first)


@pytest.mark.skipif(os.name == "nt", reason="paths of other systems")
def test_addresses_and_paths_of_windows_in_cells(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.jpg").touch()
    (tmp_path / "pairs.csv").write_text(f"path_a,path_b,similar\nsub\\a.jpg,file://localhost{tmp_path}/b%20c.jpg,1\n")
    assert read_pairs(tmp_path / "pairs.csv") == [
        Pair(str(tmp_path / "sub" / "a.jpg"), str(tmp_path / "b c.jpg"), True)
    ]


def test_a_table_of_triplets(tmp_path: Path) -> None:
    write_triplets(tmp_path / "t.csv", [Triplet(str(tmp_path / "a.jpg"), "/b.jpg", str(tmp_path / "c" / "d.jpg"))])
    assert (tmp_path / "t.csv").read_text("utf-8").splitlines() == ["anchor,positive,negative", "a.jpg,/b.jpg,c/d.jpg"]


def test_a_place_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="Choose another place"):
        write_pairs(tmp_path / "missing" / "pairs.csv", [])
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").touch()
    for place in (tmp_path / "folder.csv", tmp_path / "file" / "pairs.csv"):
        with pytest.raises(TrainingError, match="Choose another place"):
            write_pairs(place, [Pair("a", "b", True)])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.csv"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "There are no pairs in pairs.csv: it is empty"),
        (" \n,,\n;;\n", "it is empty"),
        ("path_a,path_b,similar\n", "There are no pairs in pairs.csv, only its first line"),
        (
            "path_a;path_b;same\na.jpg;b.jpg;1\n",
            "The first line of pairs.csv must be path_a,path_b,similar; it is path_a;path_b;same.",
        ),
        ("a,b,c\n1,2,3\n", "it is a,b,c."),
        ("path_a,path_b,similar\na.jpg,b.jpg,1\na.jpg,,1\n", "Line 3 of pairs.csv is no pair: it has no path_b."),
        ("path_a,path_b,similar\na.jpg,b.jpg,1\na.jpg\n", "Line 3 .* it has no path_b and no similar"),
        ("path_a,path_b,similar\na.jpg,b.jpg,perhaps\n", "Line 2 .* similar is 1 or 0, and not perhaps"),
        ("path_a;path_b;similar\n\n;;\na.jpg;b.jpg;2\n", "Line 4 .* and not 2"),
        ('path_a,path_b,similar\n"a\nb.jpg",c.jpg,1\na.jpg,b.jpg,x\n', "Line 4 "),
        ("sep=;\npath_a;path_b;similar\na.jpg;b.jpg;x\n", "Line 3 "),
        ("a.jpg,b.jpg,1\na.jpg,b.jpg,maybe\n", "Line 2 "),
        ("path_a,path_b,similar\nfile://another-computer/a.jpg,b.jpg,1\n", "Line 2 .* no path of this computer"),
    ],
)  # fmt: skip
def test_a_table_that_is_none_says_where_and_what_is_expected(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "pairs.csv").write_text(text)
    with pytest.raises(TrainingError, match=said) as caught:
        read_pairs(tmp_path / "pairs.csv")
    assert caught.value.hint


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_bytes(b"\xff\xfe\x00")
    for name in ("pairs.csv", "missing.csv"):
        with pytest.raises(TrainingError, match="cannot be read"):
            read_pairs(tmp_path / name)
    (tmp_path / "book.csv").write_bytes(b"PK\x03\x04 and so on")
    with pytest.raises(TrainingError, match="is a workbook"):
        read_pairs(tmp_path / "book.csv")
