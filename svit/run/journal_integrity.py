"""Whether a journal still holds what it was given: each reply by its checksum, and the file as a database."""

import msgspec

from svit.errors import SvitError
from svit.run.journal import Journal
from svit.run.journal_rows import DamagedReply

_AT_ONCE = 500
"""Replies that are read at once: no more of them are in memory, and a run that goes on is not kept from its file."""


class Integrity(msgspec.Struct, frozen=True):
    """What a check found: replies that are `whole`, those `damaged`, and what is wrong with the file in SQLite's words.

    `made_good` were damaged too, and asked again since. `without_checksum` of the whole ones were stored by a svit that
    made none: they can be read, no more is known.
    """

    whole: int
    without_checksum: int
    damaged: tuple[DamagedReply, ...]
    faults: tuple[str, ...]
    made_good: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong that was not made good."""
        return not (self.damaged or self.faults)


def examined(journal: Journal) -> Integrity:
    """Read all of a journal and return what is wrong with it. The run may go on meanwhile."""
    faults = journal.faults()
    whole = without = made_good = last = 0
    damaged: list[DamagedReply] = []
    try:
        while found := journal.examined(last, _AT_ONCE):
            last = found[-1][0]
            for number, reply, has_checksum in found:
                if reply is not None and journal.is_made_good(number, reply):
                    made_good += 1
                elif reply is not None:
                    damaged.append(reply)
                else:
                    whole += 1
                    without += not has_checksum
    except SvitError as error:
        faults.append(str(error))
    return Integrity(whole, without, tuple(damaged), tuple(dict.fromkeys(faults)), made_good)
