"""Kinds of questions whose answers follow from the condition that things are in: parked, on, empty, open."""

from collections.abc import Iterator
from random import Random

from svit.offline.naming import cap, so
from svit.offline.sampling import Kind, Pair
from svit.offline.scene import Scene, where


def parked(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask whether a vehicle is about to leave."""
    for thing in scene.subjects:
        still = thing.state == "parked" or any(f.subject is thing and f.link.verb == "parked" for f in scene.facts)
        if thing.kind == "vehicle" and still:
            the = scene.the(thing) or f"the {thing.name} {where(thing.box)}".strip()
            yield Pair(
                (thing.key,),
                (
                    f"Is it likely that {the} will move within the next seconds?",
                    f"Would a person crossing near {the} have to fear being run over by {thing.it} right now?",
                ),
                (
                    f"{cap(the)} {thing.is_} parked. A parked vehicle has to be started before it can go "
                    "anywhere, and often its "
                    f"driver is not inside. {so(rng)} that is unlikely, though one should still look out.",
                    f"Probably not: {the} {thing.is_} parked, and what is parked does not set off without "
                    "warning. Still, a glance "
                    f"at the driver's seat would do no harm.",
                ),
            )


def switched(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask whether a device is in use."""
    for thing in scene.subjects:
        the = scene.the(thing)
        if the and thing.state in ("on", "off", "lit"):
            runs = thing.state != "off"
            state = {"on": "switched on", "off": "switched off", "lit": "lit"}[thing.state]
            users = f"using {thing.it} or has just left" if runs else f"using {thing.it} at the moment"
            end = f"somebody is probably {users}" if runs else f"nobody seems to be {users}"
            why = "People seldom leave such a thing on without a reason" if runs else "What is in use has to be on"
            yield Pair(
                (thing.key,),
                (
                    f"Is somebody likely to be making use of {the} at the moment?",
                    f"What does the condition of {the} tell, as far as use is concerned?",
                ),
                (
                    f"{cap(the)} {thing.is_} {state}. {why}. {so(rng)} {end}.",
                    f"{why}. Since {the} {thing.is_} {state}, {end}.",
                ),
            )


def vacant(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what is free or used up."""
    for thing in scene.subjects:
        the = scene.the(thing)
        if the and thing.state == "empty":
            seat = thing.kind == "furniture"
            general = (
                "A free seat invites people to sit down"
                if seat
                else "An empty vessel has either been used up or is waiting to be filled"
            )
            end = "there would be room for one more person" if seat else "it could be filled, washed or put away"
            yield Pair(
                (thing.key,),
                (
                    f"What does the condition of {the} allow people to do?",
                    f"What could be done with {the} right away, and why?",
                ),
                (
                    f"{cap(the)} {thing.is_} empty. {general}. {so(rng)} {end}.",
                    f"{general}. As {the} {thing.is_} empty, {end}.",
                ),
            )


def opened(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what open or closed windows and doors mean."""
    for thing in scene.subjects:
        the = scene.the(thing)
        if the and thing.kind == "opening" and thing.state in ("open", "closed"):
            is_open = thing.state == "open"
            general = "Air and sound pass through an opening but not through a closed one"
            end = "fresh air can get in" if is_open else "the air inside is not exchanged that way"
            yield Pair(
                (thing.key,),
                (
                    f"What does the state of {the} mean for the air in there?",
                    f"Does {the} let any air through at the moment?",
                ),
                (
                    f"{cap(the)} {thing.is_} {thing.state}. {general}. {so(rng)} {end}.",
                    f"{general}. Since {the} {thing.is_} {thing.state}, {end}.",
                ),
            )


CONDITIONS: tuple[Kind, ...] = (parked, switched, vacant, opened)
