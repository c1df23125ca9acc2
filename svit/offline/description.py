"""One text about an image: captions where their grammar is certain, otherwise sentences from the scene."""

from collections.abc import Iterable
from random import Random

from svit.english.grammar import Number, article, joined, number_word, sentence, with_first_letter_small
from svit.offline.captions import usable_captions
from svit.offline.fact_phrases import by_target, is_plain_part, other
from svit.offline.naming import distinct, gap
from svit.offline.scene import Scene, SceneFact, Thing, a, above, left_of, listed, several_of, where

ENOUGH_WORDS = 150
FEW_WORDS = 75
VERY_FEW_WORDS = 40
"""Where two boxes are all that is known, a comparison of them is what else is certain."""
_MOST_CAPTIONS = 3
_WELL_KNOWN = 5
"""With more things than these, one caption is enough: the rest would repeat what the things tell."""


class DescriptionText:
    """Collects sentences and remembers what has been introduced, so that nothing is introduced twice."""

    def __init__(self, scene: Scene, rng: Random) -> None:
        """Begin with nothing said."""
        self.scene = scene
        self.rng = rng
        self.said: set[int] = set()
        self.names: set[str] = set()
        self._pairs: set[frozenset[str]] = set()
        self._told: set[tuple[int, str]] = set()
        self.sentences: list[str] = []

    def text(self) -> str:
        """Return the description, in two paragraphs where it is long."""
        self._captions()
        main = len(self.sentences)
        if self.scene.subjects:
            self._opening()
            self._people()
            main = len(self.sentences)
            steps = [self._surfaces, self._counts, self._holders, self._looks]
            self.rng.shuffle(steps)
            for step in steps:
                step()
            self._neighbors()
            self._sides()
        self._background()
        self._fill()
        first, second = self.sentences[:main], self.sentences[main:]
        if len(second) < 2:
            return " ".join((*first, *second))
        return "\n\n".join(filter(None, (" ".join(first), " ".join(second))))

    def _add(self, *wordings: str) -> None:
        if self._words() < ENOUGH_WORDS:
            self.sentences.append(sentence(self.rng.choice(wordings)))

    def _fresh(self, things: Iterable[Thing]) -> list[Thing]:
        return [thing for thing in things if thing.key not in self.said and thing.noun.same not in self.names]

    def _mark(self, things: Iterable[Thing]) -> None:
        for thing in things:
            self.said.add(thing.key)
            self.names.add(thing.noun.same)

    def _captions(self) -> None:
        most = 1 if len(self.scene.subjects) > _WELL_KNOWN else _MOST_CAPTIONS
        for number, (text, is_clause) in enumerate(usable_captions(self.scene.context.captions)[:most]):
            small = with_first_letter_small(text)
            if is_clause:
                self._add(text)
            else:
                self._add(*(f"{frame} {small}" for frame in _FRAMES[min(number, 2)]))
            words = set(text.lower().replace(",", "").split())
            self._mark(thing for thing in self.scene.things if thing.noun.text in words)

    def _opening(self) -> None:
        ranked = sorted(self.scene.subjects, key=lambda thing: -thing.box.area)
        ranked = self._fresh(thing for thing in ranked if thing.single or thing.noun.number is Number.MANY)
        chief = distinct([thing for thing in ranked if thing.kind not in _ACCOMPANYING] or ranked)[:3]
        if len(chief) > 1:
            shown = joined([self._first(thing) for thing in chief])
            if self.sentences:
                self._add(f"{shown} can be seen as well", f"there {chief[0].be} also {shown}")
            else:
                self._add(
                    f"the picture shows {shown}", f"{shown} can be seen in the picture", f"this is a view of {shown}"
                )
            self._mark(chief)

    def _first(self, thing: Thing) -> str:
        count = self.scene.count(thing.noun.same)
        if count and count > 1:
            return f"{number_word(count)} {several_of(self.scene.groups[thing.noun.same])}"
        return a(thing)

    def _people(self) -> None:
        actors = [thing for thing in self.scene.placed if thing.kind in ("person", "animal")]
        seen: dict[str, int] = {}
        for thing in sorted(actors, key=lambda thing: -thing.box.area)[:5]:
            does = self._deeds(thing)
            if does:
                who = self._who(thing, seen)
                self._add(f"{who} {(', and ' if ' and ' in does[0] else ' and ').join(does)}")
                self._mark([thing])

    def _who(self, thing: Thing, seen: dict[str, int]) -> str:
        nth = seen[thing.noun.same] = seen.get(thing.noun.same, 0) + 1
        the = self.scene.the(thing)
        if the and (thing.key in self.said or thing.noun.same in self.names):
            return the
        if thing.key in self.said and thing.single:
            return f"the {thing.name}"
        place = where(thing.box)
        if thing.several:
            return f"{a(thing)} {place}".strip()
        name = a(thing) if nth == 1 else f"another {thing.name}" if nth == 2 else f"yet another {thing.name}"
        return f"{name} {place}".strip()

    def _deeds(self, thing: Thing) -> list[str]:
        facts = [fact for fact in self.scene.facts if fact.subject is thing]
        have = "have" if thing.several else "has"
        worn = _targets(fact for fact in facts if fact.link.verb == "wearing")[:3]
        parts = _targets(
            f for f in facts if f.link.text == "with" and f.target.kind == "body" and not is_plain_part(f)
        )[:2]
        acts = [fact for fact in facts if fact.link.verb and fact.link.verb != "wearing"][:2]
        found = [f"wearing {listed(worn)}"] if worn else []
        done: set[str] = set()
        for fact in acts:
            if fact.link.verb not in done:
                done.add(fact.link.verb)
                found.append(f"{fact.link.text} {self._other(fact.target)}")
        self._mark([*worn, *parts, *(fact.target for fact in acts)])
        self._told.update((fact.subject.key, fact.link.text) for fact in facts)
        if (
            thing.state
            and not done
            and thing.state in ("sitting", "standing", "walking", "running", "sleeping", "smiling")
        ):
            found.insert(0, thing.state)
        deeds = [f"{'are' if thing.several else 'is'} {joined(found)}"] if found else []
        if parts:
            deeds.append(f"{have} {listed(parts)}")
        return deeds

    def _other(self, thing: Thing) -> str:
        the = self.scene.the(thing)
        return the if the and thing.key in self.said else other(self.scene, thing)

    def _surfaces(self) -> None:
        """Say what is on tables, shelves and the like."""
        for target, things in by_target(self.scene, self.rng, "on", "on top of", "in", "inside")[:5]:
            fresh = self._fresh(things)[:4]
            link = next(
                (f.link.text for f in self.scene.facts if f.target is target and fresh and f.subject is fresh[0]), None
            )
            if (
                link
                and fresh
                and target.kind
                in ("furniture", "ground", "kitchenware", "container", "appliance", "vehicle", "structure")
            ):
                self._place(target, fresh, link)

    def _place(self, target: Thing, things: list[Thing], link: str) -> None:
        same = [
            t
            for t in things
            if any(f.subject is t and f.target is target and f.link.text == link for f in self.scene.facts)
        ]
        that, be = self._other(target), "are" if len(same) > 1 or same[0].noun.number is Number.MANY else "is"
        self._add(
            f"{link} {that} {be} {listed(same)}",
            f"{listed(same)} {be} {link} {that}",
            f"{link} {that} one can see {listed(same)}",
        )
        self._mark([*same, target])
        self._told.update((thing.key, link) for thing in same)

    def _counts(self) -> None:
        groups = [
            g for g in self.scene.counted_groups(2) if g[0].noun.same not in self.names and g[0].kind != "footwear"
        ]
        parts = []
        for group in groups[:3]:
            colors = {thing.color for thing in group}
            shade = colors.pop() if len(colors) == 1 else None
            parts.append(f"{number_word(len(group))} {shade + ' ' if shade else ''}{several_of(group)}")
            self._mark(group)
        if parts:
            self._add(
                f"there are {joined(parts)}",
                f"{joined(parts)} can be seen",
                f"altogether there are {joined(parts)} in view",
            )

    def _holders(self) -> None:
        """Say what has which details."""
        owners: dict[int, list[SceneFact]] = {}
        for fact in self.scene.facts:
            if fact.link.text == "with" and fact.subject.kind not in ("person", "animal"):
                owners.setdefault(fact.subject.key, []).append(fact)
        for facts in list(owners.values())[:2]:
            parts = self._fresh(_targets(fact for fact in facts if not is_plain_part(fact)))[:3]
            self._told.update((fact.subject.key, fact.link.text) for fact in facts)
            if parts:
                have = "have" if facts[0].subject.several else "has"
                self._add(f"{self._known(facts[0].subject)} {have} {listed(parts)}")
                self._mark([*parts, facts[0].subject])

    def _known(self, thing: Thing) -> str:
        return self.scene.the(thing) or a(thing)

    def _looks(self) -> None:
        """Say what things look like that have a color or a condition."""
        colored = [
            t for t in self.scene.subjects if t.single and t.color and self._simple(t) and t.key not in self.said
        ]
        self.rng.shuffle(colored)
        for one, two in zip(colored[:4:2], colored[1:4:2], strict=False):
            names = self.scene.the(one), self.scene.the(two)
            if one.color == two.color:
                self._add(f"{names[0]} and {names[1]} are both {one.color}")
            else:
                self._add(
                    f"{names[0]} is {one.color}, and {names[1]} is {two.color}",
                    f"{names[0]} is {one.color} while {names[1]} is {two.color}",
                )
            self._mark([one, two])
        for thing in self.scene.subjects:
            the = self.scene.the(thing)
            if the and thing.state and thing.kind not in ("person", "animal"):
                state = {"on": "switched on", "off": "switched off"}.get(thing.state, thing.state)
                self._add(f"{the} {'are' if thing.several else 'is'} {state}")
                self._mark([thing])
                break

    def _simple(self, thing: Thing) -> bool:
        """Whether the thing has a short name without its color or its place."""
        the = self.scene.the(thing)
        return the == f"the {thing.name}"

    def _neighbors(self) -> None:
        """Say what is beside, above or below something that was named before."""
        known = [t for t in self.scene.subjects if t.key in self.said and t.single and self.scene.the(t)]
        fresh = [t for t in self._fresh(self.scene.subjects) if t.single]
        for thing in self.rng.sample(fresh, len(fresh))[:4]:
            anchor = next((t for t in known if gap(t, thing) < 0.15 and _side(thing, t)), None)
            if anchor and thing.key not in self.said and thing.noun.same not in self.names:
                side, the = _side(thing, anchor), self.scene.the(anchor)
                self._add(
                    f"{side} {the} is {a(thing)}",
                    f"{side} {the} one can see {a(thing)}",
                    f"{a(thing)} can be seen {side} {the}",
                )
                self._mark([thing])
                self._pairs.add(frozenset({thing.noun.same, anchor.noun.same}))
                known.remove(anchor)

    def _sides(self) -> None:
        """Say what else is on which side."""
        parts: dict[str, list[Thing]] = {}
        for thing in distinct(self._fresh(self.scene.subjects)):
            if place := where(thing.box):
                parts.setdefault(place, []).append(thing)
        ranked = sorted(parts.items(), key=lambda item: -len(item[1]))
        for number, (place, things) in enumerate(ranked[:3]):
            shown = listed(things[:3])
            be = "are" if len(things[:3]) > 1 or things[0].noun.number is Number.MANY else "is"
            wordings = (f"{place} there {be} {shown}", f"{shown} {be} {place}", f"{place}, one notices {shown}")
            self._add(wordings[(number + len(shown)) % 3])
            self._mark(things[:3])

    def _fill(self) -> None:
        """Say more where little has been said: other facts, positions, and what else there is."""
        steps = (self._more_facts, self._plurals, self._positions, self._extras, self._row, self._extents)
        for step in steps:
            if self._words() < FEW_WORDS:
                step()
        if self._words() < VERY_FEW_WORDS:
            self._comparison()

    def _words(self) -> int:
        return sum(len(text.split()) for text in self.sentences)

    def _more_facts(self) -> None:
        """Tell the other facts, two of one subject in one sentence, and none from both of its ends."""
        told: set[frozenset[str]] = set()
        clauses: dict[str, list[str]] = {}
        for fact in self.scene.facts[:16]:
            the, pair = self.scene.the(fact.subject), frozenset({fact.subject.noun.same, fact.target.noun.same})
            known = (
                pair in told
                or pair in self._pairs
                or (fact.subject.key, fact.link.text) in self._told
                or is_plain_part(fact)
            )
            if the and not known:
                told.add(pair)
                clause = fact.link.clause(several=fact.subject.several)
                clauses.setdefault(the, []).append(f"{clause} {self._other(fact.target)}")
        for the, said in clauses.items():
            if self._words() < FEW_WORDS:
                self._add(f"{the} {joined(said[:2])}")

    def _positions(self) -> None:
        found = [(t, the, where(t.box)) for t in self.scene.subjects if (the := self.scene.the(t)) and where(t.box)]
        found = [item for item in found if self._simple(item[0])] or found
        for (one, the, place), (two, that, there) in zip(found[:6:2], found[1:6:2], strict=False):
            first, second = "are" if one.several else "is", "are" if two.several else "is"
            self._add(f"{the} {first} {place} of the picture, and {that} {second} {there}")

    def _row(self) -> None:
        named = sorted(
            ((t, the) for t in self.scene.subjects if (the := self.scene.the(t))),
            key=lambda item: item[0].box.center[0],
        )
        row = named[:1]
        for item in named[1:]:
            if left_of(row[-1][0], item[0]):
                row.append(item)
        if len(row) > 2:
            self._add(f"from left to right one comes across {joined([the for _, the in row[:5]])}")

    def _plurals(self) -> None:
        """Name the groups that could not be counted."""
        for group in self.scene.groups.values():
            sure = len(group) > 1 and all(thing.single and thing.placed for thing in group)
            if sure and group[0].key not in self.said and group[0].noun.same not in self.names:
                shades = {thing.color for thing in group}
                shade = f"{next(iter(shades))} " if len(shades) == 1 and None not in shades else ""
                self._add(f"there are {shade}{several_of(group)}", f"one can also make out {shade}{several_of(group)}")
                self._mark(group)

    def _extents(self) -> None:
        """Say how much room the largest things take up."""
        for thing in sorted(self.scene.subjects, key=lambda thing: -thing.box.area)[:2]:
            the = self.scene.the(thing)
            wide = next((text for least, text in _EXTENTS if thing.box.area >= least), "")
            if the and thing.single and wide:
                self._add(f"{the} takes up {wide} of the picture", f"{wide} of the picture is taken up by {the}")

    def _comparison(self) -> None:
        """Say how the two largest things lie to each other, and which one takes up more room."""
        ranked = sorted((t for t in self.scene.subjects if t.single and t.placed), key=lambda thing: -thing.box.area)
        named = [(thing, the) for thing in ranked if (the := self.scene.the(thing))][:2]
        if len(named) < 2:
            return
        (one, the), (two, that) = named
        if side := _side(one, two):
            self._add(f"{the} is {side} {that}")
        if one.box.area > _CLEARLY_LARGER * two.box.area:
            self._add(f"of these two, it is {the} that takes up more room in the picture")
        else:
            self._add(f"{the} and {that} take up about the same room in the picture")

    def _extras(self) -> None:
        rest = distinct([t for t in self.scene.things if t.key not in self.said and t.noun.same not in self.names])[:5]
        if len(rest) > 1 or (rest and rest[0].several):
            self._add(f"further details are {listed(rest)}", f"in addition, one can make out {listed(rest)}")
        elif rest:
            self._add(f"a further detail is {a(rest[0])}", f"in addition, one can make out {a(rest[0])}")

    def _background(self) -> None:
        rest = [t for t in self.scene.placed if t.kind in ("ground", "sky", "water", "land", "plant")]
        found = distinct(self._fresh(rest))[:4]
        if found:
            shown = joined([_surrounding(thing) for thing in found])
            be = "are" if len(found) > 1 or found[0].noun.number is Number.MANY else "is"
            self._add(
                f"{shown} {be} part of the scene as well",
                f"the surroundings include {shown}",
                f"{shown} can be seen, too",
            )
            self._mark(found)


def _surrounding(thing: Thing) -> str:
    name = " ".join([*thing.looks, thing.name])
    if (
        thing.single
        and thing.kind in ("ground", "sky")
        and thing.name not in ("field", "path", "crosswalk", "road", "street")
    ):
        return f"the {name}"
    return article(name) if thing.single else name


def _targets(facts: Iterable[SceneFact]) -> list[Thing]:
    return list({fact.target.noun.same: fact.target for fact in facts}.values())


def _side(thing: Thing, anchor: Thing) -> str:
    if left_of(thing, anchor):
        return "to the left of"
    if left_of(anchor, thing):
        return "to the right of"
    if above(thing, anchor):
        return "above"
    return "below" if above(anchor, thing) else ""


_CLEARLY_LARGER = 1.3
_EXTENTS = ((0.8, "nearly all"), (0.55, "more than half"), (0.45, "about half"), (0.3, "about a third"))
_ACCOMPANYING = frozenset(
    {"structure", "opening", "clothing", "footwear", "accessory", "light", "body", "part", "text", "sky", "ground"}
)
_FRAMES = (
    ("the picture shows", "this is a picture of", "one can see"),
    ("put differently, it is a picture of", "in other words, one sees"),
    ("it may also be called a picture of", "another way to put it is"),
)
