"""How much of enforced limits is used in real time: our provider against `svit simulate`, over real connections.

    python -m benchmarks.limits live [--seconds 60]

6,000 requests and 10M tokens a minute, latency lognormal around a second. Figures are of the server's own books, after
the first ten seconds: the share of the allowance that was admitted, and of all answers those with 429.
"""

import argparse
import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from svit.prompting.tokens import estimated_tokens
from svit.providers.base import Failure, Request
from svit.providers.limits import RateLimit
from svit.providers.openai.capabilities import Capabilities, request_body
from svit.providers.openai.online import Endpoint, OnlineProvider
from svit.records import ImageContext, Message, Prompt, Sampling
from svit.simulate.process import running
from svit.simulate.simulator_options import SimulatorOptions

RPM, TPM = 6_000, 10_000_000
SETTLED = 10
"""Seconds at the beginning that do not count."""
SHARE_BAR, REFUSED_BAR = 0.97, 0.005
SENTENCE = "man: [0.588, 0.387, 0.692, 0.832] and a tall green lamp on an old desk beside the window\n"


@dataclass(frozen=True)
class Asked:
    """What requests are like: how often the sentence stands in the prompt, and the tokens of the answer at most."""

    sentences: int
    max_tokens: int


KINDS = {"requests": Asked(20, 400), "tokens": Asked(60, 2_000)}
"""By the limit that they meet: about 1,000 tokens each, and about 4,000."""


def request(number: int, asked: Asked) -> Request:
    """Return a request unlike any other."""
    text = f"{number}\n{SENTENCE * asked.sentences}"
    context = ImageContext(number, "a", 9, 9, captions=("-",))
    return Request(Prompt("t", (Message("user", text),), Sampling("m", asked.max_tokens), "v", context), 1)


async def ask(url: str, asked: Asked, seconds: float, in_flight: int) -> int:
    """Ask for so long, and return how many requests ended as failures."""
    estimate = estimated_tokens(request(0, asked).prompt.messages[0].content)
    online = OnlineProvider(
        Endpoint(url, "key", timeout=60),
        body=lambda prompt: request_body(prompt, Capabilities()),
        tokens=lambda _: estimate,
        limits=RateLimit(RPM, TPM),
        window=in_flight,
    )
    until = time.monotonic() + seconds

    async def requests() -> AsyncIterator[Request]:
        for number in itertools.count():
            if time.monotonic() > until:
                return
            yield request(number, asked)

    failures = 0
    async with aclosing(online.complete(requests())) as replies:  # type: ignore[type-var]
        async for reply in replies:
            failures += isinstance(reply.outcome, Failure)
    return failures


def used(books: dict[str, Any], seconds: float) -> tuple[float, float, float]:
    """Return the shares of requests and tokens that were admitted, and of all answers those that were refused."""
    rows = books["seconds"]
    first = rows[0][0]
    counted = [row for row in rows if SETTLED < row[0] - first < seconds]
    admitted, refused, tokens = (sum(row[column] for row in counted) for column in (1, 2, 3))
    span = seconds - SETTLED - 1
    return admitted / (RPM / 60 * span), tokens / (TPM / 60 * span), refused / max(1, admitted + refused)


def main(words: list[str] | None = None) -> None:
    """Print a line for each kind of requests and each span that the server counts over."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.limits live")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--in-flight", type=int, default=600)
    parser.add_argument("--spans", type=float, nargs="+", default=[60.0, 10.0, 1.0], help="seconds")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    args = parser.parse_args(words)
    print(f"{RPM:,} requests and {TPM:,} tokens a minute, in real time, {args.seconds:g} s each, after {SETTLED} s")
    for kind in args.kinds:
        for span in args.spans:
            options = SimulatorOptions(
                port=0, answer="fixed:300", latency="lognormal:1s,0.5", rpm=RPM, tpm=TPM, limit_span=span
            )
            with running(options) as server:
                failures = asyncio.run(ask(server.url, KINDS[kind], args.seconds, args.in_flight))
                requests, tokens, refused = used(server.books(), args.seconds)
            share = max(requests, tokens)
            passed = "ok" if share >= SHARE_BAR and refused < REFUSED_BAR else "MISSED"
            print(
                f"  {kind:8} enforced over {span:2g} s: {share:6.1%} used, {refused:6.2%} refused, {failures} failures "
                f"({passed}: at least {SHARE_BAR:.0%}, under {REFUSED_BAR:.1%})",
                flush=True,
            )


if __name__ == "__main__":
    main()
