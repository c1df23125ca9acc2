"""The command line. Nothing heavy is imported here: `svit --help` has to answer at once."""

import time

import typer

from svit import __version__
from svit.cli import (
    check,
    configs,
    contexts,
    estimate,
    export,
    generate,
    import_command,
    init,
    inspection,
    regenerate,
    report,
    run_list,
    simulate,
    status,
)
from svit.cli.command_line import Command, Group
from svit.cli.exit_codes import spoken
from svit.cli.watchdog import GRACE, process_began, process_watchdog
from svit.system import interrupts

app = typer.Typer(
    name="svit",
    cls=Group,
    help="Turn image annotations into visual instruction data: conversations, reasoning, descriptions, referring QA.",
    epilog="Exit codes: 0 all done, 1 some images have no sample, 2 something must be changed, 3 the ceiling on money "
    "is reached, 4 the provider refuses to go on, 5 the deadline is reached, 70 a bug, 75 the run is locked, "
    "130 interrupted. Every stop is resumable by the same command.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command("init", short_help="Write a config and prompts to start from.")(spoken(init.init))
app.add_typer(configs.app, name="config", cls=Group, short_help="Configs: list, look at one, check it.")
app.command("estimate", short_help="What a run will ask, take and cost.")(spoken(estimate.estimate))
app.command("generate", short_help="Generate instruction data.")(spoken(generate.generate))
app.command("regenerate", short_help="Ask again about what has no sample.")(spoken(regenerate.regenerate))
app.command("rebuild", short_help="Make the shards again from the journal.")(spoken(regenerate.rebuild))
app.command("runs", short_help="List the runs, and how each stands.")(spoken(run_list.runs))
app.command("status", short_help="How a run stands.")(spoken(status.status))
app.command("check", short_help="Judge data that exists.")(spoken(check.check))
app.command("export", short_help="Write samples as a trainer's records.")(spoken(export.export))
app.command("formats", short_help="List the formats of export.")(spoken(export.formats))
app.command("import", short_help="Read others' data into lines of ours.")(spoken(import_command.import_))
app.command("report", short_help="Write one HTML page about a run.")(spoken(report.report))
app.add_typer(contexts.app, name="contexts", cls=Group, short_help="What is known of each image: build, look.")
app.command("tasks", short_help="List the tasks.")(spoken(inspection.tasks))
app.command("prompt", short_help="What a model would be sent about an image.")(spoken(inspection.prompt))
app.command("show", short_help="What became of one image, and why.")(spoken(inspection.show))
app.command("simulate", short_help="An endpoint to rehearse a paid run against.")(spoken(simulate.simulate))
for each in (app, *(group.typer_instance for group in app.registered_groups)):
    for registered in each.registered_commands if each else ():
        registered.cls = Command


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"svit {__version__}")
        raise typer.Exit


@app.callback()
def _svit(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Turn image annotations into visual instruction data."""


def main() -> None:
    """Run the command line; it exits with the code that says what happened."""
    interrupts.end_at_once()
    process_watchdog.began = process_began()
    try:
        app()
    except SystemExit as end:
        # All is said and done: no thread of a library holds the process any more.
        process_watchdog.end(time.monotonic() + GRACE, end.code if isinstance(end.code, int) else 0, "")
        raise
