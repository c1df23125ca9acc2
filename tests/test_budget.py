import pytest
from hypothesis import given
from hypothesis import strategies as st

from svit.budget import Budget
from svit.prices import NANO

AMOUNTS = st.integers(min_value=0, max_value=50)
LIMITS = st.none() | st.integers(min_value=0, max_value=200)


class Interleaving:
    """Runs requests through a budget in any order, and keeps books of its own."""

    def __init__(self, budget: Budget, data: st.DataObject, *, honest: bool) -> None:
        self.budget, self.data, self.honest = budget, data, honest
        self.under_way: list[int] = []
        self.billed = self.overrun = 0

    def step(self) -> None:
        which = self.data.draw(st.integers(-3, 3), label="which ends, if any")
        if 0 <= which < len(self.under_way):
            self.end(self.under_way.pop(which))
        elif self.budget.reserve(worst := self.data.draw(AMOUNTS, label="worst")):
            self.under_way.append(worst)

    def end(self, worst: int) -> None:
        how = self.data.draw(st.sampled_from(["settle", "forfeit", "release"]), label="how")
        if how == "settle":
            most = worst if self.honest else worst + 30
            actual = self.data.draw(st.integers(0, most), label="actual")
            self.budget.settle(worst, actual)
            self.billed += actual
            self.overrun += max(0, actual - worst)
        elif how == "forfeit":
            self.budget.forfeit(worst)
            self.billed += worst
        else:
            self.budget.release(worst)

    def run(self) -> None:
        for _ in range(self.data.draw(st.integers(0, 30), label="steps")):
            self.step()


@given(LIMITS, LIMITS, AMOUNTS, AMOUNTS, st.data())
def test_no_interleaving_of_requests_passes_a_limit(
    limit: int | None, month_limit: int | None, spent: int, month_spent: int, data: st.DataObject
) -> None:
    budget = Budget(limit, spent, month_limit, month_spent)
    run = Interleaving(budget, data, honest=True)
    for _ in range(data.draw(st.integers(0, 30), label="steps")):
        run.step()
        assert limit is None or budget.spent + budget.in_flight <= max(limit, spent)
        assert month_limit is None or budget.month_spent + budget.in_flight <= max(month_limit, month_spent)
    assert (budget.spent, budget.month_spent) == (spent + run.billed, month_spent + run.billed)
    assert budget.in_flight == sum(run.under_way)
    assert budget.overrun == 0


@given(st.integers(0, 200), st.data())
def test_a_provider_that_bills_more_than_the_worst_case_is_booked_in_full_and_then_refused(
    limit: int, data: st.DataObject
) -> None:
    budget = Budget(limit)
    run = Interleaving(budget, data, honest=False)
    run.run()
    assert budget.spent == run.billed
    assert budget.overrun == run.overrun
    assert budget.spent + budget.in_flight <= limit + budget.overrun
    if budget.spent + budget.in_flight > limit:
        assert not budget.reserve(0)
    if budget.spent > limit:
        assert budget.never_fits(0)


@given(LIMITS, LIMITS, st.data())
def test_a_run_stops_exactly_when_waiting_is_of_no_use(
    limit: int | None, month_limit: int | None, data: st.DataObject
) -> None:
    budget = Budget(limit, 0, month_limit, 0)
    run = Interleaving(budget, data, honest=False)
    run.run()
    worst = data.draw(AMOUNTS, label="next")
    stop = budget.never_fits(worst)
    assert bool(budget.why_never(worst)) == stop
    for reserved in run.under_way:
        budget.release(reserved)
    assert budget.reserve(worst) != stop


def test_a_request_that_must_wait_for_others_is_not_a_reason_to_stop() -> None:
    budget = Budget(limit=100)
    assert budget.reserve(60)
    assert not budget.reserve(60)
    assert not budget.never_fits(60)
    budget.settle(60, actual=40)
    assert budget.reserve(60)
    assert budget.never_fits(61)


def test_the_limit_itself_may_be_spent() -> None:
    budget = Budget(limit=100)
    assert budget.reserve(100)
    assert not budget.reserve(1)


def test_without_limits_everything_fits() -> None:
    assert Budget().reserve(10**30)
    assert not Budget().never_fits(10**30)


def test_the_month_counts_what_other_runs_spent_and_begins_anew() -> None:
    budget = Budget(limit=100, month_limit=50, month_spent=45)
    assert not budget.reserve(6)
    assert budget.reserve(5)
    budget.settle(5, actual=5)
    assert budget.never_fits(1)
    budget.new_month()
    assert budget.reserve(50)
    assert budget.spent == 5


def test_an_unknown_outcome_is_booked_at_its_worst() -> None:
    budget = Budget(limit=100)
    budget.reserve(30)
    budget.forfeit(30)
    assert (budget.spent, budget.month_spent, budget.in_flight) == (30, 30, 0)


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (
            Budget(limit=300 * NANO, spent=299_990_000_000),
            "The limit of $300.00 for this run is reached: $299.99 are spent, and the next request may cost up to "
            "$0.0500.",
        ),
        (
            Budget(limit=300 * NANO, month_limit=NANO, month_spent=NANO),
            "The limit of $1.00 for this month is reached: $1.00 are spent, and the next request may cost up to "
            "$0.0500.",
        ),
        (Budget(limit=300 * NANO), ""),
    ],
)
def test_a_person_is_told_which_limit_it_was(budget: Budget, words: str) -> None:
    assert budget.why_never(50_000_000) == words


def test_books_that_cannot_be_are_a_bug() -> None:
    budget = Budget()
    budget.reserve(10)
    with pytest.raises(ValueError, match="only 10 are reserved"):
        budget.settle(11, 0)
    for wrong in (lambda: budget.reserve(-1), lambda: budget.settle(1, -1), lambda: budget.release(-1)):
        with pytest.raises(ValueError, match="an amount of -1"):
            wrong()
    assert (budget.spent, budget.in_flight) == (0, 10)
