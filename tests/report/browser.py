"""A headless Chromium over its DevTools protocol: what a page asks for, complains of, and where things are."""

import contextlib
import itertools
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
)
_COMPLAINTS = ("Network.loadingFailed", "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")


class Tab:
    """One page of the browser. `requests` are the addresses it asked for, `complaints` its errors and warnings."""

    def __init__(self, socket: "aiohttp.ClientWebSocketResponse") -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._loaded = False

    async def call(self, method: str, **params: object) -> dict[str, Any]:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            message = await self._socket.receive_json(timeout=60)
            if message.get("id") == number:
                assert "error" not in message, message
                answer: dict[str, Any] = message["result"]
                return answer
            self._hear(message)

    def _hear(self, message: dict[str, Any]) -> None:
        method, params = message["method"], message["params"]
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method in _COMPLAINTS:
            self.complaints.append(str(params))
        elif method == "Page.loadEventFired":
            self._loaded = True

    async def open(self, address: str) -> None:
        """Open the page, and wait until it and all that belongs to it is there."""
        for domain in ("Page", "Network", "Runtime", "Log"):
            await self.call(f"{domain}.enable")
        self.requests.clear()
        self.complaints.clear()
        await self.call("Page.navigate", url=address)
        while not self._loaded:
            self._hear(await self._socket.receive_json(timeout=60))

    async def value(self, script: str) -> Any:
        """Return what an expression comes to in the page."""
        answer = await self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")


@contextlib.contextmanager
def browser(folder: Path) -> Iterator[str]:
    """Start a browser with a profile in the folder, and give where it is listening."""
    assert CHROMIUM
    port_file = folder / "profile" / "DevToolsActivePort"
    words = [CHROMIUM, *_QUIET, "--remote-debugging-port=0", f"--user-data-dir={port_file.parent}", "about:blank"]
    with (folder / "chromium.log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 60
        while not (port_file.is_file() and port_file.read_text().count("\n")):
            assert process.poll() is None, (folder / "chromium.log").read_text()
            assert time.monotonic() < until, "Chromium has not started"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port_file.read_text().split()[0]}"
    finally:
        process.terminate()
        process.wait(30)


@contextlib.asynccontextmanager
async def tab(address: str) -> AsyncIterator[Tab]:
    """Give the tab of the browser that listens there."""
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{address}/json/list") as listing:
            [page] = [each["webSocketDebuggerUrl"] for each in await listing.json() if each["type"] == "page"]
        async with session.ws_connect(page, max_msg_size=0) as socket:
            yield Tab(socket)
