"""A description on its way: the sentences so far, and what has been introduced."""

from collections.abc import Iterable
from random import Random

from svit.english.grammar import sentence
from svit.offline.fact_phrases import other
from svit.offline.scene import Scene, Thing, a

ENOUGH_WORDS = 150


class DescriptionDraft:
    """Collects sentences and remembers what has been introduced, so that nothing is introduced twice."""

    def __init__(self, scene: Scene, rng: Random) -> None:
        """Begin with nothing said."""
        self.scene = scene
        self.rng = rng
        self.sentences: list[str] = []
        self.said: set[int] = set()
        """Keys of the things that have been introduced."""
        self.names: set[str] = set()
        """Their nouns."""
        self.pairs: set[frozenset[str]] = set()
        """Nouns that a sentence has placed beside each other."""
        self.told: set[tuple[int, str]] = set()
        """Facts that are told: the key of the subject and the words of the link."""

    def add(self, *wordings: str) -> None:
        """Add a sentence in one of these wordings, unless enough has been said."""
        if self.words() < ENOUGH_WORDS:
            self.sentences.append(sentence(self.rng.choice(wordings)))

    def words(self) -> int:
        """Return how many words there are so far."""
        return sum(len(text.split()) for text in self.sentences)

    def fresh(self, things: Iterable[Thing]) -> list[Thing]:
        """Return the things that have not been introduced, neither themselves nor by their noun."""
        return [thing for thing in things if thing.key not in self.said and thing.noun.same not in self.names]

    def mark(self, things: Iterable[Thing]) -> None:
        """Remember the things as introduced."""
        for thing in things:
            self.said.add(thing.key)
            self.names.add(thing.noun.same)

    def other(self, thing: Thing) -> str:
        """Return the thing as the other end of a fact, with "the" where it has been introduced."""
        the = self.scene.the(thing)
        return the if the and thing.key in self.said else other(self.scene, thing)

    def known(self, thing: Thing) -> str:
        """Return the thing with "the" where that is clear, otherwise with "a"."""
        return self.scene.the(thing) or a(thing)

    def simple(self, thing: Thing) -> bool:
        """Whether the thing has a short name without its color or its place."""
        return self.scene.the(thing) == f"the {thing.name}"
