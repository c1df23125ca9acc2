"""Faults against the annotations, planted in the same way: boxes, names, counts and sides."""

import re
from collections.abc import Callable
from functools import partial
from random import Random

from benchmarks.judging.faults import Plant, changed, turns_of, with_answer
from benchmarks.judging.texts import Case
from svit.boxes import Box
from svit.english.grammar import Number, noun_of, plural
from svit.english.lexicon import word_set
from svit.mentions import Mention, mentions
from svit.records import Completion, ImageContext, Object, Turn

ABSENT = word_set(
    """elephant giraffe zebra umbrella laptop refrigerator microwave toaster skateboard surfboard snowboard airplane
    helicopter bicycle pizza banana broccoli piano guitar violin sofa wheelchair penguin kangaroo frisbee tractor"""
)
COUNTED = word_set(
    """elephant giraffe zebra skateboard surfboard kite airplane umbrella toaster horse cow dog cat fork spoon backpack
    suitcase truck toilet keyboard bicycle motorcycle microwave"""
)
ALSO_CALLED = {
    **{
        "bicycle": "bike",
        "motorcycle": "bike scooter moped",
        "airplane": "plane jet",
        "clock": "tower",
        "pillow": "cushion",
    },
    **{"suitcase": "luggage baggage bag", "cow": "bull calf", "horse": "pony", "dog": "puppy", "cat": "kitten"},
    **{"lamp": "light lantern", "truck": "car vehicle van", "backpack": "bag"},
}
_OFF = 0.002


def _mentioned(case: Case) -> list[tuple[int, bool, Mention]]:
    """Return every mention with the number of its turn, and whether it is in the question."""
    return [
        (number, asked, mention)
        for number, turn in enumerate(turns_of(case))
        for asked, text in ((True, turn.question), (False, turn.answer))
        for mention in mentions(text)
    ]


def _with_mention(
    case: Case,
    rng: Random,
    change: Callable[[Mention], str | None],
    *,
    able: Callable[[Mention], bool] = lambda _: True,
) -> Completion | None:
    """Return the completion with one mention, of those that are able, written anew."""
    found = [entry for entry in _mentioned(case) if able(entry[2])]
    if not found:
        return None
    number, asked, mention = rng.choice(found)
    again = change(mention)
    if again is None:
        return None

    def written(text: str) -> str:
        return text[: mention.start] + again + text[mention.end :]

    def turn_with(turn: Turn) -> Turn:
        return Turn(written(turn.question), turn.answer) if asked else Turn(turn.question, written(turn.answer))

    return case.said(changed(case, number, turn_with))


def _is_single(mention: Mention) -> bool:
    return len(mention.boxes) == 1


def _text(mention: Mention, *boxes: str) -> str:
    return f"<st>{mention.name}<ed> {', '.join(boxes)}"


def _text_at(box: Box, mention: Mention) -> str:
    return _text(mention, str(box))


def _shown(mention: Mention) -> list[str]:
    return [str(list(box)) for box in mention.boxes]


def _boxes(context: ImageContext) -> list[Box]:
    return [item.box for item in context.objects] + [region.box for region in context.regions]


def _words(context: ImageContext) -> str:
    names = [" ".join((item.name, *item.aliases, *item.attributes)) for item in context.objects]
    return " ".join((*names, *(region.phrase for region in context.regions), *context.captions)).lower()


def no_mention(case: Case, rng: Random) -> Completion | None:
    """A pair points at nothing."""
    number = rng.randrange(len(turns_of(case)))

    def bare(text: str) -> str:
        return re.sub(r"<st>([^<]*)<ed>(?:,? \[[^\]]*\])+", r"\1", text)

    return case.said(changed(case, number, lambda turn: Turn(bare(turn.question), bare(turn.answer))))


def mention_without_box(case: Case, rng: Random) -> Completion | None:
    """A mention loses its boxes, or half of its tags."""
    ways = (lambda m: f"<st>{m.name}<ed>", lambda m: f"<st>{m.name} {_shown(m)[0]}")
    return _with_mention(case, rng, rng.choice(ways))


def box_without_mention(case: Case, rng: Random) -> Completion | None:
    """A box stands after a name without tags, or in round brackets."""
    ways = (lambda m: f"{m.name} {_shown(m)[0]}", lambda m: f"<st>{m.name}<ed> ({_shown(m)[0][1:-1]})")
    return _with_mention(case, rng, rng.choice(ways))


def box_malformed(case: Case, rng: Random) -> Completion | None:
    """Three numbers, five numbers, two dots, letters, or corners that are swapped."""

    def broken(mention: Mention) -> str:
        x1, y1, x2, y2 = mention.boxes[0]
        ways = (f"[{x1}, {y1}, {x2}]", f"[{x1}, {y1}, {x2}, {y2}, {y2}]", f"[{x1}, 0..5, {x2}, {y2}]")
        return _text(mention, rng.choice((*ways, "[x1, y1, x2, y2]", f"[{x2}, {y2}, {x1}, {y1}]", "[]")))

    return _with_mention(case, rng, broken, able=_is_single)


def box_out_of_range(case: Case, rng: Random) -> Completion | None:
    """A box in pixels, or beyond the edge."""

    def outside(mention: Mention) -> str:
        x1, y1, x2, y2 = mention.boxes[0]
        pixels = str([round(side * 640 + 2) for side in mention.boxes[0]])
        return _text(
            mention, rng.choice((pixels, f"[{x1}, {y1}, {x2 + 1:.3f}, {y2}]", f"[{x1 - 1.01:.3f}, {y1}, {x2}, {y2}]"))
        )

    return _with_mention(case, rng, outside, able=_is_single)


def box_not_annotated(case: Case, rng: Random) -> Completion | None:
    """A box where nothing of the kind is annotated."""
    known = _boxes(case.context)
    for _ in range(50):
        (x1, x2), (y1, y2) = sorted((rng.random(), rng.random())), sorted((rng.random(), rng.random()))
        if x2 - x1 > 0.02 and y2 - y1 > 0.02:
            box = Box(round(x1, 3), round(y1, 3), round(x2, 3), round(y2, 3))
            if all(box.iou(other) < 0.4 for other in known):
                return _with_mention(case, rng, partial(_text_at, box), able=_is_single)
    return None


def box_name_mismatch(case: Case, rng: Random) -> Completion | None:
    """The box of another sort of thing, whose annotators there said no word of the mention's."""

    def others(mention: Mention) -> list[Object]:
        noun = noun_of(mention.name.lower())
        own = [item.box for item in case.context.objects if mention.name.lower().split()[-1][:4] in item.name.lower()]
        return [
            item
            for item in case.context.objects
            if noun
            and (known := noun_of(item.name.lower()))
            and known.kind != noun.kind
            and {known.kind, noun.kind} not in _NEIGHBORS
            and all(item.box.iou(box) < 0.1 for box in own)
            and not _is_said_there(case.context, item.box, mention.name.lower(), noun.kind)
        ]

    def moved(mention: Mention) -> str | None:
        return _text(mention, str(rng.choice(others(mention)).box))

    return _with_mention(case, rng, moved, able=lambda mention: _is_single(mention) and bool(others(mention)))


_NEIGHBORS = (
    *({"ground", other} for other in ("water", "land", "place", "sky")),
    *({"water", other} for other in ("land", "place", "sky")),
    *({"clothing", other} for other in ("footwear", "accessory", "textile")),
    *({"glass", other} for other in ("kitchenware", "container", "drink", "opening")),
    *({"building", other} for other in ("place", "structure", "opening", "part", "land")),
    *({"structure", other} for other in ("light", "part", "opening", "text", "furniture")),
    *({"textile", other} for other in ("furniture", "opening")),
    *({"kitchenware", other} for other in ("food", "container", "drink")),
    *({"part", other} for other in ("vehicle", "furniture", "light", "electronics", "accessory", "body", "opening")),
    *({"plant", other} for other in ("land", "container", "part")),
    *({"stationery", other} for other in ("decoration", "electronics")),
    *({"decoration", other} for other in ("structure", "electronics", "opening", "light", "plant")),
    {"body", "footwear"},
    {"land", "sky"},
    {"food", "drink"},
    {"furniture", "appliance"},
    {"sports", "structure"},
)
"""Kinds whose words people do use for one another: a "glass" for a window, a "post" for a lamp."""


def _is_said_there(context: ImageContext, box: Box, name: str, kind: str) -> bool:
    """Whether annotators speak of it about there, or of anything that its word could be used for."""
    there = [" ".join((item.name, *item.aliases)) for item in context.objects if item.box.iou(box) > 0.2]
    there += [region.phrase for region in context.regions if region.box.iou(box) > 0.2]
    words = " ".join(there).lower().replace(",", " ").split()
    kinds = {noun.kind for word in words if (noun := noun_of(word))}
    return name.split()[-1] in " ".join(words) or any(kind == known or {kind, known} in _NEIGHBORS for known in kinds)


def plural_with_one_box(case: Case, rng: Random) -> Completion | None:
    """Several things with the box of one."""
    words = _words(case.context).split()

    def is_able(mention: Mention) -> bool:
        noun = noun_of(mention.name.lower())
        many = plural(mention.name.lower())
        return (
            _is_single(mention)
            and noun is not None
            and noun.number is Number.ONE
            and many not in (mention.name.lower(), "glasses")
            and many.split()[-1] not in words
        )

    return _with_mention(
        case, rng, lambda mention: f"<st>{plural(mention.name.lower())}<ed> {_shown(mention)[0]}", able=is_able
    )


def singular_with_many(case: Case, rng: Random) -> Completion | None:
    """One thing with the boxes of several."""

    def more(mention: Mention) -> list[str]:
        own = Box(*mention.boxes[0])
        return [str(item.box) for item in case.context.objects if item.box.iou(own) < 0.05]

    def is_able(mention: Mention) -> bool:
        noun = noun_of(mention.name.lower())
        return (
            _is_single(mention)
            and noun is not None
            and noun.number is Number.ONE
            and plural(noun.text) != noun.text
            and bool(more(mention))
        )

    def crowded(mention: Mention) -> str:
        found = more(mention)
        return _text(mention, _shown(mention)[0], *rng.sample(found, min(len(found), rng.randrange(1, 4))))

    return _with_mention(case, rng, crowded, able=is_able)


def unsupported_object(case: Case, rng: Random) -> Completion | None:
    """A thing of which no annotator, no caption and no question says a word."""
    if case.task.name == "complex_reasoning":
        return None
    told = " ".join((_words(case.context), *(turn.question.lower() for turn in turns_of(case))))
    kinds = {noun.kind for word in told.replace(",", " ").split() if (noun := noun_of(word))}
    absent = [
        word for word in sorted(ABSENT) if word not in told and (noun := noun_of(word)) and noun.kind not in kinds
    ]
    if not absent:
        return None
    thing = rng.choice(absent)
    ways = (
        f"There is also a {thing} beside it.",
        f"Next to it stands a large {thing}.",
        f"A {thing} can be seen there.",
    )
    return with_answer(case, rng, lambda answer: f"{answer} {rng.choice(ways)}")


def wrong_count_claim(case: Case, rng: Random) -> Completion | None:
    """Three where annotators saw one and speak of no more, or two where they boxed more that lie apart."""
    if case.task.name == "referring":
        return None
    words = _words(case.context).split()
    boxes: dict[str, list[Box]] = {}
    for item in case.context.objects:
        if item.name.lower() in COUNTED:
            boxes.setdefault(item.name.lower(), []).append(item.box)
    able = [
        name
        for name, found in boxes.items()
        if len(found) == 1
        and plural(name) not in words
        and sum(name in item.name.lower() for item in case.context.objects) == 1
        and not any(other in word for word in words for other in ALSO_CALLED.get(name, "").split())
    ]
    if not able:
        return None
    name = rng.choice(able)
    return with_answer(
        case, rng, lambda answer: f"{answer} There are {rng.choice(('three', 'four', 'two'))} {plural(name)}."
    )


def wrong_side_claim(case: Case, rng: Random) -> Completion | None:
    """Left for right or above for below, between things that lie clearly apart."""
    if case.task.name != "referring":
        return None
    pairs = [
        (one, other)
        for one in case.context.objects
        for other in case.context.objects
        if other.box.center[0] - one.box.center[0] > 0.15 and other.box.center[1] - one.box.center[1] > 0.15
    ]
    if not pairs:
        return None
    one, other = rng.choice(pairs)
    side = rng.choice(("is to the right of", "is below", "is located to the right of", "is lower than"))
    told = f"The <st>{one.name}<ed> {one.box} {side} the <st>{other.name}<ed> {other.box}."
    return with_answer(case, rng, lambda answer: f"{answer} {told}")


def boxes_joined(case: Case, rng: Random) -> Completion | None:
    """Several boxes with something else than a comma between them, or a colon before one: to be mended."""
    joint = rng.choice((" ", "; ", " and ", ", and ", ","))

    def joined(mention: Mention) -> str:
        if len(mention.boxes) == 1:
            return f"<st>{mention.name}<ed>: {_shown(mention)[0]}"
        return f"<st>{mention.name}<ed> {joint.join(_shown(mention))}"

    return _with_mention(case, rng, joined)


def box_snapped(case: Case, rng: Random) -> Completion | None:
    """A box two thousandths off, with no other annotated box nearby: to be mended."""
    known = {box.printed() for box in _boxes(case.context)}

    def is_able(mention: Mention) -> bool:
        box = mention.boxes[0]
        near = [other for other in known if max(abs(a - b) for a, b in zip(other, box, strict=True)) < 0.01]
        return (
            _is_single(mention)
            and near == [box]
            and box[2] - box[0] > 0.05
            and box[3] - box[1] > 0.05
            and min(box) > 0.01
        )

    def moved(mention: Mention) -> str:
        off = [round(side - rng.choice((0, _OFF)), 3) for side in mention.boxes[0]]
        off[0] = round(mention.boxes[0][0] - _OFF, 3)
        return _text(mention, str(off))

    return _with_mention(case, rng, moved, able=is_able)


MISPLACED: dict[str, Plant] = {
    plant.__name__: plant
    for plant in (
        no_mention,
        mention_without_box,
        box_without_mention,
        box_malformed,
        box_out_of_range,
        box_not_annotated,
        box_name_mismatch,
        plural_with_one_box,
        singular_with_many,
        unsupported_object,
        wrong_count_claim,
        wrong_side_claim,
        boxes_joined,
        box_snapped,
    )
}
"""Each by the code that it should be found with; most need the mentions of a referring text."""
