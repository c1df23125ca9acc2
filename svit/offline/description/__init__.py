"""One text about an image: captions where their grammar is certain, otherwise sentences from the scene."""

from random import Random

from svit.english.grammar import Number, joined, number_word, with_first_letter_small
from svit.offline.captions import usable_captions
from svit.offline.description.actors import actors
from svit.offline.description.details import counts, holders, looks
from svit.offline.description.draft import DescriptionDraft
from svit.offline.description.layout import background, neighbors, sides, surfaces
from svit.offline.description.supplements import supplements
from svit.offline.naming import distinct
from svit.offline.scene import Scene, Thing, a, several_of

_MOST_CAPTIONS = 3
_WELL_KNOWN = 5
"""With more things than these, one caption is enough: the rest would repeat what the things tell."""


def description_text(scene: Scene, rng: Random) -> str:
    """Return the description, in two paragraphs where it is long."""
    draft = DescriptionDraft(scene, rng)
    _captions(draft)
    main = len(draft.sentences)
    if scene.subjects:
        _opening(draft)
        actors(draft)
        main = len(draft.sentences)
        steps = [surfaces, counts, holders, looks]
        rng.shuffle(steps)
        for step in steps:
            step(draft)
        neighbors(draft)
        sides(draft)
    background(draft)
    supplements(draft)
    first, second = draft.sentences[:main], draft.sentences[main:]
    if len(second) < 2:
        return " ".join((*first, *second))
    return "\n\n".join(filter(None, (" ".join(first), " ".join(second))))


def _captions(draft: DescriptionDraft) -> None:
    most = 1 if len(draft.scene.subjects) > _WELL_KNOWN else _MOST_CAPTIONS
    for number, (text, is_clause) in enumerate(usable_captions(draft.scene.context.captions)[:most]):
        small = with_first_letter_small(text)
        if is_clause:
            draft.add(text)
        else:
            draft.add(*(f"{frame} {small}" for frame in _FRAMES[min(number, 2)]))
        words = set(text.lower().replace(",", "").split())
        draft.mark(thing for thing in draft.scene.things if thing.noun.text in words)


def _opening(draft: DescriptionDraft) -> None:
    ranked = sorted(draft.scene.subjects, key=lambda thing: -thing.box.area)
    ranked = draft.fresh(thing for thing in ranked if thing.single or thing.noun.number is Number.MANY)
    chief = distinct([thing for thing in ranked if thing.kind not in _ACCOMPANYING] or ranked)[:3]
    if len(chief) > 1:
        shown = joined([_first(draft, thing) for thing in chief])
        if draft.sentences:
            draft.add(f"{shown} can be seen as well", f"there {chief[0].be} also {shown}")
        else:
            draft.add(f"the picture shows {shown}", f"{shown} can be seen in the picture", f"this is a view of {shown}")
        draft.mark(chief)


def _first(draft: DescriptionDraft, thing: Thing) -> str:
    count = draft.scene.count(thing.noun.same)
    if count and count > 1:
        return f"{number_word(count)} {several_of(draft.scene.groups[thing.noun.same])}"
    return a(thing)


_ACCOMPANYING = frozenset(
    {"structure", "opening", "clothing", "footwear", "accessory", "light", "body", "part", "text", "sky", "ground"}
)
_FRAMES = (
    ("the picture shows", "this is a picture of", "one can see"),
    ("put differently, it is a picture of", "in other words, one sees"),
    ("it may also be called a picture of", "another way to put it is"),
)
