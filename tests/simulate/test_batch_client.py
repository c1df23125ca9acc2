"""Files and batches as the `openai` package asks for them, on a real socket."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from openai import APIConnectionError, AsyncOpenAI, ConflictError, DefaultAioHttpClient, NotFoundError

from svit.simulate.server import serving
from svit.simulate.simulator_options import SimulatorOptions

from .test_batches import URL, lines


def asked(test: Callable[[AsyncOpenAI], Awaitable[None]], *, aiohttp: bool = True, **options: Any) -> None:
    async def run() -> None:
        given: dict[str, Any] = {"port": 0, "answer": "fixed:50", "batch_time": 0.1, **options}
        async with (
            asyncio.timeout(60),
            serving(SimulatorOptions(**given), {}) as server,
            AsyncOpenAI(
                base_url=server.url,
                api_key="k",
                max_retries=0,
                http_client=DefaultAioHttpClient() if aiohttp else None,
            ) as client,
        ):
            await test(client)

    asyncio.run(run())


async def ended(client: AsyncOpenAI, ident: str) -> Any:
    while True:
        batch = await client.batches.retrieve(ident)
        if batch.status in ("completed", "failed", "expired", "cancelled"):
            return batch
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("aiohttp", [True, False])
def test_a_batch_from_the_upload_to_its_output(aiohttp: bool) -> None:
    async def test(client: AsyncOpenAI) -> None:
        file = await client.files.create(file=("in.jsonl", lines(60)), purpose="batch")
        assert (file.bytes, file.filename, file.purpose) == (len(lines(60)), "in.jsonl", "batch")
        assert (await client.files.content(file.id)).content == lines(60)
        batch = await client.batches.create(
            input_file_id=file.id, endpoint=URL, completion_window="24h", metadata={"run": "r"}
        )
        assert batch.status == "validating"
        end = await ended(client, batch.id)
        assert (end.status, end.error_file_id, end.request_counts.completed) == ("completed", None, 60)
        assert end.usage.input_tokens > 0
        output = (await client.files.content(end.output_file_id)).content.splitlines()
        assert {json.loads(row)["custom_id"] for row in output} == {f"row-{n}" for n in range(60)}
        assert [each.id async for each in client.files.list(purpose="batch_output")] == [end.output_file_id]
        assert (await client.files.delete(file.id)).deleted
        with pytest.raises(NotFoundError):
            await client.files.retrieve(file.id)

    asked(test, aiohttp=aiohttp)


def test_batches_are_found_by_their_metadata_over_all_pages() -> None:
    async def test(client: AsyncOpenAI) -> None:
        file = await client.files.create(file=("in.jsonl", lines(1)), purpose="batch")
        for n in range(5):
            await client.batches.create(
                input_file_id=file.id, endpoint=URL, completion_window="24h", metadata={"n": str(n)}
            )
        found = [(each.metadata or {})["n"] async for each in client.batches.list(limit=2)]
        assert found == ["4", "3", "2", "1", "0"]

    asked(test)


def test_a_batch_is_cancelled_once() -> None:
    async def test(client: AsyncOpenAI) -> None:
        file = await client.files.create(file=("in.jsonl", lines(9)), purpose="batch")
        batch = await client.batches.create(input_file_id=file.id, endpoint=URL, completion_window="24h")
        assert (await client.batches.cancel(batch.id)).status == "cancelling"
        assert (await ended(client, batch.id)).status == "cancelled"
        with pytest.raises(ConflictError):
            await client.batches.cancel(batch.id)

    asked(test, batch_time=1.0)


def test_a_file_that_is_wrong_tells_its_lines() -> None:
    async def test(client: AsyncOpenAI) -> None:
        file = await client.files.create(file=("in.jsonl", lines(2) + b"{"), purpose="batch")
        batch = await client.batches.create(input_file_id=file.id, endpoint=URL, completion_window="24h")
        end = await ended(client, batch.id)
        assert [(error.code, error.line) for error in end.errors.data] == [("invalid_json_line", 3)]

    asked(test)


def test_a_lost_batch_is_a_broken_connection() -> None:
    async def test(client: AsyncOpenAI) -> None:
        file = await client.files.create(file=("in.jsonl", lines(2)), purpose="batch")
        with pytest.raises(APIConnectionError):
            await client.batches.create(input_file_id=file.id, endpoint=URL, completion_window="24h")
        [found] = [each async for each in client.batches.list()]
        assert (await ended(client, found.id)).status == "completed"

    asked(test, batch_faults=("lost=1",))


@pytest.mark.parametrize("aiohttp", [True, False])
def test_a_file_of_many_megabytes_is_taken(aiohttp: bool) -> None:
    data = b"x" * 70_000_000

    async def test(client: AsyncOpenAI) -> None:
        file = await client.files.create(file=("in.jsonl", data), purpose="batch")
        assert file.bytes == len(data)
        assert (await client.files.content(file.id)).content == data

    asked(test, aiohttp=aiohttp)
