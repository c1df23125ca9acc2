"""The command line. Nothing heavy is imported here: `svit --help` has to answer at once."""

import typer

from svit import __version__
from svit.cli import check, contexts, estimate, generate, import_, look, regenerate, report, simulate, status
from svit.cli.ending import spoken

app = typer.Typer(
    name="svit",
    help="Turn image annotations into visual instruction data: conversations, reasoning, descriptions, referring QA.",
    epilog="Exit codes: 0 all done, 1 some images have no sample, 2 something must be changed, 3 the ceiling on money "
    "is reached, 4 the provider refuses to go on, 5 the deadline is reached, 70 a bug, 75 the run is locked, "
    "130 interrupted. Every stop is resumable by the same command.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command("estimate")(spoken(estimate.estimate))
app.command("generate")(spoken(generate.generate))
app.command("regenerate")(spoken(regenerate.regenerate))
app.command("rebuild")(spoken(regenerate.rebuild))
app.command("status")(spoken(status.status))
app.command("check")(spoken(check.check))
app.command("import")(spoken(import_.import_))
app.command("report")(spoken(report.report))
app.add_typer(contexts.app, name="contexts")
app.command("tasks")(spoken(look.tasks))
app.command("prompt")(spoken(look.prompt))
app.command("show")(spoken(look.show))
app.command("simulate")(spoken(simulate.simulate))


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
    app()
