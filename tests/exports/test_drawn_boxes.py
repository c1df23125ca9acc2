"""Boxes of exported texts, drawn on pictures as each model is shown them: `scripts/draw-exports`, by restated rules."""

import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numpy")
pytest.importorskip("PIL")


def script() -> Any:
    """Return the script as a module."""
    loader = SourceFileLoader("draw_exports", str(Path(__file__).parents[2] / "scripts" / "draw-exports"))
    spec = spec_from_loader(loader.name, loader)
    assert spec
    module = module_from_spec(spec)
    sys.modules[loader.name] = module
    loader.exec_module(module)
    return module


DRAW = script()


@pytest.mark.parametrize("case", DRAW.CASES, ids=lambda case: f"{case.format}-{case.boxes or 'default'}")
def test_the_box_of_the_text_lies_where_the_model_sees_the_object(case: Any, tmp_path: Path) -> None:
    found = DRAW.measured(case, DRAW.RESTATED[case.shown], tmp_path)
    assert set(found) == set(DRAW.SHAPES)
    assert min(found.values()) >= case.enough, found


@pytest.mark.parametrize(
    ("shown", "boxes"),
    [("LLaVA-NeXT, anyres", "llava-1.5"), ("LLaVA-1.5, pad", "llava-next"), ("Qwen3-VL", "qwen2.5-vl")],
)
def test_a_box_in_another_frame_is_seen_to_be_off(shown: str, boxes: str, tmp_path: Path) -> None:
    case = next(case for case in DRAW.CASES if (case.format, case.boxes) == (boxes, ""))
    found = DRAW.measured(case, DRAW.RESTATED[shown], tmp_path)
    assert min(found.values()) < 0.8


def test_every_format_for_a_model_is_drawn() -> None:
    from svit.exports.formats import NAMES

    assert {case.format for case in DRAW.CASES} == set(NAMES)
