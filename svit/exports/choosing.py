"""Which items go out, and in what shape: splits by image, one record an image, so many turns at most, any order."""

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from random import Random
from tempfile import TemporaryFile

import msgspec

from svit.boxes import Box
from svit.errors import SvitError
from svit.exports.base import Item, Mention, Pair, Talk, Text
from svit.records import ImageId

_WHOLE = 1e-9
"""How far the shares of all splits may be from 1."""


@dataclass(frozen=True)
class Choice:
    """What a person chose. `splits` are shares of the images, by name, 1 together; `requests` ask for coordinates.

    An image is in the same split whatever its task, and in every export with this seed.
    """

    splits: Mapping[str, float] = field(default_factory=lambda: {"train": 1.0})
    excluded: frozenset[str] = frozenset()
    merged: bool = False
    max_turns: int | None = None
    limit: int | None = None
    shuffled: bool = False
    seed: int = 0
    requests: tuple[str, ...] = ()

    def of(self, items: Iterable[Item], split: str) -> Iterator[Item]:
        """Yield what of these items goes into a split."""
        chosen = (item for item in items if self._is_in(item.image_id, split))
        shaped = self._shaped(_merged(chosen) if self.merged else chosen)
        if self.shuffled:
            shaped = _shuffled(shaped, Random(f"{self.seed} {split}"))  # noqa: S311 - an order, not a secret
        for number, item in enumerate(shaped):
            if number == self.limit:
                return
            yield item

    def _is_in(self, image: ImageId, split: str) -> bool:
        return str(image) not in self.excluded and (len(self.splits) == 1 or self._split_of(image) == split)

    def _split_of(self, image: ImageId) -> str:
        drawn = hashlib.blake2b(f"{self.seed}:split:{image}".encode(), digest_size=8).digest()
        left = int.from_bytes(drawn) / 2**64
        for split, share in self.splits.items():
            left -= share
            if left < 0:
                return split
        return split

    def _shaped(self, items: Iterable[Item]) -> Iterator[Item]:
        for item in items:
            asking = self._asking(item) if self.requests else item
            yield from _cut(asking, self.max_turns) if self.max_turns else (asking,)

    def _asking(self, item: Item) -> Item:
        """Return the item with a request for coordinates behind each question whose answer has some."""
        talks, number = [], 0
        for talk in item.talks:
            pairs = []
            for pair in talk.pairs:
                number += 1
                asks = any(isinstance(piece, Mention) and piece.boxes for piece in pair.answer)
                pairs.append(pair._replace(question=self._with_request(pair.question, item, number)) if asks else pair)
            talks.append(talk._replace(pairs=tuple(pairs)))
        return item._replace(talks=tuple(talks))

    def _with_request(self, question: Text, item: Item, number: int) -> Text:
        drawn = hashlib.blake2b(f"{self.seed}:request:{item.image_id}:{number}".encode(), digest_size=8).digest()
        return (*question, f" {self.requests[int.from_bytes(drawn) % len(self.requests)]}")


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
    for _, group in groupby(items, key=lambda item: item.image_id):
        several = list(group)
        key = several[0].key.removesuffix(f"-{several[0].task}")
        yield _together(several, key) if len(several) > 1 else several[0]._replace(key=key)


def _together(items: list[Item], key: str) -> Item:
    boxes: dict[Box, int] = {}
    talks = [talk for item in items for talk in _renumbered(item, boxes)]
    task = "+".join(dict.fromkeys(item.task for item in items))
    made_of = tuple(made for item in items for made in item.made_of)
    return items[0]._replace(key=key, task=task, talks=tuple(talks), boxes=tuple(boxes), made_of=made_of)


def _cut(item: Item, most: int) -> Iterator[Item]:
    """Yield the item in pieces of at most so many pairs; a conversation goes on in the next piece."""
    pairs = [(place, pair) for place, talk in enumerate(item.talks) for pair in talk.pairs]
    if len(pairs) <= most:
        yield item
        return
    for number, start in enumerate(range(0, len(pairs), most), 1):
        parts = groupby(pairs[start : start + most], key=itemgetter(0))
        talks = tuple(item.talks[place]._replace(pairs=tuple(pair for _, pair in part)) for place, part in parts)
        piece = item._replace(key=f"{item.key}-{number}", talks=talks)
        boxes: dict[Box, int] = {}
        made_of = item.made_of if number == 1 else ()
        yield piece._replace(talks=tuple(_renumbered(piece, boxes)), boxes=tuple(boxes), made_of=made_of)


def _renumbered(item: Item, boxes: dict[Box, int]) -> Iterator[Talk]:
    """Yield the talks with their boxes counted among these, which are added to."""

    def text(pieces: Text) -> Text:
        return tuple(
            piece
            if isinstance(piece, str)
            else Mention(piece.name, tuple(boxes.setdefault(item.boxes[place], len(boxes)) for place in piece.boxes))
            for piece in pieces
        )

    for talk in item.talks:
        yield talk._replace(pairs=tuple(Pair(text(pair.question), text(pair.answer)) for pair in talk.pairs))


def _shuffled(items: Iterable[Item], chance: Random) -> Iterator[Item]:
    """Yield the items in random order. They wait on the disk meanwhile: in memory there are 8 bytes for each."""
    encode, decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(Item).decode
    with TemporaryFile() as waiting:
        starts = array("Q", [0])
        for item in items:
            starts.append(starts[-1] + waiting.write(encode(item)))
        order = array("Q", range(len(starts) - 1))
        chance.shuffle(order)
        for place in order:
            waiting.seek(starts[place])
            yield decode(waiting.read(starts[place + 1] - starts[place]))
