"""Whole runs against a server on loopback: what is wrong is said before anything is made or sent; secrets stay secret.

The server stands in for an endpoint and for a proxy, and is a gossip: it repeats all that it was sent.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

KEY = "sk-canary-5d1f0c7e9b2a4f66"
TOKEN = "token-canary-88ddee1177aa"
PASSWORD = "proxy-canary-c0ffee3344bb"
SECRETS = (KEY, TOKEN, PASSWORD)
PERSON = {name: value for name, value in os.environ.items() if "proxy" not in name.lower() and "_API_KEY" not in name}


class Gossip(BaseHTTPRequestHandler):
    """Answers with what it was asked, in the way that its server's `mood` says."""

    protocol_version = "HTTP/1.1"
    server: "Endpoint"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.server.lines.append(self.requestline)
        words = f"{self.requestline} | {dict(self.headers)}"
        status, body = 200, b'{"data": []}'
        moods = {"refuses": (401, "invalid_api_key"), "wants a user": (407, ""), "filters": (400, "content_filter")}
        if self.server.mood == "refuses" or (self.server.mood in moods and self.command == "POST"):
            status, code = moods[self.server.mood]
            body = json.dumps({"error": {"message": words, "code": code}}).encode()
        elif self.command == "POST":
            message = {"content": f"The photo shows a street. {words}"}
            body = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}], "model": words}).encode()
        self.send_response(status, words if self.server.mood == "wants a user" else None)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Endpoint(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Gossip)
        self.lines: list[str] = []
        self.mood = ""

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def server() -> Iterator[Endpoint]:
    with Endpoint() as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


def svit(folder: Path, environ: Mapping[str, str], *words: str, code: str = "") -> tuple[int, str]:
    """Return the exit code of svit, run in the folder, and all that it said."""
    ended = subprocess.run(
        [sys.executable, *(["-c", code] if code else ["-m", "svit"]), *words],
        cwd=folder,
        env={**PERSON, "SVIT_LEDGER": str(folder / "ledger.db"), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


def generate(
    folder: Path, url: str, environ: Mapping[str, str], *words: str, more: str = "", code: str = ""
) -> tuple[int, str]:
    config = (
        f"provider: openai\nmodel: m\nreasoning_effort: null\ntimeout: 5\nattempts: 1\nbase_url: {json.dumps(url)}\n"
    )
    (folder / "c.yaml").write_text(config + more)
    task = ("--task", "detail_description", "--config", "c.yaml", "--run", "r", "--limit", "2")
    return svit(folder, environ, "generate", *task, *words, code=code)


WRONG = [
    ("{}/v1", {}, "", "base_url '127.0.0.1:"),
    ("http://me:" + PASSWORD + "@{}/v1", {}, "", "a user or a password before its host"),
    ("http://127.0.0.1:99999/v1", {}, "", "the port 99999"),
    ("http://[::1:9/v1", {}, "", "brackets that do not match"),
    ("http://{}/v1?token=${{TOKEN}}", {}, "", "environment variable TOKEN, which is not set"),
    ("http://{}/v1", {"OPENAI_API_KEY": f"{KEY}\nmore"}, "", "a line end inside"),
    ("http://{}/v1", {"OPENAI_API_KEY": f"\u200b{KEY}"}, "", "(U+200B) as character 1"),
    ("http://{}/v1", {"OPENAI_API_KEY": f'"{KEY}"'}, "", "quotation marks"),
    ("http://{}/v1", {}, f"key_env: {KEY}\n", "looks like a key itself"),
    ("http://{}/v1", {}, f"api_key: {KEY}\n", "does not stand in a config"),
    ("http://{}/v1", {}, "key_file: ~/no/such/key\n", "no/such/key: it cannot be read"),
    ("https://{}/v1", {"SSL_CERT_FILE": "/no/such.pem"}, "", "SSL_CERT_FILE=/no/such.pem"),
    ("http://model.example/v1", {"http_proxy": f"socks5://me:{PASSWORD}@{{}}"}, "", "http proxies only"),
    ("http://model.example/v1", {"ALL_PROXY": f"http://me:{PASSWORD}@p:0"}, "", "ALL_PROXY cannot be used"),
]


@pytest.mark.parametrize(("url", "environ", "more", "words"), WRONG)
def test_what_is_wrong_is_said_before_anything_is_sent_made_or_booked(
    tmp_path: Path, server: Endpoint, url: str, environ: Mapping[str, str], more: str, words: str
) -> None:
    key = {"OPENAI_API_KEY": KEY, "HOME": str(tmp_path)}
    code, said = generate(tmp_path, url.format(server.place), {**key, **environ}, more=more)
    assert (code, server.lines) == (2, [])
    assert words in said
    assert len(said.splitlines()) == 1
    assert not any(secret in said for secret in SECRETS)
    assert [path.name for path in tmp_path.iterdir()] == ["c.yaml"]


def nothing_tells(folder: Path, said: str) -> None:
    """See that no secret, nor 8 characters of one in a row, is in what was said or in a file."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in ("key", "c.yaml")]
    texts = {path.name: path.read_bytes() for path in files}
    assert {"run.json", "journal.db"} <= texts.keys()
    for name, text in {**texts, "said": said.encode()}.items():
        for secret in SECRETS:
            assert secret.encode() not in text, name
    for secret in SECRETS:
        assert not any(secret[n : n + 8] in said.replace("canary", "") for n in range(len(secret) - 7))


CRASH = """
import sys
from svit.cli import main
from svit.providers.openai.transport import Transport
async def post(self, content):
    raise RuntimeError(f"{self._url} {dict(self._headers)} {self._session._default_proxy}")
Transport.post = post
sys.argv[0] = "svit"
main()
"""

LOOK = """
from svit.cli import app
for words in ("status r", "status r --json", "show r 1", "rebuild r", "report r", "estimate --run r", "regenerate r",
              "export r --format llava -o exported"):
    try:
        app(words.split())
    except SystemExit as end:
        assert end.code in (0, 1, 2), words
"""


@pytest.mark.parametrize(
    ("mood", "code", "log", "exits", "words"),
    [
        ("", "", "", 0, "The samples are in"),
        ("filters", "", "", 1, "filtered"),
        ("refuses", "", "--log-json", 4, "HTTP 401"),
        ("wants a user", "", "", 4, "(http_proxy) wants a user and a password"),
        ("", CRASH, "", 70, "RuntimeError: http://model.example/v1/chat/completions?token=***"),
        ("", CRASH, "--log-json", 70, "RuntimeError: http://model.example/v1/chat/completions?token=***"),
    ],
)
def test_no_secret_is_told_or_kept_whatever_becomes_of_a_run(
    tmp_path: Path, server: Endpoint, mood: str, code: str, log: str, exits: int, words: str
) -> None:
    server.mood = mood
    (tmp_path / "r").mkdir()  # a folder that a refused command has made does not stay
    (tmp_path / "key").write_text(KEY)
    (tmp_path / "key").chmod(0o600)
    environ = {"http_proxy": f"http://me:{PASSWORD}@{server.place}"}
    url = f"http://model.example/v1?token={TOKEN}"
    exit_code, said = generate(tmp_path, url, environ, *log.split(), more="key_file: key\n", code=code)
    assert exit_code == exits, said
    assert words in said
    assert server.lines
    assert all(TOKEN in line for line in server.lines), "the endpoint is told all of it"
    kept = json.loads((tmp_path / "r" / "run.json").read_bytes())["config"]
    assert (kept["base_url"], kept["base_url_left_out"]) == ("http://model.example/v1", ["token"])
    nothing_tells(tmp_path, said + svit(tmp_path, {}, code=LOOK)[1])


def test_a_run_whose_query_was_left_out_goes_on_with_its_config(tmp_path: Path, server: Endpoint) -> None:
    server.mood = "refuses"
    (tmp_path / "r").mkdir()  # a folder that a refused command has made does not stay
    key = {"OPENAI_API_KEY": KEY}
    assert generate(tmp_path, f"http://{server.place}/v1?token={TOKEN}", key)[0] == 4
    server.lines.clear()
    server.mood = ""
    code, said = svit(tmp_path, key, "regenerate", "r")
    assert (code, server.lines) == (2, [])
    assert "had a query (?token=...) that run.json does not keep: give --config FILE" in said
    assert svit(tmp_path, key, "regenerate", "r", "--config", "c.yaml")[0] == 0
    assert server.lines
    assert all(f"token={TOKEN}" in line for line in server.lines)
    assert svit(tmp_path, key, "rebuild", "r")[0] == 0
    assert "?token=..." in svit(tmp_path, key, "regenerate", "r")[1], "after all that it is still known"
    assert "its provider is offline" in svit(tmp_path, key, "regenerate", "r", "--config", "offline")[1]


def test_a_query_that_names_a_variable_is_kept_and_needs_no_config(tmp_path: Path, server: Endpoint) -> None:
    server.mood = "refuses"
    environ = {"OPENAI_API_KEY": KEY, "TOKEN": TOKEN}
    (tmp_path / "r").mkdir()  # a folder that a refused command has made does not stay
    assert generate(tmp_path, f"http://{server.place}/v1?token=${{TOKEN}}", environ)[0] == 4
    server.lines.clear()
    server.mood = ""
    code, said = svit(tmp_path, environ, "regenerate", "r")
    assert code == 0, said
    assert server.lines
    assert all(f"token={TOKEN}" in line for line in server.lines)
    nothing_tells(tmp_path, said)
