"""Images as annotators leave them: real words, odd words, one thing twice, links to nowhere."""

from hypothesis import strategies as st

from svit.boxes import Box
from svit.english.grammar import nouns
from svit.records import ImageContext, Object, Region, Relationship

_STEP = 0.001
KNOWN = sorted(nouns())
ODD = [
    "?",
    "{0}",
    "<st>x<ed>",
    "Question: who",
    "Answer:",
    "[0.1, 0.2, 0.3, 0.4]",
    "straße",
    "日本",
    "seen here.",
    "a the of",
]
ATTRIBUTES = [
    "red",
    "white ",
    "Black",
    "wooden",
    "parked",
    "open",
    "on",
    "off",
    "large",
    "sidewalk",
    "here",
    "GREY",
    "tall",
    "{x}",
]
PREDICATES = [
    "on",
    "ON",
    "wears",
    "has",
    "of",
    "next to",
    "in front of",
    "holding",
    "is standing on",
    "riding",
    "above",
    "in",
    "?",
]
PHRASES = [
    "man wearing a red hat",
    "the wall is white",
    "two dogs",
    "a group of people",
    "there is a cat on the chair",
    "a small brown table",
    "woman holding an umbrella",
    "<st>man<ed> [0.1, 0.1, 0.2, 0.2]",
    "Question: what?",
    "{braces}",
]
CAPTIONS = [
    "A man riding a bicycle down a street.",
    "Two people sit at a table.",
    "A picture of a dog.",
    "THE CAT",
    "User: hello",
    "A woman is standing next to a red car.",
    "Some fruit [1, 2, 3, 4] on a plate.",
]


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    """A box with sides of 0.02 or more, at any place."""
    x, y = draw(st.integers(0, 960)), draw(st.integers(0, 960))
    w, h = draw(st.integers(20, 1000 - x)), draw(st.integers(20, 1000 - y))
    return Box(x * _STEP, y * _STEP, min(1.0, (x + w) * _STEP), min(1.0, (y + h) * _STEP))


@st.composite
def contexts(draw: st.DrawFn, most: int = 25) -> ImageContext:
    """An image of up to `most` objects, a few of them of one name, with phrases of every sort."""
    few = draw(st.lists(st.sampled_from(KNOWN), min_size=1, max_size=12))
    names = draw(st.lists(st.sampled_from(few) | st.sampled_from(ODD), max_size=most))
    objects = tuple(
        Object(i, name, draw(boxes()), tuple(draw(st.lists(st.sampled_from(ATTRIBUTES), max_size=2))))
        for i, name in enumerate(names)
    )
    links = draw(
        st.lists(st.tuples(st.integers(0, most), st.sampled_from(PREDICATES), st.integers(0, most)), max_size=8)
    )
    phrases = draw(st.lists(st.sampled_from(PHRASES), max_size=6))
    return ImageContext(
        draw(st.integers(1, 99)),
        "vg/1.jpg",
        640,
        480,
        captions=tuple(draw(st.lists(st.sampled_from(CAPTIONS), max_size=3, unique=True))),
        objects=objects,
        regions=tuple(Region(1000 + i, phrase, draw(boxes())) for i, phrase in enumerate(phrases)),
        relationships=tuple(Relationship(*link) for link in links),
    )
