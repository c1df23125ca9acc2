import pytest

from svit.english import lexicon
from svit.english.grammar import (
    Number,
    adjective,
    article,
    generic,
    in_order,
    joined,
    noun_of,
    nouns,
    number_value,
    number_word,
    plural,
    sentence,
)
from svit.english.lexicon import HOLDS, KIND_NAMES, MADE_OF, PLACES, SAME, TIPS, USES, VOCABULARY, WEIGHT, WIDER, WORN
from svit.offline.questions.situations import SITUATIONS


@pytest.mark.parametrize(
    "phrase",
    [
        "a dog",
        "an hour",
        "an umbrella",
        "a uniform",
        "a unicorn",
        "a utensil",
        "a urinal",
        "an urn",
        "a used cup",
        "an upholstered chair",
        "an unframed picture",
        "an orange",
        "an SUV",
        "a TV",
        "an Xbox",
        "a one-way street",
        "an ice cream",
        "a European",
        "an old man",
        "a ukulele",
        "a used car",
        "an airplane",
        "an apple",
    ],
)
def test_the_article_follows_the_sound(phrase: str) -> None:
    assert article(phrase.partition(" ")[2]) == phrase


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("man", "men"),
        ("woman", "women"),
        ("person", "people"),
        ("knife", "knives"),
        ("shelf", "shelves"),
        ("bookshelf", "bookshelves"),
        ("leaf", "leaves"),
        ("roof", "roofs"),
        ("bus", "buses"),
        ("dish", "dishes"),
        ("bench", "benches"),
        ("box", "boxes"),
        ("lady", "ladies"),
        ("boy", "boys"),
        ("sheep", "sheep"),
        ("photo", "photos"),
        ("wine glass", "wine glasses"),
        ("tennis racket", "tennis rackets"),
        ("computer mouse", "computer mice"),
        ("tv", "tvs"),
        ("TV", "TVs"),
        ("grass", "grass"),
        ("pants", "pants"),
        ("scarf", "scarves"),
        ("tomato", "tomatoes"),
        ("policeman", "policemen"),
        ("human", "humans"),
        ("taxi", "taxis"),
    ],
)
def test_plurals(one: str, many: str) -> None:
    assert plural(one) == many


@pytest.mark.parametrize(
    ("form", "singular", "number"),
    [
        ("dogs", "dog", Number.MANY),
        ("glass", "glass", Number.ONE),
        ("bus", "bus", Number.ONE),
        ("traffic lights", "traffic light", Number.MANY),
        ("grass", "grass", Number.MASS),
        ("jeans", "jeans", Number.PAIR),
        ("men", "man", Number.MANY),
        ("stairs", "stairs", Number.MANY),
    ],
)
def test_a_noun_is_known_in_both_numbers(form: str, singular: str, number: Number) -> None:
    noun = noun_of(form)
    assert noun is not None
    assert (noun.singular, noun.number) == (singular, number)


def test_no_noun_has_two_kinds_and_no_plural_hides_another_noun() -> None:
    words = [word for entry in VOCABULARY.values() for word in entry.split()]
    assert len(words) == len(set(words))
    assert len(nouns()) > 1500


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Grey", "gray"),
        ("white ", "white"),
        ("wood", "wooden"),
        ("white colored", "white"),
        ("turned off", "off"),
        ("light blue", "light blue"),
        ("brown.", "brown"),
        ("sidewalk", None),
        ("here", None),
        ("in photo", None),
        ("black in color", "black"),
        ("dark grey", None),
        ("asian", None),
        ("made of wood", "wooden"),
    ],
)
def test_attributes_are_adjectives_or_nothing(written: str, meant: str | None) -> None:
    assert adjective(written) == meant


def test_adjectives_stand_in_their_order() -> None:
    assert in_order(["wooden", "brown", "round", "large"]) == ["large", "round", "brown", "wooden"]


def test_lists_and_numbers() -> None:
    assert joined([]) == ""
    assert joined(["a"]) == "a"
    assert joined(["a", "b"], "or") == "a or b"
    assert joined(["a", "b", "c"]) == "a, b and c"
    assert [number_word(n) for n in (1, 12, 13)] == ["one", "twelve", "13"]
    assert [number_value(word) for word in ("two", "24", "²", "many")] == [2, 24, None, None]


def test_sentences_keep_inner_capitals() -> None:
    assert sentence("a TV is on the desk") == "A TV is on the desk."
    assert sentence("is it?") == "Is it?"


def test_general_statements_agree() -> None:
    assert generic("umbrella") == ("umbrellas", True)
    assert generic("water") == ("water", False)
    assert generic("tv") == ("TVs", True)


def test_the_tables_speak_of_nouns_in_their_common_form() -> None:
    same = {noun.same for noun in nouns().values()}
    for table in (USES, TIPS, MADE_OF, HOLDS, WEIGHT, lexicon.ANIMALS, lexicon.RIDDEN, lexicon.CARRIED):
        assert set(table) <= same
    known = {noun.singular for noun in nouns().values()}
    assert set(WORN) <= known
    assert set(SAME.values()) <= known
    assert set(WIDER) <= known | same
    for signs in [place.signs for place in PLACES] + [situation.nouns for situation in SITUATIONS]:
        assert {sign.replace("_", " ") for sign in signs.split()} <= same
    assert set(KIND_NAMES) <= set(VOCABULARY)


def test_the_lexicon_is_rich() -> None:
    told = set(USES) | set(TIPS) | set(MADE_OF) | set(HOLDS) | set(WORN) | set(lexicon.CARRIED) | set(lexicon.ANIMALS)
    assert len(told) >= 250
    assert len(SITUATIONS) >= 45


def test_advice_is_an_imperative_with_a_reason() -> None:
    for noun, tip in TIPS.items():
        advice, because, reason = tip.partition(", because ")
        assert advice, noun
        assert because, noun
        assert not reason.endswith("."), noun
