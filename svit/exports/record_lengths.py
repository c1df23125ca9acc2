"""Records that are longer than a trainer's context: counted, and cut, split or left out as a person chose.

A length is counted on the texts as they are written, since boxes take many tokens, with the tokens of the picture and
of the marks around each turn.
"""

import re
import string
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from svit.errors import SvitError
from svit.exports.base import Item, Style, TextGroup
from svit.exports.context_windows import Window
from svit.prompting.tokens import estimated_tokens
from svit.quantities import number_of

OnLong = Literal["cut-turns", "split", "drop", "keep"]
ON_LONG: tuple[OnLong, ...] = ("split", "cut-turns", "drop", "keep")
Count = Callable[[str], int]
_LETTERS_AND_SPACES = (string.ascii_letters + " ").encode()
_BYTES = 3
"""Tokens of a character at most: models that know none of its own take its bytes."""
_DIGITS = re.compile(r"\d+")


@dataclass
class LengthLimit:
    """Counts the records beyond `most` tokens, and makes of each what `on_long` says.

    `long` are those records, `longest` the tokens of the longest. `cut` counts the pairs that were left out of records
    that went out, `left_out` the records that did not, by why: too_long, and first_pair_too_long where no cut helps.
    """

    most: int
    window: Window
    style: Style
    count: Count
    on_long: OnLong = "keep"
    long: int = 0
    longest: int = 0
    cut: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    def fitted(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items, each of those that are too long as it was chosen."""
        for item in items:
            base = self.window.picture(item.width, item.height)
            if self._fits(item, self.most - base):
                yield item
                continue
            pairs = self._pairs(item)
            total = base + sum(pairs)
            if total <= self.most:
                yield item
                continue
            self.long += 1
            self.longest = max(self.longest, total)
            yield from self._changed(item, base, pairs)

    def _fits(self, item: Item, room: int) -> bool:
        """Whether the item surely fits, by a count that is cheap: if not it is looked at pair by pair."""
        texts = item.texts
        room -= self.window.turn * len(texts)
        longer = 1 if self.style.boxes.is_short else 2
        if longer * _BYTES * sum(map(len, texts)) <= room or longer * _at_most("\n".join(texts)) <= room:
            return True
        return self.count("\n".join(self.style.texts(item))) <= room

    def _pairs(self, item: Item) -> list[int]:
        """Return the tokens of each pair."""
        tokens = [self.count(text) + self.window.turn for text in self.style.texts(item)]
        return [question + answer for question, answer in zip(tokens[::2], tokens[1::2], strict=True)]

    def _changed(self, item: Item, base: int, pairs: Sequence[int]) -> Iterator[Item]:
        if self.on_long == "keep":
            yield item
        elif self.on_long == "drop":
            self.left_out["too_long"] += 1
        else:
            runs = list(_runs(pairs, self.most - base))
            if self.on_long == "cut-turns":
                runs = [run for run in runs[:1] if run.start == 0]
            kept = sum(map(len, runs))
            if not kept:
                self.left_out["first_pair_too_long"] += 1
                return
            self.cut += len(pairs) - kept
            for number, run in enumerate(runs, 1):
                yield part_of(item, run, number if self.on_long == "split" else 0)

    def told(self) -> str:
        """Return what there is to say of long records; empty where there is none."""
        if not self.long:
            return ""
        records = number_of(self.long, "record")
        many = f"{records} of more than {self.most:,} tokens, the longest of about {self.longest:,}"
        if self.on_long == "keep":
            return (
                f"{many}: with {self.window.option} {self.most} the trainer {self.window.does}, without a word. "
                "--on-long split makes several of each, cut-turns and drop leave out what is beyond."
            )
        if self.on_long == "split":
            return f"{many}: split into several{self._lost()}."
        if self.on_long == "cut-turns":
            return f"{many}: {number_of(self.cut, 'pair')} at their ends left out{self._lost()}."
        return f"{many}: left out."

    def _lost(self) -> str:
        none = self.left_out["first_pair_too_long"]
        lost = f"; {number_of(none, 'record')} left out, as not even one pair fits" if none else ""
        if self.on_long == "split" and self.cut:
            lost += f"; {number_of(self.cut, 'pair')} left out, too long alone"
        return lost


def _at_most(text: str) -> int:
    """Return more tokens than a text in letters, digits and marks has: of other characters it is the bytes."""
    body = text.encode()
    if not text.isascii():
        return len(body)
    marks = len(body.translate(None, _LETTERS_AND_SPACES))
    return marks + (len(body) - marks) // 3


def _runs(pairs: Sequence[int], room: int) -> Iterator[range]:
    """Yield the places of pairs that fit together, one run after another; a pair too long alone is in none."""
    start, used = 0, 0
    for place, tokens in enumerate(pairs):
        if tokens > room or used + tokens > room:
            if place > start:
                yield range(start, place)
            start, used = (place + 1, 0) if tokens > room else (place, tokens)
        else:
            used += tokens
    if len(pairs) > start:
        yield range(start, len(pairs))


def part_of(item: Item, run: range, number: int) -> Item:
    """Return the item with these of its pairs; of several parts the first alone is made of the item's samples."""
    talks: list[TextGroup] = []
    place = 0
    for talk in item.talks:
        end = place + len(talk.texts) // 2
        first, last = max(run.start, place), min(run.stop, end)
        if first < last:
            talks.append(talk._replace(texts=talk.texts[2 * (first - place) : 2 * (last - place)]))
        place = end
    key = f"{item.key}-{number}" if number else item.key
    return item._replace(key=key, talks=tuple(talks), made_of=item.made_of if number < 2 else ())


def estimate(window: Window) -> Count:
    """Return what counts about as the trainer's tokenizer does, where models read digits one by one.

    Over 20 texts of models or of the offline writers at a time it was 3 % below to 4 % above Qwen's own count, and,
    with `finer`, 5 % below to 7 % above LLaMA's.
    """

    def count(text: str) -> int:
        singles = sum([len(run) - (len(run) + 2) // 3 for run in _DIGITS.findall(text)])
        return round(window.finer * (estimated_tokens(text) + singles))

    return count


def counter_named(name: str) -> Count:
    """Return what counts by this tokenizer: a tokenizer.json, a folder with one, or a name in the hub's cache.

    Raises SvitError where it is not on this machine: nothing is downloaded.
    """
    path = Path(name)
    file = path / "tokenizer.json" if path.is_dir() else path
    if not file.is_file():
        file = _in_cache(name)
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise SvitError("--tokenizer needs a package more: pip install tokenizers.") from None
    try:
        found = Tokenizer.from_file(str(file))
    except Exception as error:  # noqa: BLE001 - the package raises Exception itself
        raise SvitError(f"--tokenizer: {file} is no tokenizer that 'tokenizers' reads: {error}") from None
    return lambda text: len(found.encode(text, add_special_tokens=False).ids)


def _in_cache(name: str) -> Path:
    missing = SvitError(
        f"--tokenizer: {name} is not on this machine. Name a tokenizer.json or its folder; nothing is downloaded."
    )
    try:
        from huggingface_hub import try_to_load_from_cache
        from huggingface_hub.errors import HFValidationError
    except ImportError:
        raise missing from None
    try:
        found = try_to_load_from_cache(name, "tokenizer.json")
    except HFValidationError:
        raise missing from None
    if not isinstance(found, str):
        raise missing
    return Path(found)
