"""What the answer to one request means for the run: it is used, the request is made again, or no other is made."""

from dataclasses import dataclass

import msgspec

from svit.records import Usage


class UsableAnswer(msgspec.Struct, frozen=True):
    """A completion, or what may be one and was paid: hand the bytes on. `usage` is what it says it used, if it does.

    `unknown_end` is a finish reason that nobody here knows: the text is used, and a person should be told once, as of
    a reply that `only_reasons` and holds no answer.
    """

    usage: Usage | None = None
    unknown_end: str = ""
    only_reasons: bool = False


@dataclass(frozen=True)
class RetryLater:
    """Ask again after a while. `patient`: the server only wants it slower, so this counts as no try.

    `wait` is the seconds that the body asks for; a header may ask for others.
    """

    code: str
    words: str
    patient: bool = False
    overloaded: bool = False
    wait: float | None = None


@dataclass(frozen=True)
class StopRun:
    """No other request would fare better: the run ends. The words are a sentence for a person."""

    words: str
