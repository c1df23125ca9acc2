"""No model at all: the task writes its own answer from the annotations. It still goes the whole way of a paid one."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping

import orjson

from svit.providers.base import Reply, Request
from svit.records import ImageContext

Writer = Callable[[ImageContext, int], str]


class OfflineProvider:
    """Answers with the tasks' own writers, given by task name."""

    def __init__(self, writers: Mapping[str, Writer]) -> None:
        """Keep the writers."""
        self._writers = writers

    @property
    def waits_for(self) -> str:
        """Nothing, ever."""
        return ""

    async def complete(
        self,
        requests: AsyncIterator[Request],
        stopping: asyncio.Event | None = None,  # noqa: ARG002 - nothing is ever under way
    ) -> AsyncIterator[Reply]:
        """Yield one reply for each request, in order."""
        async for request in requests:
            prompt = request.prompt
            text = self._writers[prompt.task](prompt.context, _seed(prompt.sampling.seed or 0, request.attempt))
            yield Reply(request, _chat_completion(text, prompt.sampling.model))


def _seed(seed: int, attempt: int) -> int:
    """Return the run's seed at the first attempt and another one at each later attempt."""
    if attempt == 1:
        return seed
    return int.from_bytes(hashlib.blake2b(f"{seed}/{attempt}".encode(), digest_size=4).digest())


def _chat_completion(text: str, model: str) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return orjson.dumps({"object": "chat.completion", "model": model, "choices": [choice]})
