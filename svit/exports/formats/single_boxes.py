"""Pairs one by one, for what knows no conversations: of each item those that a format can take."""

from collections.abc import Callable, Iterator, Sequence

from svit.exports.base import Item, TextGroup
from svit.exports.canonical import named

Pairs = Callable[[Item], Iterator[Item]]


def each_pair(takes: Callable[[Sequence[str]], bool] = lambda _pair: True) -> Pairs:
    """Return what yields an item for each pair that `takes` says is one for the format; keys are numbered."""

    def pieces(item: Item) -> Iterator[Item]:
        number = 0
        for talk in item.talks:
            for place in range(0, len(talk.texts), 2):
                number += 1
                pair = talk.texts[place : place + 2]
                if takes(pair):
                    one = TextGroup(pair, talk.topic, talk.task)
                    yield item._replace(key=f"{item.key}-{number}", talks=(one,), made_of=())

    return pieces


def has_one_box(pair: Sequence[str]) -> bool:
    """Whether the answer of a pair has exactly one box, so that the question refers to it."""
    return sum(len(boxes) for _, boxes in named(pair[1:])) == 1
