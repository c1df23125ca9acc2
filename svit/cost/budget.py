"""The ceilings on money: what is spent, what may still come, and whether one more request fits under them."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from svit.cost.prices import dollars
from svit.errors import FileHeldError

_AHEAD = 64
"""Requests at their worst case that a run asks the month's ledger for at once: one commit for that many."""
_LARGEST_PART = 100
"""A run takes at most this part of a month's limit at once."""
_SPARE_PART = 8
"""... and of what nobody holds yet, so that near the limit little is held back from other runs."""


class Reservation(NamedTuple):
    """What is set aside for a request: its worst case in nano-dollars, and the calendar month it is paid in."""

    worst: int
    month: str = ""


class Claim(NamedTuple):
    """What a run holds of a month's money, what it spent of it included, and what all other runs hold: nano-dollars."""

    held: int
    others: int


class BudgetAccount(Protocol):
    """A run's account with the ledger that all runs of a person share. Months are `2026-11`, amounts nano-dollars.

    Whatever a run spends or has under way is at most what the ledger says it holds, at every instant.
    """

    @property
    def limit(self) -> int | None:
        """What all runs together may spend in a month; None is no limit."""

    def spent(self, month: str) -> int:
        """Return what the run spent in the month before this process began."""

    def claim(self, month: str, *, spent: int, needed: int, wish: int) -> Claim:
        """Let the run hold at least `needed`, at best `wish`. What it held before is held still when that can't be."""

    def settle(self, month: str, *, spent: int, held: int) -> None:
        """Let the run hold this much, less or more than before, whatever the limit."""


@dataclass
class _Month:
    """One calendar month: what the run spent and has under way in it, and what it and all others hold of it.

    `told` is what the ledger knows to be spent, None when that is not certain.
    """

    spent: int
    told: int | None
    held: int
    in_flight: int = 0
    others: int = 0

    @property
    def used(self) -> int:
        return self.spent + self.in_flight


@dataclass
class Budget:
    """What a run may cost, and all runs of a calendar month. Amounts are nano-dollars; a limit of None is no limit.

    A request is reserved at its worst case before it leaves, and settled at what it cost. So nothing is ever sent
    that could end above a limit: spent + in_flight never passes it by a reservation. The month's limit is kept over
    all runs by `account`: a run spends only what it holds there, and holds a little more than it needs, so that most
    requests cost the ledger nothing. A request belongs to the month in which it was reserved, whenever it ends.

    A provider can bill more than the worst case, when it counts more prompt tokens than were estimated. Books are
    true: the whole cost is booked, `overrun` sums what was above the worst cases, and `spent` may then end above the
    limit by no more than `overrun`. Nothing is admitted until spent + in_flight are below the limit again.

    `spent` begins with what the run's journal says, requests of unknown outcome at their worst case. What the account
    raises (StorageError) goes to the caller; nothing is reserved then.
    """

    limit: int | None = None
    spent: int = 0
    account: BudgetAccount | None = None
    in_flight: int = 0
    overrun: int = 0
    _months: dict[str, _Month] = field(default_factory=dict, init=False, repr=False)

    def reserve(self, worst: int, month: str = "") -> Reservation | None:
        """Set `worst` nano-dollars aside before a request leaves. None, and nothing set aside, when over a limit."""
        _not_negative(worst)
        if self.limit is not None and self.spent + self.in_flight + worst > self.limit:
            return None
        if self.account is not None and not self._holds(self.account, worst, month):
            return None
        self.in_flight += worst
        self._month(month).in_flight += worst
        return Reservation(worst, month)

    def settle(self, reservation: Reservation, actual: int) -> None:
        """Book the `actual` nano-dollars of a request that was reserved."""
        _not_negative(actual)
        self.release(reservation)
        self.spent += actual
        self.overrun += max(0, actual - reservation.worst)
        month = self._month(reservation.month)
        month.spent += actual
        if self.account is not None and month.used > month.held:
            with suppress(FileHeldError):  # it is told before anything more is reserved
                self._tell(self.account, reservation.month, month)

    def forfeit(self, reservation: Reservation) -> None:
        """Book a request at its worst case: it was sent, and what became of it will not be known."""
        self.settle(reservation, reservation.worst)

    def release(self, reservation: Reservation) -> None:
        """Give back what was reserved for a request that was not sent, or that is known to have cost nothing."""
        worst, month = reservation.worst, self._month(reservation.month)
        if worst > month.in_flight:
            raise ValueError(f"{worst} nano-dollars to give back, but only {month.in_flight} are reserved")
        self.in_flight -= worst
        month.in_flight -= worst

    def give_back(self) -> None:
        """Leave to other runs what this one holds and does not use: at its end, and now and then on the way."""
        if self.account is None:
            return
        for name, month in self._months.items():
            if (month.used, month.spent) != (month.held, month.told):
                self._tell(self.account, name, month)

    def never_fits(self, worst: int, month: str = "") -> bool:
        """Whether a request is too dear even when all in flight turn out to cost nothing: stop, do not wait.

        With nothing in flight this is so whenever `reserve` refused, so a run never waits for nothing. What other
        runs hold counts as spent: a run does not wait for them.
        """
        return bool(self.why_never(worst, month))

    def why_never(self, worst: int, month: str = "") -> str:
        """Return the sentence that tells a person which limit the request can't fit under; empty when it still may."""
        next_one = f"and the next request may cost up to {dollars(worst)}."
        if self.limit is not None and self.spent + worst > self.limit:
            return (
                f"The limit of {dollars(self.limit)} for this run is reached: {dollars(self.spent)} are spent, "
                f"{next_one}"
            )
        limit, share = None if self.account is None else self.account.limit, self._month(month)
        if limit is not None and share.others + share.spent + worst > limit:
            return (
                f"The limit of {dollars(limit)} for all runs of the month {month} is reached: {dollars(share.spent)} "
                f"are spent by this run, {dollars(share.others)} are spent or held by others, {next_one}"
            )
        return ""

    def _holds(self, account: BudgetAccount, worst: int, name: str) -> bool:
        """Whether the run holds enough of the month for one request more; if not, it asks for it."""
        month = self._month(name)
        needed = month.used + worst
        if needed > month.held:
            ahead = _AHEAD * worst
            if self.limit is not None:
                ahead = min(ahead, self.limit - self.spent - self.in_flight - worst)
            month.held, month.others = account.claim(name, spent=month.spent, needed=needed, wish=needed + ahead)
            if needed <= month.held:
                month.told = month.spent
        return needed <= month.held

    def _tell(self, account: BudgetAccount, name: str, month: _Month) -> None:
        """Hold what is used, no more and no less. When that fails half-way it may be told or not: the less counts."""
        month.held, month.told = min(month.held, month.used), None
        account.settle(name, spent=month.spent, held=month.used)
        month.held, month.told = month.used, month.spent

    def _month(self, name: str) -> _Month:
        if name not in self._months:
            spent = self.account.spent(name) if self.account is not None else 0
            self._months[name] = _Month(spent, spent, spent)
        return self._months[name]


def granted(needed: int, wish: int, *, limit: int | None, others: int) -> int | None:
    """Return what a run may hold of a month, from `needed` to `wish`; None when `needed` is too much.

    Beside what it needs a run gets little, and the less the nearer the limit is: what it holds nobody else can spend.
    """
    if limit is None:
        return wish
    spare = limit - others - needed
    if spare < 0:
        return None
    return needed + min(wish - needed, limit // _LARGEST_PART, spare // _SPARE_PART)


def _not_negative(amount: int) -> None:
    if amount < 0:
        raise ValueError(f"an amount of {amount} nano-dollars")
