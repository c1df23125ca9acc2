"""From a context to the text of a request: the context's own form, prompt files and their holes, shortening."""

import hashlib
import re
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from svit.errors import SvitError
from svit.prompting.tokens import TokenCounter
from svit.records import ImageContext, ImageId, Message, Object, Region, Sampling

_ROLE = re.compile(r"^### (system|user)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_HOLE = re.compile(r"\{\{(\w+)\}\}")
_NUMBER = re.compile(r"\{\{([#^])several\}\}(.*?)\{\{/several\}\}|\{\{(\w+)\}\}", re.DOTALL)
_WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()

_RENDERED: deque[tuple[ImageContext, bool, str]] = deque(maxlen=4)
"""The texts of the contexts seen last: the tasks of an image are rendered one after another, each more than once."""


def context_text(context: ImageContext, *, region_boxes: bool = False) -> str:
    """Return the context as SVIT shows it to a model: `captions:`, `objects:` and `regions:`, one item a line.

    Objects carry their bounding boxes; regions do when `region_boxes` is set, as referring needs them. A part that
    the image does not have is left out with its label.
    """
    for known, with_boxes, text in _RENDERED:
        if known is context and with_boxes is region_boxes:
            return text
    text = _context_text(context, region_boxes=region_boxes)
    _RENDERED.append((context, region_boxes, text))
    return text


def _context_text(context: ImageContext, *, region_boxes: bool) -> str:
    parts = (
        ("captions", context.captions),
        ("objects", [f"{thing.name}: {thing.box}" for thing in context.objects]),
        ("regions", [f"{r.phrase}: {r.box}" if region_boxes else r.phrase for r in context.regions]),
    )
    return "\n".join(line for label, lines in parts if lines for line in (f"{label}:", *lines))


def shared_context_text(context: ImageContext) -> str:
    """Return the context as all tasks show it in the layout that puts it first: all that any of them needs."""
    return context_text(context, region_boxes=True)


def version_of(text: str) -> str:
    """Return the hash that a prompt file is known by: 12 hexadecimal digits."""
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def numbered_prompt(text: str, counted: str, number: int) -> str:
    """Return the text of a prompt file with the number of `pairs` or `conversations` in its holes.

    `{{pairs}}` is a numeral, `{{conversations}}` a word up to twelve. What stands from `{{#several}}` to `{{/several}}`
    is for more than one, what stands from `{{^several}}` to `{{/several}}` for one. All other holes stay.
    """

    def filled(found: re.Match[str]) -> str:
        sign, words, hole = found.groups()
        if sign:
            return _NUMBER.sub(filled, words) if (sign == "#") == (number > 1) else ""
        if hole != counted:
            return found[0]
        return _WORDS[number] if counted == "conversations" and number < len(_WORDS) else str(number)

    return _NUMBER.sub(filled, text) if counted else text


def says_number(text: str, counted: str) -> bool:
    """Whether a prompt file has a hole for the number of `pairs` or `conversations`."""
    return bool(counted) and f"{{{{{counted}}}}}" in text


class Template:
    """The text of one prompt file.

    `### system` and `### user` on lines of their own begin the messages; `{{context}}` is where the context goes.
    A file without such lines is the user's message when it has that place; otherwise it is the system's, and the
    context alone is the user's. Raises SvitError for an empty file, for a hole that nothing fills, and for a file
    without a place for the context.
    """

    def __init__(self, text: str, *, name: str) -> None:
        """Keep the text; `name` is the file to speak of in errors."""
        self.text = text.strip()
        if not self.text:
            raise SvitError(f"{name}: the prompt file is empty.")
        self.version = version_of(self.text)
        pieces = _ROLE.split(self.text)
        if pieces[0].strip() and len(pieces) > 1:
            raise SvitError(f"{name}: there is text before the first '### system' or '### user' line.")
        turns = list(zip(pieces[1::2], pieces[2::2], strict=True))
        self._turns = [(role, body.strip()) for role, body in turns] or _turns_of(self.text)
        if unknown := set(_HOLE.findall("".join(body for _, body in self._turns))) - {"context"}:
            raise SvitError(f"{name}: nothing fills {{{{{min(unknown)}}}}}. The only hole is {{{{context}}}}.")
        self.holes = sum(body.count("{{context}}") for _, body in self._turns)
        if not self.holes:
            raise SvitError(f"{name}: there is no {{{{context}}}}, so the model would be told nothing of the image.")

    def messages(self, *, context: str) -> tuple[Message, ...]:
        """Return the messages with the context in its place, in a single pass: braces in a caption stay as they are."""
        return tuple(Message(_role(role), _HOLE.sub(lambda _: context, body)) for role, body in self._turns)

    def messages_after(self, context: str, *, lead: str) -> tuple[Message, Message]:
        """Return a message of the context alone, which all tasks of an image share, and one of the instructions.

        The first is the system's, since the chat templates of many models (Mistral's, Gemma's) refuse two messages of
        the user in a row, and take a system message only at the beginning.
        """
        return Message("system", context), Message("user", self.instructions(lead))

    def instructions(self, lead: str) -> str:
        """Return all of the file as one text that follows a context.

        `lead` says so: where the file has the context within its own text, or else at the beginning.
        """
        own = [body for _, body in self._turns if body != "{{context}}"]
        if not any("{{context}}" in body for body in own):
            own.insert(0, "{{context}}")
        return "\n\n".join(_HOLE.sub(lambda _: lead, body) for body in own)


def _role(text: str) -> Literal["system", "user"]:
    return "system" if text.lower() == "system" else "user"


def _turns_of(text: str) -> list[tuple[str, str]]:
    """Return the messages of a file without role lines: the user's when the context has its place in it."""
    return [("user", text)] if "{{context}}" in text else [("system", text), ("user", "{{context}}")]


@dataclass(frozen=True)
class PromptRecipe:
    """How a run makes the prompts of one task. `room` is the number of tokens that a context may take.

    With a `lead` the context is a message of its own before the instructions, which it leads in; a room that is the
    same for all tasks then makes it the same text for all of them.
    """

    template: Template
    sampling: Sampling
    tokens: TokenCounter
    room: int
    seed: int = 0
    questions: tuple[str, ...] = ()
    lead: str = ""

    @property
    def context_first(self) -> bool:
        """Whether the context comes before the instructions, the same for all tasks."""
        return bool(self.lead)

    def messages(self, context: str) -> tuple[Message, ...]:
        """Return the messages about this context, in the recipe's layout."""
        if self.context_first:
            return self.template.messages_after(context, lead=self.lead)
        return self.template.messages(context=context)

    def has_room_for(self, text: str) -> bool:
        """Whether the text takes no more than the room; a token is at least one byte, so most need no counting."""
        return len(text.encode()) <= self.room or self.tokens.count(text) <= self.room

    def question(self, image_id: ImageId) -> str:
        """Return the user's question of this image, drawn by the seed; empty when the model writes the questions."""
        if not self.questions:
            return ""
        drawn = hashlib.blake2b(f"{self.seed}:{image_id}".encode(), digest_size=8).digest()
        return self.questions[int.from_bytes(drawn) % len(self.questions)]


def shortened(
    context: ImageContext, render: Callable[[ImageContext], str], recipe: PromptRecipe
) -> tuple[ImageContext, Mapping[str, int]]:
    """Return the context cut down to the recipe's room, and how many items of which kind were left out.

    Near-duplicate objects and regions go first, then the smallest boxes, captions last. At least one item stays.
    """
    if recipe.has_room_for(render(context)):
        return context, {}
    order = _least_useful_first(context)
    few, enough = 0, len(order) - 1
    while few < enough:
        middle = (few + enough) // 2
        if recipe.tokens.count(render(_without(context, order[:middle]))) <= recipe.room:
            enough = middle
        else:
            few = middle + 1
    left_out = order[:enough]
    return _without(context, left_out), Counter(item.reason for item in left_out)


@dataclass(frozen=True)
class _Item:
    reason: str
    kind: Literal["captions", "objects", "regions"]
    index: int


_SAME_THING = 0.7
"""IoU from which two boxes of one name, or two phrases of the same words, tell the model the same thing twice."""


def _least_useful_first(context: ImageContext) -> list[_Item]:
    echoes = [
        *(_Item("duplicate_objects", "objects", i) for i in _echoes(context.objects)),
        *(_Item("duplicate_regions", "regions", i) for i in _echoes(context.regions)),
    ]
    gone = {(item.kind, item.index) for item in echoes}
    boxed = [
        *((thing.box.area, _Item("small_objects", "objects", i)) for i, thing in enumerate(context.objects)),
        *((region.box.area, _Item("small_regions", "regions", i)) for i, region in enumerate(context.regions)),
    ]
    smallest = [item for _, item in sorted(boxed, key=lambda pair: pair[0]) if (item.kind, item.index) not in gone]
    captions = [_Item("captions", "captions", i) for i in reversed(range(len(context.captions)))]
    return echoes + smallest + captions


def _echoes(items: Sequence[Object | Region]) -> list[int]:
    """Return the indices of the items that repeat an earlier one: the same words about nearly the same box."""
    seen: dict[frozenset[str], list[Object | Region]] = {}
    echoes = []
    for index, item in enumerate(items):
        text = item.name if isinstance(item, Object) else item.phrase
        alike = seen.setdefault(frozenset(re.findall(r"\w+", text.casefold())), [])
        if any(item.box.iou(other.box) >= _SAME_THING for other in alike):
            echoes.append(index)
        else:
            alike.append(item)
    return echoes


def _without(context: ImageContext, items: list[_Item]) -> ImageContext:
    gone = {(item.kind, item.index) for item in items}
    objects = tuple(thing for i, thing in enumerate(context.objects) if ("objects", i) not in gone)
    known = {thing.id for thing in objects}
    return msgspec.structs.replace(
        context,
        captions=tuple(text for i, text in enumerate(context.captions) if ("captions", i) not in gone),
        objects=objects,
        regions=tuple(region for i, region in enumerate(context.regions) if ("regions", i) not in gone),
        relationships=tuple(r for r in context.relationships if r.subject in known and r.object in known),
    )
