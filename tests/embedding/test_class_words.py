"""The words by which people ask for what a classifier knows."""

import json
from pathlib import Path

import pytest

from imagefinder.embedding.class_words import IMAGENET, ClassWords, Concept, normalised

LISTS = Path(__file__).parents[2] / "resources" / "words"
WORDS = ClassWords.imagenet()
RECORDS = json.loads(IMAGENET.read_text(encoding="utf-8"))
LANGUAGES = ("en", "de", "zh")


def classes(word: str) -> set[int]:
    """All classes that a word stands for."""
    return {number for concept in WORDS.find(word) for number in concept.classes}


def test_every_class_has_a_concept_of_its_own_with_words_in_all_languages() -> None:
    leaves = RECORDS[:1000]
    assert [record["classes"] for record in leaves] == [[number] for number in range(1000)]
    assert all(record[language] for record in RECORDS for language in LANGUAGES)


def test_every_concept_is_there_once_with_classes_in_order() -> None:
    assert len({record["id"] for record in RECORDS}) == len(RECORDS) == len(WORDS.concepts)
    for record in RECORDS:
        assert record["classes"]
        assert record["classes"] == sorted(set(record["classes"]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_concept_has_the_same_word_twice(language: str) -> None:
    for record in RECORDS:
        words = [normalised(word) for word in record[language]]
        assert all(words)
        assert len(set(words)) == len(words), record


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_shipped_was_made_from_the_lists(language: str) -> None:
    if not LISTS.is_dir():
        pytest.skip("the lists are not in the source archive")
    lines = (LISTS / f"{language}.txt").read_text(encoding="utf-8").splitlines()
    assert lines == [f"{record['id']}\t{'; '.join(record[language])}" for record in RECORDS]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_finds_its_concept(language: str) -> None:
    for record in RECORDS:
        for word in record[language]:
            assert record["id"] in {concept.id for concept in WORDS.find(word)}, word


@pytest.mark.parametrize(
    ("words", "number"),
    [
        (("tench", "Schleie", "丁鱥"), 0),
        (("ostrich", "Strauß", "Strauss", "鸵鸟"), 9),
        (("golden retriever", "Golden Retriever", "金毛"), 207),
        (("German shepherd", "Deutscher Schäferhund", "德国牧羊犬"), 235),
        (("Border collie", "边境牧羊犬", "bordercollie"), 232),
        (("tiger", "Tiger", "老虎"), 292),
        (("Canis lupus", "gray wolf", "Grauwolf", "灰狼"), 269),
        (("ladybird", "Marienkäfer", "瓢虫"), 301),
        (("guinea pig", "Meerschweinchen", "豚鼠"), 338),
        (("hedgehog", "Igel", "刺猬"), 334),
        (("fire engine", "fire truck", "Feuerwehrauto", "消防车"), 555),
        (("mobile phone", "smartphone", "Handy", "手机"), 487),
        (("fridge", "Kühlschrank", "冰箱"), 760),
        (("T-shirt", "tshirt", "T恤"), 610),
        (("accordion", "Ziehharmonika", "手风琴"), 401),
        (("lighthouse", "Leuchtturm", "灯塔"), 437),
        (("pineapple", "Ananas", "菠萝"), 953),
        (("toilet paper", "Klopapier", "卫生纸"), 999),
    ],
)
def test_a_word_of_any_language_finds_its_class(words: tuple[str, ...], number: int) -> None:
    for word in words:
        assert classes(word) == {number}, word


@pytest.mark.parametrize(
    ("words", "with_these", "without_these"),
    [
        (("dog", "Hund", "狗"), {151, 207, 235, 268}, {269, 275, 276, 277, 281}),
        (("cat", "Katze", "猫"), {281, 282, 283, 284, 285}, {287, 288, 291, 292, 383}),
        (("pet", "Haustier", "宠物"), {207, 281, 333}, {292, 269}),
        (("big cat", "Großkatze"), {288, 291, 292}, {281}),
        (("wolf", "Wolf", "狼"), {269, 270}, {235, 272, 170}),
        (("bear", "Bär", "熊"), {294, 296, 388}, {387, 850}),
        (("bird", "Vogel", "鸟"), {7, 9, 84, 145}, {448, 404}),
        (("owl", "Eule", "猫头鹰"), {24}, {22}),
        (("fish", "Fisch", "鱼"), {0, 1, 2, 6, 397}, {147, 150, 983}),
        (("monkey", "猴子"), {372, 382}, {365, 366, 367, 383}),
        (("Affe",), {365, 367, 372}, {383}),
        (("horse", "Pferd", "马"), {339}, {340, 603, 344}),
        (("snake", "Schlange", "蛇"), {52, 63, 68}, {44, 390, 552}),
        (("turtle", "Schildkröte", "龟"), {33, 37}, {51}),
        (("spider", "Spinne", "蜘蛛"), {72, 76}, {71, 381, 815}),
        (("insect", "Insekt", "昆虫"), {300, 308, 310, 323}, {71, 72, 79}),
        (("butterfly", "Schmetterling", "蝴蝶"), {321, 326}, {319}),
        (("fruit", "Obst", "水果"), {948, 949, 950, 951, 952, 953, 954, 955, 956, 957}, {987, 988, 990, 998, 984}),
        (("vegetable", "Gemüse", "蔬菜"), {936, 937, 943}, {948, 949}),
        (("flower", "Blume", "花"), {985, 986}, {883, 738, 991}),
        (("mushroom", "Pilz", "蘑菇"), {947, 992, 997}, {538}),
        (("food", "Essen", "食物"), {928, 934, 950, 963}, {958, 922}),
        (("bread", "Brot", "面包"), {930, 931}, {962}),
        (("drink", "Getränk", "饮料"), {966, 967}, {924}),
        (("vehicle", "Fahrzeug", "交通工具"), {404, 555, 779, 817, 466}, {657, 791}),
        (("car", "Auto", "汽车"), {436, 511, 817}, {705, 779, 867, 870}),
        (("truck", "lorry", "Lkw", "卡车"), {555, 569, 867}, {656, 817}),
        (("bus", "Bus", "公共汽车"), {779, 874}, {407}),
        (("train", "Zug", "火车"), {466, 820}, {829}),
        (("airplane", "aeroplane", "Flugzeug", "飞机"), {404, 895}, {405, 417, 726}),
        (("boat", "Boot", "船"), {472, 576, 814}, {449}),
        (("ship", "Schiff", "轮船"), {403, 510, 628}, {472, 812}),
        (("bicycle", "Fahrrad", "自行车"), {444, 671}, {665}),
        (("furniture", "Möbel", "家具"), {453, 526, 559, 831}, {861, 846}),
        (("chair", "Stuhl", "椅子"), {423, 559, 765}, {532}),
        (("musical instrument", "Musikinstrument", "乐器"), {402, 541, 579, 889}, {632, 902}),
        (("computer", "Computer", "电脑"), {527, 620, 681}, {798, 916}),
        (("shoe", "Schuh", "鞋"), {514, 630, 770, 774}, {806}),
        (("hat", "Hut", "帽子"), {515, 808}, {619}),
        (("ball", "Ball", "球"), {429, 430, 805, 852}, {747, 971}),
        (("bag", "Tasche", "包"), {414, 748}, {797}),
        (("weapon", "Waffe", "武器"), {413, 763, 764}, {766}),
        (("building", "Gebäude", "建筑"), {483, 497, 668, 698}, {410, 598, 660}),
        (("church", "Kirche", "教堂"), {497}, {668, 832}),
        (("bridge", "Brücke", "桥"), {821, 839, 888}, {536}),
        (("mountain", "Berg", "山"), {970, 980}, {671, 672}),
        (("sea", "Meer", "大海"), {978}, {975, 150}),
        (("beach", "Strand", "海滩"), {977, 978}, {975}),
        (("person", "Mensch", "人"), {981, 982, 983}, {365}),
    ],
)
def test_a_broad_word_stands_for_its_kinds_and_no_others(
    words: tuple[str, ...], with_these: set[int], without_these: set[int]
) -> None:
    for word in words:
        assert with_these <= classes(word), word
        assert not without_these & classes(word), word


def test_broad_words_count_what_wordnet_counts() -> None:
    assert len(classes("dog")) == 118
    assert len(classes("bird")) == 59
    assert len(classes("animal")) == 398


@pytest.mark.parametrize(
    ("plural", "singular"),
    [
        ("dogs", "dog"),
        ("berries", "berry"),
        ("boxes", "box"),
        ("knives", "knife"),
        ("wolves", "wolf"),
        ("geese", "goose"),
        ("oxen", "ox"),
        ("computer mice", "computer mouse"),
        ("golden retrievers", "golden retriever"),
        ("buses", "bus"),
        ("churches", "church"),
        ("Hunde", "Hund"),
        ("Katzen", "Katze"),
        ("Vögel", "Vogel"),
        ("Voegel", "Vogel"),
        ("Autos", "Auto"),
        ("Hühner", "Huhn"),
        ("Häuser", "Haus"),
        ("haeuser", "Haus"),
        ("Bücherregale", "Bücherregal"),
        ("Bären", "Bär"),
        ("Löwen", "Löwe"),
        ("Äpfel", "Apfel"),
        ("Aepfel", "Apfel"),
        ("Gänse", "Gans"),
        ("Kürbisse", "Kürbis"),
        ("Gabelstapler", "Gabelstapler"),
        ("Ampeln", "Ampel"),
        ("Löffeln", "Löffel"),
        ("Planetarien", "Planetarium"),
        ("Burgen", "Burg"),
        ("getigerte Katzen", "getigerte Katze"),
    ],
)
def test_a_plural_finds_what_its_singular_finds(plural: str, singular: str) -> None:
    assert WORDS.find(plural) == WORDS.find(singular) != ()
    assert WORDS.find(plural.upper()) == WORDS.find(singular)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("  DOG ", "dog"),
        ("the dog", "dog"),
        ("an ostrich", "ostrich"),
        ("die Katzen", "Katze"),
        ("ein Hund", "Hund"),
        ("Saege", "Säge"),
        ("Lowe", "Löwe"),
        ("Fussball", "Fußball"),
        ("FUSSBALL", "Fußball"),
        ("Loewe", "Löwe"),
        ("Lo\u0308we", "Löwe"),
        ("consommé", "consomme"),
        ("ice-cream", "ice cream"),
        ("ice_cream", "ice cream"),
        ("icecream", "ice cream"),
        ("jack o lantern", "jack-o'-lantern"),
        ("jack-o\u2019-lantern", "jack-o'-lantern"),
        ("RV", "R.V."),
    ],
)
def test_how_a_word_is_spelt_matters_little(typed: str, meant: str) -> None:
    assert WORDS.find(typed) == WORDS.find(meant) != ()


def test_a_word_with_several_meanings_finds_them_all() -> None:
    assert classes("crane") == {134, 517}
    assert {concept.name for concept in WORDS.find("Fliege")} == {"fly", "bow tie"}
    assert {404, 726} <= classes("plane")


def test_the_broadest_meaning_comes_first() -> None:
    sizes = [len(concept.classes) for concept in WORDS.find("mushroom")]
    assert len(sizes) > 1
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("word", ["", "  ", "-", "xyzzy", "the", "hate", "better half", "bar", "不存在"])
def test_an_unknown_word_finds_nothing(word: str) -> None:
    assert WORDS.find(word) == ()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("elefannt", "Elefant"),
        ("bycicle", "bicycle"),
        ("rabits", "rabbit"),
        ("Schmeterling", "Schmetterling"),
        ("Kühlschrenk", "Kühlschrank"),
        ("老虎猫", "老虎"),
    ],
)
def test_a_word_spelt_nearly_so_is_proposed(typed: str, meant: str) -> None:
    assert WORDS.find(typed) == ()
    proposed = WORDS.nearest(typed, 3)
    assert proposed[0] == meant
    assert len(proposed) <= 3
    assert all(WORDS.find(word) for word in proposed)


def test_nothing_is_proposed_for_what_is_like_nothing() -> None:
    assert WORDS.nearest("xyzzyqw", 5) == []
    assert WORDS.nearest("", 5) == []


def test_completions_begin_with_the_letters_the_shorter_first() -> None:
    words = [word for word, _ in WORDS.completions("hors", 4)]
    assert words[:2] == ["horse", "horse cart"]
    assert WORDS.completions("DOG", 2)[0][0] == "dog"


def test_completions_find_a_later_word_after_those_that_begin_so() -> None:
    words = [word for word, _ in WORDS.completions("terr", 40)]
    assert words[0] == "Terrier"
    assert words.index("terrapin") < words.index("fox terrier")
    assert ("暹罗猫", (284,)) in [(word, concept.classes) for word, concept in WORDS.completions("猫", 40)]


def test_what_is_named_already_comes_first() -> None:
    assert [concept.name for _, concept in WORDS.completions("dogs", 3)][:2] == ["dog", "dogsled"]
    assert WORDS.completions("Vögel", 1)[0][0] == "Vogel"


@pytest.mark.parametrize("prefix", ["s", "Kü", "kue", "ku", "great w", "猫", "b"])
def test_completions_list_a_concept_once(prefix: str) -> None:
    completed = WORDS.completions(prefix, 50)
    assert 0 < len(completed) <= 50
    assert len({concept.id for _, concept in completed}) == len(completed)
    assert all(word in concept.words for word, concept in completed)
    assert WORDS.completions(prefix, 5) == completed[:5]


def test_umlauts_may_be_typed_in_three_ways() -> None:
    assert {WORDS.completions(prefix, 1)[0][0] for prefix in ("Kühls", "Kuehls", "Kuhls")} == {"Kühlschrank"}


@pytest.mark.parametrize(("prefix", "limit"), [("", 5), (" ", 5), ("zzzz", 5), ("dog", 0)])
def test_there_may_be_no_completions(prefix: str, limit: int) -> None:
    assert WORDS.completions(prefix, limit) == []


def test_own_names_are_one_concept_a_class() -> None:
    words = ClassWords.of_names(["tabby, tabby cat", "golden_retriever", "crane", "crane", "", "Tabby"])
    assert words.find("tabby cats") == (Concept("0", "tabby", ("tabby", "tabby cat"), (0,)),)
    assert words.find("golden-retriever")[0].classes == (1,)
    assert words.find("crane")[0].classes == (2, 3)
    assert [concept.classes for concept in words.find("tabby")] == [(0,), (5,)]
    assert words.completions("gold", 3)[0][0] == "golden retriever"
    assert words.nearest("tabbi", 3)[0] == "tabby"


def test_no_names_are_no_words() -> None:
    words = ClassWords.of_names([])
    assert words.find("dog") == ()
    assert words.completions("d", 3) == []
    assert words.nearest("dog", 3) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[",
        '{"id": "n1"}',
        "[1]",
        '[{"id": "n1", "en": ["dog"]}]',
        '[{"id": "n1", "en": [], "classes": [1]}]',
        '[{"id": "n1", "en": ["dog"], "classes": [1000]}]',
        '[{"id": "n1", "en": ["dog"], "classes": ["1"]}]',
    ],
)
def test_a_damaged_file_says_so(text: str, tmp_path: Path) -> None:
    file = tmp_path / "words.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"words\.json is damaged"):
        ClassWords.read(file)
