"""Contexts that could come from anywhere, for property tests."""

from hypothesis import strategies as st

from svit.boxes import Box
from svit.records import ImageContext, Object, Region, Relationship
from svit.text import one_line

_words = st.text(min_size=1, max_size=12).map(one_line).filter(bool)
_texts = st.lists(_words, max_size=3).map(tuple)
_numbers = st.integers(-(2**63), 2**63 - 1)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x1, y1 = draw(st.floats(0, 0.9)), draw(st.floats(0, 0.9))
    return Box(x1, y1, draw(st.floats(x1 + 0.01, 1)), draw(st.floats(y1 + 0.01, 1)))


@st.composite
def contexts(draw: st.DrawFn) -> ImageContext:
    ids = draw(st.lists(_numbers, max_size=3, unique=True))
    objects = tuple(Object(id_, draw(_words), draw(boxes()), draw(_texts), draw(_texts)) for id_ in ids)
    regions = tuple(Region(id_, draw(_words), draw(boxes())) for id_ in ids[:2])
    ends = st.sampled_from(ids or [0])
    related = draw(st.lists(st.builds(Relationship, ends, _words, ends), max_size=2)) if ids else []
    return ImageContext(
        image_id=draw(_numbers | _words),
        image=draw(_words),
        width=draw(st.integers(1, 9999)),
        height=draw(st.integers(1, 9999)),
        coco_id=draw(st.none() | _numbers),
        source=draw(_words),
        captions=draw(_texts),
        objects=objects,
        regions=regions,
        relationships=tuple(related),
    )
