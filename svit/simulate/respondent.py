"""Who answers: the same for a request over a connection and for a line of a batch."""

import time
from collections.abc import Mapping
from typing import NamedTuple

from svit.simulate import fault_injection
from svit.simulate.answers import FixedAnswers, Write, seed_of, writer
from svit.simulate.chat_completions import ChatRequest, RequestProblem, completion_body
from svit.simulate.model_list import ModelList
from svit.simulate.prompt_limit import Counted, counted, cut, too_long
from svit.simulate.request_counts import Tokens
from svit.simulate.simulated_cache import Cached, SimulatedCache
from svit.simulate.simulator_options import SimulatorOptions

_DUPLICATE_TOKENS = 300


class DrawnFault(NamedTuple):
    """The body that is answered, by its key in the books, the how-manieth time, and the fault it meets."""

    key: int
    times: int
    fault: str


class SimulatedCompletion(NamedTuple):
    """A completion as it goes out, the tokens that were written, what is billed, and what the cache is to keep."""

    body: bytes
    tokens: int
    billed: Tokens | None
    kept: Cached


class Respondent:
    """Writes completions."""

    def __init__(self, options: SimulatorOptions, writers: Mapping[str, Write]) -> None:
        """Read the options; `writers` are the tasks' own, by name. Raises SvitError for an option not in its form."""
        self._options = options
        self._writer = writer(options.answer, writers)
        self._duplicates = FixedAnswers(_DUPLICATE_TOKENS)
        self._models = ModelList(options.models)
        self._cache = SimulatedCache() if options.cache else None

    def prompt(self, asked: ChatRequest, texts: list[str]) -> Counted | RequestProblem:
        """Return the prompt as the model takes it, or why it doesn't."""
        if unknown := self._models.problem(asked.model):
            return unknown
        prompt = counted(texts, self._writer.count)
        window, most = self._options.context_window, self._options.cut_prompts
        if window is not None and (problem := too_long(prompt, asked.cap or 0, window)):
            return problem
        return prompt if most is None else cut(prompt, most)

    def complete(self, asked: ChatRequest, prompt: Counted, draw: DrawnFault) -> SimulatedCompletion:
        """Return the completion. The cache knows nothing of it before `begun`."""
        fault = draw.fault
        seed = seed_of(self._options.seed, draw.key, draw.times if asked.seed is None else 0)
        written = (self._duplicates if fault == "duplicate" else self._writer).answer(prompt, asked.cap, seed)
        answer = fault_injection.altered(fault, written)
        cached = self._cache.look(asked, prompt) if self._cache else Cached()
        flex = asked.service_tier == "flex" and fault != "flex_refused"
        body = completion_body(
            answer,
            model=asked.model,
            ident=draw.key,
            created=int(time.time()),
            usage=fault != "no_usage",
            cached=cached.read,
            cache_written=cached.written,
            tier=None if asked.service_tier is None else "flex" if flex else "default",
        )
        billed = None
        if fault not in fault_injection.UNBILLED:
            billed = Tokens(answer.prompt_tokens, answer.completion_tokens, cached.read, cached.written or 0, flex=flex)
        return SimulatedCompletion(body, answer.completion_tokens, billed, cached)

    def begun(self, completed: SimulatedCompletion) -> None:
        """Let later prompts find what this one leaves in the cache."""
        if self._cache and completed.billed:
            self._cache.keep(completed.kept)
