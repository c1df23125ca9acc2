"""`svit status --watch`: one place of a terminal, lines elsewhere, and an end by itself or by Ctrl-C."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from svit.cli.status_watch import screen
from svit.run.folder import RunFolder
from svit.simulate.process import running
from svit.simulate.simulator_options import SimulatorOptions

SVIT = [sys.executable, "-m", "svit"]
CONFIG = "provider: openai\nmodel: gpt-6-luna\nreasoning_effort: none\nbase_url: {url}\nin_flight: 1\ntimeout: 20\n"


@pytest.fixture
def goes_on(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A run that takes some seconds, in tmp_path / r."""
    with running(SimulatorOptions(port=0, latency="2500ms")) as server:
        (tmp_path / "c.yaml").write_text(CONFIG.format(url=server.url))
        words = ["generate", "--task", "referring", "--config", "c.yaml", "--run", "r", "-q"]
        with subprocess.Popen([*SVIT, *words], cwd=tmp_path) as process:
            folder, until = RunFolder(tmp_path / "r"), time.monotonic() + 60
            while not (folder.summary.exists() and folder.journal.exists()):
                assert time.monotonic() < until
                time.sleep(0.02)
            yield process
            process.kill()


def on_a_terminal(cwd: Path, *words: str, lines: int = 24, interrupt: bool = False) -> tuple[int, str]:
    """Return the exit code and all that a terminal of 80 columns is sent; Ctrl-C once two pages were drawn."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (lines, 80))
    with subprocess.Popen([*SVIT, *words], cwd=cwd, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                chunk = os.read(ours, 65536)
            except OSError:  # how Linux says that nobody holds the other end any more
                break
            seen += chunk
            if interrupt and seen.count(b"\x1b[H") >= 2:
                interrupt = False
                process.send_signal(signal.SIGINT)
    os.close(ours)
    return process.returncode, seen.decode()


@pytest.mark.usefixtures("goes_on")
def test_on_a_terminal_the_page_stands_in_one_place_and_ctrl_c_gives_the_terminal_back(tmp_path: Path) -> None:
    code, seen = on_a_terminal(tmp_path, "status", "r", "--watch", "0.2", interrupt=True)
    assert code == 0, seen
    assert seen.startswith("\x1b[?1049h\x1b[?25l\x1b[H")
    drawn, back, after = seen.partition("\x1b[?25h\x1b[?1049l")
    assert back
    pages = drawn.split("\x1b[H")[1:]
    assert len(pages) >= 2
    for page in pages:
        rows = re.sub(r"\x1b\[[KJ]", "", page).split("\r\n")
        assert len(rows) == 23
        assert max(map(len, rows)) < 80
        assert rows[0].startswith("r: running, ")
    assert after.startswith("r: running, "), "the last page stands on the terminal"
    assert "Traceback" not in seen
    assert "Interrupted" not in seen


def test_it_ends_by_itself_when_the_run_is_finished_and_elsewhere_each_look_is_a_line(
    tmp_path: Path, goes_on: subprocess.Popen[bytes]
) -> None:
    done = subprocess.run([*SVIT, "status", "--watch", "r"], cwd=tmp_path, capture_output=True, text=True, timeout=90)
    assert (done.returncode, done.stderr) == (0, "")
    assert goes_on.wait(30) in (0, 1)
    *before, last = done.stdout.splitlines()
    assert before, "it went on when the watch began"
    for line in before:
        assert re.fullmatch(r"\S+Z running: \d of 8, 0 rejected, \d in flight, \$\S+, \d+ a minute(, .* left)?", line)
    assert re.search(r"Z finished: 8 of 8, \d rejected, \$", last)


@pytest.mark.parametrize(
    "words", [["r", "--watch"], ["--watch", "r"], ["--watch=3", "r"], ["r", "--watch", "0.5", "-j"]]
)
def test_of_a_run_that_is_over_there_is_one_look(words: list[str], tmp_path: Path) -> None:
    subprocess.run([*SVIT, "generate", "--task", "referring", "--run", "r", "-q"], cwd=tmp_path, check=True)
    done = subprocess.run([*SVIT, "status", *words], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    [line] = done.stdout.splitlines()
    if "-j" in words:
        assert json.loads(line)["state"] == "finished"
    else:
        assert line.endswith("Z finished: 8 of 8, 0 rejected, $0.00")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["r", "--watch", "0"], "Invalid value for '--watch'"),
        (["r", "--watch", "-1"], "Invalid value for '--watch'"),
        (["r", "--watch", "--check"], "--check reads all of the journal: leave --watch out."),
        (["none", "--watch"], "none: this is no run of svit"),
    ],
)
def test_what_cannot_be_watched_is_said(words: list[str], sentence: str, tmp_path: Path) -> None:
    done = subprocess.run([*SVIT, "status", *words], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    code, seen = on_a_terminal(tmp_path, "status", *words)
    assert code == 2
    assert "\x1b[?1049h" not in seen or seen.index("\x1b[?1049l") < seen.index("svit: ")


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (20, 5), (200, 60), (10, 1)])
def test_a_page_is_cut_to_the_screen(columns: int, lines: int) -> None:
    drawn = screen("\n".join(f"{n} " + "x" * 90 for n in range(30)) + "\x1b[2J", columns, lines)
    rows = re.sub(r"\x1b\[[HKJ]", "", drawn).split("\n")
    assert len(rows) <= max(2, lines - 1)
    assert max(map(len, rows)) < columns
    assert ("..." in rows) == (lines < 32)
    assert "\x1b[2J" not in drawn
