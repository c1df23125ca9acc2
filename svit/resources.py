"""The files that ship with svit: prompts, configs and the sample. In a wheel they lie inside the package."""

from pathlib import Path

from svit.errors import SvitError
from svit.spelling import did_you_mean, did_you_mean_path

_PACKAGE = Path(__file__).parent
_SHIPPED = _PACKAGE / "shipped" if (_PACKAGE / "shipped").is_dir() else _PACKAGE.parent

PROMPTS = _SHIPPED / "prompts"
CONFIGS = _SHIPPED / "configs"
DATA = _SHIPPED / "data"
SAMPLE = DATA / "sample"


def prompt_text(name: str, *, folder: Path | None = None) -> tuple[str, str]:
    """Return the text of the prompt file `name` and the path to speak of; a file in `folder` replaces the shipped one.

    A folder may hold only some of the files. Raises SvitError when the file cannot be read.
    """
    own = folder / name if folder else None
    path = own if own and own.is_file() else PROMPTS / name
    try:
        return path.read_text(encoding="utf-8-sig"), str(path)
    except (OSError, UnicodeDecodeError) as error:
        raise SvitError(f"{path}: the prompt file cannot be read: {error}") from error


def config_path(name: str) -> Path:
    """Return the config file of this path, or the shipped one of this name (`offline`); SvitError for neither."""
    path = Path(name)
    if path.is_file():
        return path
    shipped = CONFIGS / f"{name.removesuffix('.yaml').removeprefix('configs/')}.yaml"
    if shipped.is_file():
        return shipped
    known = sorted(file.stem for file in CONFIGS.glob("*.yaml"))
    folder = path if path.is_dir() else path.parent
    near = [*folder.glob("*.yaml"), *folder.glob("*.yml")] if folder.is_dir() else []
    if path.is_dir():
        within = f" Did you mean '{near[0]}'?" if len(near) == 1 else ""
        raise SvitError(f"The config '{name}' is a folder: name a file in it.{within}")
    meant = did_you_mean(shipped.stem, known) or did_you_mean_path(path, near)
    raise SvitError(f"There is no config file '{name}'. Shipped ones, by name: {', '.join(known)}.{meant}")
