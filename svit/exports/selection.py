"""Which items go out, and in what shape: splits by image, one record an image, so many turns at most, any order."""

import hashlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain, groupby, islice, pairwise
from operator import itemgetter
from random import Random
from tempfile import TemporaryFile

import msgspec

from svit.errors import SvitError
from svit.exports.base import Item, TextGroup
from svit.exports.canonical import asks_for_boxes
from svit.exports.image_ids import ImageIds
from svit.records import ImageId

_WHOLE = 1e-9
"""How far the shares of all splits may be from 1."""


@dataclass(frozen=True)
class Choice:
    """What a person chose. `splits` are shares of the images, by name, 1 together; `requests` ask for coordinates.

    An image is in the same split whatever its task, and in every export with this seed.
    """

    splits: Mapping[str, float] = field(default_factory=lambda: {"train": 1.0})
    excluded: ImageIds | None = None
    only: ImageIds | None = None
    merged: bool = False
    max_turns: int | None = None
    limit: int | None = None
    shuffled: bool = False
    seed: int = 0
    requests: tuple[str, ...] = ()

    def told(self) -> list[str]:
        """Return how many images of the files that name some were met. Raises SvitError where none of a file's was."""
        return [ids.told() for ids in (self.only, self.excluded) if ids]

    def of(self, items: Iterable[Item], split: str) -> Iterator[Item]:
        """Yield what of these items goes into a split."""
        for found, chosen in self.by_split(items):
            if found == split:
                yield from chosen

    def by_split(self, items: Iterable[Item], *, by_image: bool = False) -> Iterator[tuple[str, Iterator[Item]]]:
        """Yield each split with what of these items goes into it, which is to be taken before the next is asked for.

        The items are read once: those of the largest split pass through as they come, the others wait on the disk.
        `by_image` says that all items of an image follow each other.
        """
        if self.merged and not by_image:
            items = _by_image(items)
        through, *others = sorted(self.splits, key=lambda split: -self.splits[split])
        with ExitStack() as stack:
            waiting = {split: stack.enter_context(StoredItems()) for split in others}
            passing = self._passing(items, through, waiting)
            yield through, self._chosen(chain(passing), through)  # a chain is not closed with who takes from it
            for _ in passing:  # a limit can end a split before the items end
                pass
            for split, late in waiting.items():
                yield split, self._chosen(late, split)

    def _passing(self, items: Iterable[Item], through: str, waiting: Mapping[str, "StoredItems"]) -> Iterator[Item]:
        """Yield the items of one split, and have those of the others wait."""
        for item in items:
            if (self.excluded and self.excluded.has(item)) or (self.only and not self.only.has(item)):
                continue
            split = self._split_of(item.image_id) if waiting else through
            if split == through:
                yield item
            else:
                waiting[split].add(item)

    def _chosen(self, items: Iterable[Item], split: str) -> Iterator[Item]:
        shaped = self._shaped(_merged(items) if self.merged else items)
        if self.shuffled:
            shaped = _shuffled(shaped, Random(f"{self.seed} {split}"))  # noqa: S311 - an order, not a secret
        return islice(shaped, self.limit)

    def _split_of(self, image: ImageId) -> str:
        drawn = hashlib.blake2b(f"{self.seed}:split:{image}".encode(), digest_size=8).digest()
        left = int.from_bytes(drawn) / 2**64
        for split, share in self.splits.items():
            left -= share
            if left < 0:
                return split
        return split

    def _shaped(self, items: Iterable[Item]) -> Iterator[Item]:
        if not (self.requests or self.max_turns):
            yield from items
            return
        asking = map(self._asking, items) if self.requests else iter(items)
        yield from (part for item in asking for part in _cut(item, self.max_turns)) if self.max_turns else asking

    def _asking(self, item: Item) -> Item:
        """Return the item with a request for coordinates behind each question whose answer has some."""
        if item.plain:
            return item
        talks, number = [], 0
        for texts, topic, task in item.talks:
            asked = list(texts)
            for place in range(1, len(asked), 2):
                number += 1
                if asks_for_boxes(asked[place]):
                    asked[place - 1] = f"{asked[place - 1]} {self._request(item.image_id, number)}"
            talks.append(TextGroup(tuple(asked), topic, task))
        return item._replace(talks=tuple(talks))

    def _request(self, image: ImageId, number: int) -> str:
        drawn = hashlib.blake2b(f"{self.seed}:request:{image}:{number}".encode(), digest_size=8).digest()
        return self.requests[int.from_bytes(drawn) % len(self.requests)]


def splits_of(text: str) -> dict[str, float]:
    """Return the shares in `train=0.9,test=0.1`, or in the one name `train`. Raises SvitError for anything else."""
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, has_share, share = part.strip().partition("=")
        if not name.isidentifier() or name in shares or (not has_share and "," in text):
            raise SvitError(f"--split: '{text}' is no list of shares such as train=0.9,test=0.1.")
        try:
            shares[name] = float(share) if has_share else 1.0
        except ValueError:
            raise SvitError(f"--split: '{share}' is no share such as 0.1.") from None
    if min(shares.values()) <= 0 or abs(sum(shares.values()) - 1) > _WHOLE:
        raise SvitError(f"--split: the shares of '{text}' come to {sum(shares.values()):g}, and not to 1.")
    return shares


def _merged(items: Iterable[Item]) -> Iterator[Item]:
    """Yield one item for all that follow each other about the same image."""
    for _, group in groupby(items, key=lambda item: str(item.image_id)):
        several = list(group)
        key = several[0].key.removesuffix(f"-{several[0].task}")
        yield _together(several, key) if len(several) > 1 else several[0]._replace(key=key)


def _by_image(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the items image by image, wherever they stood, in the order of each image's first one."""
    ranks, rank_of = array("Q"), dict[str, int]()
    with StoredItems() as waiting:
        for item in items:
            waiting.add(item)
            ranks.append(rank_of.setdefault(str(item.image_id), len(rank_of)))
        yield from waiting.taken(array("Q", sorted(range(len(ranks)), key=ranks.__getitem__)))


def _together(items: list[Item], key: str) -> Item:
    return items[0]._replace(
        key=key,
        task="+".join(dict.fromkeys(item.task for item in items)),
        talks=tuple(talk for item in items for talk in item.talks),
        printed=all(item.printed for item in items),
        plain=all(item.plain for item in items),
        made_of=tuple(made for item in items for made in item.made_of),
    )


def _cut(item: Item, most: int) -> Iterator[Item]:
    """Yield the item in pieces of at most so many pairs; a conversation goes on in the next piece."""
    pairs = [(place, talk.texts[at : at + 2]) for place, talk in enumerate(item.talks)
             for at in range(0, len(talk.texts), 2)]  # fmt: skip
    if len(pairs) <= most:
        yield item
        return
    for number, start in enumerate(range(0, len(pairs), most), 1):
        parts = groupby(pairs[start : start + most], key=itemgetter(0))
        talks = tuple(
            item.talks[place]._replace(texts=tuple(text for _, pair in part for text in pair)) for place, part in parts
        )
        yield item._replace(key=f"{item.key}-{number}", talks=talks, made_of=item.made_of if number == 1 else ())


class StoredItems:
    """Items that wait on the disk until they are read, in their order or in another one; in memory are 8 bytes each."""

    def __init__(self) -> None:
        """Make room on the disk, in the folder for temporary files."""
        self._file = TemporaryFile()  # noqa: SIM115 - closed on leaving
        self._starts = array("Q", [0])
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(Item).decode

    def __enter__(self) -> "StoredItems":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, item: Item) -> None:
        """Have an item wait."""
        self._starts.append(self._starts[-1] + self._file.write(self._encode(item)))

    def __iter__(self) -> Iterator[Item]:
        """Yield the items in their order."""
        self._file.seek(0)
        for start, end in pairwise(self._starts):
            yield self._decode(self._file.read(end - start))

    def shuffled(self, chance: Random) -> Iterator[Item]:
        """Yield the items in random order."""
        order = array("Q", range(len(self._starts) - 1))
        chance.shuffle(order)
        yield from self.taken(order)

    def taken(self, order: Iterable[int]) -> Iterator[Item]:
        """Yield the items at these places."""
        for place in order:
            self._file.seek(self._starts[place])
            yield self._decode(self._file.read(self._starts[place + 1] - self._starts[place]))


def _shuffled(items: Iterable[Item], chance: Random) -> Iterator[Item]:
    with StoredItems() as waiting:
        for item in items:
            waiting.add(item)
        yield from waiting.shuffled(chance)


def led(items: Iterable[Item], leads: Callable[[Item], bool]) -> Iterator[Item]:
    """Yield the items, the first one that leads before all others."""
    found = iter(items)
    with StoredItems() as waiting:
        for item in found:
            if leads(item):
                yield item
                break
            waiting.add(item)
        yield from waiting
    yield from found
