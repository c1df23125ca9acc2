"""The floor plan: `scripts/house` holds it, and sees what would break it."""

import re
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def house() -> ModuleType:
    loader = SourceFileLoader("house", str(ROOT / "scripts" / "house"))
    spec = spec_from_loader("house", loader)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules["house"] = module
    loader.exec_module(module)
    return module


def test_the_floor_plan_holds() -> None:
    end = subprocess.run([sys.executable, ROOT / "scripts" / "house"], capture_output=True, text=True, check=False)
    assert end.returncode == 0, end.stdout


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({f"m{n}.py": "" for n in range(13)}, "modules at the root"),
        ({"a/one.py": "class Same: ...", "b/two.py": "class Same: ..."}, "class names that stand twice"),
        ({"a/same.py": "", "b/same.py": ""}, "file names that stand twice"),
        ({"a/long.py": "x = 1\n" * 301}, "files over 300 lines"),
        ({"a/long.py": "async def long():\n" + "    x = 1\n" * 40}, "functions over 40 lines"),
        ({"a/long.py": "class Long:\n" + "    x = 1\n" * 250}, "classes over 250 lines"),
    ],
)
def test_what_breaks_it_is_seen(house: ModuleType, tmp_path: Path, files: dict[str, str], what: str) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = {figure.what: len(figure.found) for figure in house.figures(tmp_path)}
    assert {name for name, count in found.items() if count > (12 if name == "modules at the root" else 0)} == {what}


def test_a_package_and_a_base_may_be_anywhere(house: ModuleType, tmp_path: Path) -> None:
    for name in ("a/__init__.py", "b/__init__.py", "a/base.py", "b/base.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert not [figure for figure in house.figures(tmp_path) if len(figure.found) > figure.bar]


def test_every_room_is_in_the_architecture() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    rooms = {path.parent.name for path in (ROOT / "svit").glob("*/__init__.py")}
    assert [room for room in sorted(rooms) if f"| `{room}/` |" not in text] == []


def test_files_that_the_pages_name_are_there() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text().split("## Where is ...")[1] + (
        ROOT / "CONTRIBUTING.md"
    ).read_text()
    named = re.findall(r"`(?:svit/)?([a-z_0-9]+(?:/[a-z_0-9]+)+(?:\.py|/)?)`", text)
    gone = [
        name
        for name in named
        if not any((base / name).exists() or (base / f"{name}.py").exists() for base in (ROOT, ROOT / "svit"))
    ]
    assert len(named) > 20
    assert gone == []
