"""What a run costs beside the requests themselves: processor time, requests a second, memory.

    python -m benchmarks.online [cpu|latency|memory|profile|all]

Every contender is a process of its own and meets the same endpoint, in another process, which answers each prompt of
the bundled sample with what the offline writer makes of it: the judge accepts it, nothing is asked twice.

    raw         a loop that posts ready bytes through the `openai` package over aiohttp
    documented  the package as its documentation shows it: chat.completions.create, the default transport
    online      our provider alone: body, token estimate, limits, request
    svit        all of `svit generate --task all`: context, prompt, limits, money, request, journal, judge, shards

Figures are ratios of one run. Processor time is user and system, from the first line of work to the last; importing
is left out for all. `profile` prints where svit spends its time.
"""

import argparse
import asyncio
import cProfile
import io
import json
import os
import pstats
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import openai
import orjson

import svit
from svit import resources
from svit.cli import app
from svit.config import read_config
from svit.contexts.sources.visual_genome import VisualGenome
from svit.contexts.store import ContextStore, build_store
from svit.prompting.tokens import estimated_tokens
from svit.providers.base import Failure, Request
from svit.providers.openai import online as _online  # noqa: F401 - imported before anything is measured
from svit.providers.openai.capabilities import Capabilities, request_body
from svit.records import ImageContext, Prompt
from svit.run.prompt_files import PromptFiles
from svit.setup.chosen_provider import provider
from svit.setup.task_jobs import jobs
from svit.tasks import TASKS, chosen_tasks
from svit.tasks.base import Task

KEY = "SVIT_BENCH_KEY"
CONFIG = """
provider: openai
model: gpt-6-luna
reasoning_effort: none
base_url: {url}
key_env: SVIT_BENCH_KEY
rpm: 10000000
tpm: 1000000000000
in_flight: {in_flight}
timeout: 60
"""
CPU_BAR, LATENCY_BAR, MEMORY_BAR = 2.0, 0.95, 30.0
"""At most the raw loop's processor time this many times; at least this share of its speed; MB between the sizes."""
_NUMBERED = re.compile(rb"A photo numbered (\d+)\.")


# --- what is asked, and the endpoint that answers ---


def sample_contexts() -> list[ImageContext]:
    """Return the bundled sample, in one order."""
    with VisualGenome([resources.SAMPLE], captions=[resources.SAMPLE / "captions.json"]) as source:
        return list(source)


def numbered(images: int) -> Iterator[ImageContext]:
    """Yield the sample again and again, each time with an id and a caption of its own, so that no prompts agree."""
    sample = sample_contexts()
    for n in range(images):
        context = sample[n % len(sample)]
        captions = (*context.captions, f"A photo numbered {n}.")
        yield msgspec.structs.replace(context, image_id=n, captions=captions)


def prompts(folder: Path) -> Iterator[Prompt]:
    """Yield what a run in this folder asks, in its order."""
    todo = jobs(read_config(folder / "config.yaml", {}), chosen_tasks(["all"]))
    with ContextStore(folder / "all.contexts") as store:
        for context in store:
            for job in todo:
                yield job.task.prompt(context, job.recipe)


def marks() -> dict[Task, bytes]:
    """Return a line of each task's prompt file that no other's has, as it stands in a request's body."""
    texts = {task: PromptFiles(None, {}).template(task).text for task in TASKS.values()}
    found = {}
    for task, text in texts.items():
        others = "\n".join(other for of, other in texts.items() if of is not task)
        line = next(line for line in text.splitlines() if len(line) > 20 and line not in others)
        found[task] = orjson.dumps(line)[1:-1]
    return found


def http_reply(text: str, prompt_tokens: int) -> bytes:
    """Return a whole HTTP reply that carries this completion."""
    used = estimated_tokens(text)
    body = orjson.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": "gpt-6-luna",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": {
                "prompt_tokens": prompt_tokens,
                "completion_tokens": used,
                "total_tokens": prompt_tokens + used,
            },
        }
    )
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Answers:
    """The reply to each request, ready as bytes: by task and by which of the sample's images it is about."""

    def __init__(self) -> None:
        """Write them all."""
        self._contexts = sample_contexts()
        self._replies = [
            (mark, [http_reply(task.write_offline(context, 0), 1_500) for context in self._contexts])
            for task, mark in marks().items()
        ]

    def to(self, request: bytes | bytearray) -> bytes:
        """Return the reply."""
        found = _NUMBERED.search(request)
        assert found, "a request that is not the benchmark's"
        image = int(found[1]) % len(self._contexts)
        return next(replies[image] for mark, replies in self._replies if mark in request)


class Served(asyncio.Protocol):
    """One connection: reads requests of a known length, answers each after the latency."""

    def __init__(self, answers: Answers, latency: float) -> None:
        """Begin with nothing read."""
        self._answers, self._latency = answers, latency
        self._read = bytearray()
        self._whole = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer once a request is whole."""
        self._read += data
        if not self._whole:
            end = self._read.find(b"\r\n\r\n")
            if end < 0:
                return
            if self._read.startswith(b"GET"):  # for the list of models
                self._transport.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                self._transport.close()
                return
            head = bytes(self._read[:end]).lower()
            self._whole = end + 4 + int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        if len(self._read) >= self._whole:
            reply = self._answers.to(self._read)
            self._read.clear()
            self._whole = 0
            if self._latency:
                asyncio.get_running_loop().call_later(self._latency, self._write, reply)
            else:
                self._transport.write(reply)

    def _write(self, reply: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(reply)


async def serve(latency: float) -> None:
    """Answer on a free port until the process is ended; the port is the only line on stdout."""
    answers = Answers()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Served(answers, latency), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def endpoint(latency: float) -> Iterator[str]:
    """Run the endpoint in another process; yields its base URL."""
    command = [sys.executable, "-m", "benchmarks.online", "serve", "--latency", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        finally:
            process.terminate()


# --- the contenders ---


def bodies(folder: Path) -> list[bytes]:
    """Return all requests, ready as bytes."""
    return [orjson.dumps(request_body(prompt, _CAPABILITIES)) for prompt in prompts(folder)]


_CAPABILITIES = Capabilities(max_tokens_key="max_completion_tokens")


async def by_workers(items: Iterable[Any], in_flight: int, ask: Callable[[Any], Any]) -> None:
    """Ask all, by so many workers that take the next one as soon as they are free."""
    rest = iter(items)

    async def work() -> None:
        for item in rest:
            await ask(item)

    await asyncio.gather(*(work() for _ in range(in_flight)))


async def raw(url: str, ready: list[bytes], in_flight: int) -> None:
    """Post ready bytes through the package, and take the bytes of the reply."""
    limits = httpx2.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)
    transport = openai.DefaultAioHttpClient(limits=limits, timeout=60)
    async with openai.AsyncOpenAI(base_url=url, api_key="x", max_retries=0, http_client=transport) as client:

        async def ask(body: bytes) -> None:
            options: Any = {"headers": {"content-type": "application/json"}}
            reply = await client.post("/chat/completions", cast_to=httpx2.Response, content=body, options=options)
            assert reply.content

        await by_workers(ready, in_flight, ask)


async def documented(url: str, ready: list[bytes], in_flight: int) -> None:
    """Use the package as its documentation shows it."""
    asked = [orjson.loads(body) for body in ready]
    async with openai.AsyncOpenAI(base_url=url, api_key="x") as client:

        async def ask(body: dict[str, Any]) -> None:
            reply = await client.chat.completions.create(**body)
            assert reply.choices[0].message.content

        await by_workers(asked, in_flight, ask)


async def online(asked_of: Any, asked: list[Prompt]) -> None:
    """Use our provider, and let go of the replies."""

    async def requests() -> AsyncIterator[Request]:
        for prompt in asked:
            yield Request(prompt, 1)

    answered = 0
    async for reply in asked_of.complete(requests()):
        assert not isinstance(reply.outcome, Failure), reply.outcome
        answered += 1
    assert answered == len(asked)


def whole(folder: Path) -> None:
    """Run the command, in this process."""
    run = tempfile.mkdtemp(prefix="run-", dir=folder)
    words = ["--task", "all", "--contexts", folder / "all.contexts", "--config", folder / "config.yaml"]
    code = app(["generate", *map(str, words), "--run", f"{run}/r", "--quiet"], standalone_mode=False)
    assert code == 0, f"svit ended with {code}"


def contend(kind: str, folder: Path, in_flight: int) -> Callable[[], None]:
    """Return the work of this contender, with all that is not to be measured done."""
    config = read_config(folder / "config.yaml", {})
    if kind == "svit":
        return lambda: whole(folder)
    if kind == "online":
        asked = list(prompts(folder))
        return lambda: asyncio.run(online(provider(config, print), asked))
    ready = bodies(folder)
    return lambda: asyncio.run({"raw": raw, "documented": documented}[kind](config.base_url, ready, in_flight))


def own_seconds() -> float:
    """Return the processor time of this process so far, user and system."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak() -> float:
    """Return the most resident memory that this process ever had, in MB."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmHWM"))


def measure(kind: str, folder: Path, in_flight: int) -> None:
    """Be one contender, and print what it took."""
    work = contend(kind, folder, in_flight)
    began, before = time.perf_counter(), own_seconds()
    work()
    print(json.dumps({"seconds": time.perf_counter() - began, "cpu": own_seconds() - before, "peak": peak()}))


def measured(kind: str, folder: Path, in_flight: int) -> dict[str, float]:
    """Return what a contender took, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.online", "measure", "--kind", kind]
    command += ["--folder", str(folder), "--in-flight", str(in_flight)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env={**os.environ, KEY: "sk-bench"}, check=True)
    read: dict[str, float] = json.loads(done.stdout)
    return read


# --- the parts ---


@contextmanager
def prepared(requests: int, in_flight: int, latency: float, under: Path | None) -> Iterator[Path]:
    """Start the endpoint, and make a folder with the config and the contexts of so many requests."""
    images = -(-requests // len(TASKS))
    with tempfile.TemporaryDirectory(dir=under) as name, endpoint(latency) as url:
        folder = Path(name)
        (folder / "config.yaml").write_text(CONFIG.format(url=url, in_flight=in_flight))
        build_store(folder / "all.contexts", numbered(images), origin="the sample, numbered")
        yield folder


def verdict(passed: bool, bar: str) -> str:
    """Return a word on a bar."""
    return f"({'ok' if passed else 'MISSED'}: {bar})"


def cpu(args: argparse.Namespace) -> None:
    """Print processor time and speed at no latency."""
    kinds = ("raw", "documented", "online", "svit")
    print(f"no latency, {args.requests:,} requests, {args.in_flight} in flight, median of {args.rounds}")
    with prepared(args.requests, args.in_flight, 0.0, args.folder) as folder:
        rounds = [{kind: measured(kind, folder, args.in_flight) for kind in kinds} for _ in range(args.rounds)]
    took = {k: statistics.median(r[k]["cpu"] for r in rounds) / args.requests * 1e3 for k in kinds}
    speed = {k: args.requests / statistics.median(r[k]["seconds"] for r in rounds) for k in kinds}
    for kind in kinds:
        print(
            f"  {kind:11}{took[kind]:6.2f} ms a request  {took[kind] / took['raw']:5.2f} x raw  {speed[kind]:6.0f} /s"
        )
    ratio, faster = took["svit"] / took["raw"], speed["svit"] / speed["documented"]
    print(f"  svit / raw, processor time: {ratio:.2f} {verdict(ratio <= CPU_BAR, f'at most {CPU_BAR:.1f}')}")
    print(f"  svit / documented, requests a second: {faster:.2f} {verdict(faster > 1, 'more than 1')}")


def latency(args: argparse.Namespace) -> None:
    """Print the speed at two seconds' latency, from the first request to the last reply: the median of the rounds."""
    for in_flight in args.windows:
        requests = in_flight * args.turns
        with prepared(requests, in_flight, args.latency, args.folder) as folder:
            rounds = [
                {kind: requests / measured(kind, folder, in_flight)["seconds"] for kind in ("raw", "svit")}
                for _ in range(args.rounds)
            ]
        shares = [speeds["svit"] / speeds["raw"] for speeds in rounds]
        share = statistics.median(shares)
        speeds = "  ".join(f"{kind} {statistics.median(r[kind] for r in rounds):.0f} /s" for kind in rounds[0])
        print(
            f"{args.latency:g} s latency, {in_flight:,} in flight, {requests:,} requests: {speeds}; svit / raw "
            f"{share:.3f} {verdict(share >= LATENCY_BAR, f'at least {LATENCY_BAR}')}, "
            f"{args.rounds} rounds from {min(shares):.3f} to {max(shares):.3f}",
            flush=True,
        )


def memory(args: argparse.Namespace) -> None:
    """Print the peak of svit's resident memory by the number of requests."""
    peaks = []
    for requests in args.sizes:
        with prepared(requests, args.in_flight, 0.0, args.folder) as folder:
            peaks.append(measured("svit", folder, args.in_flight)["peak"])
        print(f"{requests:8,} requests: {peaks[-1]:6.1f} MB at the peak", flush=True)
    more = max(peaks) - peaks[0]
    print(f"  more than at the first size: {more:.1f} MB {verdict(more <= MEMORY_BAR, f'at most {MEMORY_BAR:g}')}")


def profile(args: argparse.Namespace) -> None:
    """Print where one contender spends its time, in this process."""
    os.environ[KEY] = "sk-bench"
    with prepared(args.requests, args.in_flight, 0.0, args.folder) as folder:
        work = contend(args.kind, folder, args.in_flight)
        profiler = cProfile.Profile()
        profiler.runcall(work)
    text = io.StringIO()
    pstats.Stats(profiler, stream=text).sort_stats(args.sort).print_stats(args.top)
    package = str(Path(svit.__file__).parent.parent)
    print(text.getvalue().replace(f"{package}/", ""))


PARTS = {"cpu": cpu, "latency": latency, "memory": memory, "profile": profile}


def arguments() -> argparse.Namespace:
    """Return the command line, read."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.online", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("part", nargs="?", default="all", choices=[*PARTS, "all", "serve", "measure"])
    parser.add_argument("--requests", type=int, default=8_000, help="of cpu and profile (default: %(default)s)")
    parser.add_argument("--in-flight", type=int, default=64, help="of cpu, memory, profile (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="of cpu and latency (default: %(default)s)")
    parser.add_argument("--windows", type=int, nargs="+", default=[1_000, 2_000], help="in flight, of latency")
    parser.add_argument("--turns", type=int, default=15, help="requests for each in flight, of latency")
    parser.add_argument("--latency", type=float, default=2.0, help="seconds (default: %(default)s)")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="requests, of memory")
    parser.add_argument("--kind", default="svit", choices=["raw", "documented", "online", "svit"], help="of profile")
    parser.add_argument("--sort", default="tottime", help="of profile (default: %(default)s)")
    parser.add_argument("--top", type=int, default=40, help="lines, of profile (default: %(default)s)")
    parser.add_argument("--folder", type=Path, help="where runs are written (default: the temporary folder)")
    return parser.parse_args()


def main() -> None:
    """Run the parts asked for, or be the endpoint or a contender for another process."""
    args = arguments()
    if args.part == "serve":
        asyncio.run(serve(args.latency))
    elif args.part == "measure":
        measure(args.kind, args.folder, args.in_flight)
    elif args.part == "all":
        for part in (cpu, latency, memory):
            part(args)
    else:
        PARTS[args.part](args)


if __name__ == "__main__":
    main()
