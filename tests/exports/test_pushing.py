"""Pushing to the hub, by the hub's own client against a small hub on loopback: what is uploaded, seen and told."""

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from svit.errors import SvitError
from svit.exports.hub_upload import client

TOKEN = "hf_canarycanarycanarycanarycanarycan"
PUSH = """
import sys
from pathlib import Path
from svit.errors import SvitError
from svit.exports.hub_upload import push
try:
    print(push(Path(sys.argv[1]), sys.argv[3:], sys.argv[2], public=PUBLIC))
except SvitError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
"""


class Hub(ThreadingHTTPServer):
    """What the client asks of a hub: whether a data set is there, to make it, and to take small files in a commit."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.private: bool | None = None
        self.files: dict[str, bytes] = {}
        self.commits = 0
        self.keys: set[str | None] = set()
        self.refuses: tuple[int, str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def commit(self, lines: list[dict[str, Any]]) -> None:
        self.commits += 1
        for line in lines:
            if line["key"] == "file":
                assert line["value"]["encoding"] == "base64"
                self.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])


class _Answering(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        self.server.keys.add(self.headers["Authorization"])
        if self.server.private is None:
            self._answer(404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
        else:
            self._answer(200, {"id": "me/barns", "private": self.server.private, "sha": "0" * 40, "siblings": []})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        if self.server.refuses:
            code, words = self.server.refuses
            self._answer(code, {"error": words})
        elif self.path == "/api/repos/create":
            asked = json.loads(body)
            self.server.private = asked.get("private", asked.get("visibility") == "private")
            self._answer(200, {"url": f"{self.server.url}/datasets/me/barns"})
        elif self.path.startswith("/api/datasets/me/barns/preupload/"):
            files = [{"path": each["path"], "uploadMode": "regular"} for each in json.loads(body)["files"]]
            self._answer(200, {"files": [{**each, "shouldIgnore": False, "oid": None} for each in files]})
        elif self.path.startswith("/api/datasets/me/barns/commit/"):
            self.server.commit([json.loads(line) for line in body.splitlines()])
            url = f"{self.server.url}/datasets/me/barns/commit/{'1' * 40}"
            self._answer(200, {"success": True, "commitOid": "1" * 40, "commitUrl": url, "hookOutput": ""})
        elif self.path == "/api/validate-yaml":
            self._answer(200, {"errors": [], "warnings": []})
        else:
            self._answer(400, {"error": f"unexpected {self.path}"})

    def _answer(self, code: int, answer: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        body = json.dumps(answer).encode()
        self.send_response(code)
        for name, value in {
            **(headers or {}),
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub() -> Iterator[Hub]:
    pytest.importorskip("huggingface_hub")
    with Hub() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "README.md").write_text("---\nlicense: cc-by-4.0\n---\n\n# Barns\n")
    (folder / "train[0].jsonl").write_text('{"id": 1}\n')
    (folder / "private-notes.txt").write_text("not for others")
    return folder


def pushed(
    hub_url: str,
    folder: Path,
    *names: str,
    public: bool = False,
    repo: str = "me/barns",
    code: int = 0,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> str:
    env = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "HUGGING"))}
    env |= {"HF_ENDPOINT": hub_url, "HF_HOME": str(folder.parent / "hf"), "HF_TOKEN": TOKEN, **environment}
    command = [sys.executable, "-c", PUSH.replace("PUBLIC", str(public))]
    command += [str(folder), repo, *(names or ("README.md", "train[0].jsonl"))]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    assert TOKEN not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    if not code:
        assert done.stderr == "", "no bar where nobody sees one"
    return done.stdout + done.stderr


def test_the_named_files_and_no_others_go_to_a_private_data_set(hub: Hub, folder: Path) -> None:
    assert pushed(hub.url, folder) == f"{hub.url}/datasets/me/barns\n"
    assert hub.private is True
    assert hub.files == {name: (folder / name).read_bytes() for name in ("README.md", "train[0].jsonl")}
    assert (hub.commits, hub.keys) == (1, {f"Bearer {TOKEN}"}), "the client asks the hub for nothing else"
    pushed(hub.url, folder)
    assert hub.commits == 2


def test_public_is_said(hub: Hub, folder: Path) -> None:
    pushed(hub.url, folder, public=True)
    assert hub.private is False


@pytest.mark.parametrize(("is_private", "words"), [(False, "is public. Say --public"), (True, "is private. Leave out")])
def test_who_can_see_a_data_set_that_is_there_is_never_changed(
    is_private: bool, words: str, hub: Hub, folder: Path
) -> None:
    hub.private = is_private
    assert words in pushed(hub.url, folder, public=is_private, code=2)
    assert (hub.private, hub.files) == (is_private, {})
    pushed(hub.url, folder, public=not is_private)
    assert (hub.private, len(hub.files)) == (is_private, 2)


REFUSALS = [(401, "Is the token one that may write there?"), (403, "Is the token"), (500, "pushes again")]


@pytest.mark.parametrize(("status", "words"), REFUSALS)
def test_a_refusal_is_told_without_the_token(status: int, words: str, hub: Hub, folder: Path) -> None:
    hub.refuses = (status, f"Nothing\nfor Bearer {TOKEN}" + "!" * 500)
    told = pushed(hub.url, folder, code=4)
    assert f"HTTP {status}: Nothing for Bearer ...!" in told
    assert words in told
    assert len(told) < 500


def test_nobody_there_and_offline_are_told(hub: Hub, folder: Path) -> None:
    hub.shutdown()
    hub.server_close()
    assert "The hub cannot be reached" in pushed(hub.url, folder, code=4)
    assert "unset HF_HUB_OFFLINE" in pushed(hub.url, folder, code=4, environment={"HF_HUB_OFFLINE": "1"})


UNREADY = [
    ({"HF_TOKEN": ""}, "me/barns", "There is no token for the hub: set HF_TOKEN"),
    ({}, "barns", "'barns' is no name of a data set"),
    ({}, "me/barns/x", "Write it like OWNER/NAME"),
]


@pytest.mark.parametrize(("environment", "repo", "words"), UNREADY, ids=[words for *_, words in UNREADY])
def test_what_is_missing_is_said_before_anything_is_asked(
    environment: dict[str, str], repo: str, words: str, hub: Hub, folder: Path
) -> None:
    assert words in pushed(hub.url, folder, repo=repo, code=2, environment=environment)
    assert hub.keys == set()


def test_a_missing_file_is_said_before_anything_is_asked(hub: Hub, folder: Path) -> None:
    assert "There is no file" in pushed(hub.url, folder, "README.md", "gone.jsonl", code=2)
    assert hub.keys == set()


def test_without_the_package_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(SvitError, match=r"pip install 'svit\[hub\]'"):
        client("me/barns")
