"""The way to an endpoint: requests as the `openai` package makes them, over aiohttp, a reply's size bounded.

The package makes the first request, with the address and the headers that this kind of endpoint needs, and all others
are sent like it, without passing through the package's client and httpx2 each time: those would take two thirds of what
a request costs in processor time (`scripts/bench online`).
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import httpx2
import openai
from multidict import CIMultiDict
from yarl import URL

from svit.errors import SvitError
from svit.providers.base import Failure
from svit.providers.openai import redirects
from svit.providers.openai.connection import WANTS_A_USER, ConnectionSettings
from svit.providers.openai.connection_reuse import ReusableResponse
from svit.providers.openai.redaction import shortened
from svit.providers.openai.reply_timeout import ReplyTimeout
from svit.providers.verdicts import RetryLater, StopRun
from svit.system.operating_system import allow_open_files, open_files

LARGEST_REPLY = 4 * 2**20
"""Bytes. No chat completion comes near it; a server that sends more is broken, and must not fill the memory."""
CONNECT, CONNECT_FIRST = 30.0, 10.0
"""Seconds until a connection stands, or is given up: no request has left by then. Shorter while nothing ever came back:
a wrong address should be said soon."""
IDLE = 4.0
"""Seconds that a connection is kept for the next request. Common servers close it after 5: ours must be earlier, for a
request that meets the closing is lost."""
UNANSWERED = (aiohttp.ClientError, TimeoutError)
"""What `Transport.post` raises when there is no reply, or no whole one; `lost` reads it."""
_PIECE = 2**16
_LARGE = 2**18
"""Bytes of a reply that are not gone through beside all else: it would take longer than a few milliseconds."""
_OF_AN_ANSWER = (b'"choices"', b'"content"', b'"candidates"', b'"output"')
"""What stands in the answer of one API or another, and in no error: more of it is left as it came."""
_AIOHTTPS_OWN = ("host", "content-length", "connection", "accept-encoding")
"""Headers that aiohttp sets itself: it knows what it sends, and what it can decompress."""
_OTHER_FILES = 200
"""Files that a process has open beside its connections, with room to spare."""
_PATH = "/chat/completions"
_BEFORE = 0.8
"""Of a request's whole time at most that connecting may take: what ends then is known never to have left."""


@dataclass(frozen=True)
class Endpoint:
    """Where to ask, and the seconds that a whole request may take. No repr tells a secret.

    `headers` go with every request beside its own; `secrets` are what they hold that nobody is to be told, beside the
    key.

    A query in the URL goes with every request. Azure's older form, with /deployments/ in the path, needs one that
    names the api-version, and gets the key in the header that it asks for.
    """

    url: str = field(repr=False)
    key: str = field(repr=False)
    timeout: float = 600.0
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


class ReplyTooLargeError(aiohttp.ClientPayloadError):
    """A reply that is longer than any completion. Somebody answered, and it may have been paid for."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(f"the reply is longer than {LARGEST_REPLY:,} bytes")


class Response(NamedTuple):
    """What an endpoint replied: status, headers as they came, and the bytes of the body, decompressed."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    content: bytes


class Transport:
    """Carries requests to one endpoint, as many at once as it was opened for."""

    def __init__(
        self, session: aiohttp.ClientSession, like: httpx2.Request, timeout: float, connection: ConnectionSettings
    ) -> None:
        """Keep the request that all others are like but for the body; `timeout` is in seconds, for a whole request."""
        self.connection = connection
        self._session = session
        self._url = URL(str(like.url), encoded=True)
        self._headers = CIMultiDict((n, v) for n, v in like.headers.items() if n.lower() not in _AIOHTTPS_OWN)
        self._timeout = timeout
        self._times = _times(min(CONNECT_FIRST, timeout * _BEFORE))
        self.origin = str(self._url.origin())

    @property
    def url(self) -> URL:
        """Where requests go."""
        return self._url

    def answered(self) -> None:
        """Be patient when connecting: somebody is there."""
        self._times = _times(min(CONNECT, self._timeout * _BEFORE))

    async def post(self, content: bytes) -> Response:
        """Send the body of a chat completion and return the reply, whatever its status; UNANSWERED without one.

        A redirect on the same host is followed; what comes back is never one of those, but for an endless chain.
        """
        url = self._url
        async with ReplyTimeout(self._timeout) as time:
            for _ in range(redirects.MOST):
                response = await self._posted(url, content, time)
                further = self._further(url, response) if response.status in redirects.STATUSES else None
                if further is None:
                    return response
                url = further
            return await self._posted(url, content, time)

    async def models(self) -> Response | None:
        """Return the reply to the question for the list of models; None where there is none. UNANSWERED without one.

        It has a connection of its own, which is not kept: some servers close it without a word, and a prompt sent on it
        would be lost. To ask for `connection: close` is not enough where a server closes and does not say so.
        """
        if "/deployments/" in self._url.path:
            return None
        url = self._url.with_path(self._url.raw_path.removesuffix(_PATH) + "/models", encoded=True, keep_query=True)
        headers = CIMultiDict(self._headers, connection="close")
        once = aiohttp.TCPConnector(force_close=True, ssl=self.connection.tls)
        async with (
            _session(self.connection, once) as session,
            session.get(url, headers=headers, timeout=self._times, allow_redirects=False) as response,
        ):
            return await self._read(response, await _content(response))

    async def _posted(self, url: URL, content: bytes, time: ReplyTimeout) -> Response:
        async with self._session.post(
            url, data=content, headers=self._headers, timeout=self._times, allow_redirects=False
        ) as response:
            time.heard()
            return await self._read(response, await _content(response, time.heard))

    async def _read(self, response: aiohttp.ClientResponse, content: bytes) -> Response:
        """Return the reply without our secrets. Raises ClientHttpProxyError when the proxy gave it."""
        if response.status == WANTS_A_USER and self.connection.proxy:
            raise aiohttp.ClientHttpProxyError(
                response.request_info, (), status=response.status, message=response.reason or ""
            )
        is_answer = 200 <= response.status < 300 and any(name in content for name in _OF_AN_ANSWER)
        redaction = self.connection.redaction
        without = redaction.reply if is_answer else redaction.refusal
        if len(content) > _LARGE:
            content = await asyncio.to_thread(without, content)
        else:
            content = without(content)
        return Response(response.status, response.raw_headers, content)

    def lost(self, error: Exception) -> RetryLater | Failure | StopRun:
        """Return what became of a request that no answer came to. It may have been paid for, unless it never left."""
        chain = list(causes(error))
        if any(isinstance(cause, NEVER_LEFT) for cause in chain):
            return self.connection.failed(chain)
        if isinstance(error, ReplyTooLargeError):
            return Failure("too_large", str(error))
        if any(isinstance(cause, TimeoutError) for cause in chain):
            return Failure("timeout", f"no answer within {self._timeout:g} s")
        why = getattr(chain[-1], "message", None) or str(chain[-1])  # else aiohttp begins with a status of its own
        return Failure("cut_off", f"the connection broke: {shortened(self.connection.redaction.words(str(why)))}")

    def hindrance(self, error: Exception) -> str:
        """Return the sentence about what lies in the way of a connection: a proxy, or a certificate; or nothing."""
        return self.connection.hindrance(list(causes(error)))

    def _further(self, url: URL, response: Response) -> URL | None:
        """Return where a redirect is to be followed to, and send all others there at once if it is for good."""
        further = redirects.target(url, location(response))
        if further is None or not redirects.is_same_host(url, further):
            return None
        if response.status in redirects.FOR_GOOD:
            self._url = further
        return further


def location(response: Response) -> str | None:
    """Return where a reply sends to."""
    return next((value.decode("latin-1") for name, value in response.headers if name.lower() == b"location"), None)


def _times(connect: float) -> aiohttp.ClientTimeout:
    """Return the bounds that aiohttp keeps: on name lookup, connection and TLS together, and no other."""
    return aiohttp.ClientTimeout(total=None, connect=connect)


@asynccontextmanager
async def transport(endpoint: Endpoint, connections: int) -> AsyncIterator[Transport]:
    """Open the way for so many requests at once. Raises SvitError for a URL that is not whole."""
    _allow_files(connections)
    connection = ConnectionSettings.to(endpoint.url, (endpoint.key, *endpoint.secrets), os.environ)
    like = await _first_request(endpoint)
    connector = aiohttp.TCPConnector(limit=connections, keepalive_timeout=IDLE, ssl=connection.tls)
    async with _session(connection, connector) as session:
        yield Transport(session, like, endpoint.timeout, connection)


def _session(connection: ConnectionSettings, connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        response_class=ReusableResponse,
        proxy=connection.proxy.url if connection.proxy else None,
        cookie_jar=aiohttp.DummyCookieJar(),
    )


async def _first_request(endpoint: Endpoint) -> httpx2.Request:
    """Return a request as the `openai` package makes it: its URL and headers. They are made once and not each time.

    Raises SvitError for a key that no header can carry.
    """
    if not (endpoint.key.isascii() and endpoint.key.isprintable()):
        raise SvitError("The key cannot be sent: there is a line end or a strange character in it. Look at its source.")
    made: list[httpx2.Request] = []

    def keep(request: httpx2.Request) -> httpx2.Response:
        made.append(request)
        return httpx2.Response(200, json={})

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(keep)) as nowhere:
        client = _client(endpoint, nowhere)
        await client.post(_PATH, content=b"", cast_to=httpx2.Response)
    (request,) = made
    return request


NEVER_LEFT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError)


def _client(endpoint: Endpoint, http: httpx2.AsyncClient) -> openai.AsyncOpenAI:
    parts = urlsplit(endpoint.url)
    base = parts._replace(query="", fragment="", path=parts.path.rstrip("/").removesuffix(_PATH)).geturl()
    query: dict[str, object] = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "/deployments/" not in parts.path:
        return openai.AsyncOpenAI(
            base_url=base,
            api_key=endpoint.key,
            http_client=http,
            max_retries=0,
            default_query=query,
            default_headers=endpoint.headers,
        )
    return openai.AsyncAzureOpenAI(
        base_url=base,
        api_key=endpoint.key,
        api_version=str(query["api-version"]),
        http_client=http,
        max_retries=0,
        default_headers=endpoint.headers,
    )


def _allow_files(connections: int) -> None:
    """Raise the number of files that may be open, as far as the system lets us: each connection is one."""
    soft, hard = open_files()
    wanted = connections + _OTHER_FILES
    if hard < wanted:
        raise SvitError(
            f"in_flight: {connections} requests at once need {wanted} open files, and this machine allows {hard} "
            f"(ulimit -Hn). Lower 'in_flight' to {max(1, hard - _OTHER_FILES)}, or raise that limit."
        )
    if soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            allow_open_files(wanted)


async def _content(response: aiohttp.ClientResponse, heard: Callable[[], None] = lambda: None) -> bytes:
    """Return the body of a reply; `heard` is told of each piece.

    Raises ReplyTooLargeError when it is longer than LARGEST_REPLY.
    """
    pieces, size = [], 0
    async for piece in response.content.iter_chunked(_PIECE):
        heard()
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST_REPLY:
            raise ReplyTooLargeError
    return b"".join(pieces)


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and what led to it: where the transport speaks of a timeout only, aiohttp knows better."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
