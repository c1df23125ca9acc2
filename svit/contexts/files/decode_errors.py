"""What is wrong with a record, in words: msgspec's messages turned into the half of a sentence."""

import re

_MISSING = re.compile(r"Object missing required field `([^`]*)`")
_UNKNOWN = re.compile(r"Object contains unknown field `([^`]*)`")
_OUT_OF_RANGE = re.compile(r"Expected `[^`]*` (>=|<=|>|<) (\S+)")
_OTHER_TYPE = re.compile(r"Expected `([^`]*)`, got `([^`]*)`")
_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "object": "an object",
    "array": "an array",
    "bool": "true or false",
}


def fault(error: Exception) -> str:
    """Return the predicate of "record 17 ...": `has no 'image_id'`, `has text at 'width', where a number is needed`."""
    message, _, path = str(error).partition(" - at `$")
    path = path.rstrip("`").lstrip(".")
    if isinstance(error, UnicodeDecodeError):
        return "is not UTF-8"
    if found := _MISSING.match(message):
        return f"has no '{_below(path, found[1])}'"
    if found := _UNKNOWN.match(message):
        return f"has the unknown key '{_below(path, found[1])}'"
    if found := _OUT_OF_RANGE.match(message):
        return f"has a wrong '{path}': it must be {found[1]} {found[2]}"
    if found := _OTHER_TYPE.match(message):
        seen, needed = _type(found[2]), _type(found[1])
        return f"has {seen} at '{path}', where {needed} is needed" if path else f"is {seen}, where {needed} is needed"
    if ends_early(error):
        return "ends in the middle"
    if message.startswith("JSON is malformed: "):
        return f"is not JSON: {message.removeprefix('JSON is malformed: ')}"
    return f"is wrong at '{path}': {message}" if path else f"is wrong: {message}"


def ends_early(error: Exception) -> bool:
    """Whether the text stops before its JSON is complete."""
    return "truncated" in str(error)


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _type(names: str) -> str:
    return " or ".join(_TYPES.get(name, name) for name in names.split(" | "))
