"""What requests came to, by task, from a journal whose figures are known."""

from pathlib import Path

from svit.report.request_costs import RequestCosts, paid_by_task
from svit.run.journal import Journal
from svit.run.journal_rows import Charge, Intent, StoredReply


def test_replies_attempts_and_money_are_added_up_by_task(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.db") as journal:
        for prompt, attempt, task in (("a", 1, "x"), ("a", 2, "x"), ("b", 1, "y"), ("c", 1, "y"), ("d", 1, "z")):
            journal.intend([Intent(prompt, attempt, task, 1, "v", worst=500)])
        for prompt, attempt, failure, reused in (("a", 1, b"{}", False), ("a", 2, None, False), ("b", 1, None, True)):
            kept = StoredReply(prompt, attempt, None if failure else b"body", failure, reused)
            booked = Charge(prompt, attempt, 10, 20 * attempt, 70)
            journal.commit([journal.kept([kept]), journal.booked([booked])])
        found, running = paid_by_task(journal, running=False), paid_by_task(journal, running=True)
    x, y, z = found["x"], found["y"], found["z"]
    assert (x.replies, x.again, x.failed, x.cost, x.prompt_tokens, x.requests) == (2, 1, 1, 140, 20, 2)
    assert x.tokens.counts == {40: 1}
    assert (y.replies, y.reused, y.unheard, y.cost, y.requests) == (1, 1, 1, 500, 2)
    assert (z.replies, z.unheard, z.cost) == (0, 1, 500)
    assert running["y"].unheard == 0
    assert running.get("z", RequestCosts()).requests == 0
