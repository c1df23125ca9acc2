"""The ceiling on money: what is spent, what may still come, and whether one more request fits under it."""

from dataclasses import dataclass

from svit.prices import dollars


@dataclass
class Budget:
    """What a run and a calendar month may cost. All amounts are nano-dollars; a limit of None is no limit.

    A request is reserved at its worst case before it leaves, and settled at what it cost. So nothing is ever sent
    that could end above a limit: spent + in_flight never passes it by a reservation.

    A provider can bill more than the worst case, when it counts more prompt tokens than were estimated. Books are
    true: the whole cost is booked, `overrun` sums what was above the worst cases, and `spent` may then end above the
    limit by no more than `overrun`. Nothing is admitted until spent + in_flight are below the limit again.

    `spent` begins with what the run's journal says, requests of unknown outcome at their worst case; `month_spent`
    with the same sum over all runs of the month.
    """

    limit: int | None = None
    spent: int = 0
    month_limit: int | None = None
    month_spent: int = 0
    in_flight: int = 0
    overrun: int = 0

    def reserve(self, worst: int) -> bool:
        """Set `worst` nano-dollars aside before a request leaves. False, and nothing set aside, when over a limit."""
        _not_negative(worst)
        if self._exceeded(self.in_flight + worst):
            return False
        self.in_flight += worst
        return True

    def settle(self, worst: int, actual: int) -> None:
        """Book the `actual` nano-dollars of a request that was reserved at `worst`."""
        _not_negative(actual)
        self.release(worst)
        self.spent += actual
        self.month_spent += actual
        self.overrun += max(0, actual - worst)

    def forfeit(self, worst: int) -> None:
        """Book a request at its worst case: it was sent, and what became of it will not be known."""
        self.settle(worst, worst)

    def release(self, worst: int) -> None:
        """Give back what was reserved for a request that was not sent, or that is known to have cost nothing."""
        _not_negative(worst)
        if worst > self.in_flight:
            raise ValueError(f"{worst} nano-dollars to give back, but only {self.in_flight} are reserved")
        self.in_flight -= worst

    def never_fits(self, worst: int) -> bool:
        """Whether a request is too dear even when all in flight turn out to cost nothing: stop, do not wait.

        With nothing in flight this is so whenever `reserve` refused, so a run never waits for nothing.
        """
        return self._exceeded(worst) is not None

    def why_never(self, worst: int) -> str:
        """Return the sentence that tells a person which limit the request can't fit under; empty when it still may."""
        exceeded = self._exceeded(worst)
        if not exceeded:
            return ""
        name, limit, spent = exceeded
        return (
            f"The limit of {dollars(limit)} {name} is reached: {dollars(spent)} are spent, and the next request "
            f"may cost up to {dollars(worst)}."
        )

    def new_month(self, spent: int = 0) -> None:
        """Begin a calendar month, or take note of what other runs spent in this one: `spent` replaces `month_spent`."""
        self.month_spent = spent

    def _exceeded(self, more: int) -> tuple[str, int, int] | None:
        """Return the name, the limit and what is spent of the first limit that `more` would pass."""
        for name, limit, spent in (
            ("for this run", self.limit, self.spent),
            ("for this month", self.month_limit, self.month_spent),
        ):
            if limit is not None and spent + more > limit:
                return name, limit, spent
        return None


def _not_negative(amount: int) -> None:
    if amount < 0:
        raise ValueError(f"an amount of {amount} nano-dollars")
