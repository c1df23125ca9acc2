"""The ledger of a person's runs: what all of them spend in a calendar month, kept outside of the runs (SQLite).

Each run holds some of a month's money: what it spent, what it has under way, and a little ahead. It may spend only what
it holds, and holds it on disk before it spends it. So a process that is killed at any instant leaves at least as much
on the books as was spent, never less; what it held too much is given back when the run is next started, or by another
run that comes to the limit and finds nobody working there.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Self

from svit.cost.budget import Claim, granted
from svit.errors import DataError, StorageError
from svit.system.file_locks import FileLock
from svit.system.sqlite_files import SLICE, DatabaseWait, made_private


class SpentOfMonth(NamedTuple):
    """What a run spent in a month, in nano-dollars: `booked` for certain, and at most, with the rest at its worst case.

    The two differ where a process was killed: the next one that works in the run books what is known of the rest.
    """

    booked: int
    most: int


Idle = Callable[[str, Path], AbstractContextManager[Mapping[str, SpentOfMonth] | None]]
"""Given a run's id and folder, what it spent by month, nobody working there while the context lasts; else None."""

_NOTHING = SpentOfMonth(0, 0)
_VERSION = 1
_SCHEMA = """
CREATE TABLE runs (seat INTEGER PRIMARY KEY, run TEXT NOT NULL, folder BLOB NOT NULL, UNIQUE (run, folder));
CREATE TABLE months (
  seat INTEGER NOT NULL, month TEXT NOT NULL, spent INTEGER NOT NULL, held INTEGER NOT NULL CHECK (held >= spent),
  PRIMARY KEY (month, seat)) WITHOUT ROWID;
"""


class MonthTotal(NamedTuple):
    """A month over all runs, in nano-dollars: `held` is `spent` and what runs have set aside beside it."""

    spent: int
    held: int
    runs: int


def month_of(now: float) -> str:
    """Return the calendar month, in UTC, of a Unix time, as `2026-11`."""
    return f"{datetime.fromtimestamp(int(now), UTC):%Y-%m}"


def ledger_path(environment: Mapping[str, str], home: Callable[[], Path] = Path.home) -> Path:
    """Return where the ledger is: $SVIT_LEDGER, else svit/ledger.db in $XDG_STATE_HOME or ~/.local/state.

    Raises StorageError for somebody without a home who names no file.
    """
    if own := environment.get("SVIT_LEDGER"):
        return Path(own).absolute()
    state = environment.get("XDG_STATE_HOME", "")
    try:
        folder = Path(state) if Path(state).is_absolute() else home() / ".local" / "state"
    except RuntimeError as error:
        raise StorageError("There is no home folder: name the ledger's file in SVIT_LEDGER.") from error
    return folder / "svit" / "ledger.db"


def no_one(_run: str, _folder: Path) -> AbstractContextManager[Mapping[str, SpentOfMonth] | None]:
    """Look into no other run: what a killed one holds is given back when it is started again."""
    return nullcontext(None)


class Ledger:
    """The ledger in this file, made when there is none. Any number of processes of one machine use it at once."""

    def __init__(self, path: Path, say: Callable[[str], None] = lambda _: None) -> None:
        """Open it. Raises StorageError when it cannot be written, DataError when the file is something else.

        `say` is told when another process holds the file for long.
        """
        self.path = path
        self._turn = DatabaseWait(path, say)
        with self._speaking_plainly():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with self._alone():
                    made_private(path)
                    self._db = sqlite3.connect(path, timeout=SLICE, isolation_level=None)
                    self._prepare()
            except OSError as error:
                raise StorageError(self._unusable(error.strerror or str(error))) from error

    def _prepare(self) -> None:
        try:
            self._turn.wait(lambda: self._db.execute("PRAGMA journal_mode = WAL"))
            self._db.execute("PRAGMA synchronous = FULL")
            if self._db.execute("PRAGMA user_version").fetchone()[0] == 0:
                self._turn.wait(lambda: self._db.execute("BEGIN IMMEDIATE"))
                for statement in f"{_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT".split(";"):
                    self._db.execute(statement)
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
        except BaseException:
            self._db.close()
            raise
        if version != _VERSION:
            self._db.close()
            raise DataError(f"{self.path}: this is a ledger of format {version}; this svit keeps format {_VERSION}.")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold off other processes while the file is made: SQLite does not wait for them when it turns WAL on."""
        lock = FileLock(Path(f"{self.path}.lock"))
        self._turn.wait_until(lock.take)
        try:
            yield
        finally:
            lock.let_go()

    def __enter__(self) -> Self:
        """Return the ledger itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the file. What was written before is safe already."""
        self._db.close()

    def join(
        self, run: str, folder: Path, spent: Mapping[str, int], *, limit: int | None = None, idle: Idle = no_one
    ) -> "LedgerAccount":
        """Return the seat of the run with this id in this folder. Only for the process that holds the run's lock.

        `spent` is what the run's journal says that it spent, by month; what is held beside it, by a process that was
        killed, is given back, but nothing below what was once settled. `limit` is the month's limit over all runs.

        A run that was moved keeps its seat. A copy of a run gets its own, with what it says that it spent: money is
        rather counted twice than not at all. `idle` opens other runs, to give back what a killed one holds.
        """
        place = os.fsencode(folder.resolve())
        with self.changing() as db:
            number = _seat(db, run, place)
            known = dict(db.execute("SELECT month, spent FROM months WHERE seat = ?", (number,)))
            truly = {month: max(known.get(month, 0), spent.get(month, 0)) for month in {*known, *spent}}
            for month, amount in truly.items():
                _put(db, number, month, spent=amount, held=amount)
        return LedgerAccount(self, number, limit, truly, idle)

    def total(self, month: str) -> MonthTotal:
        """Return what all runs spent and hold of this month."""
        with self._speaking_plainly():
            query = (
                "SELECT coalesce(sum(spent), 0), coalesce(sum(held), 0), count(*) FROM months "
                "WHERE month = ? AND held > 0"
            )
            return MonthTotal(*self._turn.wait(lambda: self._db.execute(query, (month,)).fetchone()))

    @property
    def hurry(self) -> float:
        """The seconds after which a change gives up for the moment, with FileHeldError: for who must not be held."""
        return self._turn.hurry

    @hurry.setter
    def hurry(self, seconds: float) -> None:
        self._turn.hurry = seconds
        self._db.execute(f"PRAGMA busy_timeout = {1000 * min(seconds, SLICE):.0f}")

    @property
    def waits_for(self) -> str:
        """What a change waits for just now, in words; empty when it waits for nothing."""
        return self._turn.waits_for

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """Let one process at a time read and change, all of it or nothing. What changed nothing costs no commit."""
        with self._speaking_plainly():
            self._turn.wait(lambda: self._db.execute("BEGIN IMMEDIATE"))
            try:
                yield self._db
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    @contextmanager
    def _speaking_plainly(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except sqlite3.OperationalError as error:
            raise StorageError(self._unusable(str(error))) from error
        except sqlite3.DatabaseError as error:
            raise DataError(f"{self.path}: this is no ledger of svit: {error}. Move it away.") from error

    def _unusable(self, why: str) -> str:
        return (
            f"{self.path}: the ledger of what all runs spend in a month cannot be used: {why}. Make it writable, or "
            f"name another file in SVIT_LEDGER."
        )


@dataclass
class LedgerAccount:
    """A run's account with the ledger (`svit.cost.budget.Account`)."""

    ledger: Ledger
    number: int
    limit: int | None
    before: Mapping[str, int]
    idle: Idle = no_one
    _visited: set[int] = field(default_factory=set)

    def spent(self, month: str) -> int:
        """Return the nano-dollars that the run spent in the month before this process joined."""
        return self.before.get(month, 0)

    def claim(self, month: str, *, spent: int, needed: int, wish: int) -> Claim:
        """Let the run hold from `needed` to `wish`, committed, or no more than before when `needed` is too much.

        Before that is said, what other runs hold though nobody works there is given back.
        """
        claim = self._claimed(month, spent, needed, wish)
        if claim.held < needed and self._give_back_for_others(month):
            claim = self._claimed(month, spent, needed, wish)
        return claim

    def settle(self, month: str, *, spent: int, held: int) -> None:
        """Let the run hold this much, committed, whatever the limit."""
        with self.ledger.changing() as db:
            _put(db, self.number, month, spent=spent, held=held)

    def _claimed(self, month: str, spent: int, needed: int, wish: int) -> Claim:
        with self.ledger.changing() as db:
            rows = dict(db.execute("SELECT seat, held FROM months WHERE month = ?", (month,)))
            held = rows.pop(self.number, 0)
            others = sum(rows.values())
            more = granted(needed, wish, limit=self.limit, others=others)
            if more is None:
                # After a claim that failed half-way more may be held than the run knows of; that is no leave to spend.
                return Claim(min(held, needed - 1), others)
            _put(db, self.number, month, spent=spent, held=more)
        return Claim(more, others)

    def _give_back_for_others(self, month: str) -> bool:
        """Have the runs where nobody works hold what they may have spent, and no more; whether that gave anything back.

        Each is looked into once. What is not certain is held and not settled: the run itself finds out when it goes on.
        """
        with self.ledger.changing() as db:
            holding = db.execute(
                "SELECT seat, run, folder, spent, held FROM months JOIN runs USING (seat) "
                "WHERE month = ? AND held > spent",
                (month,),
            ).fetchall()
        given = False
        for seat, run, folder, spent, held in holding:
            if seat == self.number or seat in self._visited:
                continue
            with self.idle(run, Path(os.fsdecode(folder))) as truly:
                if truly is not None:
                    booked, most = (max(spent, amount) for amount in truly.get(month, _NOTHING))
                    LedgerAccount(self.ledger, seat, None, {}).settle(month, spent=booked, held=most)
                    given = given or most < held
            self._visited.add(seat)
        return given


def _seat(db: sqlite3.Connection, run: str, place: bytes) -> int:
    """Return the seat of this run in this folder, that which it had where it is no more, or a new one."""
    seats = db.execute("SELECT seat, folder FROM runs WHERE run = ? ORDER BY seat", (run,)).fetchall()
    for seat, folder in seats:
        if folder == place:
            return int(seat)
    for seat, folder in seats:
        replaced = db.execute("SELECT 1 FROM runs WHERE folder = ? AND seat > ?", (folder, seat)).fetchone()
        if replaced or not Path(os.fsdecode(folder)).exists():
            db.execute("UPDATE runs SET folder = ? WHERE seat = ?", (place, seat))
            return int(seat)
    return db.execute("INSERT INTO runs (run, folder) VALUES (?, ?)", (run, place)).lastrowid or 0


def _put(db: sqlite3.Connection, seat: int, month: str, *, spent: int, held: int) -> None:
    db.execute(
        "INSERT INTO months (seat, month, spent, held) VALUES (?, ?, ?, ?) ON CONFLICT (month, seat) "
        "DO UPDATE SET spent = excluded.spent, held = excluded.held "
        "WHERE (spent, held) IS NOT (excluded.spent, excluded.held)",
        (seat, month, spent, max(spent, held)),
    )
