"""The provider that a config names, and the bodies of its requests by what its models accept."""

import os
from collections.abc import Callable, Iterable
from functools import lru_cache, partial

from svit import resources
from svit.config import RunConfig
from svit.prompting.tokens import token_counter
from svit.providers.base import Provider
from svit.providers.limits import RateLimit
from svit.providers.offline import OfflineProvider
from svit.providers.openai.capabilities import Capabilities, ModelTable, request_body
from svit.providers.openai.endpoint_settings import endpoint
from svit.records import VERIFY, ImageContext, Prompt, Sample
from svit.run.attempts import Job
from svit.setup.task_jobs import asked_as
from svit.tasks import TASKS
from svit.tasks.base import provenance_of
from svit.yaml_files import file_text


def provider(
    config: RunConfig, say: Callable[[str], None], hide: Callable[[Iterable[str]], None] = lambda _: None
) -> Provider:
    """Return who answers. `say` is told what happens to the endpoint on the way, `hide` what must not be told.

    Raises SvitError for an address, a key or a way to the endpoint that is not right.
    """
    if config.provider == "offline":
        return OfflineProvider({name: asked_as(config, task).write_offline for name, task in TASKS.items()})
    from svit.providers.openai.online import OnlineProvider

    tokens = lru_cache(maxsize=1_000)(token_counter().count)  # a task's prompts share their beginning
    return OnlineProvider(
        endpoint(config, config.timeout, config.extra_headers, os.environ, say, hide),
        body=_bodies(config),
        tokens=lambda prompt: sum(tokens(message.content) for message in prompt.messages),
        limits=RateLimit(config.rpm, config.tpm),
        window=config.in_flight,
        adaptive=config.rpm is None and config.tpm is None,
        max_wait=config.max_wait,
        say=say,
    )


def check_requests(config: RunConfig, jobs: Iterable[Job]) -> None:
    """Raise SvitError for a wrong address, and for what the model does not accept, before anything is paid for."""
    config.check_names()
    if config.provider == "offline":
        return
    config.check_address()
    context, body = ImageContext(0, "", 1, 1, captions=("-",)), _bodies(config)
    for job in jobs:
        prompt = job.task.prompt(context, job.recipe)
        body(prompt)
        if job.verifier:
            body(job.verifier.prompt(Sample(context, job.task.name, (), provenance_of(prompt, 0, ""))))


def _bodies(config: RunConfig) -> Callable[[Prompt], dict[str, object]]:
    """Return what makes the body of a request, by what its model accepts.

    Raises SvitError for a table of models that cannot be read.
    """
    writer = partial(request_body, capabilities=capabilities(config), caching=config.caching)
    if config.verify is None:
        return partial(writer, service_tier=config.service_tier)
    accepts = capabilities(config, config.verify.model)
    caching = config.caching if accepts.cache_breakpoint else "automatic"
    verifier = partial(request_body, capabilities=accepts, caching=caching)
    return lambda prompt: (verifier if prompt.task == VERIFY else writer)(prompt, service_tier=config.service_tier)


def capabilities(config: RunConfig, model: str | None = None) -> Capabilities:
    """Return what this model, or else the config's, accepts on its server."""
    own = file_text(config.models) if config.models else None
    table = ModelTable.read(file_text(resources.DATA / "models.yaml"), own, own_name=str(config.models))
    return table.capabilities(model or config.model, server=config.server)
