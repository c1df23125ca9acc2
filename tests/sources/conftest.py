"""A folder of small files for each test."""

import json
from pathlib import Path
from typing import Any

import pytest

from .files import Write


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write `{"objects.json": content}` into a folder under tmp_path, as JSON, or as it is when it is bytes."""

    def write(files: dict[str, Any], folder: str = "vg") -> Path:
        target = tmp_path / folder
        target.mkdir(exist_ok=True)
        for name, content in files.items():
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            (target / name).write_bytes(data)
        return target

    return write
