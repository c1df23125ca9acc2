"""The key of an endpoint: read from the environment or from a file, and checked before anything is sent with it.

No sentence here repeats a key or a part of it. White space and a byte order mark around a key are taken off: they have
one meaning. Everything else that is no key is said.
"""

import re
import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from svit.errors import SvitError
from svit.system.operating_system import is_open_to_others

_LARGEST = 2**16
"""Bytes of a key file that are read: a key has some hundred."""
_LONGEST = 8_000
"""Characters. Servers take headers of 8 KiB, all of them together, at most."""
_QUOTES = "'\"`\u2018\u2019\u201c\u201d"
_ASSIGNMENT = re.compile(r"(?:export\s+|set\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=\s*[^=\s].*")
_HEADER = re.compile(r"(?:(?:authorization|(?:x-)?api-key)\s*:|bearer\s).*", re.IGNORECASE)
_UNFILLED = re.compile(r"\$\{?[A-Za-z_][A-Za-z0-9_]*\}?|<.*>|%[A-Za-z_]+%")
_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_KEY = re.compile(r"(?:sk|pk|rk|gsk|hf|xai|nvapi|csk|r8|fw|pplx|tgp|AIza)[-_]?[A-Za-z0-9_-]{12,}|eyJ.{20,}")
_LITERAL = frozenset(
    {"key", "apikey", "openaikey", "openaiapikey", "token", "apitoken", "secret", "password", "bearer"}
)


def read_key(
    variable: str, file: Path | None, environ: Mapping[str, str], say: Callable[[str], None] = lambda _: None
) -> str:
    """Return the key in the file, or else in the environment variable; "" when that is not set or empty.

    `say` is told of a file that others can read. Raises SvitError for what is no key, without repeating it.
    """
    if file is not None:
        key = _of_lines(_text(file, say), f"key_file {file}")
        if not key:
            raise SvitError(f"key_file {file}: there is no key in it.")
        return key
    return _checked(_trimmed(environ.get(variable, "")), f"The environment variable {variable}")


def refuse_literal_key(given: Iterable[object], *, name: str) -> None:
    """Raise SvitError when one of a config's keys is meant to hold an API key itself."""
    for key in given:
        if isinstance(key, str) and re.sub("[^a-z]", "", key.lower()) in _LITERAL:
            raise SvitError(
                f"{name}: '{key}': a key does not stand in a config. Put it into an environment variable and name that "
                f"with 'key_env', or into a file of its own and name that with 'key_file'."
            )


def refuse_key_for_a_name(variable: str, file: Path | None) -> None:
    """Raise SvitError when the name of the environment variable, or of the file, seems to be a key itself."""
    if looks_like_key(variable) or (variable and not _NAME.fullmatch(variable)):
        what = "looks like a key itself" if looks_like_key(variable) else "is no name of one"
        raise SvitError(
            f"key_env: it is the name of an environment variable with the key in it, and this {what} "
            f"({len(variable)} characters, not shown here). Put the key into OPENAI_API_KEY, and that name here."
        )
    if file is not None and len(file.parts) == 1 and looks_like_key(file.name):
        raise SvitError(
            "key_file: it is the path of a file with the key in it, and this looks like a key itself (not shown here)."
        )


def looks_like_key(text: str) -> bool:
    """Whether the text is formed like the keys that providers give out, and not like a name."""
    mixed = any(each.isdigit() for each in text) and any(each.islower() for each in text)
    return bool(_KEY.fullmatch(text)) or (len(text) >= 32 and mixed and text.replace("-", "").isalnum())


def _text(file: Path, say: Callable[[str], None]) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
        found = file.stat()
    except OSError as error:
        hint = " svit expands ~ in a path, but no $NAME." if "$" in str(file) else ""
        raise SvitError(f"key_file {file}: it cannot be read: {error.strerror}.{hint}") from error
    if len(content) > _LARGEST:
        raise SvitError(f"key_file {file}: it is no file of a key: it has more than {_LARGEST:,} bytes.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise SvitError(f"key_file {file}: it is no text in UTF-8. Save it as such (on Windows, not as UTF-16).")
    if is_open_to_others(found):
        mode = stat.S_IMODE(found.st_mode)
        say(f"Warning: key_file {file} is open to others than you (mode {mode:04o}): chmod 600 it.")
    return text


def _of_lines(text: str, where: str) -> str:
    """Return the key of a file, whose other lines are empty or begin with #."""
    lines = [line for line in map(_trimmed, text.splitlines()) if line and not line.startswith("#")]
    if len(lines) > 1:
        raise SvitError(f"{where}: there are {len(lines)} lines in it that may be the key. Leave one.")
    return _checked(lines[0], where) if lines else ""


def _trimmed(text: str) -> str:
    return text.strip().strip("\ufeff").strip()


def _checked(key: str, where: str) -> str:
    if fault := _fault(key):
        raise SvitError(f"{where}: {fault} (It has {len(key):,} characters, which are not shown here.)")
    return key


def _fault(key: str) -> str:
    """Return the sentence that says what is wrong with the key, "" when nothing is."""
    if not key:
        return ""
    if len(key.splitlines()) > 1:
        return "the key has a line end inside."
    if key[0] in _QUOTES or key[-1] in _QUOTES:
        return "the key has quotation marks around it. Leave them out."
    if _HEADER.fullmatch(key):
        return "this is a whole header. Give the key alone, without 'Bearer' and the like."
    if _ASSIGNMENT.fullmatch(key):
        return "this is a line NAME=key. Give the key alone, or load that file into the environment."
    if _UNFILLED.fullmatch(key):
        return "this is a name that something should have filled in, not the key."
    if len(key) > _LONGEST:
        return "this is too long for a key."
    return _fault_of_characters(key)


def _fault_of_characters(key: str) -> str:
    if key.endswith((r"\n", r"\r")):
        return "the key ends with a backslash and a letter, which a line end was meant to be. Leave them out."
    for place, each in enumerate(key, 1):
        if each == " ":
            return f"the key has a space inside, as character {place}."
        if not each.isprintable():
            return f"the key has a character that nobody sees (U+{ord(each):04X}) as character {place}."
        if not each.isascii():
            return f"the key has a letter that is not ASCII as character {place}: no key has one."
    return ""
