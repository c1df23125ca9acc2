"""Kinds of questions that join what is seen with what everybody knows: uses, materials, care, usual places."""

import re
from collections.abc import Iterator
from functools import cache
from random import Random

from svit.english.grammar import article, generic, sentence, written
from svit.english.lexicon import ANIMALS, HOLDS, MADE_OF, PLACES, TIPS, USES, WEIGHT
from svit.offline.naming import cap
from svit.offline.sampling import Kind, Pair
from svit.offline.scene import Scene, Thing, a, listed, where


def known(scene: Scene, rng: Random, table: dict[str, str]) -> list[tuple[Thing, str, str]]:
    """Return the things of the scene that the table knows: the thing, how to speak of it, and the entry."""
    found: dict[str, tuple[Thing, str, str]] = {}
    for thing in scene.things:
        entry = table.get(thing.noun.singular) or table.get(thing.noun.same)
        if entry and thing.noun.same not in found and thing.key not in scene.parts:
            word = thing.noun.singular if thing.noun.singular in table else thing.noun.same
            found[thing.noun.same] = (thing, word, entry)
    chosen = list(found.values())
    rng.shuffle(chosen)
    return chosen


def such(word: str) -> tuple[str, str]:
    """Return things of that name in general with the verb "be": ("umbrellas", "are")."""
    name, several = generic(word)
    return name, "are" if several else "is"


def seen(scene: Scene, thing: Thing) -> str:
    """Return the thing so that the listener finds it: "the umbrella", or "the chair on the left side"."""
    return scene.the(thing) or " ".join(filter(None, (f"the {thing.name}", where(thing.box) if thing.placed else "")))


def advised(tip: str, thing: Thing) -> str:
    """Return the advice with the thing's pronoun."""
    words = {"it": thing.it, "it_fits": "they fit", "it_turns": "they turn"}
    if not thing.several:
        words |= {"it_fits": "it fits", "it_turns": "it turns"}
    return _HOLE.sub(lambda hole: words[hole[1]], tip)


def to(advice: str) -> str:
    """Return the advice with "to": "to close it", "never to lean out"."""
    return f"never to {advice[6:]}" if advice.startswith("never ") else f"to {advice}"


def purpose(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what a thing is for."""
    for thing, word, use in known(scene, rng, USES):
        name, are = such(word)
        yield Pair(
            (thing.key,),
            (f"What is the purpose of {seen(scene, thing)}?", f"What {thing.is_} {seen(scene, thing)} good for?"),
            (f"{cap(name)} {are} used to {use}.", f"{cap(name)} {'serve' if are == 'are' else 'serves'} to {use}."),
            f"use {word}",
        )


def which_serves(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask for the thing that serves a purpose."""
    for thing, word, use in known(scene, rng, USES):
        if thing.kind == "body":
            continue
        place = where(thing.box) if thing.placed else ""
        at = f"{a(thing)}{' ' if place else ''}{place}"
        name, are = such(word)
        yield Pair(
            (thing.key,),
            (f"Which thing in this scene is there to {use}?", f"What could one use here to {use}?"),
            (f"There {thing.be} {at}; {name} {are} made for that.", f"{cap(at)} would do."),
            f"use {word}",
        )


def substance(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what such things are usually made of."""
    for thing, word, made in known(scene, rng, MADE_OF):
        if not thing.material:
            name, are = such(word)
            what = written(word)
            yield Pair(
                (thing.key,),
                (
                    f"What are things like {seen(scene, thing)} usually made of?",
                    f"From which material would one expect {article(what) if are == 'are' else what} such as this "
                    "to be made?",
                ),
                (f"{cap(name)} {are} usually made of {made}.", f"Usually {name} {are} made of {made}."),
            )


def contents(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what is usually kept in a thing."""
    for thing, word, held in known(scene, rng, HOLDS):
        name, _ = such(word)
        yield Pair(
            (thing.key,),
            (
                f"What would one expect to find in {seen(scene, thing)}?",
                f"What is usually kept in {name} like this one?",
            ),
            (f"As a rule, {name} hold {held}.", f"Most likely {held}."),
        )


def animal_needs(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what an animal needs."""
    for thing, _, need in known(scene, rng, ANIMALS):
        yield Pair(
            (thing.key,),
            (
                f"What should one know about animals like {seen(scene, thing)}?",
                f"How does {article(thing.noun.singular)} live?",
            ),
            (sentence(need), f"As a rule, {need}."),
            f"need {thing.noun.same}",
        )


def advice(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask for advice about a thing."""
    for thing, _, tip in known(scene, rng, TIPS):
        text = advised(tip, thing)
        short = text.partition(", because ")[0]
        yield Pair(
            (thing.key,),
            (
                f"Is there any advice you would give about {seen(scene, thing)}?",
                f"What should one keep in mind with {seen(scene, thing)}?",
            ),
            (sentence(text), f"It is a good idea {to(short)}."),
            f"tip {thing.noun.same}",
        )


def heavier(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask which of two is heavier."""
    for (one, the, _), (other, that, _) in weighed(scene, rng):
        names = rng.sample((the, that), 2)
        yield Pair(
            (one.key, other.key),
            (
                f"Which is probably heavier, {names[0]} or {names[1]}?",
                f"What would be harder to lift, {names[0]} or {names[1]}?",
            ),
            (f"{cap(the)}, by far.", f"{cap(the)}; {that} would be easy to lift by comparison."),
        )


_HOLE = re.compile(r"\{(\w+)\}")

Weighed = tuple[Thing, str, int]


def weighed(scene: Scene, rng: Random) -> Iterator[tuple[Weighed, Weighed]]:
    """Yield a heavy and a light thing, far apart in weight and both spoken of without doubt."""
    ranked = [
        (thing, the, WEIGHT[thing.noun.same])
        for thing in scene.subjects
        if thing.single and thing.noun.same in WEIGHT and (the := scene.the(thing))
    ]
    rng.shuffle(ranked)
    for one in ranked:
        for other in ranked:
            if one[2] >= 2 * other[2] + 6:
                yield one, other


def setting(scene: Scene, _: Random) -> Iterator[Pair]:
    """Ask what kind of place it is."""
    found = scene.place()
    if found:
        place, signs = found
        yield Pair(
            tuple(thing.key for thing in signs[:3]),
            ("What kind of place does this look like?", "Where was this picture probably taken?"),
            (f"It looks like {place.name}.", f"Judging by {_signs(signs)}, it is probably {place.name}."),
        )


def _signs(signs: list[Thing]) -> str:
    return listed(signs[:3], plain=True)


def indoors(scene: Scene, _: Random) -> Iterator[Pair]:
    """Ask whether it is indoors or outdoors."""
    found = scene.place()
    if found and len(found[1]) > 3:
        place, signs = found
        side = "indoors" if place.inside else "outdoors"
        yield Pair(
            tuple(thing.key for thing in signs[:2]),
            (
                "Is this more likely indoors or outdoors?",
                "Does this look like the inside of a building or like the open air?",
            ),
            (f"It is most likely {side}.", f"Most likely {side}, judging by {_signs(signs)}."),
        )


def activity(scene: Scene, _: Random) -> Iterator[Pair]:
    """Ask what people do in such a place."""
    found = scene.place()
    if found:
        place, signs = found
        yield Pair(
            tuple(thing.key for thing in signs[:1]),
            ("What do people usually do in a place such as this?", "What is a place like this good for?"),
            (
                f"In a place like that, people usually {place.activity}.",
                f"People come here to {place.activity}, as a rule.",
            ),
        )


def manners(scene: Scene, _: Random) -> Iterator[Pair]:
    """Ask what a visitor should mind."""
    found = scene.place()
    if found:
        place, signs = found
        yield Pair(
            tuple(thing.key for thing in signs[1:2]),
            ("What should a visitor to this place keep in mind?", "Is there a rule that visitors should follow here?"),
            (sentence(place.visitor), f"It would be wise to {place.visitor}."),
        )


def usual_place(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask where such things usually are."""
    for thing in rng.sample(scene.subjects, len(scene.subjects)):
        place = _homes().get(thing.noun.same)
        if place and thing.single:
            name, _ = such(thing.noun.singular)
            yield Pair(
                (thing.key,),
                (f"In what kind of place would one expect {name}?", f"Where do {name} usually belong?"),
                (f"One would expect them in a place such as {place}.", f"They are typical of {place}."),
            )


@cache
def _homes() -> dict[str, str]:
    """Return the nouns that point to one place only."""
    homes: dict[str, list[str]] = {}
    for place in PLACES:
        for sign in place.signs.split():
            homes.setdefault(sign.replace("_", " "), []).append(place.name)
    return {
        sign: names[0] for sign, names in homes.items() if len(names) == 1 and sign not in ("truck", "pole", "sign")
    }


NAMELESS_KNOWLEDGE: tuple[Kind, ...] = (which_serves,)
KNOWING: tuple[Kind, ...] = (purpose, which_serves, substance, contents, animal_needs, advice, heavier, usual_place)
SETTING: tuple[Kind, ...] = (setting, indoors)
CUSTOMS: tuple[Kind, ...] = (activity, manners)
"""What people do in such a place, and how they behave."""
