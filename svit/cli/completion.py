"""What a shell offers where a name is to be typed. Asked at every press of Tab: nothing heavy is imported."""

_TASKS = ("conversation", "complex_reasoning", "detail_description", "referring")
"""The names of `svit.tasks.TASKS`, which takes half a second to import; a test compares them."""


def matching_tasks(incomplete: str) -> list[str]:
    """Return the tasks that may stand here, after those that are there already and a comma."""
    before = incomplete[: incomplete.rfind(",") + 1]
    names = [name for name in _TASKS if name not in before.split(",")]
    return [f"{before}{name}" for name in names] if before else [*names, "all"]


def matching_formats(incomplete: str) -> list[str]:
    """Return the formats of `svit export` that begin so."""
    from svit.exports.formats import NAMES

    return [name for name in NAMES if name.startswith(incomplete)]


def matching_configs(incomplete: str) -> list[str]:
    """Return the names of the configs that ship with svit and begin so; the shell adds the files."""
    from svit.resources import CONFIGS

    return sorted(file.stem for file in CONFIGS.glob(f"{incomplete}*.yaml"))
