"""A card taken apart, as a hub and a reader do."""

import re
from typing import Any

import yaml

HEADER = re.compile(r"^(\s*---(?:\r\n|\r|\n))([\S\s]*?)((?:\r\n|\r|\n)---[ \t]*(\r\n|\n|$))")
"""How the hub's client finds the header."""


def parts(text: str) -> tuple[dict[str, Any], str]:
    found = HEADER.search(text)
    assert found
    return yaml.safe_load(found[2]), text[found.end() :]


def section(text: str, heading: str) -> str:
    return text.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def row(text: str, first: str) -> list[str]:
    [found] = [each for each in text.splitlines() if each.startswith(f"| {first} |")]
    return [cell.strip() for cell in found.strip("|").split("|")][1:]
