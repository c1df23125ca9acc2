"""The ledger over all runs of a month, with real processes that are really killed."""

import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from svit.cost.budget import Budget
from svit.cost.ledger import Idle, Ledger, LedgerAccount, SpentOfMonth, ledger_path, month_of, no_one
from svit.errors import DataError, StorageError, SvitError

MONTH = "2026-11"
WORST = 1000
RUN = """
import os, random, sys
from pathlib import Path
from svit.cost.budget import Budget
from svit.cost.ledger import Ledger

ledger, folder, limit, seed, most = Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:])
draw = random.Random(seed)
written = os.open(folder / "spent", os.O_RDWR | os.O_CREAT | os.O_APPEND)


def write(words):
    os.write(written, words.encode() + bytes([10]))


def spent():
    asked = {}
    for line in (folder / "spent").read_text().splitlines():
        number, cost = line.split()
        asked[number] = int(cost)
    return asked


before = spent()
with Ledger(ledger) as opened:
    seat = opened.join(folder.name, folder, {"2026-11": sum(before.values())}, limit=limit)
    budget = Budget(account=seat)
    under_way, number = [], len(before)
    while len(before) + most > number:
        reservation = budget.reserve(1000, "2026-11")
        if reservation:
            number += 1
            write(f"{number} 1000")
            under_way.append((number, reservation))
        elif budget.never_fits(1000, "2026-11"):
            break
        if under_way and (not reservation or len(under_way) > 20):
            key, reserved = under_way.pop(draw.randrange(len(under_way)))
            cost = draw.randrange(300, 1001)
            write(f"{key} {cost}")
            budget.settle(reserved, cost)
    for key, reserved in under_way:
        write(f"{key} 500")
        budget.settle(reserved, 500)
    budget.give_back()
"""


def process(ledger: Path, folder: Path, limit: int, seed: int, most: int = 10**9) -> "subprocess.Popen[str]":
    folder.mkdir(exist_ok=True)
    words = [sys.executable, "-c", RUN, ledger, folder, limit, seed, most]
    return subprocess.Popen([str(word) for word in words], stderr=subprocess.PIPE, text=True)


def ended(running: "subprocess.Popen[str]") -> None:
    _, talk = running.communicate(timeout=120)
    assert running.returncode == 0, talk


def written(folder: Path) -> int:
    """What the run spent by its own journal, what is under way at its worst."""
    path = folder / "spent"
    if not path.exists():
        return 0
    return sum({line.split()[0]: int(line.split()[1]) for line in path.read_text().splitlines()}.values())


def test_runs_that_are_killed_at_any_instant_never_spend_more_than_the_month_has_and_nothing_is_lost(
    tmp_path: Path,
) -> None:
    limit, path = 12_000_000, tmp_path / "ledger.db"
    folders = [tmp_path / name for name in "abc"]
    draw = random.Random(1)
    with Ledger(path) as ledger:
        for turn in range(5):
            running = [process(path, folder, limit, turn) for folder in folders]
            for which in draw.sample(range(3), 3):
                time.sleep(draw.uniform(0.05, 0.3))
                running[which].kill()
                running[which].communicate()
                truly, held = sum(map(written, folders)), ledger.total(MONTH).held
                assert truly <= limit
                assert written(folders[which]) <= held_by(path, folders[which])
                assert held <= limit
        running = [process(path, folder, limit, 99) for folder in folders]
        for one in running:
            ended(one)
        ended(process(path, folders[0], limit, 100))
        total = ledger.total(MONTH)
    truly = sum(map(written, folders))
    assert total.spent == total.held == truly, "what was held ahead is given back"
    assert limit - WORST < truly <= limit, "and can be spent to the last request"


def held_by(path: Path, folder: Path) -> int:
    database = sqlite3.connect(path)
    try:
        query = "SELECT held FROM months JOIN runs USING (seat) WHERE run = ?"
        row = database.execute(query, (folder.name,)).fetchone()
    finally:
        database.close()
    return row[0] if row else 0


def test_many_processes_may_open_a_new_ledger_at_once(tmp_path: Path) -> None:
    running = [process(tmp_path / "new" / "l.db", tmp_path / str(n), 10**9, n, most=30) for n in range(8)]
    for one in running:
        ended(one)
    with Ledger(tmp_path / "new" / "l.db") as ledger:
        total = ledger.total(MONTH)
    assert total.runs == 8
    assert total.spent == total.held == sum(written(tmp_path / str(n)) for n in range(8))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "state" / "ledger.db") as opened:
        yield opened


def seated(
    ledger: Ledger, folder: Path, spent: int = 0, *, run: str = "", limit: int | None = None, idle: Idle = no_one
) -> LedgerAccount:
    folder.mkdir(exist_ok=True)
    return ledger.join(run or folder.name, folder, {MONTH: spent}, limit=limit, idle=idle)


def reserved(seat: LedgerAccount, worst: int) -> bool:
    return bool(Budget(account=seat).reserve(worst, MONTH))


def test_a_killed_run_holds_too_much_until_it_is_started_again(ledger: Ledger, tmp_path: Path) -> None:
    assert reserved(seated(ledger, tmp_path / "a", limit=10_000), 500)
    assert ledger.total(MONTH) == (0, 600, 1)
    assert not reserved(seated(ledger, tmp_path / "b", limit=10_000), 9_500)
    seated(ledger, tmp_path / "a", 500)
    assert ledger.total(MONTH) == (500, 500, 1)
    assert reserved(seated(ledger, tmp_path / "b", limit=10_000), 9_500)


def test_who_comes_to_the_limit_gives_back_what_a_dead_run_holds_and_leaves_a_living_one_alone(
    ledger: Ledger, tmp_path: Path
) -> None:
    for name in ("dead", "living"):
        assert reserved(seated(ledger, tmp_path / name, limit=100_000), 500)
    asked = []

    @contextmanager
    def idle(run: str, folder: Path) -> Iterator[Mapping[str, SpentOfMonth] | None]:
        asked.append((run, folder.name))
        yield {MONTH: SpentOfMonth(450, 450)} if run == "dead" else None

    seat = seated(ledger, tmp_path / "b", limit=100_000, idle=idle)
    held = ledger.total(MONTH).held
    assert reserved(seat, 100_000 - held + 1)
    assert sorted(asked) == [("dead", "dead"), ("living", "living")]
    assert not reserved(seat, 100_000)
    assert len(asked) == 2, "each is looked into once"
    assert ledger.total(MONTH).spent == 450


def test_what_may_have_left_is_held_for_a_dead_run_until_it_says_that_it_never_left(
    ledger: Ledger, tmp_path: Path
) -> None:
    assert reserved(seated(ledger, tmp_path / "dead", limit=100_000), 500)

    @contextmanager
    def idle(_: str, __: Path) -> Iterator[Mapping[str, SpentOfMonth] | None]:
        yield {MONTH: SpentOfMonth(40, 450)}

    assert not reserved(seated(ledger, tmp_path / "b", limit=100_000, idle=idle), 100_000)
    assert ledger.total(MONTH) == (40, 450, 1)
    seated(ledger, tmp_path / "dead", 60)
    assert ledger.total(MONTH) == (60, 60, 1)


def test_a_run_that_was_moved_keeps_its_seat(ledger: Ledger, tmp_path: Path) -> None:
    seated(ledger, tmp_path / "a", 300, run="id").settle(MONTH, spent=300, held=400)
    (tmp_path / "a").rename(tmp_path / "moved")
    seated(ledger, tmp_path / "moved", 350, run="id")
    assert ledger.total(MONTH) == (350, 350, 1)
    (tmp_path / "moved").rename(tmp_path / "again")
    seated(ledger, tmp_path / "moved", 5, run="another in its old place")
    seated(ledger, tmp_path / "again", 350, run="id")
    assert ledger.total(MONTH) == (355, 355, 2)


def test_a_copy_of_a_run_is_another_run_so_that_neither_hides_what_the_other_spends(
    ledger: Ledger, tmp_path: Path
) -> None:
    first = seated(ledger, tmp_path / "a", 300, run="id")
    copy = seated(ledger, tmp_path / "b", 300, run="id")
    first.settle(MONTH, spent=400, held=400)
    copy.settle(MONTH, spent=310, held=310)
    assert ledger.total(MONTH) == (710, 710, 2)
    seated(ledger, tmp_path / "b", 310, run="id")
    assert ledger.total(MONTH).held == 710


def test_a_folder_has_one_seat_by_whatever_path_it_is_named(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seated(ledger, tmp_path / "a", 300)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    ledger.join("a", tmp_path / "link", {MONTH: 310})
    monkeypatch.chdir(tmp_path)
    ledger.join("a", Path("a"), {MONTH: 320})
    odd = tmp_path / os.fsdecode(b"caf\xe9")
    seated(ledger, odd, 1, run="odd")
    assert ledger.total(MONTH) == (321, 321, 2)


def test_a_journal_that_was_put_back_from_a_backup_does_not_take_back_what_was_settled(
    ledger: Ledger, tmp_path: Path
) -> None:
    seated(ledger, tmp_path / "a", 300)
    seated(ledger, tmp_path / "a", 200)
    assert ledger.total(MONTH) == (300, 300, 1)


def test_a_new_ledger_learns_from_each_run_that_joins_what_it_spent_in_every_month(
    ledger: Ledger, tmp_path: Path
) -> None:
    seat = ledger.join("a", tmp_path, {"2026-10": 70, "2026-11": 30}, limit=100)
    assert (ledger.total("2026-10").spent, ledger.total("2026-11").spent) == (70, 30)
    budget = Budget(account=seat)
    assert not budget.reserve(71, "2026-11")
    assert budget.reserve(70, "2026-11")
    assert budget.reserve(100, "2026-12")
    assert not budget.reserve(31, "2026-10"), "a clock that went back"


def test_a_run_without_a_limit_is_on_the_books_of_those_that_have_one(ledger: Ledger, tmp_path: Path) -> None:
    free = Budget(account=seated(ledger, tmp_path / "free"))
    assert free.reserve(10_000, MONTH)
    free.give_back()
    bound = Budget(account=seated(ledger, tmp_path / "bound", limit=10_500))
    assert not bound.reserve(501, MONTH)
    assert bound.reserve(500, MONTH)


def test_what_changes_nothing_costs_no_commit(ledger: Ledger, tmp_path: Path) -> None:
    seat = seated(ledger, tmp_path / "a", 300, limit=1000)
    before = Path(f"{ledger.path}-wal").read_bytes()
    seat.settle(MONTH, spent=300, held=300)
    seated(ledger, tmp_path / "a", 300)
    assert not reserved(seat, 1001)
    assert Path(f"{ledger.path}-wal").read_bytes() == before


def a_later_format(path: Path) -> None:
    path.parent.mkdir()
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda path: path.parent.write_text(""), StorageError, "cannot be used: File exists"),
        (lambda path: path.mkdir(parents=True), StorageError, "unable to open database file"),
        (lambda path: (path.parent.mkdir(), path.write_text("no database" * 99)), DataError, "no ledger of svit"),
        (a_later_format, DataError, "format 99"),
    ],
)
def test_a_ledger_that_cannot_be_used_is_said_in_a_sentence(
    make: Callable[[Path], object], error: type[SvitError], words: str, tmp_path: Path
) -> None:
    path = tmp_path / "state" / "ledger.db"
    make(path)
    with pytest.raises(error, match=words) as raised:
        Ledger(path)
    assert str(path) in str(raised.value)


def test_a_full_disk_stops_a_run_before_it_spends_and_leaves_the_ledger_whole(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    path, folder = tmp_path / "ledger.db", tmp_path / "a"
    with Ledger(path):
        pass
    folder.mkdir()
    code = (
        "import sys; from pathlib import Path\n"
        "from svit.cost.ledger import Ledger; from svit.cost.budget import Budget\n"
        "from svit.errors import StorageError\n"
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "ledger = Ledger(Path(sys.argv[1])); seat = ledger.join('a', Path(sys.argv[2]), {}, limit=10**9)\n"
        "budget = Budget(account=seat); done = budget.reserve(10, '2026-11'); budget.settle(done, 10)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))\n"
        "try: budget.reserve(10**6, '2026-11')\n"
        "except StorageError as error: print(error)\n"
        "print(budget.spent, budget.in_flight)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, path, folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "the ledger of what all runs spend in a month cannot be used" in done.stdout
    assert done.stdout.endswith("\n10 0\n")
    with Ledger(path) as ledger:
        assert ledger.total(MONTH).spent <= 10 <= ledger.total(MONTH).held


def test_a_month_is_a_calendar_month_in_utc() -> None:
    last = datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC).timestamp()
    assert [month_of(last), month_of(last + 0.00001)] == ["2026-11", "2026-12"]


def test_where_the_ledger_is() -> None:
    home = Path("/home/a")
    assert ledger_path({}, lambda: home) == Path("/home/a/.local/state/svit/ledger.db")
    assert ledger_path({"XDG_STATE_HOME": "/state"}, lambda: home) == Path("/state/svit/ledger.db")
    assert ledger_path({"XDG_STATE_HOME": "not/absolute"}, lambda: home) == Path("/home/a/.local/state/svit/ledger.db")
    assert ledger_path({"SVIT_LEDGER": "/own.db", "XDG_STATE_HOME": "/state"}, lambda: home) == Path("/own.db")
    assert ledger_path({"SVIT_LEDGER": "own.db"}, lambda: home) == Path.cwd() / "own.db"
