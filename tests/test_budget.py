from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svit.cost.budget import Budget, Claim, Reservation, granted
from svit.cost.prices import NANO
from svit.errors import StorageError

AMOUNTS = st.integers(min_value=0, max_value=50)
LIMITS = st.none() | st.integers(min_value=0, max_value=200)
MONTHS = st.sampled_from(["2026-11", "2026-12"])


@dataclass
class Books:
    """A ledger in memory: what every run holds of every month. It can fail before or after it has written."""

    limit: int | None = None
    held: dict[tuple[str, str], int] = field(default_factory=dict)
    fails: str = ""
    commits: int = 0

    def of(self, run: str) -> "Account":
        return Account(self, run)

    def total(self, month: str) -> int:
        return sum(held for (_, in_month), held in self.held.items() if in_month == month)

    def write(self, run: str, month: str, held: int) -> None:
        self.commits += 1
        if self.fails == "before":
            raise StorageError("full")
        self.held[run, month] = held
        if self.fails == "after":
            raise StorageError("full")


@dataclass
class Account:
    books: Books
    run: str

    @property
    def limit(self) -> int | None:
        return self.books.limit

    def spent(self, month: str) -> int:
        return self.books.held.get((self.run, month), 0)

    def claim(self, month: str, *, spent: int, needed: int, wish: int) -> Claim:
        others = self.books.total(month) - self.spent(month)
        more = granted(needed, wish, limit=self.limit, others=others)
        if more is None:
            return Claim(min(self.spent(month), needed - 1), others)
        self.books.write(self.run, month, more)
        return Claim(more, others)

    def settle(self, month: str, *, spent: int, held: int) -> None:
        self.books.write(self.run, month, held)


class Interleaving:
    """Runs requests through a budget in any order, and keeps books of its own."""

    def __init__(self, budget: Budget, data: st.DataObject, *, honest: bool) -> None:
        self.budget, self.data, self.honest = budget, data, honest
        self.under_way: list[Reservation] = []
        self.billed: dict[str, int] = {"2026-11": 0, "2026-12": 0}
        self.overrun = 0

    def step(self) -> None:
        which = self.data.draw(st.integers(-3, 3), label="which ends, if any")
        if 0 <= which < len(self.under_way):
            self.end(self.under_way.pop(which))
        elif which == -3:
            self.budget.give_back()
        else:
            worst, month = self.data.draw(AMOUNTS, label="worst"), self.data.draw(MONTHS, label="month")
            if reservation := self.budget.reserve(worst, month):
                self.under_way.append(reservation)

    def end(self, reservation: Reservation) -> None:
        how = self.data.draw(st.sampled_from(["settle", "forfeit", "release"]), label="how")
        worst = reservation.worst
        if how == "settle":
            actual = self.data.draw(st.integers(0, worst if self.honest else worst + 30), label="actual")
            self.budget.settle(reservation, actual)
            self.billed[reservation.month] += actual
            self.overrun += max(0, actual - worst)
        elif how == "forfeit":
            self.budget.forfeit(reservation)
            self.billed[reservation.month] += worst
        else:
            self.budget.release(reservation)

    def used(self, month: str) -> int:
        return self.billed[month] + sum(one.worst for one in self.under_way if one.month == month)

    def run(self) -> None:
        for _ in range(self.data.draw(st.integers(0, 30), label="steps")):
            self.step()


@given(LIMITS, LIMITS, AMOUNTS, AMOUNTS, st.data())
def test_no_interleaving_of_two_runs_passes_a_limit(
    limit: int | None, month_limit: int | None, spent: int, others: int, data: st.DataObject
) -> None:
    books = Books(month_limit, {("gone", "2026-11"): others})
    first = Interleaving(Budget(limit, spent, books.of("first")), data, honest=True)
    second = Interleaving(Budget(None, 0, books.of("second")), data, honest=True)
    for _ in range(data.draw(st.integers(0, 40), label="steps")):
        data.draw(st.sampled_from([first, second]), label="who").step()
        assert limit is None or first.budget.spent + first.budget.in_flight <= max(limit, spent)
        for month in ("2026-11", "2026-12"):
            for name, run in (("first", first), ("second", second)):
                assert run.used(month) <= books.held.get((name, month), 0), "what is used is on the books before"
            assert month_limit is None or books.total(month) <= max(month_limit, others)
    assert first.budget.spent == spent + sum(first.billed.values())
    assert first.budget.in_flight == sum(one.worst for one in first.under_way)
    assert first.budget.overrun == 0
    first.budget.give_back()
    for month in ("2026-11", "2026-12"):
        assert books.held.get(("first", month), 0) == first.used(month), "what is not used is given back"


@given(st.integers(0, 200), LIMITS, st.data())
def test_a_provider_that_bills_more_than_the_worst_case_is_booked_in_full_and_then_refused(
    limit: int, month_limit: int | None, data: st.DataObject
) -> None:
    books = Books(month_limit)
    budget = Budget(limit, account=books.of("r"))
    run = Interleaving(budget, data, honest=False)
    run.run()
    assert budget.spent == sum(run.billed.values())
    assert budget.overrun == run.overrun
    assert budget.spent + budget.in_flight <= limit + budget.overrun
    if budget.spent + budget.in_flight > limit:
        assert not budget.reserve(0, "2026-11")
    if budget.spent > limit:
        assert budget.never_fits(0, "2026-11")
    for month in ("2026-11", "2026-12"):
        assert run.used(month) <= books.held.get(("r", month), 0)


@given(LIMITS, LIMITS, AMOUNTS, st.data())
def test_a_run_stops_when_waiting_is_of_no_use(
    limit: int | None, month_limit: int | None, others: int, data: st.DataObject
) -> None:
    budget = Budget(limit, account=Books(month_limit, {("other", "2026-11"): others}).of("r"))
    run = Interleaving(budget, data, honest=True)
    run.run()
    worst = data.draw(AMOUNTS, label="next")
    if reservation := budget.reserve(worst, "2026-11"):
        budget.release(reservation)
        return
    stop = budget.never_fits(worst, "2026-11")
    for reserved in run.under_way:
        budget.release(reserved)
    fits = bool(budget.reserve(worst, "2026-11"))
    assert not (stop and fits)
    assert fits or budget.never_fits(worst, "2026-11"), "nothing is waited for when nothing is in flight"
    if month_limit is None:
        assert fits != stop


def test_a_request_that_must_wait_for_others_is_not_a_reason_to_stop() -> None:
    budget = Budget(limit=100)
    first = budget.reserve(60)
    assert first
    assert not budget.reserve(60)
    assert not budget.never_fits(60)
    budget.settle(first, actual=40)
    assert budget.reserve(60)
    assert budget.never_fits(61)


def test_the_limit_itself_may_be_spent() -> None:
    for budget in (Budget(limit=100), Budget(account=Books(100).of("r"))):
        assert budget.reserve(100, "2026-11")
        assert not budget.reserve(1, "2026-11")


def test_without_limits_everything_fits() -> None:
    assert Budget().reserve(10**30)
    assert not Budget().never_fits(10**30)


def test_two_runs_share_a_month_to_its_last_request_and_neither_waits_for_the_other() -> None:
    books = Books(limit=1000)
    runs = [Budget(account=books.of(name)) for name in ("a", "b")]
    for _ in range(100):
        for run in runs:
            run.reserve(10, "2026-11")
    assert 980 < runs[0].in_flight + runs[1].in_flight <= 1000, "each holds less than a request ahead in the end"
    assert all(run.never_fits(520, "2026-11") for run in runs)
    assert not any(run.never_fits(480, "2026-11") for run in runs), "its own may still turn out to cost nothing"


def test_most_requests_cost_the_ledger_nothing() -> None:
    books = Books(limit=10**7)
    budget = Budget(account=books.of("r"))
    sent = 0
    while reservation := budget.reserve(1000, "2026-11"):
        budget.settle(reservation, 100)
        sent += 1
    assert sent > 99_900
    assert books.commits <= sent // 100


def test_a_request_belongs_to_the_month_it_was_sent_in_and_a_new_month_has_its_own_money() -> None:
    books = Books(limit=50, held={("other", "2026-11"): 45})
    budget = Budget(limit=100, account=books.of("r"))
    late = budget.reserve(5, "2026-11")
    assert late
    assert not budget.reserve(1, "2026-11")
    assert budget.reserve(50, "2026-12")
    budget.settle(late, actual=2)
    budget.give_back()
    assert books.held["r", "2026-11"] == 2
    assert books.held["r", "2026-12"] == 50
    assert budget.reserve(3, "2026-11"), "a clock that goes back finds the month as it was"


def test_a_run_that_is_resumed_begins_with_what_it_spent_in_the_month() -> None:
    books = Books(limit=100, held={("r", "2026-11"): 60})
    budget = Budget(account=books.of("r"))
    assert not budget.reserve(41, "2026-11")
    assert budget.reserve(40, "2026-11")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_ledger_that_fails_stops_a_request_before_it_leaves_and_later_the_books_are_right(moment: str) -> None:
    books = Books(limit=100)
    budget = Budget(account=books.of("r"))
    first = budget.reserve(10, "2026-11")
    assert first
    books.fails = moment
    with pytest.raises(StorageError):
        budget.reserve(50, "2026-11")
    assert budget.in_flight == 10
    with pytest.raises(StorageError):
        budget.settle(first, 30)
    with pytest.raises(StorageError):
        budget.give_back()
    books.fails = ""
    budget.give_back()
    assert books.held["r", "2026-11"] == 30
    assert budget.reserve(70, "2026-11")
    assert not budget.reserve(1, "2026-11")


def test_the_smaller_the_rest_the_smaller_what_a_run_holds_ahead() -> None:
    assert granted(10, 1000, limit=None, others=0) == 1000
    assert granted(10, 1000, limit=10_000, others=0) == 110
    assert granted(10, 20, limit=10_000, others=0) == 20
    assert granted(10, 1000, limit=10_000, others=9_910) == 20
    assert granted(10, 1000, limit=10_000, others=9_990) == 10
    assert granted(10, 1000, limit=10_000, others=9_991) is None


def test_an_unknown_outcome_is_booked_at_its_worst() -> None:
    budget = Budget(limit=100)
    reservation = budget.reserve(30)
    assert reservation
    budget.forfeit(reservation)
    assert (budget.spent, budget.in_flight) == (30, 0)


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (
            Budget(limit=300 * NANO, spent=299_990_000_000),
            "The limit of $300.00 for this run is reached: $299.99 are spent, and the next request may cost up to "
            "$0.0500.",
        ),
        (
            Budget(
                limit=300 * NANO,
                account=Books(NANO, {("other", "2026-11"): 960_000_000, ("r", "2026-11"): 10_000_000}).of("r"),
            ),
            "The limit of $1.00 for all runs of the month 2026-11 is reached: $0.0100 are spent by this run, $0.9600 "
            "are spent or held by others, and the next request may cost up to $0.0500.",
        ),
        (Budget(limit=300 * NANO), ""),
    ],
)
def test_a_person_is_told_which_limit_it_was(budget: Budget, words: str) -> None:
    assert bool(budget.reserve(50_000_000, "2026-11")) != bool(words)
    assert budget.why_never(50_000_000, "2026-11") == words


def test_books_that_cannot_be_are_a_bug() -> None:
    budget = Budget()
    held = budget.reserve(10)
    assert held
    with pytest.raises(ValueError, match="only 10 are reserved"):
        budget.settle(Reservation(11), 0)
    with pytest.raises(ValueError, match="only 0 are reserved"):
        budget.release(Reservation(1, "2026-11"))
    with pytest.raises(ValueError, match="an amount of -1"):
        budget.reserve(-1)
    with pytest.raises(ValueError, match="an amount of -1"):
        budget.settle(held, -1)
    assert (budget.spent, budget.in_flight) == (0, 10)
