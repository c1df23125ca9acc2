"""How far a run is: the count is of all, the speed of this start, and the bar fits whatever terminal there is."""

import os
import pty
import re
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from svit.cli.progress import Progress, fitting

WITHOUT_SIZE = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
BAR = """
import sys
from svit.cli import messages
from svit.cli.progress import Progress

before, total, each, long = map(int, sys.argv[1:])
progress = Progress(quiet=False)
with progress.of(total, before):
    for second in range(5):
        for _ in range(each):
            progress.count("wrong_count" if long else None)
        progress.tick(1000.0 + second, in_flight=100_000 * long or 7, cost=1_234_567_000_000 * long or 25_000_000)
        if second == 2:
            messages.say("A sentence.")
"""


def drawn(columns: int, *words: int) -> list[str]:
    """Return the texts that a terminal of so many columns shows one after the other on the bar's line."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    with subprocess.Popen([sys.executable, "-c", BAR, *map(str, words)], stderr=theirs) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                chunk = os.read(ours, 65536)
            except OSError:  # how Linux says that nobody holds the other end any more
                break
            seen += chunk
    os.close(ours)
    assert process.returncode == 0, seen
    return re.split(r"\r\n|\r", seen.decode())


def test_a_run_that_is_continued_counts_from_what_is_done_and_measures_this_start_alone() -> None:
    bars = [line.rstrip() for line in drawn(80, 900, 1000, 6, 0) if "%" in line]
    assert bars[0] == " 90% [#########.] 900 of 1,000"
    assert bars[-1] == " 93% [#########.] 930 of 1,000, 7 in flight, $0.0250, 360/min, 12 s left"


def test_a_run_that_begins_has_no_speed_until_there_is_one() -> None:
    bars = [line.rstrip() for line in drawn(80, 0, 1000, 0, 0) if "%" in line]
    assert bars[0] == "  0% [..........] 0 of 1,000"
    assert bars[-1] == "  0% [..........] 0 of 1,000, 7 in flight, $0.0250, 0/min"


@pytest.mark.parametrize("columns", [20, 40, 80, 132, 250])
def test_the_bar_fits_the_terminal_and_a_sentence_stands_on_a_line_of_its_own(columns: int) -> None:
    lines = drawn(columns, 200_000, 1_234_567, 9, 1)
    assert max(map(len, lines)) < columns
    assert "A sentence." in lines
    bars = [line for line in lines if "%" in line]
    assert all("16% [#...." in line for line in bars)
    last = bars[-1]
    assert ("left" in last) == (columns >= 80)
    assert ("in flight" in last) == (columns >= 132)
    assert not lines[-1].strip(), "nothing is left of it in the end"


def test_what_matters_least_is_left_out_first() -> None:
    parts = [(2, "12 rejected"), (4, "64 in flight"), (1, "$1.20"), (0, "5 min left")]
    assert fitting("5 of 9", parts, 80) == "5 of 9, 12 rejected, 64 in flight, $1.20, 5 min left"
    assert fitting("5 of 9", parts, 40) == "5 of 9, 12 rejected, $1.20, 5 min left"
    assert fitting("5 of 9", parts, 30) == "5 of 9, $1.20, 5 min left"
    assert fitting("5 of 9", parts, 2) == "5 of 9"


def test_where_there_is_no_terminal_a_line_says_what_was_there_before(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(quiet=False)
    with progress.of(5000, 4000):
        progress.tick(0.0)
        for second in range(1, 62):
            progress.count(None)
            progress.tick(float(second))
    assert capsys.readouterr().err.splitlines() == [
        "4,060 of 5,000 (4,000 before this start): 60 samples, 0 rejected; 60 a minute, 16 min left"
    ]


def test_a_run_that_was_stopped_goes_on_from_what_is_in_whole_shards(tmp_path: Path) -> None:
    """Of 2 tasks one is done: the bar of the command that asks for both begins at half."""
    svit = [sys.executable, "-m", "svit"]
    subprocess.run([*svit, "generate", "--task", "referring", "--run", "r", "-q"], cwd=tmp_path, check=True)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    words = ["generate", "--task", "referring,conversation", "--run", "r"]
    with subprocess.Popen([*svit, *words], cwd=tmp_path, stderr=theirs) as process:
        process.wait()
    os.close(theirs)
    seen = os.read(ours, 65536).decode()
    os.close(ours)
    assert "\r 50% [#####.....] 8 of 16" in seen


SENTENCES = """
from svit.cli import messages
messages.say("The first sentence is longer than forty columns and is broken between its words.")
messages.say("  svit export runs/first --format llava-next -o train.jsonl")
messages.log.error("runs/first: " + "x" * 50, 2)
"""


def test_a_sentence_is_broken_between_words_on_a_terminal_and_what_is_to_be_copied_is_not() -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 40))
    with subprocess.Popen([sys.executable, "-c", SENTENCES], stdout=theirs, stderr=theirs, env=WITHOUT_SIZE) as process:
        process.wait()
    os.close(theirs)
    lines = os.read(ours, 65536).decode().split("\r\n")
    os.close(ours)
    assert lines == [
        "The first sentence is longer than forty",
        "columns and is broken between its words.",
        "  svit export runs/first --format llava-next -o train.jsonl",
        "svit: runs/first:",
        "x" * 50,
        "",
    ]
    done = subprocess.run([sys.executable, "-c", SENTENCES], capture_output=True, text=True)
    assert len(done.stderr.splitlines()) == 3, "a file has lines as long as they are"
