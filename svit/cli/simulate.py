"""`svit simulate`: the endpoint that a paid run is rehearsed against."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from svit.cli import messages
from svit.cli.command_arguments import parameter_per_field

if TYPE_CHECKING:
    from svit.simulate.server import Server
    from svit.simulate.simulator_options import SimulatorOptions


@dataclass(frozen=True)
class SimulateArguments:
    """The options of `svit simulate`, a field each."""

    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 is any free one.")] = 8399
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on; ::1 for IPv6.")] = "127.0.0.1"
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Model that exists, perhaps NAME=2027-01-14 with its end. Default: any."),
    ] = None
    key: Annotated[
        str | None,
        typer.Option(metavar="KEY", envvar="SVIT_SIMULATE_KEY", help="Refuse every other API key. Not a real one."),
    ] = None
    seed: Annotated[int, typer.Option(help="Seed of answers, latencies and faults.")] = 0
    answer: Annotated[
        str,
        typer.Option(metavar="KIND", help="offline: written from the prompt's context; fixed:TOKENS: always the same."),
    ] = "offline"
    latency: Annotated[
        str, typer.Option(metavar="TIME", help="2s, 500ms, or lognormal:1.5s,0.6 (median and sigma).")
    ] = "0s"
    tokens_per_second: Annotated[
        float | None, typer.Option(min=0.001, metavar="N", help="Adds time by the length of the answer.")
    ] = None
    slots: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Answer N at a time; others queue, and never get a 429.")
    ] = None
    rpm: Annotated[str | None, typer.Option(metavar="N", help="Requests per minute, such as 6000 or 6k.")] = None
    tpm: Annotated[str | None, typer.Option(metavar="N", help="Tokens per minute, such as 10M.")] = None
    limit_span: Annotated[
        str, typer.Option(metavar="TIME", help="Enforce the limits over this span: 1s, 10s, 60s.")
    ] = "60s"
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND=RATE", help="Fault and its share of the requests, repeatable; all=0.1 mixes them."),
    ] = None
    fault_attempts: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Only the first N times of each request meet faults.")
    ] = None
    cache: Annotated[bool, typer.Option(help="Keep a prompt cache, as OpenAI's models do.")] = True
    context_window: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Refuse prompts that with their answer exceed N tokens.")
    ] = None
    cut_prompts: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Cut longer prompts to their last N tokens, in silence.")
    ] = None
    batch_time: Annotated[str, typer.Option(metavar="TIME", help="How long a batch takes.")] = "2s"
    batch_tokens: Annotated[
        str | None, typer.Option(metavar="N", help="Prompt tokens of a model's batches enqueued at a time, such as 2M.")
    ] = None
    batch_fault: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND=RATE", help="Fault and its share of the batches: failed, expired, lost."),
    ] = None
    drip: Annotated[str, typer.Option(metavar="TIME", help="How long a dripping reply takes.")] = "20s"
    refuse: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Parameter that is refused with a 400, repeatable.")
    ] = None
    books: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write there at the end what was asked and billed.")
    ] = None

    def options(self) -> "SimulatorOptions":
        """Return what the server goes by. Raises SvitError for a quantity or time that is none."""
        from svit.simulate.simulator_options import SimulatorOptions, quantity, seconds

        return SimulatorOptions(
            host=self.host,
            port=self.port,
            models=tuple(self.model or ()),
            key=self.key,
            seed=self.seed,
            answer=self.answer,
            latency=self.latency,
            slots=self.slots,
            tokens_per_second=self.tokens_per_second,
            rpm=quantity(self.rpm) if self.rpm else None,
            tpm=quantity(self.tpm) if self.tpm else None,
            limit_span=seconds(self.limit_span),
            faults=tuple(self.fault or ()),
            fault_attempts=self.fault_attempts,
            drip=seconds(self.drip),
            refused=tuple(self.refuse or ()),
            cache=self.cache,
            context_window=self.context_window,
            cut_prompts=self.cut_prompts,
            batch_time=seconds(self.batch_time),
            batch_faults=tuple(self.batch_fault or ()),
            batch_tokens=quantity(self.batch_tokens) if self.batch_tokens else None,
            books=str(self.books) if self.books else None,
        )


@parameter_per_field
def simulate(given: SimulateArguments) -> None:
    """Answer like OpenAI's API on this machine, to rehearse a run before it is paid for.

    Answers come from the tasks' offline writers, which read the prompt that was sent. GET /simulator/books tells what
    was asked and billed. Files, batches and Azure's addresses are there too. Faults: 429, slow_down,
    insufficient_quota, 500, 502, 503, prompt_filter, context_length, error_200, html, reset, reset_body, hang, drip,
    truncated, bad_json, empty, refusal, content_filter, length, no_usage, duplicate, flex_refused (the answer has the
    default service tier). Faults of batches: failed, expired (half of it done), lost (made, but the reply is a reset).
    """
    from svit.simulate.server import serve

    asyncio.run(serve(given.options(), _announce))


def _announce(server: "Server") -> None:
    messages.say(
        f"listening on {server.url} (Ctrl-C ends it). Point svit at it with 'base_url: {server.url}' in the config "
        f"and any OPENAI_API_KEY; GET {server.origin}/simulator/books tells what was billed."
    )
