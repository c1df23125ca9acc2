"""Kinds of questions about the place that the scene shows, and how people use it."""

from collections.abc import Iterator
from random import Random

from svit.english.grammar import number_word
from svit.english.lexicon import KIND_NAMES
from svit.offline.naming import cap, distinct, so
from svit.offline.sampling import Kind, Pair
from svit.offline.scene import Scene, Thing, listed, several_of

# Common sense about what is there


def kind_of_place(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what kind of place it is."""
    found = scene.place()
    if found:
        place, signs = found
        seen = listed(signs[:4], plain=True)
        yield Pair(
            tuple(thing.key for thing in signs[:3]),
            (
                "What kind of place is this most likely, and what points to it?",
                "Where could this picture have been taken?",
            ),
            (
                f"I can make out {seen}. Things like these are usually found together in one kind of place. "
                f"{so(rng)} this is "
                f"most likely {place.name}.",
                f"Each of these is a hint: {seen}. Taken together they point to {place.name}, so that is the most "
                "likely answer.",
            ),
        )


def inside_or_outside(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask whether it is indoors."""
    found = scene.place()
    if found and len(found[1]) > 3:
        place, signs = found
        seen = listed(rng.sample(signs, 3), plain=True)
        side, weather, rain = _SHELTERED if place.inside else _EXPOSED
        yield Pair(
            tuple(thing.key for thing in signs[:2]),
            (
                "Would an umbrella be of any use to people who stay exactly here while it rains?",
                "Do people here have to care about the weather of the moment?",
            ),
            (
                f"One can see {seen}, which one would expect {side}. {so(rng)} people here are probably {weather}.",
                f"Judging by {seen}, this is probably {side}. That means that rain would {rain}.",
            ),
        )


_SHELTERED = ("indoors", "sheltered, and the weather hardly matters", "not reach anybody here")
_EXPOSED = ("outdoors", "exposed to the weather, and it does matter", "fall on anybody without cover")


def what_people_do(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what people come here for."""
    found = scene.place()
    if found:
        place, signs = found
        seen = listed(signs[-3:], plain=True)
        yield Pair(
            (signs[-1].key,),
            (
                "For what purpose do people probably come to this place?",
                "How is this place likely to be used on an ordinary day?",
            ),
            (
                f"There is evidence in what can be seen: {seen}. All this belongs to {place.name}. {so(rng)} "
                "people probably come "
                f"here to {place.activity}.",
                f"The scene includes {seen}, so it looks like {place.name}. Such places are there to {place.activity}.",
            ),
        )


def how_to_behave(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what a visitor should mind."""
    found = scene.place()
    if found:
        place, signs = found
        seen = listed(rng.sample(signs, 3), plain=True)
        yield Pair(
            (signs[1].key,),
            (
                "What would you advise somebody who comes to this place for the first time?",
                "Which piece of advice fits visitors of this scene best?",
            ),
            (
                f"With {seen} in view, this is most likely {place.name}. {so(rng)} my advice would be to "
                f"{place.visitor}.",
                f"First consider where we are: {seen} suggest {place.name}. There it is best to {place.visitor}.",
            ),
        )


def company(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what a group of like things suggests."""
    for group in scene.counted_groups(2):
        entry = _TOGETHER.get(group[0].kind)
        if entry:
            name, count = several_of(group), number_word(len(group))
            yield Pair(
                (group[0].key, group[1].key),
                (
                    f"What does the number of {name} suggest about this scene?",
                    f"Why might there be more than one {group[0].noun.text} here?",
                ),
                (
                    f"There are {count} {name}. {entry[0]}. {so(rng)} {entry[1]}.",
                    f"{entry[0]}. With {count} {name} in view, {entry[1]}.",
                ),
            )


_TOGETHER = {
    "person": (
        "People who are in one place often share an occasion",
        "they may well have something in common, if only the way",
    ),
    "animal": (
        "Many animals feel safer in company, since more eyes notice a danger sooner",
        "staying close to each other makes sense",
    ),
    "vehicle": ("Vehicles gather where people work, live or pass through", "this is probably not a lonely spot"),
    "furniture": (
        "Several pieces of one sort are needed where several people meet or much has to be stored",
        "the place is probably meant for more than one person, or for many things",
    ),
    "electronics": (
        "Several devices of one sort are used where much work is done or several people work",
        "this is probably a busy spot",
    ),
    "kitchenware": (
        "One usually sets out as many pieces as there are people to eat",
        "more than one person probably eats here",
    ),
}


def most_of_a_kind(scene: Scene, _: Random) -> Iterator[Pair]:
    """Ask which kind of thing dominates, and what that suggests."""
    kinds: dict[str, list[Thing]] = {}
    for thing in distinct(list(scene.subjects)):
        kinds.setdefault(thing.kind, []).append(thing)
    ranked = sorted(kinds.items(), key=lambda item: -len(item[1]))
    if len(ranked) > 1 and len(ranked[0][1]) > max(2, len(ranked[1][1])) and ranked[0][0] in _SUGGESTS:
        kind, things = ranked[0]
        yield Pair(
            tuple(thing.key for thing in things[:3]),
            (
                "Which sort of thing sets the tone of this scene, and what does it tell about the place?",
                "If one had to sum up the scene by one group of things, which would it be?",
            ),
            (
                f"Among what can be seen are {listed(things[:4], plain=True)}. These are all {KIND_NAMES[kind]}, "
                "so this group sets the "
                f"tone, and {_SUGGESTS[kind]}.",
                f"{cap(listed(things[:4], plain=True))} are all {KIND_NAMES[kind]}. No other group is as varied "
                "here; therefore "
                f"{_SUGGESTS[kind]}.",
            ),
        )


_SUGGESTS = {
    "furniture": "people are supposed to stay here for a while",
    "electronics": "much seems to depend on technology here",
    "kitchenware": "food plays a part here",
    "food": "food plays the main part here",
    "vehicle": "people are on the move here",
    "structure": "the place has been laid out for people on their way",
    "accessory": "people have come with their belongings",
    "clothing": "people are at the center of the scene",
    "appliance": "household work is done here",
    "stationery": "reading and writing matter here",
    "decoration": "somebody cares about how the place looks",
    "plant": "nature has its place here",
    "textile": "comfort matters here",
    "container": "things are stored or carried here",
    "sports": "the scene is about sport",
    "building": "many people live or work around here",
}


PLACE: tuple[Kind, ...] = (kind_of_place, inside_or_outside, what_people_do, how_to_behave, company, most_of_a_kind)
