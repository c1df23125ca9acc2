"""Runs for the tests of the report: one of the bundled sample, and files that a hostile run could have."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from typer.testing import CliRunner

from svit.cli import app
from svit.contexts.store import build_store
from svit.records import ImageContext
from svit.report.report_data import ReportData, gathered
from svit.run.folder import RunFolder


def svit(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code == code, done.output
    return done.output


def sample_run(folder: Path, *words: object) -> Path:
    """Make a run of the bundled sample, and return its folder."""
    svit("generate", "--task", "all", "--run", folder, "-q", *words)
    return folder


def rewritten(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def records_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def record(image_id: int | str, task: str, pairs: Iterable[tuple[str, str]], **more: object) -> dict[str, Any]:
    """Return a sample's line, each pair a dialogue of its own."""
    return {
        "image_id": image_id,
        "image": f"images/{image_id}.jpg",
        "width": 400,
        "height": 300,
        "task": task,
        "conversations": [
            {"content": [{"from": "user", "value": question}, {"from": "gpt", "value": answer}]}
            for question, answer in pairs
        ],
        "provenance": {"model": "m", "attempt": 1},
        **more,
    }


def rejection(image_id: int, task: str, text: str, *flaws: Mapping[str, str]) -> dict[str, Any]:
    """Return a rejection's line."""
    provenance: dict[str, object] = {"model": "m", "prompt_id": "p", "prompt_version": "v", "attempt": 3, "seed": 0}
    provenance |= {"source": "s", "left_out": {}, "svit": "0"}
    return {"image_id": image_id, "task": task, "text": text, "flaws": list(flaws), "provenance": provenance}


def with_contexts(run: Path, contexts: Iterable[ImageContext]) -> None:
    """Give the run other contexts than it was made from, and say so in its run.json."""
    (run / "contexts.db").unlink()
    summary = build_store(run / "contexts.db", contexts, origin="made up")
    about = json.loads((run / "run.json").read_text())
    about["contexts"] |= {"digest": summary.digest, "images": summary.statistics.images, "origin": "made up"}
    (run / "run.json").write_text(json.dumps(about))


def found_in(run: Path) -> ReportData:
    return gathered(RunFolder(run))


def context(image_id: int, objects: Iterable[tuple[str, list[float]]]) -> ImageContext:
    made = {
        "image_id": image_id,
        "image": f"images/{image_id}.jpg",
        "width": 400,
        "height": 300,
        "objects": [{"id": n, "name": name, "box": box} for n, (name, box) in enumerate(objects)],
    }
    return msgspec.convert(made, ImageContext)
