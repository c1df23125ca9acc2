"""Conversation: three conversations of five turns about one image, each on a topic of its own.

Topic: Where things are
User: Is the lamp to the left or to the right of the couch?
GPT: The lamp is to the right of the couch.
"""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from random import Random
from typing import NamedTuple

from svit.judge.checks import (
    EVERY_TASK,
    counts_are_annotated,
    is_at_most,
    objects_are_supported,
    shows_no_coordinates,
    turns_each,
)
from svit.judge.parse import conversations
from svit.offline.questions.actions import ACTING, APPEARING, ARRANGING, NAMELESS_ACTS
from svit.offline.questions.appearance import COLORING, NAMELESS
from svit.offline.questions.common_knowledge import CUSTOMS, KNOWING, NAMELESS_KNOWLEDGE, SETTING
from svit.offline.questions.objects import COUNTING
from svit.offline.questions.positions import COMPARING, FOUND_THERE, PLACING
from svit.offline.questions.situations import SITUATIONS, planned
from svit.offline.sampling import Chooser, ChosenPair, Kind, seeded
from svit.offline.scene import Scene, Thing
from svit.prompting.render import context_text
from svit.records import ImageContext
from svit.tasks.base import Task

CONVERSATIONS = 3
TURNS = 5
LONGEST_ANSWER = 200
"""Words. Under 50 tokens are asked for; so many are another kind of text."""
_PLANNING: tuple[Kind, ...] = tuple(planned(situation) for situation in SITUATIONS)


class _Topic(NamedTuple):
    """Titles to choose from, and kinds of questions in the order in which they follow each other."""

    titles: tuple[str, ...]
    kinds: tuple[Kind, ...]


_TOPICS = (
    _Topic(("What there is and how many", "Things and their numbers", "What the picture shows"), SETTING + COUNTING),
    _Topic(("Where things are", "Positions and directions", "How the picture is laid out"), PLACING + ARRANGING),
    _Topic(("Who does what", "People, animals and what they do", "What is going on"), ACTING + ARRANGING),
    _Topic(
        ("Colors, materials and conditions", "What things look like", "Looks and details"),
        COLORING + APPEARING + COMPARING,
    ),
    _Topic(("What things are good for", "Some background knowledge", "Uses and materials"), CUSTOMS + KNOWING),
    _Topic(("Making plans in this place", "What one could do here", "Practical questions"), _PLANNING),
)
_NAMELESS = (*NAMELESS, *FOUND_THERE, *NAMELESS_ACTS, *NAMELESS_KNOWLEDGE)
_ABOUT_ONE = tuple(kind for kind in (*PLACING, *COLORING, *ACTING, *ARRANGING, *KNOWING) if kind not in _NAMELESS)
_EVERYTHING = tuple(dict.fromkeys(kind for topic in _TOPICS for kind in topic.kinds))


def _write(context: ImageContext, seed: int, number: int = CONVERSATIONS) -> str:
    scene, rng = Scene(context), seeded(context, seed, "conversation")
    written = _conversations(scene, Chooser(scene, rng), rng, number)
    return "\n\n".join(
        "\n".join([f"Topic: {topic}", *(f"User: {one.question}\nGPT: {one.answer}" for one in turns)])
        for topic, turns in written
    )


def _conversations(scene: Scene, chooser: Chooser, rng: Random, number: int) -> list[tuple[str, list[ChosenPair]]]:
    found: list[tuple[str, list[ChosenPair]]] = []
    found.extend(_about_one(scene, chooser, rng))
    for topic in rng.sample(_TOPICS, len(_TOPICS)):
        if len(found) == number:
            break
        turns = _turns(chooser, topic.kinds)
        if turns:
            found.append((rng.choice(topic.titles), turns))
    for title in _mixed_titles(rng, number - len(found)):
        turns = _turns(chooser, _EVERYTHING, again=True)
        if turns:
            found.append((title, turns))
    return found


_MIXED_TITLES = ("A closer look", "This and that", "More about the scene")


def _mixed_titles(rng: Random, wanted: int) -> list[str]:
    """Return so many titles, no two of them alike."""
    titles = rng.sample(_MIXED_TITLES, min(wanted, len(_MIXED_TITLES)))
    return titles + [
        f"{_MIXED_TITLES[more % len(_MIXED_TITLES)]}, part {more // len(_MIXED_TITLES) + 2}"
        for more in range(wanted - len(titles))
    ]


def _turns(
    chooser: Chooser, kinds: Sequence[Kind], *, about: int | None = None, again: bool = False
) -> list[ChosenPair]:
    turns = chooser.all_or_none(kinds, TURNS, about=about, again=again)
    return sorted(turns, key=lambda turn: kinds.index(turn.kind))


def _about_one(scene: Scene, chooser: Chooser, rng: Random) -> list[tuple[str, list[ChosenPair]]]:
    """Return a conversation that stays with one thing, where there is enough to say about one."""
    told = Counter(key for fact in scene.facts for key in (fact.subject.key, fact.target.key))
    able = [thing for thing in scene.subjects if thing.single and scene.the(thing)]

    def weight(thing: Thing) -> float:
        worth = told[thing.key] + len(thing.adjectives) + 4 * thing.box.area + 4 * (thing.kind in _TALKED_ABOUT)
        return worth - 9 * _is_clumsy(scene.the(thing))

    able.sort(key=weight, reverse=True)
    for thing in rng.sample(able[:3], min(2, len(able))):
        the = scene.the(thing) or ""
        turns = _turns(chooser, _ABOUT_ONE, about=thing.key)
        if turns:
            return [(f"{the[:1].upper()}{the[1:]}", _with_pronouns(the, turns, thing.kind))]
    return []


_TALKED_ABOUT = frozenset({"person", "animal", "vehicle", "food"})


def _is_clumsy(the: str | None) -> bool:
    """Whether the name is one that a conversation should not keep repeating: "the cup further right"."""
    return not the or the.endswith(("left", "right", "row")) or "st " in the


def _with_pronouns(the: str, turns: list[ChosenPair], kind: str) -> list[ChosenPair]:
    """Return the turns with "it" for the thing in every second question after the first, where it stands alone."""
    if kind == "person":
        return turns
    spoken = turns[:1]
    for position, turn in enumerate(turns[1:], 1):
        words = f" {the}"
        alone = turn.question.count(words) == 1 == turn.question.count("the ") and f"like {the}" not in turn.question
        question = turn.question.replace(words, " it", 1) if alone and position % 2 else turn.question
        spoken.append(turn._replace(question=question))
    return spoken


ENOUGH = 2 * TURNS
"""Two of the three conversations; each is kept or dropped whole."""
ANSWER_TOKENS = 560
"""15 pairs at the 30 tokens of GPT-4's conversations (60 of LLaVA's records), with labels and topics."""

TASK = Task(
    name="conversation",
    summary="three conversations of five turns, each on its own topic",
    render=partial(context_text, region_boxes=False),
    parse=conversations,
    dialogues=CONVERSATIONS,
    checks=(*EVERY_TASK, turns_each(TURNS), is_at_most(LONGEST_ANSWER), shows_no_coordinates),
    grounding=(objects_are_supported, counts_are_annotated),
    write_offline=_write,
    max_tokens=2048,
    answer_tokens=ANSWER_TOKENS,
    min_pairs=ENOUGH,
    counted="conversations",
    writer=lambda number: partial(_write, number=number),
)
