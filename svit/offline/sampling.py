"""Question-answer pairs and their choice: varied subjects, no wording twice, the same for the same seed."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from random import Random
from typing import NamedTuple

from svit.offline.scene import Scene
from svit.records import ImageContext


class Pair(NamedTuple):
    """A true pair in several wordings, and the keys of the things that it is about, the main one first."""

    about: tuple[int, ...]
    questions: tuple[str, ...]
    answers: tuple[str, ...]
    fact: str = ""
    """Ask what is told, where several kinds tell it: a completion tells it once."""


Kind = Callable[[Scene, Random], Iterator[Pair]]
"""One kind of question: yields pairs of that kind about one thing after the other.

The first answer suits the first question and so on; where their numbers differ, every answer suits every question.
"""


class ChosenPair(NamedTuple):
    """A pair in the wording that was chosen, and the kind that it is of."""

    kind: Kind
    pair: Pair
    question: str
    answer: str


_TRIES = 4
_TRIES_ABOUT = 20
_FRESH = (1, 2, 9)
"""How often the main thing of a pair may have been asked about, pass by pass."""


def seeded(context: ImageContext, seed: int, task: str) -> Random:
    """Return a generator that depends on the seed, the image and the task, the same on every machine."""
    digest = hashlib.blake2b(repr((seed, context.image_id, task)).encode(), digest_size=8).digest()
    return Random(int.from_bytes(digest, "big"))  # noqa: S311 - variety, not secrets


class Chooser:
    """Chooses pairs for one completion. What was used once, a kind's wording or a question, isn't used again."""

    def __init__(self, scene: Scene, rng: Random) -> None:
        """Begin with nothing used."""
        self._scene = scene
        self._rng = rng
        self._spoken: Counter[int] = Counter()
        self._wordings: dict[Kind, set[tuple[str, int]]] = {}
        self._told: dict[Kind, set[tuple[int, ...]]] = {}
        self._questions: set[str] = set()
        self._facts: set[str] = set()

    def choose(
        self, kinds: Sequence[Kind], wanted: int, *, about: int | None = None, again: bool = False
    ) -> list[ChosenPair]:
        """Return up to that many pairs of different kinds, with `about` only those whose main thing has that key.

        With `again`, kinds may come a second time where they run short, in other words than before.
        """
        order = self._rng.sample(kinds, len(kinds))
        chosen: list[ChosenPair] = []
        for repeated, limit in [*((False, limit) for limit in _FRESH), *[(True, _FRESH[-1])] * again]:
            for kind in order:
                if len(chosen) == wanted:
                    return chosen
                if repeated or kind not in self._wordings:
                    chosen.extend(self._one(kind, limit, about))
        return chosen

    def all_or_none(
        self, kinds: Sequence[Kind], wanted: int, *, about: int | None = None, again: bool = False
    ) -> list[ChosenPair]:
        """Return exactly that many pairs; where there are fewer, return none and forget that they were tried."""
        before = (
            self._spoken.copy(),
            {kind: set(used) for kind, used in self._wordings.items()},
            {kind: set(keys) for kind, keys in self._told.items()},
            set(self._questions),
            set(self._facts),
        )
        chosen = self.choose(kinds, wanted, about=about, again=again)
        if len(chosen) == wanted:
            return chosen
        self._spoken, self._wordings, self._told, self._questions, self._facts = before
        return []

    def _one(self, kind: Kind, limit: int, about: int | None) -> list[ChosenPair]:
        tries = islice(kind(self._scene, self._rng), _TRIES_ABOUT if about is not None else _TRIES)
        pairs = [pair for pair in tries if about is None or pair.about[:1] == (about,)]
        pairs.sort(key=lambda pair: sum(self._spoken[key] for key in pair.about))
        for pair in pairs:
            if about is None and pair.about and self._spoken[pair.about[0]] >= limit:
                continue
            if (pair.fact and pair.fact in self._facts) or pair.about[:1] in self._told.get(kind, ()):
                continue
            asked = self._worded(kind, pair)
            if asked:
                self._remember(asked)
                return [asked]
        return []

    def _worded(self, kind: Kind, pair: Pair) -> ChosenPair | None:
        used = self._wordings.setdefault(kind, set())
        free = [i for i, text in enumerate(pair.questions) if ("q", i) not in used and text not in self._questions]
        replies = [i for i in range(len(pair.answers)) if ("a", i) not in used]
        if not free or not replies:
            if not used:
                del self._wordings[kind]
            return None
        question = self._rng.choice(free)
        answer = question if len(pair.answers) == len(pair.questions) else self._rng.choice(replies)
        used.update({("q", question), ("a", answer)})
        return ChosenPair(kind, pair, pair.questions[question], pair.answers[answer])

    def _remember(self, asked: ChosenPair) -> None:
        self._spoken.update(asked.pair.about)
        self._questions.add(asked.question)
        self._facts.add(asked.pair.fact)
        self._told.setdefault(asked.kind, set()).add(asked.pair.about[:1])
