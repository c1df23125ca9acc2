"""What a journal holds: intents, replies, bookings, shards."""

from collections.abc import Mapping
from typing import NamedTuple

from svit.records import ImageId


class Intent(NamedTuple):
    """A request that is about to leave: what it may cost at most, in nano-dollars, and why it is made."""

    prompt_id: str
    attempt: int
    task: str
    image_id: ImageId
    version: str
    worst: int = 0
    reason: str = ""


class StoredReply(NamedTuple):
    """A reply as it came: its raw bytes, or the failure as the provider wrote it down, in JSON.

    `reused` says that another run paid for it.
    """

    prompt_id: str
    attempt: int
    body: bytes | None
    failure: bytes | None = None
    reused: bool = False


class Charge(NamedTuple):
    """What a reply was billed: tokens, None where the provider did not say, and nano-dollars."""

    prompt_id: str
    attempt: int
    prompt_tokens: int | None
    completion_tokens: int | None
    cost: int


class RunSpending(NamedTuple):
    """What a run has cost so far: nano-dollars and tokens, and how many requests ended without being heard of.

    `unknown` requests may have been billed: they left, and the process died before a reply came. They are in `cost`
    at what they may have cost at most. `untold` replies came without a count of their tokens, and are in `cost` at
    their worst case too, but not in the tokens. What another run paid for is in none of these.
    """

    cost: int
    prompt_tokens: int
    completion_tokens: int
    replies: int
    unknown: int
    untold: int = 0


class Shard(NamedTuple):
    """A published shard: of which images it was made by which recipe, and what came of them.

    `images` counts the images from the shard's beginning; `flaws` counts the rejections by their first flaw; `size` is
    the bytes of its files. A `partial` one holds what was settled when the run stopped: `images` are those in it.
    """

    task: str
    shard: int
    recipe: str
    images: int
    samples: int
    flaws: Mapping[str, int]
    size: int
    partial: bool = False


class PastRequest(NamedTuple):
    """A request that left once; `unknown` when the process died before a reply to it was kept."""

    task: str
    prompt_id: str
    attempt: int
    unknown: bool


class DamagedReply(NamedTuple):
    """A reply whose bytes in the journal are not those that came in."""

    task: str
    image_id: ImageId
    prompt_id: str
    attempt: int
