import errno
import json
import logging
import os
import pty
import subprocess
import sys
import termios
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import typer

from svit.cli import messages
from svit.cli.durations import duration, parse_duration
from svit.cli.exit_codes import spoken
from svit.cli.progress import Progress
from svit.errors import DeadlineReachedError, SvitError


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Talk to machines, at a moment that is known."""
    handlers, level = logging.root.handlers[:], logging.root.level
    monkeypatch.setattr(messages, "log", messages.MessageLog(clock=lambda: 1_793_491_199.9996))
    messages.to_machines()
    yield
    logging.captureWarnings(capture=False)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def events(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_what_others_wrote_does_not_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    messages.say("a \x1b[2J\r\x9b caption")
    messages.show("a \u202e phrase\twith a tab\n")
    said = capsys.readouterr()
    assert said.err == "a \ufffd[2J\ufffd\ufffd caption\n"
    assert said.out == "a \ufffd phrase\twith a tab\n\n"


@pytest.mark.parametrize("quiet", [False, True])
def test_where_there_is_no_terminal_progress_is_a_line_a_minute_also_when_nothing_happens(
    quiet: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = Progress(quiet=quiet)
    with progress.of(200):
        for second in range(1000, 1260):
            if second < 1130:
                progress.count("wrong_count" if second < 1010 else None)
            progress.tick(second, in_flight=16, cost=12_345_678)
    lines = capsys.readouterr().err.splitlines()
    assert lines == (
        []
        if quiet
        else [
            "61 of 200: 51 samples, 10 rejected; 60 a minute, 16 in flight, $0.0123 so far, 2 min left",
            "121 of 200: 111 samples, 10 rejected; 60 a minute, 16 in flight, $0.0123 so far, 1 min left",
            "130 of 200: 120 samples, 10 rejected; 43 a minute, 16 in flight, $0.0123 so far, 2 min left",
            "130 of 200: 120 samples, 10 rejected; 32 a minute, 16 in flight, $0.0123 so far, 2 min left",
        ]
    )


def test_what_was_known_before_says_nothing_about_the_speed_and_no_answer_no_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    progress = Progress(quiet=False)
    with progress.of(5000):
        progress.tick(0.0)
        for _ in range(4000):
            progress.count(None, answered=False)
        progress.tick(60.0)
        for _ in range(30):
            progress.count(None)
        progress.tick(119.9)
        progress.tick(120.0, in_flight=3)
    assert capsys.readouterr().err.splitlines() == [
        "4,000 of 5,000: 4,000 samples, 0 rejected; 0 a minute",
        "4,030 of 5,000: 4,030 samples, 0 rejected; 15 a minute, 3 in flight, 1 h 5 min left",
    ]


@pytest.mark.usefixtures("machine")
def test_a_machine_gets_an_object_a_line_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    messages.say("It says \u2028 \x1b[2J\nand more.")
    messages.log.event("start", run="r\udcff", images=3)
    logging.getLogger("asyncio").warning("Unclosed %s", "session")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    progress = Progress(quiet=False)
    with progress.of(10):
        progress.tick(0)
        progress.count(None)
        progress.tick(60, in_flight=4, cost=1_500_000_000)
    said, start, unclosed, warned, shown = events(capsys)
    assert said == {
        "time": "2026-10-31T23:59:59.999Z",
        "event": "said",
        "words": "It says \u2028 \ufffd[2J\nand more.",
    }
    assert (start["event"], start["images"], start["run"]) == ("start", 3, "r\udcff")
    assert (unclosed["event"], unclosed["words"], unclosed["source"]) == ("warning", "Unclosed session", "asyncio")
    assert "DeprecationWarning: old" in str(warned["words"])
    del shown["time"]
    assert shown == {
        "event": "progress",
        "words": "1 of 10: 1 sample, 0 rejected; 1 a minute, 4 in flight, $1.50 so far, 9 min left",
        "done": 1,
        "total": 10,
        "samples": 1,
        "rejected": 0,
        "per_minute": 1.0,
        "in_flight": 4,
        "dollars": 1.5,
        "seconds_left": 540,
    }


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (DeadlineReachedError("Time is over."), 5, "Time is over."),
        (KeyboardInterrupt(), 130, "Interrupted"),
        (OSError(errno.ENOSPC, "No space left on device", "f"), 2, "f cannot be written: No space left"),
        (OSError(errno.ENOENT, "gone"), 70, "This is a bug"),
        (ZeroDivisionError("by zero"), 70, "This is a bug"),
    ],
)
def test_how_a_command_ends_is_an_event_too(
    error: BaseException, code: int, words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "abandon", lambda stream: None)

    def command() -> None:
        raise error

    with pytest.raises(typer.Exit) as ended:
        spoken(command)()
    assert ended.value.exit_code == code
    [event] = events(capsys)
    assert (event["event"], event["exit"]) == ("error", code)
    assert str(event["words"]).startswith(words)
    assert ("Traceback" in str(event.get("traceback"))) == (code == 70)


def test_people_get_a_sentence_and_of_a_bug_all(capsys: pytest.CaptureFixture[str]) -> None:
    def command() -> None:
        raise ZeroDivisionError("by zero")

    with pytest.raises(typer.Exit):
        spoken(command)()
    said = capsys.readouterr().err
    assert said.startswith("Traceback")
    assert "ZeroDivisionError: by zero\nsvit: This is a bug in svit." in said
    messages.log.error("Time is over.", 5)
    assert capsys.readouterr().err == "svit: Time is over.\n"


ON_A_TERMINAL = """
import sys
from svit.cli import messages
from svit.cli.progress import Progress

progress = Progress(quiet=False, records_to_stdout=sys.argv[1] == "records")
with progress.of(100):
    for second in range(3):
        progress.count("wrong_count")
        progress.tick(second, in_flight=7, cost=1_000_000)
        messages.say("A sentence.")
        if sys.argv[1] == "records":
            messages.record(b'{"image_id": 1}' + bytes([10]))
"""


def on_a_terminal(*words: str, stdout: Path | None = None) -> list[str]:
    """Return what a terminal was sent, by lines; `stdout` is redirected to a file when one is given."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    command = [sys.executable, "-c", ON_A_TERMINAL, *words]
    with ExitStack() as files:
        to = files.enter_context(stdout.open("wb")) if stdout else theirs
        process = files.enter_context(subprocess.Popen(command, stdout=to, stderr=theirs))
        os.close(theirs)
        seen = b""
        while chunk := _read(ours):
            seen += chunk
    os.close(ours)
    assert process.returncode == 0, seen
    return seen.decode().split("\r\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that nobody holds the other end any more
        return b""


def test_on_a_terminal_a_sentence_stands_on_a_line_of_its_own_beside_the_bar() -> None:
    *lines, last = on_a_terminal("talk")
    assert [line.rsplit("\r", 1)[1] for line in lines] == ["A sentence."] * 3
    assert any("3 of 100, 3 rejected, 7 in flight, $0.0010, 60/min, 2 min left" in part for part in last.split("\r"))
    assert not last.rsplit("\r", 1)[1].strip(), "the bar is gone in the end"


def test_records_on_a_terminal_are_not_glued_to_a_bar(tmp_path: Path) -> None:
    lines = on_a_terminal("records")
    assert lines == [*["A sentence.", '{"image_id": 1}'] * 3, ""]
    with_bar = on_a_terminal("records", stdout=tmp_path / "f")
    assert any("7 in flight" in line for line in with_bar), "records that go to a file leave room for the bar"
    assert (tmp_path / "f").read_text() == '{"image_id": 1}\n' * 3


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2h", 7200), ("90m", 5400), ("30s", 30), ("1h30m", 5400), ("1d", 86400), ("1.5h", 5400), (" 1h 5s ", 3605)],
)
def test_lengths_of_time_as_people_write_them(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "0s", "-1h", "30m2h", "1h30", "2 hours", "1e3s", "٣h", "9" * 400 + "h"])
def test_what_is_no_length_of_time_is_said(text: str) -> None:
    with pytest.raises(SvitError, match=r"is no length of time\. Write it as 2h, 90m, 30s or 1h30m"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (3569, "59 min"),
        (3590, "1 h 0 min"),
        (86_369, "23 h 59 min"),
        (86_400, "1 d 0 h"),
        (273_600, "3 d 4 h"),
    ],
)
def test_lengths_of_time_as_people_read_them(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize("for_machines", [False, True])
def test_what_is_secret_is_in_no_line_of_talk_nor_in_a_traceback(
    for_machines: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "lastResort", logging.lastResort)
    monkeypatch.setattr(messages, "log", messages.MessageLog(for_machines=for_machines))
    messages.log.hide(["sk-canary-5d1f0c7e9b"])
    messages.log.hide(["hunter2-canary"])
    messages.say("the key is sk-canary-5d1f0c7e9b")
    messages.log.event("end", run="r/hunter2-canary")
    messages.log.error("a bug", 70, whole="Traceback:\n  sk-canary-5d1f")
    assert logging.lastResort is not None
    logging.lastResort.handle(logging.LogRecord("asyncio", 40, "", 1, "never retrieved: hunter2-canary", (), None))
    said = capsys.readouterr().err
    assert "canary" not in said
    assert "the key is ***" in said
    assert "never retrieved: ***" in said
    assert "Traceback:" in said
