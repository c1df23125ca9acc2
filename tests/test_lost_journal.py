"""A run whose journal is gone, empty, older, damaged or something else: nothing is paid for again unasked."""

import json
import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from run_json import summary_of
from svit.cli import app
from svit.cli.status import integrity_text
from svit.errors import DataError, StorageError
from svit.run.folder import RunFolder
from svit.run.journal import Journal
from svit.run.journal_integrity import examined
from svit.run.journal_rows import Intent, StoredReply

GENERATE = ("generate", "--task", "referring", "--limit", "3", "--run")


def svit(code: int, *words: object) -> str:
    """Run a command in this process, and return what it said; it must end with this exit code."""
    done = CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code == code, done.output
    assert "Traceback" not in done.output
    return " ".join(done.output.split())


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished") / "r"
    svit(0, *GENERATE, folder)
    return folder


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> RunFolder:
    """A run of three images that is done, to be spoilt."""
    shutil.copytree(finished, tmp_path / "r")
    return RunFolder(tmp_path / "r")


def samples(run: RunFolder) -> dict[int, Any]:
    return {json.loads(line)["image_id"]: line for line in run.samples("referring", 0).read_bytes().splitlines()}


# --- lost ---


def missing(run: RunFolder) -> None:
    run.journal.unlink()


def empty(run: RunFolder) -> None:
    run.journal.write_bytes(b"")


def a_dangling_link(run: RunFolder) -> None:
    run.journal.unlink()
    run.journal.symlink_to("elsewhere.db")


def with_no_request_in_it(run: RunFolder) -> None:
    run.journal.unlink()
    Journal(run.journal).close()


def older(run: RunFolder) -> None:
    with sqlite3.connect(run.journal) as database:
        database.execute("DELETE FROM replies WHERE request = 3")
    database.close()


def missing_with_run_json_of_before(run: RunFolder) -> None:
    """A svit that made no count of replies wrote it."""
    missing(run)
    summary = json.loads(run.summary.read_text())
    run.summary.write_text(json.dumps({key: value for key, value in summary.items() if key != "replies"}))


def missing_with_nothing_but_shards(run: RunFolder) -> None:
    missing(run)
    run.summary.unlink()


def missing_before_anything_was_published(run: RunFolder) -> None:
    """A paid run that was killed in its first minutes."""
    missing(run)
    shutil.rmtree(run.path / "referring")
    summary = json.loads(run.summary.read_text())
    summary |= {"tasks": {}, "replies": 0, "finished": False, "config": {**summary["config"], "provider": "openai"}}
    run.summary.write_text(json.dumps(summary))


LOST = [
    *(missing, empty, a_dangling_link, with_no_request_in_it, older, missing_with_run_json_of_before),
    *(missing_with_nothing_but_shards, missing_before_anything_was_published),
]


@pytest.mark.parametrize("lost", LOST)
def test_a_lost_journal_is_not_paid_for_again_unless_that_is_said(
    lost: Callable[[RunFolder], None], run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    lost(run)
    before = {path: path.stat().st_size for path in run.path.glob("**/*") if path.is_file() and path.suffix == ".jsonl"}
    said = svit(2, *GENERATE, run.path)
    assert str(run.journal) in said
    assert "--start-over" in said
    if run.summary.exists():
        for command in ("regenerate", "rebuild"):
            assert "--start-over" in svit(2, command, run.path)
    for path, size in before.items():
        assert path.stat().st_size == size
    svit(0, *GENERATE, run.path, "--start-over", "--switch")
    assert sorted(samples(run)) == [1, 2, 3]
    svit(0, *GENERATE, run.path)


def test_who_lost_a_journal_is_told_of_what_was_saved_of_it(run: RunFolder) -> None:
    with Journal(run.journal) as journal:
        missing(run)
        with pytest.raises(StorageError):
            journal.check_in_place()
    saved = run.path / "journal.db.saved"
    assert f"mv {saved} {run.journal}" in svit(2, *GENERATE, run.path)
    saved.rename(run.journal)
    assert "nothing was asked" in svit(0, *GENERATE, run.path)


def test_a_journal_without_run_json_goes_on_by_itself(run: RunFolder) -> None:
    run.summary.unlink()
    assert "nothing was asked" in svit(0, *GENERATE, run.path)


def test_a_copy_without_its_wal_is_seen(run: RunFolder, tmp_path: Path) -> None:
    with Journal(run.journal) as journal:
        shutil.copy(run.journal, tmp_path / "early.db")
        journal.intend([Intent("p", 1, "referring", 99, "v1")])
        journal.keep([StoredReply("p", 1, b"{}")])
        summary = {**summary_of(run), "replies": journal.count_replies()}
        shutil.copy(run.journal, tmp_path / "copied.db")
    run.summary.write_text(json.dumps(summary))
    shutil.copy(tmp_path / "copied.db", run.journal)
    assert "journal.db-wal" in svit(2, *GENERATE, run.path)


@pytest.mark.parametrize("lost", [missing, empty])
def test_a_wal_that_was_left_behind_is_not_thrown_away(lost: Callable[[RunFolder], None], run: RunFolder) -> None:
    wal = run.path / "journal.db-wal"
    wal.write_bytes(b"replies")
    lost(run)
    assert "journal.db-wal beside it holds replies" in svit(2, *GENERATE, run.path)
    assert wal.read_bytes() == b"replies"
    svit(0, *GENERATE, run.path, "--start-over")
    assert wal.with_name("journal.db-wal.lost").read_bytes() == b"replies"


def test_start_over_throws_nothing_away_that_is_whole(run: RunFolder) -> None:
    assert "the journal is whole (3 replies)" in svit(2, *GENERATE, run.path, "--start-over")
    with Journal(run.journal, read_only=True) as journal:
        assert journal.count_replies() == 3


def test_start_over_on_a_new_run_is_no_fault(tmp_path: Path) -> None:
    svit(0, *GENERATE, tmp_path / "r", "--start-over")


# --- something else ---


def a_directory(run: RunFolder) -> None:
    run.journal.unlink()
    run.journal.mkdir()


def a_loop(run: RunFolder) -> None:
    run.journal.unlink()
    run.journal.symlink_to(run.journal.name)


def cut_off(run: RunFolder) -> None:
    content = run.journal.read_bytes()
    run.journal.write_bytes(content[: len(content) // 2])


def cut_off_in_the_head(run: RunFolder) -> None:
    run.journal.write_bytes(run.journal.read_bytes()[:50])


def of_another_program(run: RunFolder) -> None:
    run.journal.unlink()
    with sqlite3.connect(run.journal) as database:
        database.execute("CREATE TABLE notes (text TEXT)")
    database.close()


def of_another_program_with_a_version(run: RunFolder) -> None:
    of_another_program(run)
    with sqlite3.connect(run.journal) as database:
        database.execute("PRAGMA user_version = 3")
    database.close()


def text(run: RunFolder) -> None:
    run.journal.write_text("these are notes of mine\n" * 400)


def zeros(run: RunFolder) -> None:
    run.journal.write_bytes(bytes(run.journal.stat().st_size))


ODD = [a_directory, a_loop, cut_off, cut_off_in_the_head, of_another_program, of_another_program_with_a_version]


@pytest.mark.parametrize("odd", [*ODD, text, zeros])
def test_what_is_no_journal_is_said_and_left_as_it_is(odd: Callable[[RunFolder], None], run: RunFolder) -> None:
    odd(run)
    before = run.journal.read_bytes() if run.journal.is_file() else b""
    for command in ("generate", "regenerate", "rebuild", "status", "show", "report"):
        words = {"generate": [*GENERATE, run.path], "show": ["show", run.path, "1"]}.get(command, [command, run.path])
        assert "journal.db" in svit(2, *words)
    assert (run.journal.read_bytes() if run.journal.is_file() else b"") == before


def test_a_link_to_a_journal_elsewhere_is_the_journal(run: RunFolder, tmp_path: Path) -> None:
    run.journal.rename(tmp_path / "elsewhere.db")
    run.journal.symlink_to(tmp_path / "elsewhere.db")
    assert "nothing was asked" in svit(0, *GENERATE, run.path)
    svit(0, "status", run.path, "--check")


# --- damaged ---


def spoil(run: RunFolder, change: str, request: int) -> None:
    with sqlite3.connect(run.journal) as database:
        assert database.execute(f"UPDATE bodies SET {change} WHERE request = ?", (request,)).rowcount == 1
    database.close()


FLIPPED = "bytes = CAST(replace(CAST(bytes AS TEXT), 'a', 'e') AS BLOB)"
DAMAGE = [
    FLIPPED,
    "bytes = CAST(CAST(bytes AS TEXT) || ' ' AS BLOB)",
    "bytes = zeroblob(length(bytes))",
    "bytes = x''",
    "packed = 1, checksum = NULL",
    "checksum = checksum + 1",
]


@pytest.mark.parametrize("change", DAMAGE)
def test_a_damaged_reply_is_found_and_not_published_and_not_paid_for_again_unasked(change: str, run: RunFolder) -> None:
    svit(0, "status", run.path, "--check")
    whole = samples(run)
    spoil(run, change, 2)
    for command in ("status", "rebuild"):
        said = svit(2, command, run.path, "--check")
        assert "2 replies are whole, 1 is damaged" in said
        assert "image 2, referring, attempt 1" in said
    assert samples(run) == whole
    said = svit(1, "rebuild", run.path)
    assert "1 reply is damaged in the journal (image 2, referring, attempt 1)" in said
    assert f"svit regenerate {run.path}" in said
    assert samples(run) == {image: line for image, line in whole.items() if image != 2}
    assert b"damaged_reply" in run.rejected("referring", 0).read_bytes()
    assert "nothing was asked" in svit(1, *GENERATE, run.path)
    assert "damaged_reply" in svit(0, "show", run.path, "2")
    said = svit(0, "regenerate", run.path)
    assert "1 request: 1 rejected: damaged_reply" in said
    assert "is damaged" not in said, "it was asked again just now"
    assert list(samples(run)) == [1, 2, 3]
    said = svit(0, "status", run.path, "--check")
    assert "3 replies are whole, 0 are damaged. 1 is damaged and asked again already." in said
    assert "is damaged" not in svit(0, "rebuild", run.path)


def test_a_run_that_goes_on_over_a_damaged_reply_says_so_and_does_not_ask(run: RunFolder) -> None:
    spoil(run, FLIPPED, 2)
    with Journal(run.journal) as journal:
        journal.withdraw_shard("referring", 0)
    said = svit(1, *GENERATE, run.path)
    assert "1 reply is damaged in the journal (image 2, referring, attempt 1)" in said
    assert "requests:" not in said
    assert list(samples(run)) == [1, 3]


def test_another_run_does_not_take_a_damaged_reply(run: RunFolder, tmp_path: Path) -> None:
    spoil(run, FLIPPED, 2)
    said = svit(0, *GENERATE, tmp_path / "s", "--reuse", run.path)
    assert "2 replies were taken from the other run" in said
    assert "1 request: 1 new prompt" in said


def test_what_the_check_says_can_be_read_by_machines(run: RunFolder) -> None:
    done = CliRunner().invoke(app, ["status", str(run.path), "--check", "--json"])
    assert json.loads(done.stdout)["check"] == {
        "whole": 3,
        "without_checksum": 0,
        "damaged": [],
        "faults": [],
        "made_good": 0,
    }
    spoil(run, FLIPPED, 1)
    done = CliRunner().invoke(app, ["status", str(run.path), "--check", "--json"])
    assert done.exit_code == 2
    [damaged] = json.loads(done.stdout)["check"]["damaged"]
    assert damaged[:2] == ["referring", 1]


def test_a_flipped_byte_anywhere_in_the_file_is_no_traceback(run: RunFolder) -> None:
    """What SQLite sees itself, what the checksums see, and what nobody sees: each is a sentence or is nothing."""
    whole = run.journal.read_bytes()
    codes = set()
    for place in range(0, len(whole), len(whole) // 60):
        run.journal.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        done = CliRunner().invoke(app, ["status", str(run.path), "--check"])
        assert done.exit_code in (0, 2), done.output
        assert "Traceback" not in done.output
        codes.add(done.exit_code)
    assert codes == {0, 2}


def test_an_image_that_an_index_lost_is_found(tmp_path: Path) -> None:
    """It would be asked about again, for nobody finds that it was."""
    path = tmp_path / "j.db"
    with Journal(path) as journal:
        journal.intend([Intent(f"p{n}", 1, "referring", f"image-{n}", "v1", 100) for n in range(9)])
    whole = path.read_bytes()
    places = [found.start() for found in re.finditer(b"image-7", whole)]
    assert len(places) == 2, "in the table, and in the index"
    for place in places:
        path.write_bytes(whole[: place + 6] + b"8" + whole[place + 7 :])
        with Journal(path, read_only=True) as journal:
            found = examined(journal)
        assert not found.is_whole
        assert "missing from index requests_by_image" in integrity_text(found, tmp_path)
        assert f"sqlite3 {tmp_path}/journal.db REINDEX" in integrity_text(found, tmp_path)


@pytest.mark.parametrize(
    "failure", ['{"code":"timeout","wards":"late"}', "{", "[]", '"text"', "null", '{"code":1,"words":"late"}']
)
def test_a_failure_that_is_damaged_counts_as_one_that_may_have_cost_all(failure: str, tmp_path: Path) -> None:
    with Journal(tmp_path / "j.db") as journal:
        journal.intend([Intent("p", 1, "referring", 7, "v1", 100)])
        journal.keep([StoredReply("p", 1, None, b'{"code":"timeout","words":"late"}')])
        journal.commit([[("UPDATE replies SET failure = CAST(? AS BLOB)", [(failure,)])]])
        for _ in range(2):
            [kept] = journal.replies("p", 7)
            assert json.loads(kept.failure or b"")["code"] == "damaged_reply"
            assert len(journal.damaged) == 1
            journal.commit([[("UPDATE replies SET checksum = NULL", [()])]])  # as an older svit kept it
        assert len(examined(journal).damaged) == 1


def test_a_journal_of_before_has_no_checksums_and_that_is_said(run: RunFolder) -> None:
    with sqlite3.connect(run.journal) as database:
        database.execute("UPDATE bodies SET checksum = NULL")
    database.close()
    assert "3 of them were stored without a checksum" in svit(0, "status", run.path, "--check")


# --- a copy ---


def test_status_says_when_a_copy_of_the_file_alone_would_lose_replies(run: RunFolder) -> None:
    assert "journal.db-wal" not in svit(0, "status", run.path)
    with Journal(run.journal) as journal:
        journal.keep_template("v9", "Write.")
        assert "Replies are in journal.db-wal too" in svit(0, "status", run.path)
    assert "journal.db-wal" not in svit(0, "status", run.path)


# --- run.json ---


VALUES: list[object] = [None, "text", "", "\0", [], {}, [1], {"a": 1}, True, -1, 1.5, 10**30]
KEYS = [
    *("svit", "started", "config", "contexts", "limit", "prompts", "files", "deadline", "updated", "finished"),
    *("tasks", "replies", "contexts.file", "contexts.digest", "contexts.images", "config.provider", "config.prompts"),
    *("tasks.referring", "tasks.referring.samples", "prompts.referring", "files.referring", "config.seed"),
]


def changed(run: RunFolder, key: str, value: object) -> None:
    summary = json.loads(run.summary.read_text())
    *path, last = key.split(".")
    place = summary
    for part in path:
        place = place.setdefault(part, {})
    place[last] = value
    run.summary.write_text(json.dumps(summary))


@pytest.mark.parametrize("key", KEYS)
def test_whatever_stands_in_run_json_is_read_or_refused_in_a_sentence(key: str, run: RunFolder) -> None:
    before = run.summary.read_bytes()
    for value in VALUES:
        run.summary.write_bytes(before)
        changed(run, key, value)
        for command in ("status", "regenerate", "show"):
            done = CliRunner().invoke(app, [command, str(run.path), *(["1"] if command == "show" else [])])
            assert done.exit_code in (0, 1, 2), (value, command, done.output, done.exception)
            assert "Traceback" not in done.output
            if done.exit_code == 2:
                break  # the others are refused alike


def not_utf8(run: RunFolder) -> None:
    run.summary.write_bytes(run.summary.read_bytes().replace(b"referring", b"r\xe9ferring"))


def run_json_is(content: bytes) -> Callable[[RunFolder], None]:
    return lambda run: (run.summary.write_bytes(content), None)[1]


def run_json_is_a_directory(run: RunFolder) -> None:
    run.summary.unlink()
    run.summary.mkdir()


def run_json_is_a_loop(run: RunFolder) -> None:
    run.summary.unlink()
    run.summary.symlink_to("run.json")


def with_value(key: str, value: str) -> Callable[[RunFolder], None]:
    """Put a value in as it is, also one that JSON has not."""

    def change(run: RunFolder) -> None:
        changed(run, key, "PUT-IN")
        run.summary.write_text(run.summary.read_text().replace('"PUT-IN"', value))

    return change


SPOILT = {
    "not utf-8": not_utf8,
    "empty": run_json_is(b""),
    "a list": run_json_is(b"[]"),
    "null": run_json_is(b"null"),
    "nested": run_json_is(b"[" * 5000 + b"]" * 5000),
    "nested keys": run_json_is(b'{"a":' * 5000 + b"1" + b"}" * 5000),
    "a directory": run_json_is_a_directory,
    "a loop": run_json_is_a_loop,
    "NaN": with_value("contexts.images", "NaN"),
    "Infinity": with_value("limit", "Infinity"),
    "huge": with_value("contexts.images", "1" + "0" * 400),
    "contexts null": with_value("contexts", "null"),
    "config list": with_value("config", "[]"),
    "tasks of text": with_value("tasks", '{"referring": "all"}'),
}


@pytest.mark.parametrize("spoilt", SPOILT.values(), ids=SPOILT)
def test_a_run_json_that_svit_never_wrote_is_a_sentence_for_every_command(
    spoilt: Callable[[RunFolder], None], run: RunFolder
) -> None:
    spoilt(run)
    for words in (
        *([*GENERATE, run.path], ["regenerate", run.path], ["rebuild", run.path], ["status", run.path]),
        *(["show", run.path, "1"], ["report", run.path]),
    ):
        assert str(run.path) in svit(2, *words)
    done = CliRunner().invoke(app, ["export", str(run.path), "--format", "jsonl", "-o", str(run.path / "o")])
    assert done.exit_code in (0, 2), done.output
    assert "Traceback" not in done.output


# --- other files ---


@pytest.mark.parametrize("text", ["[" * 5000 + "]" * 5000, "{a: " * 5000 + "1" + "}" * 5000, "- " * 5000 + "a"])
def test_a_config_that_is_nested_without_end_is_a_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(text)
    said = svit(2, *GENERATE, tmp_path / "r", "--config", tmp_path / "c.yaml")
    assert "c.yaml: this is not YAML that svit reads" in said


def test_a_folder_whose_name_is_no_utf8_is_a_run_like_others(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/donn\xe9es"))
    svit(0, *GENERATE, folder)
    for words in (["status", folder], ["rebuild", folder], ["show", folder, "1"], ["report", folder]):
        svit(0, *words)
    svit(0, "status", folder, "--json")


def test_a_run_that_is_refused_says_where(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "r")
    with run.locked():
        run.opened_journal().close()
        missing(run)
        run.opened_journal().close()  # nothing was asked: there is nothing to lose
        (run.path / "referring").mkdir()
        (run.path / "referring" / "00000.jsonl").write_bytes(b"{}\n")
        missing(run)
        with pytest.raises(DataError, match=r"r/journal\.db: the journal of this run is missing"):
            run.opened_journal()
