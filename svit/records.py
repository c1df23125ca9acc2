"""The nouns: every record that passes from one stage to the next. All are frozen and refuse unknown fields.

`msgspec` carries them rather than pydantic: a context of 35 objects and 50 regions is decoded and checked in the
time that pydantic needs for its box list alone, and there are 108,077 of them.
"""

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Literal

import msgspec

from svit.boxes import Box

ImageId = int | str
"""Visual Genome and COCO number their images; other sources may name them."""


VERIFY = "verify"
"""The task of a request for a second opinion on a sample of any task."""

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
"""How long a model may think before it answers, as the OpenAI API spells it."""


class _Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all records share."""


class Object(_Record, frozen=True):
    """A named thing in the image. `aliases` are the further names that annotators gave the same box."""

    id: int
    name: str
    box: Box
    attributes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


class Region(_Record, frozen=True):
    """A region description: a phrase about a part of the image."""

    id: int
    phrase: str
    box: Box


class Relationship(_Record, frozen=True):
    """`subject predicate object`, both ends by the id of an object of the same image."""

    subject: int
    predicate: str
    object: int


class ImageContext(_Record, frozen=True, dict=True):
    """Everything that is known of one image: what the model is told instead of being shown the pixels.

    `image` is the path as trainers expect it (`vg/VG_100K/2.jpg`), width and height are pixels, the boxes are in
    unit coordinates. Text is clean: one line, single spaces, no control characters.
    """

    image_id: ImageId
    image: str
    width: int
    height: int
    coco_id: int | None = None
    source: str = "custom"
    captions: tuple[str, ...] = ()
    objects: tuple[Object, ...] = ()
    regions: tuple[Region, ...] = ()
    relationships: tuple[Relationship, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell a model. Such a request was the cause of published bad rows."""
        return not (self.captions or self.objects or self.regions)


class Message(_Record, frozen=True):
    """One message of a chat request."""

    role: Literal["system", "user", "assistant"]
    content: str


class Sampling(_Record, frozen=True):
    """What is asked for beside the text. None leaves a setting to the provider.

    `extra_body` are fields of a request that only this server knows, their names in order. It is part of what is sent:
    a request with other ones is another prompt.
    """

    model: str
    max_tokens: int
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    reasoning_effort: Effort | None = None
    extra_body: Mapping[str, object] = {}


class Prompt(_Record, frozen=True, dict=True):
    """A complete request of one task about one image, and what its answer will be judged against.

    `version` is the hash of the prompt file it was rendered from. `context` is what the text shows, after
    shortening; `left_out` counts what shortening removed, by kind. `question` is the user's turn where the model
    writes the answer alone. `fits` is False when even the shortened context is longer than the window. `shared` is
    how many of the first messages are the same, byte for byte, for all tasks of the image.
    """

    task: str
    messages: tuple[Message, ...]
    sampling: Sampling
    version: str
    context: ImageContext
    left_out: Mapping[str, int] = {}
    question: str = ""
    fits: bool = True
    shared: int = 0

    @cached_property
    def id(self) -> str:
        """A content hash of what is sent, 32 hexadecimal digits: an edited prompt file is a new prompt, not a rerun."""
        sent = msgspec.json.encode((self.task, self.context.image_id, self.messages, self.sampling))
        return hashlib.blake2b(sent, digest_size=16).hexdigest()

    @property
    def text(self) -> str:
        """All that its messages say."""
        return "\n".join(message.content for message in self.messages)


class Usage(_Record, frozen=True):
    """Tokens of one request, as the provider reports them.

    `cached_tokens` and `cache_write_tokens` are parts of the prompt's, `reasoning_tokens` of the completion's.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0


class Completion(_Record, frozen=True):
    """A model's answer, read out of the raw reply. `service_tier` is the tier that served it, empty when not said."""

    text: str
    finish_reason: str
    model: str
    usage: Usage | None = None
    refusal: str = ""
    service_tier: str = ""


class Turn(_Record, frozen=True):
    """One question and its answer."""

    question: str
    answer: str


class Dialogue(_Record, frozen=True):
    """Turns that belong together: a conversation of several, or a single pair."""

    turns: tuple[Turn, ...]
    topic: str | None = None


class Draft(_Record, frozen=True, dict=True):
    """A parsed and cleaned completion that has not been checked yet."""

    prompt: Prompt
    dialogues: tuple[Dialogue, ...]

    @cached_property
    def turns(self) -> tuple[Turn, ...]:
        """The turns of all dialogues in their order."""
        return tuple(turn for dialogue in self.dialogues for turn in dialogue.turns)

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Every text that the model wrote: topics, questions and answers, but no question that we asked."""
        asked, texts = self.prompt.question, []
        for dialogue in self.dialogues:
            if dialogue.topic:
                texts.append(dialogue.topic)
            for turn in dialogue.turns:
                if turn.question != asked:
                    texts.append(turn.question)
                texts.append(turn.answer)
        return tuple(texts)

    @cached_property
    def lowered(self) -> str:
        """All texts in small letters, a line break after each: what no check finds in it is in none of them."""
        return "\n".join(self.texts).lower()


class Flaw(_Record, frozen=True):
    """What is wrong with a completion: a code to count by, and the words that show it.

    A sample may have flaws of the severity `warn`; what was mended in it is of the severity `repair`.
    """

    code: str
    words: str
    severity: Literal["reject", "warn", "repair"] = "reject"


class Provenance(_Record, frozen=True, omit_defaults=False):
    """Where a sample comes from: enough to find its request again, and to make it again."""

    model: str
    prompt_id: str
    prompt_version: str
    attempt: int
    seed: int | None
    source: str
    left_out: Mapping[str, int]
    svit: str


class Sample(_Record, frozen=True):
    """An image's instruction data for one task, as it goes to the shard.

    `dropped` counts the dialogues that were left out of a completion with flaws, by their first flaw; what a second
    opinion found wrong counts as contradicted, later turns of a conversation by themselves. `verified_by` is the model
    that gave that opinion, empty where none was asked for.
    """

    context: ImageContext
    task: str
    dialogues: tuple[Dialogue, ...]
    provenance: Provenance
    warnings: tuple[Flaw, ...] = ()
    dropped: Mapping[str, int] = {}
    verified_by: str = ""


class Rejection(_Record, frozen=True):
    """A completion that did not pass, with its text and its flaws."""

    image_id: ImageId
    task: str
    text: str
    flaws: tuple[Flaw, ...]
    provenance: Provenance
