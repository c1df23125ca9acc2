"""run.json as tests look at it, and as somebody else may have left it."""

from collections.abc import Mapping
from typing import Any

import orjson

from svit.run.folder import RunFolder


def summary_of(run: RunFolder) -> dict[str, Any]:
    """What stands in a run's run.json."""
    found: dict[str, Any] = orjson.loads(run.summary.read_bytes())
    return found


def write_summary(run: RunFolder, summary: Mapping[str, object]) -> None:
    """Put this into a run's run.json, whatever it is."""
    run.summary.write_bytes(orjson.dumps(summary))
