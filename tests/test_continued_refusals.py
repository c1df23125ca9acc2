"""Runs that are continued with a few images left, which the endpoint refuses in words that nobody knows."""

import json
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from rehearsal import CONFIG, ended, finished, svit
from svit.simulate.process import SimulatorProcess, running
from svit.simulate.simulator_options import SimulatorOptions

REFUSAL = json.dumps({"error": {"code": "in_words_that_nobody_knows", "message": "Not this one."}}).encode()
WORDS = ("--config", "config.yaml", "--run", "r", "--task", "detail_description")


class _Front(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Picky"

    def do_GET(self) -> None:
        self._say(200, b'{"data": []}')

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.posts += 1
        if any(f"A photo numbered {image}." in body.decode() for image in self.server.odd):
            self.server.may_refuse.wait(60)
            self._say(400, REFUSAL)
            return
        asked = Request(self.server.behind.origin + self.path, body, {"content-type": "application/json"})
        with urlopen(asked, timeout=60) as answer:
            self._say(answer.status, answer.read())

    def _say(self, status: int, body: bytes) -> None:
        try:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


class Picky(ThreadingHTTPServer):
    """Refuses the images that are `odd`, once it may, and has all others answered by the simulator."""

    daemon_threads = True

    def __init__(self, behind: SimulatorProcess) -> None:
        super().__init__(("127.0.0.1", 0), _Front)
        self.behind = behind
        self.odd: Collection[int] = ()
        self.may_refuse = threading.Event()
        self.posts = 0


@pytest.fixture
def picky(tmp_path: Path) -> Iterator[Picky]:
    with running(SimulatorOptions(port=0)) as behind, Picky(behind) as server:
        url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        (tmp_path / "config.yaml").write_text(CONFIG.format(url=url, in_flight=16, timeout=30) + "attempts: 1\n")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.may_refuse.set()
        server.shutdown()
        thread.join()


def replies(folder: Path) -> int:
    """Return how many replies the run's journal has."""
    try:
        with closing(sqlite3.connect(folder / "r" / "journal.db")) as database:
            return int(database.execute("SELECT count(*) FROM replies").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.02)


def refused(folder: Path) -> set[int]:
    """Return the images that were rejected because the endpoint refused them."""
    files = (folder / "r" / "detail_description").glob("*.rejected.jsonl")
    lines = [json.loads(line) for file in files for line in file.read_bytes().splitlines()]
    return {line["image_id"] for line in lines if line["flaws"][0]["code"] == "bad_request"}


@pytest.mark.parametrize("odd", [(5,), (0,), (2, 7)])
def test_the_odd_images_that_a_killed_run_has_left_are_rejected_when_it_goes_on(
    odd: tuple[int, ...], picky: Picky, tmp_path: Path, distinct: Path
) -> None:
    picky.odd = odd
    process = svit(tmp_path, "generate", *WORDS, "--contexts", distinct, "--limit", "8")
    until(lambda: replies(tmp_path) == 8 - len(odd) and picky.posts == 8)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    picky.may_refuse.set()
    finished(svit(tmp_path, "generate", *WORDS, "--contexts", distinct, "--limit", "8"), 1)
    assert refused(tmp_path) == set(odd)
    assert ended(tmp_path, "detail_description") == list(range(8))
    asked = picky.posts
    assert asked == 8 + len(odd)
    finished(svit(tmp_path, "generate", *WORDS, "--contexts", distinct, "--limit", "8"), 1)
    assert picky.posts == asked, "what is rejected for good is not asked again"


@pytest.mark.parametrize("left", [3, 5])
def test_a_setup_that_breaks_between_two_starts_rejects_nothing(
    left: int, picky: Picky, tmp_path: Path, distinct: Path
) -> None:
    picky.may_refuse.set()
    done = 8 - left
    finished(svit(tmp_path, "generate", *WORDS, "--contexts", distinct, "--limit", str(done)), 0, 1)
    picky.odd = range(done, 8)
    for _ in range(2):
        talk = finished(svit(tmp_path, "generate", *WORDS, "--contexts", distinct, "--limit", "8"), 4)
        assert "refused the first 3 requests alike" in talk
        assert refused(tmp_path) == set()
        assert ended(tmp_path, "detail_description") == list(range(done))
    picky.odd = ()
    finished(svit(tmp_path, "generate", *WORDS, "--contexts", distinct, "--limit", "8"), 0, 1)
    assert ended(tmp_path, "detail_description") == list(range(8))


def test_answers_of_another_run_say_nothing_of_this_one_s_setup(picky: Picky, tmp_path: Path, distinct: Path) -> None:
    picky.may_refuse.set()
    finished(svit(tmp_path, "generate", *WORDS, "--contexts", distinct, "--limit", "6"), 0, 1)
    (tmp_path / "r").rename(tmp_path / "first")
    picky.odd = (6, 7)
    for _ in range(2):
        words = ("--contexts", distinct, "--limit", "8", "--reuse", "first")
        finished(svit(tmp_path, "generate", *WORDS, *words), 4)
        assert refused(tmp_path) == set()
