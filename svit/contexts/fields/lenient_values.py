"""What a value of somebody's file means where a whole number, a number, an id, a text or a list is needed.

pandas, polars, DuckDB and `datasets` write 42 as 42.0 and absent keys as null; people write "12" for 12. Each function
takes any JSON value and returns what it means, or None where it has no meaning or more than one: NaN, true, "a few".
"""

import math
import re

from svit.text import one_line

_MOST = 2**63
_WHOLE = re.compile(r"\s*[+-]?\d{1,19}(?:\.0*)?\s*", re.ASCII)


def whole_number(value: object) -> int | None:
    """Return 42 for 42, 42.0, "42" and "42.0", as far as it fits into 64 bits; None for anything else."""
    number: int | None = None
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        number = value
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    elif isinstance(value, str) and _WHOLE.fullmatch(value):
        number = int(value.strip().partition(".")[0])
    return number if number is not None and -_MOST <= number < _MOST else None


def number(value: object) -> float | None:
    """Return 1.5 for 1.5 and "1.5"; None for NaN, infinities, true and anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    try:
        return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
    except OverflowError:
        return None


def identifier(value: object) -> int | str | None:
    """Return an image's id: a whole number as such (42.0 is 42), a text as it stands, "12" too; None otherwise."""
    if isinstance(value, str):
        return value or None
    return whole_number(value)


def image_key(value: object) -> int | str | None:
    """Return what an image is looked up by: its id, of which 1, 1.0, "1" and "1.0" are one; "001" is a text."""
    if type(value) is int:
        return value if -_MOST <= value < _MOST else None
    found = identifier(value)
    as_number = whole_number(found)
    return as_number if as_number is not None and found in (str(as_number), f"{as_number}.0", as_number) else found


def words(value: object) -> str | None:
    """Return clean text on one line; None where there is none, and for what is no text."""
    return (one_line(value) or None) if isinstance(value, str) else None


def items(value: object) -> list[object] | None:
    """Return the items of a list; none for null, which is what absent keys become; None for what is no list."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else None
